//! Ways around allowlists that were published or found: none may run without a person.
//!
//! The allowlist of these tests is as wide as one can be written: `*` and every path.

mod single_checks;

use openclaw_exec_policy::{
    AllowlistEntry, AskMode, CommandConcern, CommandInput, CommandPlan, ExecDecision, ExecPolicy,
    FileIdentity, InvalidRequest, PlanContext, ProgramLocation, ProgramTable, ResolvedProgram,
    SafeBins, SecurityLevel,
};

/// The classes below. Up to 54 they have the numbers of the published ways; those that are missing
/// are about a running gateway or node. From 60 on they are the shell's own syntax.
const CLASSES: usize = 53;

/// The least number of commands in all classes.
const COMMANDS: usize = 240;

fn table() -> ProgramTable {
    let names = "ls cat head wc tr sort grep jq env nice time timeout nohup stdbuf busybox toybox sh \
        bash flock script setsid ionice chrt taskset prlimit systemd-run xargs parallel watch strace \
        ltrace perf unbuffer expect python python3 node perl ruby php lua osascript awk sed find vim \
        git tar rsync ssh curl gdb tclsh npx pnpm bunx deno uvx pipx cargo go make echo id printf test \
        true cmd powershell pwsh sudo doas su docker man less rg";
    let paths: Vec<String> =
        names.split_whitespace().map(|name| format!("/usr/bin/{name}")).collect();
    let mut table = ProgramTable::from_paths(paths.iter().map(String::as_str));
    let own =
        ResolvedProgram::new("/w/ls", ProgramLocation::AgentWritable, FileIdentity::default());
    table.insert_program("./ls", own.clone());
    table.insert_program("/w/ls", own);
    table.insert_program(
        "run.bat",
        ResolvedProgram::new(
            "/usr/bin/run.bat",
            ProgramLocation::Protected,
            FileIdentity::default(),
        ),
    );
    table
}

fn widest_policy() -> ExecPolicy {
    let mut policy = ExecPolicy::new(SecurityLevel::Allowlist, AskMode::OnMiss);
    policy.safe_bins = SafeBins::with_defaults();
    let patterns = ["*", "/**", "/usr/bin/*", "~/**"];
    policy.extend_allowlist(&patterns.map(AllowlistEntry::new), Some("/home/me"));
    policy
}

/// Filters only, for the classes that are about filters.
fn filter_policy() -> ExecPolicy {
    let mut policy = ExecPolicy::new(SecurityLevel::Allowlist, AskMode::OnMiss);
    policy.safe_bins = SafeBins::with_defaults();
    policy.safe_bins.names.extend(["sort", "grep", "jq"].map(str::to_owned));
    policy
}

fn plan_with(
    input: CommandInput,
    table: &ProgramTable,
    change: impl FnOnce(&mut PlanContext),
) -> Result<CommandPlan, InvalidRequest> {
    let mut context = PlanContext::new("/w", "main");
    change(&mut context);
    CommandPlan::new(input, context, table)
}

fn script(text: &str) -> CommandInput {
    CommandInput::Script(text.to_owned())
}

fn argv(words: &[&str]) -> CommandInput {
    CommandInput::Argv(words.iter().map(|word| (*word).to_owned()).collect())
}

fn asks(policy: &ExecPolicy, input: CommandInput) {
    let shown = format!("{input:?}");
    let Ok(plan) = plan_with(input, &table(), |_| ()) else { return };
    let decision = policy.judge_plan(&plan, 0);
    let ExecDecision::Ask { reasons } = decision else { panic!("{shown}: {decision:?}") };
    assert!(!reasons.is_empty(), "{shown}");
}

