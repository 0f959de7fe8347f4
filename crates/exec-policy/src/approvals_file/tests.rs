//! What the file says, keeps, and denies when it is damaged.

use proptest::prelude::*;

use super::*;
use crate::lookup::ProgramTable;
use crate::plan::{CommandInput, CommandPlan, PlanContext};
use crate::policy::ExecDecision;

const SAMPLE: &str = r#"{
  "version": 1,
  "socket": {"path": "/s/exec-approvals.sock", "token": "t"},
  "defaults": {"security": "allowlist", "ask": "on-miss", "askFallback": "deny", "autoAllowSkills": false},
  "agents": {
    "*": {"allowlist": [{"pattern": "/usr/bin/wc"}]},
    "default": {"ask": "always"},
    "main": {
      "security": "allowlist",
      "allowlist": [
        {"id": "a1", "pattern": "~/bin/rg", "lastUsedAt": 1737150000000.5, "lastUsedCommand": "rg x",
         "lastResolvedPath": "/home/me/bin/rg", "commandText": "rg x"},
        "/usr/bin/ls"
      ],
      "mcpTools": [{"server": "s"}]
    }
  },
  "future": {"a": [1]}
}"#;

fn apply(document: &ApprovalsDocument, agent: &str) -> ExecPolicy {
    let config = ExecPolicy::new(SecurityLevel::Full, AskMode::Off);
    document.apply_to(config, agent, Some("/home/me"))
}

fn decide(policy: &ExecPolicy, text: &str) -> ExecDecision {
    let table = ProgramTable::from_paths(["/usr/bin/ls", "/usr/bin/wc", "/home/me/bin/rg"]);
    let input = CommandInput::Script(text.to_owned());
    let plan = CommandPlan::new(input, PlanContext::new("/w", "main"), &table).unwrap();
    policy.judge_plan(&plan, 0)
}

#[test]
fn what_is_not_known_is_kept() {
    let file = ApprovalsFile::from_bytes(SAMPLE.as_bytes()).unwrap();
    let mut expected: Value = serde_json::from_str(SAMPLE).unwrap();
    // The short form of an entry becomes the long one.
    expected["agents"]["main"]["allowlist"][1] = serde_json::json!({"pattern": "/usr/bin/ls"});
    let written: Value = serde_json::from_slice(&file.to_bytes()).unwrap();
    assert_eq!(written, expected);
    assert_eq!(ApprovalsFile::from_bytes(&file.to_bytes()).unwrap(), file);
}

#[test]
fn the_nearest_section_decides_and_never_loosens_the_config() {
    let document = ApprovalsDocument::from_bytes(Some(SAMPLE.into()));
    let main = apply(&document, "main");
    // `main` says nothing about `ask`, its former name does.
    assert_eq!((main.security, main.ask), (SecurityLevel::Allowlist, AskMode::Always));
    let other = apply(&document, "other");
    assert_eq!((other.security, other.ask), (SecurityLevel::Allowlist, AskMode::OnMiss));
    assert_eq!(other.ask_fallback, SecurityLevel::Deny);
    assert_eq!(decide(&other, "wc"), ExecDecision::Allow);
    assert_ne!(decide(&other, "ls"), ExecDecision::Allow);

    let file = br#"{"version":1,"defaults":{"security":"full","ask":"off","askFallback":"full"}}"#;
    let document = ApprovalsDocument::from_bytes(Some(file.into()));
    let config = ExecPolicy::new(SecurityLevel::Allowlist, AskMode::OnMiss);
    let policy = document.apply_to(config, "main", None);
    assert_eq!((policy.security, policy.ask), (SecurityLevel::Allowlist, AskMode::OnMiss));
    assert_eq!(policy.ask_fallback, SecurityLevel::Deny);
}

