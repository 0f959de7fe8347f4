//! No call home: whom the program turns to, seen where it cannot be hidden.

mod watch;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::net::SocketAddr;

use openclaw_mock_vllm::{MockVllm, ModelSpec};
use openclaw_tests::{Home, soon};

use self::watch::{Contact, HELD, HELD_AND_TOLD, Watched, watch};
use crate::servers::nobody;

/// An address of a network that is kept for documents.
const FAR: &str = "http://192.0.2.1:443/v1";

/// A home with a model on a server of this machine, keys of all hosted services, and hosted models
/// that the config names.
fn home(base_url: &str, more: &str) -> Home {
    let text = format!(
        "{{ models: {{ {more} providers: {{
              here: {{ baseUrl: '{base_url}', onServerLoss: {{ wait: 0 }} }},
              far: {{ baseUrl: '{FAR}', apiKey: 'key-of-far' }},
              named: {{ baseUrl: 'https://models.invalid/v1' }} }} }},
           agents: {{ defaults: {{
              model: {{ primary: 'here/m', fallbacks: ['anthropic/a', 'openai/o', 'Router'] }},
              models: {{ 'openrouter/r': {{ alias: 'Router' }} }} }} }},
           diagnostics: {{ trace: {{ enabled: true }} }} }}"
    );
    let keys = ["ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENROUTER_API_KEY"];
    let keys = keys.into_iter().map(|name| (name, "key-of-a-service"));
    // A proxy would see every word: only what the config says decides where it goes.
    let proxies = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"];
    let proxies = proxies.into_iter().map(|name| (name, "http://192.0.2.9:3128"));
    keys.chain(proxies).fold(Home::new().config(&text), |home, (name, value)| home.env(name, value))
}

/// Runs `openclaw` and returns whom it turned to, and what it printed.
async fn contacts(home: &Home, args: &[&str]) -> (Watched, String) {
    let script = if args.contains(&"chat") { HELD_AND_TOLD } else { HELD };
    let mut command = home.shell(script, args);
    let printed = home.path().join("printed");
    let file = File::create(&printed).unwrap();
    command.stderr(file.try_clone().unwrap()).stdout(file);
    let watched = soon(tokio::task::spawn_blocking(|| watch(command))).await.unwrap();
    (watched, fs::read_to_string(printed).unwrap())
}

fn address(url: &str) -> SocketAddr {
    let (_, rest) = url.split_once("://").unwrap();
    rest.split('/').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_only_contact_is_the_server_of_the_model() {
    let server = MockVllm::builder().model(ModelSpec::new("m", 16_384)).start().await.unwrap();
    let other = MockVllm::builder().model(ModelSpec::new("m", 16_384)).start().await.unwrap();
    let home = home(&server.base_url(), "egress: 'local-only',");
    let here = Contact::Here(address(&server.base_url()));
    let there = Contact::Here(address(&other.base_url()));
    let local = ["--set", "models.providers.far.baseUrl=http://127.0.0.1:9/v1"];
    let local = [&local[..], &["--set", "models.providers.named.baseUrl=http://127.0.0.1:9/v1"]];
    let local = local.concat();
    let nine = Contact::Here("127.0.0.1:9".parse().unwrap());
    let against = ["trace", "replay", "1", "--against", &other.base_url()];
    for (args, code, expected) in [
        (&["agent", "-m", "reply exactly: yes", "--json"][..], 0, vec![&here]),
        (&["infer", "model", "run", "--prompt", "hi"], 0, vec![&here]),
        (&["chat"], 0, vec![&here]),
        (&["sessions", "list"], 0, vec![]),
        (&["doctor", "--json"], 0, vec![&here]),
        (&["models", "probe"], 0, vec![&here]),
        (&against, 0, vec![&there]),
        (&[&["models", "list", "--json"][..], &local].concat(), 4, vec![&here, &nine]),
        (&["models", "status", "--json"], 0, vec![]),
        (&["models", "reset"], 0, vec![]),
        (&["config", "validate"], 0, vec![]),
        (&["config", "explain", "models"], 0, vec![]),
        (&["trace", "list"], 0, vec![]),
        (&["prompt", "explain"], 0, vec![&here]),
        (&["--version"], 0, vec![]),
        (&["--help"], 0, vec![]),
    ] {
        let (watched, printed) = contacts(&home, args).await;
        let expected: BTreeSet<_> = expected.into_iter().cloned().collect();
        assert_eq!(watched.contacts, expected, "{args:?}: {printed}");
        assert_eq!(watched.code, Some(code), "{args:?}: {printed}");
    }
}

#[tokio::test]
async fn a_hosted_model_that_nobody_named_is_not_even_looked_up() {
    let server = MockVllm::builder().model(ModelSpec::new("m", 16_384)).start().await.unwrap();
    let home = home(&server.base_url(), "");
    for model in ["far/x", "named/x", "openai/gpt-4o", "anthropic/claude", "openrouter/auto"] {
        let args = ["infer", "model", "run", "--prompt", "hi", "--strict", "--model", model];
        let (watched, printed) = contacts(&home, &args).await;
        assert_eq!(watched.contacts, BTreeSet::new(), "{model}: {printed}");
        assert!(printed.contains("models.egress"), "{printed}");
    }
}

/// The set of hosts when the server is gone: the fallbacks' own, in their order, and no other.
#[tokio::test]
async fn a_hosted_fallback_is_turned_to_when_the_server_is_gone() {
    let gone = nobody();
    let home = home(&gone, "");
    let (watched, printed) = contacts(&home, &["agent", "-m", "hi"]).await;
    let rest: Vec<_> =
        watched.contacts.iter().filter(|it| **it != Contact::Here(address(&gone))).collect();
    assert!(rest.len() < watched.contacts.len(), "{printed}");
    let is_lookup = |it: &&Contact| matches!(it, Contact::Resolver(_) | Contact::File(_));
    assert!(!rest.is_empty() && rest.iter().all(is_lookup), "{rest:?} {printed}");
    for host in ["api.anthropic.com", "api.openai.com", "openrouter.ai"] {
        assert!(printed.contains(host), "{printed}");
    }
}

/// What would make the tests above worthless: a watcher that sees nothing.
#[tokio::test]
async fn a_breach_is_seen_and_stopped() {
    let server = MockVllm::builder().start().await.unwrap();
    let home = home(&server.base_url(), "egress: 'any',");
    let ask = |model| ["infer", "model", "run", "--prompt", "hi", "--strict", "--model", model];
    let (watched, printed) = contacts(&home, &ask("far/x")).await;
    let far = BTreeSet::from([Contact::Elsewhere(address(FAR))]);
    assert_eq!(watched.contacts, far, "{printed}");
    assert_ne!(watched.code, Some(0));
    let (watched, printed) = contacts(&home, &ask("named/x")).await;
    let is_lookup = |it: &Contact| matches!(it, Contact::Resolver(_) | Contact::File(_));
    assert!(!watched.contacts.is_empty() && watched.contacts.iter().all(is_lookup), "{printed}");
}