/// The number in the catalogue, and the commands.
#[rustfmt::skip]
const SCRIPTS: [(u8, &[&str]); 33] = [
    (
        8,
        &[
            "env -S 'sh -c id'",
            "env -Ssh",
            "/usr/bin/env -vS 'sh -c id'",
            "env --split-string=id",
            "env --s=id",
        ],
    ),
    (9, &["env LD_PRELOAD=x ls", "env PATH=/tmp ls", "env -u PATH ls", "env A=1 ls", "A=1 ls"]),
    (10, &["busybox sh -c id", "toybox sh", "busybox ls"]),
    (
        12,
        &[
            "time sh -c id",
            "/usr/bin/time sh -c id",
            "flock f sh -c id",
            "script -c id f",
            "setsid id",
            "ionice id",
            "chrt 1 id",
            "taskset 1 id",
            "prlimit id",
            "systemd-run id",
            "xargs id",
            "parallel id",
            "watch id",
            "strace id",
            "ltrace id",
            "perf stat id",
            "unbuffer id",
            "expect -c x",
        ],
    ),
    (
        13,
        &[
            "nice nice nice nice nice sh -c id",
            "nice nice nice nice nice ls",
            "env nice env nice env ls",
            "nohup timeout 1 nice env stdbuf -oL ls",
        ],
    ),
    (14, &["sh -lc '$0 \"$@\"' id", "sh -c 'exec \"$@\"' _ id", "bash -c id", "nice sh -c id"]),
    (19, &["node -r x a.js", "python -m x", "perl -Mx", "ruby -rx -Idir"]),
    (
        20,
        &[
            "npx x",
            "pnpm dlx x",
            "bunx x",
            "deno run x",
            "uvx x",
            "pipx run x",
            "cargo run",
            "go run x",
            "make",
        ],
    ),
    (
        21,
        &[
            "python -c x",
            "python3 -c x",
            "node -e x",
            "perl -e x",
            "ruby -e x",
            "php -r x",
            "lua -e x",
            "osascript -e x",
            "awk 'BEGIN{system(\"id\")}'",
            "sed e",
            "sed -n '1e id'",
            "find . -exec id ';'",
            "find . -execdir id ';'",
            "find . -ok id ';'",
            "vim -c x",
            "git -c core.pager=id log",
            "tar --checkpoint-action=exec=id",
            "tar -I id",
            "rsync -e id a b",
            "ssh -o ProxyCommand=id x",
            "curl -K x",
            "curl --config x",
            "gdb -ex x",
            "tclsh x",
            "man -P id ls",
            "less x",
            "rg --pre id x",
        ],
    ),
    (24, &["ｅｎｖ ls", "ls；id", "ls\u{37e}id", "'ｅｎｖ' ls"]),
    (26, &["echo $\\\n(id)", "echo \"$\\\n(id)\""]),
    (27, &["l\\\ns; id", "ls \\\n", "ec\\\nho X"]),
    (28, &["cat <<E\n$(id)\nE", "cat <<'E'\nx\nE\nid", "cat <<-E"]),
    (29, &["cat <(id)", "ls >(id)"]),
    (30, &["cat <<< x", "coproc id", "ls |& sh", "ls & id", "ls &"]),
    (31, &["env SHELLOPTS=xtrace PS4='$(id)' bash -c :", "env PS4=x ls"]),
    (32, &["env BASH_ENV=x ls", "env ENV=x ls", "env ZDOTDIR=x ls", "env HOME=x ls"]),
    (
        33,
        &["git status", "env GIT_SSH_COMMAND=x git fetch", "env GIT_CONFIG_COUNT=1 ls", "git log"],
    ),
    (35, &["./ls", "/w/ls", "nice ./ls", "env ./ls"]),
    (46, &["ls | sh", "ls |sh", "ls|&sh", "ls | bash -s", "ls && sh x"]),
    (47, &["echo a\rid", "ls\tid", "ls\u{c}id", "ls\u{a0}id", "ls 'a\r'", "ls 'a\u{a0}b'"]),
    (
        48,
        &[
            "command id",
            "exec id",
            "builtin id",
            ". x",
            "source x",
            "hash -p x y",
            "enable -f x y",
            "trap id EXIT",
            "alias ls=id",
            "eval id",
            "cd /x && ls",
            "ls(){ id; }; ls",
            "unset x",
            "export X",
        ],
    ),
    (
        49,
        &[
            "printf -v 'a[$(id)]' x",
            "test -v 'a[$(id)]'",
            "[ -v 'a[$(id)]' ]",
            "read 'a[$(id)]'",
            "let 'a[$(id)]'",
            "declare 'a[$(id)]=1'",
        ],
    ),
    (50, &[r"echo $'\'' ; echo INJ ' x'", "echo $\"x\"", r"ls $'\x41'"]),
    (51, &["[[ 'a[$(id)]' -eq 1 ]]", "x='a[$(id)]'; echo $((x))", "echo $((1))", "echo $[1]"]),
    (
        52,
        &[
            "cmd /c echo",
            "powershell -EncodedCommand x",
            "pwsh -c iex",
            "run.bat x",
            "ls %PATH%^&id",
        ],
    ),
    (
        60,
        &[
            "echo ${IFS}X",
            "echo $HOME",
            "echo ~",
            "echo *",
            "{echo,X}",
            "echo `id`",
            "echo $(id)",
            "ls [a]",
        ],
    ),
    (
        61,
        &[
            "if true; then id; fi",
            "for i in 1; do id; done",
            "while true; do id; done",
            "case x in esac",
            "(id)",
            "{ id; }",
            "! ls",
            "function ls { id; }",
        ],
    ),
    (
        62,
        &[
            "ls > x", "ls >> x", "cat < x", "ls 2> x", "ls >| x", "ls <> x", "ls &> x", "ls 3>&1",
            "ls >&x",
        ],
    ),
    (63, &["ls # x", "ls\nid", "ls 'a", "ls \"a", "ls \\", "ls |", "&& ls", "!!", "ls ^a^b"]),
    (64, &["sudo id", "doas id", "su -c id", "docker run x"]),
    (65, &["missing", "ls | missing", "/usr/bin/missing"]),
    (
        25,
        &[
            "ls '\u{202e}x'",
            "ls '\u{2066}x'",
            "ls '\u{200b}'",
            "ls '\u{3164}'",
            "ls '\u{115f}'",
            "ls '\u{ffa0}'",
            "ls '\u{2060}'",
            "ls '\u{e0041}'",
        ],
    ),
];

