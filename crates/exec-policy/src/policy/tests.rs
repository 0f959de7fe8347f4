//! Decisions, entries, approvals and explanations.

use proptest::prelude::*;

use super::*;
use crate::grant::{ApprovalMismatch, ApprovedPlan, PlanApproval};
use crate::lookup::{FileIdentity, ProgramTable};
use crate::pattern::exact_argument_pattern;
use crate::plan::{CommandInput, PlanContext};
use crate::scoped_grants::PlanGrant;

fn plan(text: &str) -> CommandPlan {
    plan_in("/w", text)
}

fn plan_in(directory: &str, text: &str) -> CommandPlan {
    let table = ProgramTable::from_paths([
        "/usr/bin/ls",
        "/usr/bin/head",
        "/usr/bin/id",
        "/usr/bin/env",
        "/usr/bin/git",
        "/usr/bin/sh",
    ]);
    let context = PlanContext::new(directory, "main");
    CommandPlan::new(CommandInput::Script(text.to_owned()), context, &table).unwrap()
}

fn policy(patterns: &[&str]) -> ExecPolicy {
    let mut policy = ExecPolicy::new(SecurityLevel::Allowlist, AskMode::OnMiss);
    let entries: Vec<_> = patterns.iter().map(|pattern| AllowlistEntry::new(pattern)).collect();
    policy.extend_allowlist(&entries, Some("/home/me"));
    policy
}

fn is_allowed(policy: &ExecPolicy, text: &str) -> bool {
    policy.judge_plan(&plan(text), 0) == ExecDecision::Allow
}

#[test]
fn every_command_of_a_script_must_be_covered() {
    let mut policy = policy(&["/usr/bin/ls"]);
    policy.safe_bins = SafeBins::with_defaults();
    for text in
        ["ls", "ls -l a", "/usr/bin/ls", "ls | head -n1", "ls && ls; ls || ls", "env TERM=x ls"]
    {
        assert!(is_allowed(&policy, text), "{text}");
    }
    for text in ["id", "ls | id", "ls && id", "ls; id", "head x", "env ls2", "ls $X", "sh -c ls"] {
        assert!(!is_allowed(&policy, text), "{text}");
    }
}

#[test]
fn security_and_ask_decide_in_their_order() {
    use AskMode::{Always, Off, OnMiss};
    use SecurityLevel::{Allowlist, Deny, Full};
    for (security, ask, listed, missed) in [
        (Deny, Off, "deny", "deny"),
        (Deny, OnMiss, "deny", "deny"),
        (Deny, Always, "deny", "deny"),
        (Allowlist, Off, "allow", "deny"),
        (Allowlist, OnMiss, "allow", "ask"),
        (Allowlist, Always, "ask", "ask"),
        (Full, Off, "allow", "allow"),
        (Full, OnMiss, "allow", "allow"),
        (Full, Always, "ask", "ask"),
    ] {
        let mut policy = policy(&["ls"]);
        (policy.security, policy.ask) = (security, ask);
        for (text, expected) in [("ls", listed), ("id", missed), ("ls $X", missed)] {
            let decision = policy.explain_plan(&plan(text), 0).decision;
            assert_eq!(decision, expected, "{security:?} {ask:?} {text}");
        }
    }
}

#[test]
fn when_nobody_can_be_asked_the_fallback_decides() {
    for (fallback, ask, text, expected) in [
        (SecurityLevel::Deny, AskMode::OnMiss, "id", false),
        (SecurityLevel::Deny, AskMode::OnMiss, "ls", true),
        (SecurityLevel::Deny, AskMode::Always, "ls", false),
        (SecurityLevel::Allowlist, AskMode::Always, "ls", true),
        (SecurityLevel::Allowlist, AskMode::Always, "id", false),
        (SecurityLevel::Full, AskMode::OnMiss, "id", false),
    ] {
        let mut policy = policy(&["ls"]);
        (policy.ask, policy.ask_fallback) = (ask, fallback);
        let decision = policy.judge_without_approver(&plan(text), 0);
        assert_eq!(decision == ExecDecision::Allow, expected, "{fallback:?} {ask:?} {text}");
        let is_denied = matches!(decision, ExecDecision::Deny { .. });
        assert_eq!(is_denied, !expected);
    }
}