#[test]
fn a_file_that_says_nothing_leaves_the_config_as_it_is() {
    for bytes in [None, Some(br#"{"version":1,"agents":{}}"#.to_vec())] {
        let policy = apply(&ApprovalsDocument::from_bytes(bytes), "main");
        assert_eq!((policy.security, policy.ask), (SecurityLevel::Full, AskMode::Off));
        assert_eq!(policy.ask_fallback, SecurityLevel::Deny);
    }
}

#[test]
fn a_file_that_cannot_be_read_denies_and_stays_as_it_is() {
    for text in [
        "",
        "  \n",
        "\u{feff}",
        "{",
        "[]",
        "null",
        "{}",
        r#"{"version":2}"#,
        r#"{"version":"1"}"#,
        r#"{"version":1.0}"#,
        r#"{"version":1,"version":1}"#,
        r#"{"version":1,"defaults":{"security":"none"}}"#,
        r#"{"version":1,"defaults":{"security":"FULL"}}"#,
        r#"{"version":1,"defaults":{"ask":"none"}}"#,
        r#"{"version":1,"defaults":{"askFallback":"ask"}}"#,
        r#"{"version":1,"agents":[]}"#,
        r#"{"version":1,"agents":{"main":{},"main":{"security":"deny"}}}"#,
        r#"{"version":1,"agents":{"main":{"security":"deny","security":"full"}}}"#,
        r#"{"version":1,"agents":{"main":{"allowlist":[{}]}}}"#,
        r#"{"version":1,"agents":{"main":{"allowlist":[1]}}}"#,
        r#"{"version":1,"agents":{"main":{"allowlist":"*"}}}"#,
        r#"{"version":1} x"#,
    ] {
        let document = ApprovalsDocument::from_bytes(Some(text.as_bytes().to_vec()));
        let ApprovalsDocument::Unreadable { .. } = &document else {
            panic!("{text}: {document:?}")
        };
        let policy = apply(&document, "main");
        assert!(matches!(decide(&policy, "ls"), ExecDecision::Deny { .. }), "{text}");
        assert_eq!(document.to_bytes().as_deref(), Some(text.as_bytes()));
        assert!(document.into_file().is_err(), "{text}");
    }
    let invalid = ApprovalsDocument::from_bytes(Some(b"\xff\xfe{".to_vec()));
    assert!(matches!(invalid, ApprovalsDocument::Unreadable { .. }));
}

#[test]
fn an_error_names_the_place_and_the_values() {
    let text = "{\"version\":1,\n\"defaults\":{\"ask\":\"none\"}}";
    let error = ApprovalsFile::from_bytes(text.as_bytes()).unwrap_err().to_string();
    assert!(
        error.contains("`none`") && error.contains("`on-miss`") && error.contains("line 2"),
        "{error}"
    );
    let error = ApprovalsFile::from_bytes(b"{\"version\":7}").unwrap_err();
    assert_eq!(error.to_string(), "read the exec approvals: version 7 instead of 1");
}

#[test]
fn entries_are_added_once_and_removed_by_pattern_or_id() {
    let mut file = ApprovalsDocument::Missing.into_file().unwrap();
    assert!(file.add_entry("main", AllowlistEntry::new("/usr/bin/ls")));
    assert!(!file.add_entry("main", AllowlistEntry::new("/usr/bin/ls")));
    let mut entry = AllowlistEntry::new("/usr/bin/wc");
    entry.id = Some("w".to_owned());
    assert!(file.add_entry("main", entry));
    assert_eq!(file.agent_allowlist("main").count(), 2);
    assert_eq!(file.remove_entries("main", "w"), 1);
    assert_eq!(file.remove_entries("main", "/usr/bin/ls"), 1);
    assert_eq!(file.remove_entries("main", "/usr/bin/ls"), 0);
    assert_eq!(file.remove_entries("other", "/usr/bin/ls"), 0);
}

#[test]
fn a_key_that_may_restrict_and_is_not_known_denies() {
    for (rest, place) in [
        (r#""defaults":{"secruity":"deny"}"#, "`defaults.secruity`"),
        (r#""defaults":{"Security":"deny"}"#, "write `security`"),
        (r#""defaults":{"ask_fallback":"deny"}"#, "write `askFallback`"),
        (r#""defaults":{"deny":true}"#, "the keys here are `security`"),
        (r#""default":{"security":"deny"}"#, "write `defaults`"),
        (r#""Defaults":{"security":"deny"}"#, "write `defaults`"),
        (r#""defualts":{"security":"deny"}"#, "write `defaults`"),
        (r#""agent":{"main":{"security":"deny"}}"#, "write `agents`"),
        (r#""security":"deny""#, "`security` is unknown"),
        (r#""defaultAction":"deny","rules":[]"#, "`defaultAction` is unknown"),
        (r#""agents":{"main":{"securty":"deny"}}"#, "`agents.main.securty`"),
        (r#""agents":{"*":{"mode":"deny"}}"#, "`agents.*.mode`"),
        (r#""agents":{"":{"security":"deny"}}"#, "no id of an agent"),
        (r#""agents":{"main*":{"security":"deny"}}"#, "`agents.main*` is no id"),
        (r#""agents":{"main":{},"Main ":{"security":"deny"}}"#, "there twice, first as `main`"),
        (
            r#""agents":{"main":{"allowlist":[{"pattern":"/bin/git","argPatern":"^x$"}]}}"#,
            "write `argPattern`",
        ),
        (
            r#""agents":{"main":{"allowlist":[{"pattern":"/bin/git","args":["x"]}]}}"#,
            "`agents.main.allowlist.args`",
        ),
    ] {
        let text = format!("{{\"version\":1,\n{rest}}}");
        let document = ApprovalsDocument::from_bytes(Some(text.clone().into_bytes()));
        let ApprovalsDocument::Unreadable { error, .. } = &document else {
            panic!("{text}: {document:?}")
        };
        let error = error.to_string();
        assert!(error.contains(place) && error.contains("line 2"), "{text}: {error}");
        assert_eq!(apply(&document, "main").security, SecurityLevel::Deny, "{text}");
        assert_eq!(document.to_bytes().as_deref(), Some(text.as_bytes()));
    }
}

#[test]
fn an_agent_is_found_whatever_the_case_of_its_id() {
    for id in ["Main", "MAIN", " main", "main ", "Default"] {
        let text = format!(r#"{{"version":1,"agents":{{"{id}":{{"security":"deny"}}}}}}"#);
        let document = ApprovalsDocument::from_bytes(Some(text.into_bytes()));
        assert_eq!(apply(&document, "main").security, SecurityLevel::Deny, "{id:?}");
        assert_eq!(apply(&document, "other").security, SecurityLevel::Full, "{id:?}");
    }
    let text = r#"{"version":1,"agents":{"Ops":{"security":"deny"}}}"#;
    let mut file = ApprovalsFile::from_bytes(text.as_bytes()).unwrap();
    assert!(file.add_entry("ops", AllowlistEntry::new("/usr/bin/ls")));
    assert_eq!((file.agents.len(), file.agent_allowlist("OPS").count()), (1, 1));
    assert_eq!(file.remove_entries("oPs", "/usr/bin/ls"), 1);
}

#[test]
fn what_later_versions_add_beside_the_restrictions_is_accepted() {
    for rest in [
        r#""updatedAt":1,"meta":{"secruity":1}"#,
        r#""socket":{"secruity":1}"#,
        r#""agents":{"main":{"mcpTools":[{"deny":1}]},"gone-agent_2":{}}"#,
        r#""agents":{"main":{"allowlist":[{"pattern":"/bin/ls","lastUsedBy":"me"}]}}"#,
    ] {
        let text = format!("{{\"version\":1,{rest}}}");
        assert!(ApprovalsFile::from_bytes(text.as_bytes()).is_ok(), "{text}");
    }
}

proptest! {
    #[test]
    fn no_content_is_a_policy_by_accident(bytes: Vec<u8>) {
        let document = ApprovalsDocument::from_bytes(Some(bytes.clone()));
        if let ApprovalsDocument::Unreadable { .. } = &document {
            prop_assert_eq!(apply(&document, "main").security, SecurityLevel::Deny);
            prop_assert_eq!(document.to_bytes(), Some(bytes));
        }
    }

    #[test]
    fn a_cut_file_is_denied(end in 0..SAMPLE.len()) {
        let document = ApprovalsDocument::from_bytes(Some(SAMPLE.as_bytes()[..end].to_vec()));
        let is_unreadable = matches!(document, ApprovalsDocument::Unreadable { .. });
        prop_assert!(is_unreadable);
    }
}
