//! A key shows nowhere: not in what is said, not to the commands that the model runs.

use openclaw_mock_vllm::{MockVllm, ModelSpec};
use openclaw_tests::{Ended, Home};

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
