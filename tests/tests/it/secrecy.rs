//! A key shows nowhere: not in what is said, not to the commands that the model runs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use openclaw_mock_vllm::{ErrorBody, MockVllm, ModelSpec, Reply, Turn};
use openclaw_tests::{Ended, Home};
use serde_json::json;

use crate::servers::nobody;

const ENV_KEY: &str = "sk-canary-environment-1f2e3d";
const CONFIG_KEY: &str = "sk-canary-config-4c5b6a";
const HEADER: &str = "canary-header-7a8b9c";
const CANARIES: [&str; 4] = [ENV_KEY, CONFIG_KEY, HEADER, "canary"];

fn home(url: &str, down: &str) -> Home {
    Home::with_vllm(url, ENV_KEY).env("OTHER_SECRET", ENV_KEY).config(&format!(
        "{{
          models: {{ providers: {{
            lab: {{ baseUrl: '{url}', apiKey: '{CONFIG_KEY}', headers: {{ 'x-team': '{HEADER}' }} }},
            down: {{ baseUrl: '{down}', apiKey: '{CONFIG_KEY}', headers: {{ 'x-team': '{HEADER}' }} }},
            odd: {{
              baseUrl: 'http://me:{CONFIG_KEY}@{{bad',
              apiKey: ['{CONFIG_KEY}'],
            }},
          }} }},
        }}"
    ))
}

async fn each(home: &Home) -> Vec<Ended> {
    let infer = ["infer", "model", "run", "--prompt", "hi", "--model"];
    let agent = ["agent", "--yes", "-m", "run env", "--model"];
    let mut all = Vec::new();
    for model in ["vllm/tiny", "lab/tiny", "lab/none", "down/tiny", "odd/tiny"] {
        for json in [&[][..], &["--json"]] {
            for command in [&infer[..], &agent[..]] {
                let args = [command, &[model, "--verbose"], json].concat();
                all.push(home.run(&args).await);
            }
        }
    }
    for action in ["list", "status"] {
        for json in [&[][..], &["--json"]] {
            let args = [&["models", action, "--verbose"][..], json].concat();
            all.push(home.run(&args).await);
        }
    }
    all
}

#[tokio::test]
async fn no_command_shows_a_key_whatever_happens() {
    let tiny = || MockVllm::builder().model(ModelSpec::new("tiny", 16_384));
    let open = tiny().start().await.unwrap();
    let closed = tiny().api_key("another").start().await.unwrap();
    let down = nobody();
    for server in [&open, &closed] {
        for ended in each(&home(&server.base_url(), &down)).await {
            let _ = ended.hides(&CANARIES);
        }
    }
    // They were in use all the same.
    let sent = |name: &str, value: &str| {
        open.requests().iter().any(|seen| seen.header(name) == Some(value))
    };
    assert!(sent("authorization", &format!("Bearer {ENV_KEY}")));
    assert!(sent("authorization", &format!("Bearer {CONFIG_KEY}")));
    assert!(sent("x-team", HEADER));
}

#[tokio::test]
async fn a_command_of_the_model_does_not_get_the_keys() {
    let server = MockVllm::builder().model(ModelSpec::new("tiny", 16_384)).start().await.unwrap();
    let home = home(&server.base_url(), &nobody());
    let message = "run env > seen.txt then run cat /proc/self/environ >> seen.txt";
    let _ = home.run(&["agent", "--yes", "--model", "vllm/tiny", "-m", message]).await.code(0);
    let seen = home.get("seen.txt");
    assert!(seen.contains("PATH="), "{seen}");
    for canary in CANARIES {
        assert!(!seen.contains(canary), "{seen}");
    }
}

/// Each kind of secret, each with a value of its own, and where it is planted.
const PLANTED: [(&str, &str); 9] = [
    ("a key in the config", "canary-config-key-0a1b2c3d"),
    ("a variable that the config names", "canary-named-variable-1a2b3c"),
    ("a variable in `.env`", "canary-dotenv-variable-2a3b4c"),
    ("a key in auth-profiles.json", "canary-auth-profile-3a4b5c6d"),
    ("a file of `secrets.providers`", "canary-secrets-file-4a5b6c7d"),
    ("a header", "canary-header-value-5a6b7c8d"),
    ("the password of an address", "canary-url-password-6a7b8c9d"),
    ("the token of the gateway", "canary-gateway-token-7a8b9c0d"),
    ("the key of a hosted service", "canary-hosted-key-8a9b0c1d"),
];

