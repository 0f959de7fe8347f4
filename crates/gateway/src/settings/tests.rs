//! Settings that would leave a gateway open do not start one.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use openclaw_config::{AppPaths, Config, Env, RunKind};
use secrecy::ExposeSecret as _;

use super::secrets::{TOKEN_BYTES, read_local_token, token_path};
use super::*;

fn settings(json5: &str, env: &[(&str, &str)]) -> Result<GatewaySettings, GatewayStartError> {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().display().to_string();
    let file = folder.path().join(".openclaw/openclaw.json");
    fs::create_dir(folder.path().join(".openclaw")).unwrap();
    let mut writer = fs::File::create(&file).unwrap();
    writer.write_all(json5.as_bytes()).unwrap();
    let pairs = env.iter().copied().chain([("HOME", home.as_str())]);
    let env = Env::from_pairs(pairs);
    let paths = AppPaths::new(&env, None).unwrap();
    let loaded = Config::load(&paths, &env).unwrap();
    let none = GatewayOverrides::default();
    GatewaySettings::from_config(&loaded, paths.state_dir(), &none)
}

#[test]
fn secrets_that_protect_nothing_are_refused_with_their_key_and_a_remedy() {
    let long = "not-quite-long-enough-1";
    let cases = [
        ("{ gateway: { auth: { mode: 'token', token: '' } } }".to_owned(), "gateway.auth.token"),
        ("{ gateway: { auth: { token: '   ' } } }".to_owned(), "empty"),
        ("{ gateway: { auth: { token: '${NOT_SET}' } } }".to_owned(), "gateway.auth.token"),
        ("{ gateway: { auth: { token: 'undefined' } } }".to_owned(), "placeholder"),
        ("{ gateway: { auth: { token: '<gateway-token>' } } }".to_owned(), "placeholder"),
        ("{ gateway: { auth: { token: 'only-fifteen-ch' } } }".to_owned(), "too short"),
        ("{ gateway: { auth: { token: 'with a space in it, long' } } }".to_owned(), "white space"),
        (format!("{{ gateway: {{ bind: 'lan', auth: {{ token: '{long}' }} }} }}"), "24 characters"),
        ("{ gateway: { bind: 'lan' } }".to_owned(), "not set"),
        ("{ gateway: { bind: 'lan', auth: { mode: 'none' } } }".to_owned(), "other machines"),
        ("{ gateway: { auth: { mode: 'password' } } }".to_owned(), "gateway.auth.password"),
        ("{ gateway: { auth: { mode: 'trusted-proxy' } } }".to_owned(), "not supported"),
        ("{ gateway: { mode: 'remote' } }".to_owned(), "remote"),
        ("{ gateway: { bind: 'tailnet' } }".to_owned(), "tailnet"),
        ("{ gateway: { bind: 'custom' } }".to_owned(), "customBindHost"),
        ("{ gateway: { bind: 'custom', customBindHost: 'desk' } }".to_owned(), "no IP address"),
        ("{ gateway: { tailscale: { mode: 'funnel' } } }".to_owned(), "Tailscale"),
        ("{ gateway: { tls: { enabled: true } } }".to_owned(), "gateway.tls"),
        ("{ gateway: { tools: { deny: ['exec'] } } }".to_owned(), "gateway.tools.deny"),
        ("{ gateway: { auth: { rateLimit: { maxAttempts: 3 } } } }".to_owned(), "rateLimit"),
        ("{ gateway: { nodes: { denyCommands: ['exec'] } } }".to_owned(), "`exec`"),
        ("{ gateway: { auth: { token: 'changemechangeme' } } }".to_owned(), "placeholder"),
        ("{ gateway: { auth: { token: 'abcabcabcabcabcabcabc' } } }".to_owned(), "placeholder"),
        ("{ gateway: { auth: { token: 'wzwzwzwzwzwzwzwzwzwz' } } }".to_owned(), "guessed"),
        (
            "{ gateway: { auth: { mode: 'password', password: 'password123456789' } } }".to_owned(),
            "placeholder",
        ),
    ];
    for (json5, said) in cases {
        let Err(error) = settings(&json5, &[]) else { panic!("{json5} starts") };
        assert_eq!(error.kind(), GatewayStartErrorKind::Settings, "{json5}");
        assert!(error.to_string().contains(said), "{json5}: {error}");
        assert!(error.hint().is_some(), "{json5}");
    }
}

#[test]
fn without_a_secret_one_is_made_once_for_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let make = || {
        let none = GatewayOverrides::default();
        let env = Env::from_pairs([("HOME", "/nowhere")]);
        let loaded = Config::parse("{}", &env).unwrap();
        GatewaySettings::from_config(&loaded, folder.path(), &none).unwrap()
    };
    let GatewayAuthentication::Token(first) = make().authentication else { panic!() };
    let GatewayAuthentication::Token(second) = make().authentication else { panic!() };
    assert_eq!(first.expose_secret(), second.expose_secret());
    assert_eq!(first.expose_secret().len(), TOKEN_BYTES * 2);
    let mode = fs::metadata(token_path(folder.path())).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let read = read_local_token(folder.path()).unwrap().unwrap();
    assert_eq!(read.expose_secret(), first.expose_secret());
}

#[test]
fn an_invalid_restriction_of_the_gateway_keeps_it_from_starting() {
    let env = Env::from_pairs([("HOME", "/nowhere")]);
    for nodes in ["null", "{ denyCommands: null }", "{ commands: { deny: 'system.run' } }"] {
        let text = format!("{{ gateway: {{ nodes: {nodes} }} }}");
        let loaded = Config::parse(&text, &env).unwrap();
        assert!(!loaded.start_blockers(RunKind::DefaultAgent).is_empty(), "{text}");
    }
}

#[test]
fn sufficient_settings_are_taken_from_the_config_and_the_environment() {
    let token = "a-token-of-twenty-four-c";
    let json5 = format!(
        "{{ gateway: {{ port: 7000, bind: 'lan', auth: {{ token: '{token}' }},
           http: {{ endpoints: {{ chatCompletions: {{ enabled: true, maxBodyBytes: 4096 }} }} }} }} }}"
    );
    let set = settings(&json5, &[]).unwrap();
    assert_eq!((set.port, set.address.to_string().as_str()), (7000, "0.0.0.0"));
    assert_eq!(set.max_body_bytes, 4096);
    assert!(set.serves_openai_api && set.is_reachable_from_outside());
    let set = settings("{}", &[("OPENCLAW_GATEWAY_TOKEN", token)]).unwrap();
    let GatewayAuthentication::Token(secret) = set.authentication else { panic!() };
    assert_eq!(secret.expose_secret(), token);
    assert!(!set.serves_openai_api);
    let open = settings("{ gateway: { auth: { mode: 'none' } } }", &[]).unwrap();
    assert!(matches!(open.authentication, GatewayAuthentication::Open));
}