/// The same for filters.
#[rustfmt::skip]
const FILTERS: [(u8, &[&str]); 6] = [
    (2, &["head -n1 $HOME/.ssh/id_*", "wc ~/x", "tr a b <f", "head -n1 *"]),
    (3, &["sort --compress-prog=sh", "sort --comp=x", "sort --c=x"]),
    (4, &["sort --compress-program=x", "sort -T /x", "sort -o x", "sort -nox"]),
    (
        5,
        &[
            "grep -e x /etc/passwd",
            "grep -f x",
            "grep -r x",
            "grep x /etc/passwd",
            "grep -e x -R .",
        ],
    ),
    (6, &["jq env", "jq '$ENV'", "jq input_filename", "jq 'include \"x\"'"]),
    (7, &["head existing", "head missing", "wc -l existing", "wc -l missing"]),
];

#[test]
fn no_known_way_around_an_allowlist_runs_without_a_person() {
    let mut classes: Vec<u8> = Vec::new();
    let mut commands = 0;
    for (policy, table) in [(widest_policy(), &SCRIPTS[..]), (filter_policy(), &FILTERS[..])] {
        for (class, texts) in table {
            classes.push(*class);
            for text in *texts {
                commands += 1;
                asks(&policy, script(text));
            }
        }
    }
    for (class, check) in single_checks::SINGLE_CHECKS {
        classes.push(class);
        commands += 1;
        check();
    }
    classes.sort_unstable();
    classes.dedup();
    println!("{commands} commands in {} classes", classes.len());
    assert_eq!(classes.len(), CLASSES);
    assert!(commands >= COMMANDS, "{commands}");
}

#[test]
fn the_argument_form_is_refused_for_what_is_no_command() {
    for words in [&[][..], &[""], &["ls", "a\0"]] {
        assert!(plan_with(argv(words), &table(), |_| ()).is_err(), "{words:?}");
    }
    // Text that a shell would expand is only text here.
    let plan = plan_with(argv(&["ls", "$(id)", "*", "; id"]), &table(), |_| ()).unwrap();
    assert_eq!(plan.commands().next().unwrap().argv, ["ls", "$(id)", "*", "; id"]);
    assert_eq!(widest_policy().judge_plan(&plan, 0), ExecDecision::Allow);
}

#[test]
fn the_widest_allowlist_allows_plain_commands() {
    for text in [
        "ls -la",
        "cat a b | wc -l",
        "rg -n x src && echo done",
        "find . -name '*.rs'",
        "grep -rn x .",
    ] {
        let plan = plan_with(script(text), &table(), |_| ()).unwrap();
        assert_eq!(widest_policy().judge_plan(&plan, 0), ExecDecision::Allow, "{text}");
        assert!(plan.commands().all(|command| command.concern.is_none()));
    }
    let plan = plan_with(script("git status"), &table(), |_| ()).unwrap();
    let concern = plan.commands().next().and_then(|command| command.concern.clone());
    assert!(matches!(concern, Some(CommandConcern::RiskyProgram { .. })));
}
