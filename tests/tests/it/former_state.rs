//! What the original left in the state folder: named, taken over once, and never lost.

use std::fs;

use openclaw_tests::Home;
use serde_json::json;

use crate::servers::tiny;

const ID: &str = "5f0c0a52-8a4b-4b43-9b0e-2f1d9f6f7a01";

fn transcript() -> String {
    let lines = [
        json!({ "type": "session", "version": 3, "id": ID, "timestamp": "2026-04-01T10:00:00.000Z", "cwd": "/srv/x" }),
        json!({ "type": "message", "id": "a1", "parentId": null, "timestamp": "2026-04-01T10:00:01.000Z",
            "message": { "role": "user", "content": [{ "type": "text", "text": "about old apples" }], "timestamp": 1 } }),
        json!({ "type": "message", "id": "a2", "parentId": "a1", "timestamp": "2026-04-01T10:00:02.000Z",
            "message": { "role": "assistant", "content": [{ "type": "text", "text": "they are red" }], "timestamp": 2,
              "provider": "vllm", "model": "m", "stopReason": "stop", "usage": { "input": 5, "output": 3 } } }),
    ];
    lines.map(|line| format!("{line}\n")).concat()
}

fn home_of_the_original(home: &Home, url: &str) {
    home.put_state(&format!("agents/main/sessions/{ID}.jsonl"), &transcript());
    let index = json!({ "agent:main:old": { "sessionId": ID, "updatedAt": 1_775_037_602_000_u64, "label": "Apples" } });
    home.put_state("agents/main/sessions/sessions.json", &index.to_string());
    let models = json!({ "providers": {
        "lab": { "baseUrl": url, "api": "openai-completions", "apiKey": "LAB_KEY", "models": [{ "id": "tiny", "name": "Tiny" }] },
        "side": { "baseUrl": url, "api": "openai-completions", "apiKey": "sk-canary-literal-key", "models": [] },
    } });
    home.put_state("agents/main/agent/models.json", &models.to_string());
    let jobs = json!({ "version": 1, "jobs": [{ "id": "j1", "name": "Morning", "schedule": { "kind": "cron", "expr": "0 7 * * *" }, "payload": { "kind": "agentTurn", "message": "Brief me." } }] });
    home.put_state("cron/jobs.json", &jobs.to_string());
}

#[tokio::test]
async fn what_the_original_left_is_named_and_taken_over_once() {
    let (server, home) = tiny().await;
    home_of_the_original(&home, &server.base_url());
    let home = home.env("LAB_KEY", "key-of-the-lab").config("{\n  // mine\n}\n");
    let status = home.run(&["status"]).await.code(0);
    for said in ["openclaw sessions import", "openclaw models import", "has 1 jobs"] {
        assert!(status.stderr.contains(said), "{said}: {status:#?}");
    }
    let folder = home.path().join(".openclaw");
    let import = ["sessions", "import", folder.to_str().unwrap(), "--json"];
    let first = home.run(&import).await.code(0).json();
    assert_eq!(first["files"][0]["state"], "imported", "{first}");
    let again = home.run(&import).await.code(0).json();
    assert_eq!(again["files"][0]["state"], "present", "{again}");
    let listed = home.run(&["sessions", "--json"]).await.code(0).json();
    assert_eq!(
        (&listed["count"], &listed["sessions"][0]["key"]),
        (&1.into(), &"agent:main:old".into())
    );
    let added = home.run(&["models", "import"]).await.code(0).hides(&["canary"]);
    assert!(
        added.stdout.contains("added lab") && added.stderr.contains("key of side"),
        "{added:#?}"
    );
    let again = home.run(&["models", "import"]).await.code(0);
    assert_eq!(again.stdout, "");
    let text = fs::read_to_string(home.config_path()).unwrap();
    assert!(text.contains("// mine") && text.contains("${LAB_KEY}"), "{text}");
    assert!(!text.contains("canary"), "{text}");
    let say = ["agent", "-m", "reply exactly: yes", "--model", "lab/tiny", "--no-session"];
    assert_eq!(home.run(&say).await.code(0).stdout, "yes\n");
    let sent = server.requests().pop().unwrap();
    assert_eq!(sent.header("authorization"), Some("Bearer key-of-the-lab"));
    let status = home.run(&["status"]).await.code(0);
    assert!(!status.stderr.contains("import"), "{status:#?}");
    let jobs = home
        .run(&["cron", "list", "--json"])
        .await
        .code(0)
        .says(&["took over the job `Morning`", "no gateway runs here"]);
    assert_eq!(jobs.json()["jobs"][0]["name"], "Morning");
    assert!(folder.join("cron/jobs.json").exists());
}

#[tokio::test]
async fn a_pasted_key_is_kept_privately_and_used() {
    use std::os::unix::fs::PermissionsExt as _;
    let (server, home) = tiny().await;
    let url = server.base_url();
    let home = home.config(&format!(
        "{{ models: {{ providers: {{ lab: {{ baseUrl: '{url}', models: [{{ id: 'tiny' }}] }} }} }} }}"
    ));
    let paste = ["models", "auth", "paste-token", "--provider", "lab"];
    let pasted = home.run_with_input(&paste, "sk-canary-pasted-key\n").await.code(0);
    let _ = pasted.hides(&["canary"]);
    let file = home.path().join(".openclaw/agents/main/agent/auth-profiles.json");
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    let _ = home.run(&["agent", "-m", "hi", "--model", "lab/tiny", "--strict"]).await.code(0);
    let sent = server.requests().pop().unwrap();
    assert_eq!(sent.header("authorization"), Some("Bearer sk-canary-pasted-key"));
    let listed = home.run(&["models", "auth", "list"]).await.code(0).hides(&["canary"]);
    assert!(listed.stdout.contains("auth profile lab:manual"), "{listed:#?}");
    let _ = home.run_with_input(&paste, "\n").await.code(2).says(&["standard input has no key"]);
}
