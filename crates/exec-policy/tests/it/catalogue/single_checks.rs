//! Classes that are about approvals, files and variables rather than about a text.

use openclaw_exec_policy::{
    AllowlistEntry, ApprovalsDocument, AskMode, ExecDecision, ExecPolicy, FileIdentity,
    InvalidRequest, PlanApproval, PlanGrant, ProgramLocation, ResolvedProgram, SecurityLevel,
    render_command_for_approval,
};

use super::{argv, asks, plan_with, script, table, widest_policy};

/// Classes that need more than a text.
pub(super) const SINGLE_CHECKS: [(u8, fn()); 14] = [
    (1, shown_text_is_the_command),
    (11, always_is_not_for_the_wrapper),
    (16, arguments_are_exact),
    (17, variables_are_part_of_the_plan),
    (18, a_changed_script_is_another_plan),
    (22, letters_match_in_their_own_case),
    (23, what_cannot_be_seen_is_shown),
    (34, no_secret_is_inherited),
    (36, another_directory_is_another_plan),
    (39, an_approval_is_used_once),
    (42, the_fallback_is_to_deny),
    (43, a_damaged_file_denies),
    (44, an_unknown_value_denies),
    (53, an_exchanged_program_is_another_plan),
];

fn shown_text_is_the_command() {
    let plan = |text: &str| {
        plan_with(argv(&["sh", "-c", "id"]), &table(), |context| {
            context.displayed_text = Some(text.to_owned());
        })
    };
    assert!(matches!(plan("echo hi"), Err(InvalidRequest::DisplayMismatch { .. })));
    assert!(plan("sh -c id").is_ok());
}

fn always_is_not_for_the_wrapper() {
    let approved = plan_with(script("env ls"), &table(), |_| ()).unwrap();
    let mut policy = ExecPolicy::new(SecurityLevel::Allowlist, AskMode::OnMiss);
    policy.extend_plan_grants(&[PlanGrant::new(&approved, "").unwrap()], "");
    assert_eq!(policy.judge_plan(&approved, 0), ExecDecision::Allow);
    for text in ["env id", "env", "env ls -l", "env TERM=x id"] {
        asks(&policy, script(text));
    }
}

fn arguments_are_exact() {
    let mut table = table();
    for path in ["/tmp/a", "/tmp/a "] {
        let identity = FileIdentity::default();
        table
            .insert_program(path, ResolvedProgram::new(path, ProgramLocation::Protected, identity));
    }
    let plan = |word: &str| plan_with(argv(&[word]), &table, |_| ()).unwrap();
    let approval = PlanApproval::new(&plan("/tmp/a "), i64::MAX);
    assert!(approval.redeem(plan("/tmp/a"), 0).is_err());
}

fn variables_are_part_of_the_plan() {
    let plan = |value: Option<&str>| {
        plan_with(script("ls"), &table(), |context| {
            context.environment.extend(value.map(|value| ("FOO".to_owned(), value.to_owned())));
        })
    };
    let approval = PlanApproval::new(&plan(None).unwrap(), i64::MAX);
    assert!(approval.redeem(plan(Some("1")).unwrap(), 0).is_err());
    let approval = PlanApproval::new(&plan(Some("1")).unwrap(), i64::MAX);
    assert!(approval.redeem(plan(Some("2")).unwrap(), 0).is_err());
}

fn a_changed_script_is_another_plan() {
    let plan = |size: u64| {
        let mut table = table();
        table.insert_file("a.py", FileIdentity { size, ..FileIdentity::default() });
        plan_with(script("python a.py"), &table, |_| ()).unwrap()
    };
    assert!(PlanApproval::new(&plan(1), i64::MAX).redeem(plan(2), 0).is_err());
}

fn letters_match_in_their_own_case() {
    let mut policy = ExecPolicy::new(SecurityLevel::Allowlist, AskMode::OnMiss);
    policy.extend_allowlist(&[AllowlistEntry::new("/usr/bin/l?")], None);
    let mut table = table();
    for path in ["/usr/bin/LS", "/usr/bin/l/"] {
        let identity = FileIdentity::default();
        table
            .insert_program(path, ResolvedProgram::new(path, ProgramLocation::Protected, identity));
        let plan = plan_with(argv(&[path]), &table, |_| ()).unwrap();
        assert!(matches!(policy.judge_plan(&plan, 0), ExecDecision::Ask { .. }), "{path}");
    }
}

fn what_cannot_be_seen_is_shown() {
    for char in "\u{200b}\u{3164}\u{115f}\u{ffa0}\u{2060}\u{202e}\u{2066}".chars() {
        let plan = plan_with(argv(&["ls", &format!("a{char}")]), &table(), |_| ()).unwrap();
        let shown = render_command_for_approval(&plan);
        assert!(!shown.contains(char) && shown.contains(&format!("a\\u{{{:x}}}", u32::from(char))));
        asks(&widest_policy(), argv(&["ls", &format!("a{char}")]));
    }
}

fn no_secret_is_inherited() {
    for name in ["OPENCLAW_GATEWAY_TOKEN", "VLLM_API_KEY", "AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK"]
    {
        let environment = openclaw_process::base_environment([(name.into(), "secret".into())]);
        assert!(environment.is_empty(), "{name}");
    }
}

fn another_directory_is_another_plan() {
    let plan = |inode| {
        plan_with(script("ls"), &table(), |context| context.directory_identity.inode = inode)
            .unwrap()
    };
    assert!(PlanApproval::new(&plan(1), i64::MAX).redeem(plan(2), 0).is_err());
}

fn an_approval_is_used_once() {
    let plan = || plan_with(script("ls"), &table(), |_| ()).unwrap();
    // `redeem` consumes the approval, so a second use isn't a program.
    assert!(PlanApproval::new(&plan(), i64::MAX).redeem(plan(), 0).is_ok());
}

fn policy_of_file(text: &str) -> ExecPolicy {
    let config = ExecPolicy::new(SecurityLevel::Full, AskMode::Off);
    ApprovalsDocument::from_bytes(Some(text.into())).apply_to(config, "main", None)
}

fn the_fallback_is_to_deny() {
    let policy =
        policy_of_file(r#"{"version":1,"defaults":{"security":"allowlist","ask":"always"}}"#);
    assert_eq!(policy.ask_fallback, SecurityLevel::Deny);
    let plan = plan_with(script("ls"), &table(), |_| ()).unwrap();
    assert!(matches!(policy.judge_without_approver(&plan, 0), ExecDecision::Deny { .. }));
}

fn a_damaged_file_denies() {
    for text in ["", "{", "\0\0\0\0", r#"{"version":2}"#, "[]"] {
        assert_eq!(policy_of_file(text).security, SecurityLevel::Deny, "{text}");
    }
}

fn an_unknown_value_denies() {
    let policy = policy_of_file(r#"{"version":1,"defaults":{"security":"none"}}"#);
    assert_eq!(policy.security, SecurityLevel::Deny);
}

fn an_exchanged_program_is_another_plan() {
    let plan = |inode: u64| {
        let mut table = table();
        let identity = FileIdentity { inode, ..FileIdentity::default() };
        let program = ResolvedProgram::new("/usr/bin/ls", ProgramLocation::Protected, identity);
        table.insert_program("ls", program);
        plan_with(script("ls"), &table, |_| ()).unwrap()
    };
    assert!(PlanApproval::new(&plan(1), i64::MAX).redeem(plan(2), 0).is_err());
}