/// A home with every kind of secret; each server of the config uses another.
fn planted_home(url: &str) -> Home {
    let [config_key, named, dotenv, profile, file, header, password, token, hosted] =
        PLANTED.map(|(_, value)| value);
    let with_password = url.replace("http://", &format!("http://me:{password}@"));
    let server = |rest: &str| format!("{{ baseUrl: '{url}', models: [{{ id: 'tiny' }}], {rest} }}");
    let home = Home::new()
        .env("NAMED_SECRET", named)
        .env("OPENCLAW_GATEWAY_TOKEN", token)
        .env("OPENAI_API_KEY", hosted)
        .env("OPENCLAW_LOG", "trace");
    let home = home.config(&format!(
        "{{ gateway: {{ auth: {{ token: '{token}' }} }},
           secrets: {{ providers: {{ kept: {{ source: 'file', path: '~/.openclaw/kept.json', mode: 'json' }} }} }},
           diagnostics: {{ trace: {{ enabled: true }} }},
           models: {{ providers: {{
             config: {}, named: {}, dotenv: {}, profile: {}, file: {}, header: {},
             password: {{ baseUrl: '{with_password}', models: [{{ id: 'tiny' }}] }} }} }} }}",
        server(&format!("apiKey: '{config_key}'")),
        server("apiKey: '${NAMED_SECRET}'"),
        server("apiKey: '${DOTENV_SECRET}'"),
        server(""),
        server("apiKey: { source: 'file', provider: 'kept', id: '/key' }"),
        server(&format!("headers: {{ 'x-key': '{header}' }}")),
    ));
    home.put_state(".env", &format!("DOTENV_SECRET={dotenv}\n"));
    home.put_state("kept.json", &json!({"key": file}).to_string());
    let profiles = json!({"version": 1, "profiles": {
        "profile:default": {"type": "api_key", "provider": "profile", "key": profile}
    }});
    home.put_state("agents/main/agent/auth-profiles.json", &profiles.to_string());
    home
}

/// The files below a folder.
fn all_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { all_files(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn each_kind_of_secret_is_in_no_place_but_its_own() {
    let server = MockVllm::builder().model(ModelSpec::new("tiny", 16_384)).start().await.unwrap();
    let home = planted_home(&server.base_url());
    let secrets = PLANTED.map(|(_, value)| value);
    for provider in ["config", "named", "dotenv", "profile", "file", "header", "password"] {
        let model = format!("{provider}/tiny");
        // A command that looks for them, a change that is kept, and a server that quotes them.
        let script = "env; cat /proc/self/environ /proc/$PPID/environ /proc/$PPID/cmdline; ps axwwe; \
                      cat ~/.openclaw/.env ~/.openclaw/kept.json; true";
        server.push(Turn::call("exec", json!({"command": script}).to_string()));
        server.push(Turn::call("write", json!({"path": "a.txt", "content": "x"}).to_string()));
        server.push(Turn::call("write", json!({"path": "a.txt", "content": "y"}).to_string()));
        server.push(Turn::text("done"));
        let args = ["agent", "--yes", "--verbose", "--model", &model, "-m", "look around"];
        // An address with a password in it is not used at all.
        let code = if provider == "password" { 3 } else { 0 };
        let _ = home.run(&args).await.code(code).hides(&secrets);
        for (status, format) in [
            (400, &[][..]),
            (401, &["--json"]),
            (401, &[]),
            (500, &["--output-format", "stream-json"]),
        ] {
            // A server of its own: what it has left to say is said to nobody else.
            let server =
                MockVllm::builder().model(ModelSpec::new("tiny", 16_384)).start().await.unwrap();
            let home = planted_home(&server.base_url());
            for _ in 0..4 {
                let message = format!("refused: {}", secrets.join(" "));
                let body = ErrorBody::Error { message, kind: "Refused".into() };
                server.push(Reply::status(status, body));
            }
            let args = [&["agent", "--model", &model, "-m", "hi"][..], format].concat();
            // A server may quote what it was sent: the secret of another it was not.
            let _ = home.run(&args).await.hides(&[secret_of(provider)]);
        }
    }
    for args in [
        &["sessions", "list", "--json"][..],
        &["sessions", "show", "agent:main:main"],
        &["sessions", "export", "agent:main:main"],
        &["trace", "list"],
        &["trace", "show"],
        &["trace", "curl"],
        &["models", "status", "--json"],
        &["models", "list", "--json"],
        &["config", "get", "models"],
        &["config", "get", "gateway"],
        &["config", "explain", "models.providers.config.apiKey"],
        &["doctor", "--json"],
        &["approvals", "get", "--json"],
        &["sandbox", "explain"],
        &["prompt", "explain"],
    ] {
        let ended = home.run(args).await;
        for provider in ["config", "named", "dotenv", "profile", "file", "header", "password"] {
            assert!(!ended.stdout.contains(secret_of(provider)), "{args:?}: {}", ended.stdout);
        }
    }
    // They were in use all the same, and are in no file but their own.
    let sent = |value: &str| {
        let requests = server.requests();
        requests.iter().any(|seen| seen.headers.values().any(|header| header.contains(value)))
    };
    for provider in ["config", "named", "dotenv", "profile", "file", "header"] {
        assert!(sent(secret_of(provider)), "{provider}");
    }
    let own = ["openclaw.json", ".env", "kept.json", "auth-profiles.json"];
    for path in all_files(home.path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if own.iter().any(|own| name.starts_with(own)) {
            continue;
        }
        if name.starts_with("last-good-") {
            // A copy of the config, which the program keeps for its owner.
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}", path.display());
            continue;
        }
        let bytes = fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        for provider in ["config", "named", "dotenv", "profile", "file", "header", "password"] {
            assert!(!text.contains(secret_of(provider)), "{provider} is in {}", path.display());
        }
    }
}

/// The secret of a server of the planted config.
fn secret_of(provider: &str) -> &'static str {
    let index = match provider {
        "config" => 0,
        "named" => 1,
        "dotenv" => 2,
        "profile" => 3,
        "file" => 4,
        "header" => 5,
        _ => 6,
    };
    PLANTED[index].1
}
