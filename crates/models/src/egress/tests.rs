//! Which servers get a conversation under which policy, and when the user is asked.

use futures_util::FutureExt;
use openclaw_config::{AppPaths, Config, Env};
use openclaw_process::SupervisorProgram;
use openclaw_transport::HostLookup;

use super::*;

/// A decision, and how often the user was asked and notified.
#[derive(Debug, PartialEq, Eq)]
struct Decision {
    is_allowed: bool,
    asked: usize,
    told: usize,
}

/// A local primary model and a hosted fallback, unless `config` says something else.
fn setup(egress: &str, primary: &str) -> SetupContext {
    let text = format!(
        "{{ models: {{ {egress} providers: {{ here: {{ baseUrl: 'http://127.0.0.1:8000' }},
            there: {{ baseUrl: 'https://models.example/v1' }} }} }},
           agents: {{ defaults: {{ model: {{ primary: '{primary}', fallbacks: ['there/named'] }} }} }} }}"
    );
    let env = Env::from_pairs([("HOME", "/nowhere")]);
    let loaded = Config::parse(&text, &env).unwrap();
    assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
    let paths = AppPaths::new(&env, None).unwrap();
    SetupContext::new(loaded, paths, SupervisorProgram::this_program(), None)
}

fn decide(setup: &SetupContext, model: &str, answer: Option<bool>) -> Decision {
    let asked = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&asked);
    let consent = answer.map(|answer| -> EgressConsent {
        Arc::new(move |question: String| {
            assert!(question.contains("models.example"), "{question}");
            *counted.lock().unwrap() += 1;
            std::future::ready(answer).boxed()
        })
    });
    let primary: ModelRef =
        setup.loaded.config.primary_model(&setup.env).unwrap().unwrap().parse().unwrap();
    let named = vec![primary, "there/named".parse().unwrap()];
    let egress = EgressGuard::from_config(setup, named, consent);
    let mut warnings = Vec::new();
    let model: ModelRef = model.parse().unwrap();
    let endpoint = setup.provider_endpoint(model.provider_id()).unwrap();
    let mut permit =
        || egress.check_allowed(&model, &endpoint, &mut warnings).now_or_never().unwrap();
    let is_allowed = permit().is_ok();
    assert_eq!(permit().is_ok(), is_allowed, "nobody is asked or told twice");
    if let Err(error) = permit() {
        assert_eq!(error.kind(), SetupErrorKind::Egress);
        assert!(error.hints().join(" ").contains("`models.egress`"), "{error:?}");
    }
    let asked = *asked.lock().unwrap();
    Decision { is_allowed, asked, told: warnings.len() }
}

#[test]
fn what_leaves_the_machine_is_named_by_the_config_or_agreed_to() {
    let yes = |asked, told| Decision { is_allowed: true, asked, told };
    let no = |asked| Decision { is_allowed: false, asked, told: 0 };
    let (local, hosted) = ("here/a", "there/a");
    for (egress, primary, model, answer, expected) in [
        // By default, with a local primary model.
        ("", local, "here/other", None, yes(0, 0)),
        ("", local, "there/named", None, yes(0, 1)),
        ("", local, "there/named", Some(false), yes(0, 1)),
        ("", local, "there/other", None, no(0)),
        ("", local, "there/other", Some(false), no(1)),
        ("", local, "there/other", Some(true), yes(1, 1)),
        ("egress: 'local-only',", local, "there/other", None, no(0)),
        // By default, with a hosted one.
        ("", hosted, "there/other", None, yes(0, 0)),
        ("egress: 'local-only',", hosted, "there/other", None, no(0)),
        ("egress: 'local-only',", hosted, hosted, None, yes(0, 1)),
        ("egress: 'ask',", local, "there/named", None, yes(0, 1)),
        ("egress: 'ask',", local, "there/named", Some(true), yes(1, 1)),
        ("egress: 'ask',", local, "there/named", Some(false), no(1)),
        ("egress: 'ask',", local, "there/other", None, no(0)),
        ("egress: 'any',", local, "there/other", None, yes(0, 0)),
    ] {
        let decision = decide(&setup(egress, primary), model, answer);
        assert_eq!(decision, expected, "{egress} {primary} {model} {answer:?}");
    }
}