#[test]
fn bare_patterns_are_for_bare_names_and_never_for_programs_that_run_others() {
    assert!(is_allowed(&policy(&["ls"]), "ls"));
    assert!(!is_allowed(&policy(&["ls"]), "/usr/bin/ls"));
    assert!(is_allowed(&policy(&["*"]), "ls | id"));
    for text in ["sh -c id", "git status", "env -S id", "missing", "env FOO=1 ls"] {
        assert!(!is_allowed(&policy(&["*", "/**", "/usr/bin/git", "/usr/bin/sh"]), text), "{text}");
    }
}

/// A policy with nothing but the permission for a plan that runs at `place`.
fn granted(plan: &CommandPlan, place: &str) -> ExecPolicy {
    let mut policy = policy(&[]);
    policy.extend_plan_grants(&[PlanGrant::new(plan, place).unwrap()], place);
    policy
}

#[test]
fn a_permission_is_for_the_whole_command_in_one_directory() {
    let text = "env git status && ls | sh";
    // Hooks and settings of the repository run as well, which only the sandbox holds.
    assert!(PlanGrant::new(&plan(text), "gateway").is_none());
    let policy = granted(&plan(text), "sandbox");
    assert!(is_allowed(&policy, text));
    for text in [
        "env git status",
        "git status && ls | sh",
        "ls | sh",
        "sh",
        "ls",
        "id | sh",
        "env git status || ls | sh",
        "env git status; ls | sh",
        "env git status && ls; sh",
        "env git status && ls 2>&1 | sh",
        "env git status && ls | sh | sh",
        "env git status -v && ls | sh",
        "env TERM=x git status && ls | sh",
    ] {
        assert!(!is_allowed(&policy, text), "{text}");
    }
    let decision = policy.judge_plan(&plan_in("/other", text), 0);
    assert!(matches!(decision, ExecDecision::Ask { .. }), "{decision:?}");
    for text in ["ls $X", "env FOO=1 ls", "missing", "ls | missing"] {
        assert!(PlanGrant::new(&plan(text), "gateway").is_none(), "{text}");
    }
}

#[test]
fn a_permission_holds_only_where_it_was_given_and_until_its_end() {
    let plan = plan("sh -c id");
    let mut grant = PlanGrant::new(&plan, "sandbox").unwrap();
    for (place, expires_at_ms, expected) in [
        ("sandbox", None, true),
        ("gateway", None, false),
        ("sandbox of another kind", None, false),
        ("", None, false),
        ("sandbox", Some(100), false),
        ("sandbox", Some(101), true),
    ] {
        grant.expires_at_ms = expires_at_ms;
        let mut policy = policy(&[]);
        policy.extend_plan_grants(&[grant.clone()], place);
        let is_allowed = policy.judge_plan(&plan, 100) == ExecDecision::Allow;
        assert_eq!(is_allowed, expected, "{place:?} {expires_at_ms:?}");
    }
}

/// A plan with files whose hash is of this byte; `None` for a file whose content isn't known.
fn plan_with_file(text: &str, byte: Option<u8>, change: fn(&mut PlanContext)) -> CommandPlan {
    let mut table = ProgramTable::from_paths([
        "/usr/bin/awk",
        "/usr/bin/cat",
        "/usr/bin/python3",
        "/usr/bin/sh",
    ]);
    let digest = byte.map(|byte| [byte; 32]);
    for path in ["b.py", "/w/b.py"] {
        table.insert_file(path, FileIdentity { digest, ..FileIdentity::default() });
    }
    let mut context = PlanContext::new("/w", "main");
    change(&mut context);
    CommandPlan::new(CommandInput::Script(text.to_owned()), context, &table).unwrap()
}