#[test]
fn what_is_not_known_to_be_near_is_hosted() {
    let setup = setup("", "here/a");
    let mut egress = EgressGuard::from_config(&setup, vec!["here/a".parse().unwrap()], None);
    egress.lookup = lookup_to("10.0.0.7");
    for (address, is_near) in [
        ("http://localhost:1", true),
        ("http://10.1.2.3:8000", true),
        ("http://box.local", true),
        ("http://gpu:8000", true),
        ("http://[fd12:3456::1]:8000", true),
        ("http://100.100.1.2:8000", true),
        ("http://127.0.0.1.example", false),
        ("http://localhost\\@models.example", true),
        ("http://[::ffff:8.8.8.8]", false),
        ("http://gpu.company.example", false),
        ("http://8.8.8.8:8000", false),
        ("https://[2001:db8::1]", false),
        ("https://localhost.example", false),
    ] {
        let endpoint = Endpoint::parse(address).unwrap();
        let model = "x/y".parse().unwrap();
        let mut warnings = Vec::new();
        let permitted = egress.check_allowed(&model, &endpoint, &mut warnings);
        let permitted = permitted.now_or_never().unwrap();
        assert_eq!(permitted.is_ok(), is_near, "{address}");
    }
}

#[test]
fn an_address_that_looks_like_another_one_is_none() {
    for address in ["http://localhost@models.example", "http://models.example#@localhost"] {
        assert!(Endpoint::parse(address).is_err(), "{address}");
    }
}

/// Every name has this address.
fn lookup_to(address: &'static str) -> HostLookup {
    HostLookup::from_fn(move |_| std::future::ready(Ok(vec![address.parse().unwrap()])).boxed())
}

#[test]
fn a_private_name_with_a_public_address_is_hosted_and_nobody_named_it() {
    for (egress, address, answer, expected) in [
        ("", "10.0.0.7", None, (true, AddressRule::AsNamed)),
        ("", "8.8.8.8", None, (false, AddressRule::AsNamed)),
        ("", "8.8.8.8", Some(false), (false, AddressRule::AsNamed)),
        ("", "8.8.8.8", Some(true), (true, AddressRule::Any)),
        ("egress: 'local-only',", "169.254.169.254", None, (false, AddressRule::AsNamed)),
        ("egress: 'ask',", "::ffff:8.8.8.8", Some(true), (true, AddressRule::Any)),
        ("egress: 'any',", "8.8.8.8", None, (true, AddressRule::Any)),
    ] {
        let setup = setup(egress, "here/a");
        let consent = answer.map(|answer| -> EgressConsent {
            Arc::new(move |question: String| {
                assert!(question.contains("gpu (") && question.contains("8.8.8.8"), "{question}");
                std::future::ready(answer).boxed()
            })
        });
        let model: ModelRef = "here/a".parse().unwrap();
        let mut guard = EgressGuard::from_config(&setup, vec![model.clone()], consent);
        guard.lookup = lookup_to(address);
        let endpoint = Endpoint::parse("http://gpu:8000").unwrap();
        let mut warnings = Vec::new();
        let permitted = guard.check_allowed(&model, &endpoint, &mut warnings);
        let permitted = permitted.now_or_never().unwrap();
        let found = (permitted.is_ok(), guard.address_rule(&endpoint));
        assert_eq!(found, expected, "{egress} {address} {answer:?}");
        if let Err(error) = permitted {
            assert!(error.to_string().contains("gpu ("), "{error}");
            assert!(error.hints().join(" ").contains("check where it leads"), "{error:?}");
        }
    }
}