#[test]
fn a_permission_is_for_the_content_of_the_files_that_are_named() {
    for text in [
        "python3 b.py",
        "python3 -u /w/b.py x",
        "awk --file=b.py",
        "awk -fb.py",
        "cat b.py | sh",
        "sh -c 'python3 b.py;'",
    ] {
        let policy = granted(&plan_with_file(text, Some(1), |_| ()), "gateway");
        let judge = |content| policy.judge_plan(&plan_with_file(text, content, |_| ()), 0);
        assert_eq!(judge(Some(1)), ExecDecision::Allow, "{text}");
        for changed in [Some(2), None] {
            assert!(matches!(judge(changed), ExecDecision::Ask { .. }), "{text}");
        }
        let unknown = plan_with_file(text, None, |_| ());
        assert!(PlanGrant::new(&unknown, "gateway").is_none(), "{text}");
    }
    let shown =
        crate::render_command_for_approval(&plan_with_file("python3 b.py", Some(1), |_| ()));
    assert!(shown.contains("file:\n  | b.py (sha256 010101010101)\n"), "{shown}");
}

#[test]
fn a_permission_is_for_the_way_a_command_runs() {
    let plan = |change| plan_with_file("python3 b.py", Some(1), change);
    let policy = granted(&plan(|_| ()), "gateway");
    let changes: [fn(&mut PlanContext); 5] = [
        |context| context.has_terminal = true,
        |context| context.is_background = true,
        |context| context.agent = "other".to_owned(),
        |context| context.node = "other".to_owned(),
        |context| _ = context.environment.insert("TERM".to_owned(), "x".to_owned()),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let decision = policy.judge_plan(&plan(change), 0);
        assert!(matches!(decision, ExecDecision::Ask { .. }), "change {number}");
    }
    // Another session, and the same directory after a start of the machine.
    let same = plan(|context| {
        context.session = "other".to_owned();
        context.directory_identity.device = 9;
    });
    assert_eq!(policy.judge_plan(&same, 0), ExecDecision::Allow);
}

#[test]
fn an_exact_entry_of_the_file_is_not_for_parts_of_a_command_that_runs_others() {
    let mut policy = policy(&["/usr/bin/cat"]);
    for (program, words) in
        [("/usr/bin/sh", vec!["sh"]), ("/usr/bin/python3", vec!["python3", "b.py"])]
    {
        let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        let entry = AllowlistEntry::exact(program, &exact_argument_pattern(&words, "/w"));
        policy.extend_allowlist(&[entry], None);
    }
    for (text, expected) in
        [("sh", true), ("cat x | sh", false), ("cat x; sh", false), ("python3 b.py", false)]
    {
        let decision = policy.judge_plan(&plan_with_file(text, Some(1), |_| ()), 0);
        assert_eq!(decision == ExecDecision::Allow, expected, "{text}");
    }
}

#[test]
fn an_expired_entry_does_not_count() {
    let mut entry = AllowlistEntry::new("ls");
    entry.other.insert("expiresAtMs".to_owned(), 100.into());
    let mut policy = policy(&[]);
    policy.extend_allowlist(&[entry], None);
    assert_eq!(policy.judge_plan(&plan("ls"), 99), ExecDecision::Allow);
    assert_ne!(policy.judge_plan(&plan("ls"), 100), ExecDecision::Allow);
}

#[test]
fn variables_of_the_request_need_a_person_unless_they_are_harmless() {
    let table = ProgramTable::from_paths(["/usr/bin/ls"]);
    for (name, is_allowed) in [("TERM", true), ("FOO", false)] {
        let mut context = PlanContext::new("/w", "main");
        context.environment.insert(name.to_owned(), "x".to_owned());
        let plan =
            CommandPlan::new(CommandInput::Script("ls".to_owned()), context, &table).unwrap();
        let decision = policy(&["ls"]).judge_plan(&plan, 0);
        assert_eq!(decision == ExecDecision::Allow, is_allowed, "{name}");
    }
}

#[test]
fn an_approval_serves_once_for_the_same_plan_in_time() {
    let approval = || PlanApproval::new(&plan("id"), 100);
    assert_eq!(approval().redeem(plan("id"), 99).unwrap().plan().hash(), plan("id").hash());
    assert_eq!(approval().redeem(plan("id -u"), 99).unwrap_err(), ApprovalMismatch::OtherPlan);
    assert_eq!(
        approval().redeem(plan_in("/v", "id"), 99).unwrap_err(),
        ApprovalMismatch::OtherPlan
    );
    assert_eq!(approval().redeem(plan("id"), 100).unwrap_err(), ApprovalMismatch::Expired);
    assert!(ApprovedPlan::by_policy(&policy(&["ls"]), plan("ls"), 0).is_ok());
    let refused = ApprovedPlan::by_policy(&policy(&["ls"]), plan("id"), 0).unwrap_err();
    assert!(matches!(refused.decision, ExecDecision::Ask { .. }));
}

#[test]
fn an_explanation_tells_the_reason_of_each_command() {
    let explanation = policy(&["ls"]).explain_plan(&plan("ls | env git log | id"), 0);
    let json = serde_json::to_value(&explanation).unwrap();
    assert_eq!(json["decision"], "ask");
    assert_eq!(json["commands"][0]["verdict"]["listed"]["rule"], "ls");
    assert_eq!(json["commands"][1]["wrappers"][0], "/usr/bin/env");
    assert_eq!(json["commands"][1]["resolvedPath"], "/usr/bin/git");
    assert_eq!(json["commands"][2]["verdict"]["missed"]["reason"]["not-listed"]["program"], "id");
    assert_eq!(
        explanation.to_string(),
        "ask\n  because `git` runs programs that the files of a repository name\n  because `id` is not \
         on the allowlist\n1: ls\n  program: /usr/bin/ls\n  on the allowlist: ls\n2: env /usr/bin/git \
         log\n  program: /usr/bin/git\n  within: /usr/bin/env\n  not allowed by the lists: `git` runs programs that \
         the files of a repository name\n3: id\n  program: /usr/bin/id\n  not allowed by the lists: `id` is not on \
         the allowlist\n"
    );
}

fn any_policy() -> impl Strategy<Value = ExecPolicy> {
    use AskMode::{Always, Off, OnMiss};
    use SecurityLevel::{Allowlist, Deny, Full};
    let level = || prop::sample::select(vec![Deny, Allowlist, Full]);
    let ask = prop::sample::select(vec![Off, OnMiss, Always]);
    (level(), ask, level()).prop_map(|(security, ask, ask_fallback)| {
        let mut policy = policy(&["ls"]);
        (policy.security, policy.ask, policy.ask_fallback) = (security, ask, ask_fallback);
        policy
    })
}

proptest! {
    #[test]
    fn the_stricter_of_two_policies_allows_nothing_that_one_of_them_does_not(
        config in any_policy(), host in any_policy(),
        text in prop::sample::select(vec!["ls", "id", "ls $X", "git log"]),
    ) {
        let both = ExecPolicy::stricter_of(config.clone(), host.clone());
        let plan = plan(text);
        let allowed = |policy: &ExecPolicy| policy.judge_plan(&plan, 0) == ExecDecision::Allow;
        prop_assert!(!allowed(&both) || allowed(&config) && allowed(&host));
        let alone = |policy: &ExecPolicy| policy.judge_without_approver(&plan, 0) == ExecDecision::Allow;
        prop_assert!(!alone(&both) || alone(&config) && alone(&host));
    }
}
