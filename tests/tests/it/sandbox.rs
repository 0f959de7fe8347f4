//! Commands in the sandbox, through the whole program.

use openclaw_mock_vllm::{MockVllm, Turn};
use openclaw_tests::Home;
use serde_json::{Value, json};

use crate::servers::tiny;

/// What a developer's agent runs on an ordinary day.
const SESSION: [&str; 60] = [
    "ls -la",
    "pwd",
    "git init -q -b main . && git config user.name Ada && git config user.email ada@example.com",
    "mkdir -p src tests docs",
    "printf 'def add(a, b):\\n    return a + b\\n' > src/calc.py",
    "printf 'import sys\\nsys.path.insert(0, \"src\")\\nfrom calc import add\\nassert add(1, 2) == 3\\n' > tests/test_calc.py",
    "cat src/calc.py",
    "python3 tests/test_calc.py",
    "git status --short",
    "git add -A",
    "git commit -qm 'add calc'",
    "git log --oneline | head -5",
    "grep -rn add src | wc -l",
    "sed -i 's/a + b/b + a/' src/calc.py",
    "git diff --stat",
    "python3 -c 'print(sum(range(10)))'",
    "git commit -qam 'swap' && git show --stat HEAD | cat",
    "git checkout -q -b feature",
    "echo '# Calc' > README.md && git add README.md && git commit -qm readme",
    "git checkout -q main",
    "git merge -q feature",
    "git branch -d feature",
    "find . -name '*.py' -not -path './.git/*' | sort",
    "head -n 1 src/calc.py; tail -n 1 src/calc.py",
    "cp src/calc.py src/calc2.py && diff src/calc.py src/calc2.py",
    "mv src/calc2.py src/more.py",
    "rm src/more.py",
    "touch src/__init__.py && chmod 644 src/__init__.py",
    "printf 'all:\\n\\t@echo built\\n' > Makefile && (make 2>/dev/null || echo no make)",
    "echo 'x = 1' > $TMPDIR/x.py && python3 $TMPDIR/x.py",
    "for f in src/*.py; do wc -l \"$f\"; done",
    "python3 - <<'END'\nimport json\njson.dump({'a': 1}, open('data.json', 'w'))\nEND",
    "python3 -m json.tool data.json",
    "python3 -c \"import json; print(json.load(open('data.json'))['a'])\"",
    "tar czf $TMPDIR/src.tgz src && tar tzf $TMPDIR/src.tgz",
    "env | sort | head -3",
    "date +%Y; uname -s; id -u",
    "test -f README.md && echo there || echo gone",
    "git stash list; git tag v1; git tag",
    "git checkout -q HEAD~1 -- src/calc.py && git checkout -q HEAD -- src/calc.py",
    "git reset -q --soft HEAD~1 && git commit -qm 'readme again'",
    "awk '{ print NR \": \" $0 }' src/calc.py",
    "sort src/calc.py | uniq | tr a-z A-Z",
    "xargs -n1 echo < README.md",
    "python3 -m unittest discover -s tests 2>&1 | tail -1",
    "mkdir -p build && echo out > build/out.txt && rm -r build",
    "ln -s src/calc.py link.py && readlink link.py && rm link.py",
    "cat > notes.txt <<END\none\ntwo\nEND",
    "sed -n '1,1p' notes.txt && sed -i '/two/d' notes.txt",
    "echo 'build/' > .gitignore && git add .gitignore && git commit -qm ignore",
    "git blame README.md | cat",
    "git rev-parse --abbrev-ref HEAD",
    "sleep 0.01 & wait",
    "(cd docs && echo index > index.md && ls)",
    "du -sk . | cut -f1; df . | tail -1 | wc -l",
    "true && echo yes || echo no; false; echo $?",
    "which python3; python3 --version",
    "sha256sum README.md | cut -c1-8",
    "ps -o pid= -p $$ | wc -l",
    "git worktree list && git status",
];

/// A program of 60 calls, and what became of each: the result that the model was told.
async fn run_session(server: &MockVllm, home: &Home, commands: &[&str]) -> Vec<String> {
    for command in commands {
        server.push(Turn::call("exec", json!({"command": command}).to_string()));
    }
    server.push(Turn::text("done"));
    let _ = home.run(&["agent", "-m", "go"]).await.code(0);
    let body = server.requests().last().unwrap().json();
    let messages = body["messages"].as_array().unwrap();
    let results = messages.iter().filter(|message| message["role"] == "tool");
    results.map(|message| message["content"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_session_of_sixty_ordinary_commands_runs_and_asks_at_most_three_times() {
    let (mut asked, mut failed) = (0, Vec::new());
    let server = MockVllm::builder()
        .model(openclaw_mock_vllm::ModelSpec::new("tiny", 200_000))
        .start()
        .await
        .unwrap();
    let home = Home::with_vllm(&server.base_url(), "any-value");
    for commands in SESSION.chunks(20) {
        let results = run_session(&server, &home, commands).await;
        let results = &results[results.len() - commands.len()..];
        for (command, result) in commands.iter().zip(results) {
            asked += usize::from(result.contains("approval"));
            if !result.starts_with("exit code 0\n") || result.contains("[undone") {
                failed.push(format!("{command}: {result}"));
            }
        }
    }
    assert!(asked <= 3, "asked {asked} times");
    assert!(failed.is_empty(), "{failed:#?}");
}

#[tokio::test]
async fn commands_reach_neither_the_state_of_the_program_nor_keys_nor_the_model_server() {
    let (server, home) = tiny().await;
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    std::fs::copy("/etc/hostname", home.path().join(".ssh/id")).unwrap();
    let url = server.base_url();
    let home_path = home.path().display().to_string();
    let state = home.config_path().parent().unwrap().display().to_string();
    let home = home.config("{}");
    let commands = [
        format!("cat {home_path}/.ssh/id"),
        format!("cat {state}/openclaw.json"),
        format!("ls {state}"),
        format!("echo '{{}}' > {state}/openclaw.json"),
        format!("echo x > {state}/exec-approvals.json"),
        format!("echo x > {home_path}/.bashrc"),
        format!("python3 -c \"import urllib.request as u; u.urlopen('{url}/models')\""),
        "tr '\\0' '\\n' < /proc/$PPID/environ".to_owned(),
        "kill -0 $(ps -o ppid= -p $PPID)".to_owned(),
    ];
    let commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    let results = run_session(&server, &home, &commands).await;
    for (command, result) in commands.iter().zip(&results) {
        assert!(
            result.starts_with("exit code ") && !result.starts_with("exit code 0"),
            "{command}: {result}"
        );
        assert!(result.contains("ran in a sandbox"), "{command}: {result}");
    }
    assert_eq!(std::fs::read_to_string(home.config_path()).unwrap(), "{}");
}

#[tokio::test]
async fn a_command_outside_of_the_sandbox_is_asked_about_whatever_is_allowed() {
    for arguments in [
        json!({"command": "touch made.txt", "host": "gateway"}),
        json!({"command": "touch made.txt", "elevated": true}),
    ] {
        let (server, home) = tiny().await;
        let home = home.config("{}");
        let _ = home.run(&["approvals", "allowlist", "add", "touch"]).await.code(0);
        server.push(Turn::call("exec", arguments.to_string()));
        server.push(Turn::text("as you wish"));
        let ended = home.run(&["agent", "--yes", "-m", "go"]).await.code(0);
        assert!(home.files().is_empty(), "{ended:#?}");
        assert!(!ended.stderr.contains("`--yes` allows"), "{ended:#?}");

        server.push(Turn::call("exec", arguments.to_string()));
        server.push(Turn::text("as you wish"));
        let ended = home.answer_on_terminal(&["agent", "--yes", "-m", "go"], "y\n").await.code(0);
        assert!(
            ended.stdout.contains("sandbox: none, the model wants to run it outside"),
            "{ended:#?}"
        );
        assert_eq!(home.files(), ["made.txt"]);
    }
}

#[tokio::test]
async fn a_question_says_what_is_enforced() {
    let (server, home) = tiny().await;
    let home = home.config("{ tools: { exec: { ask: 'always' } } }");
    server.push(Turn::call("exec", json!({"command": "touch made.txt"}).to_string()));
    server.push(Turn::text("as you wish"));
    let ended = home.answer_on_terminal(&["agent", "-m", "go"], "n\n").await.code(0);
    for level in
        ["  | files: enforced by ", "  | network: enforced by ", "  | processes: enforced by "]
    {
        assert!(ended.stdout.contains(level), "{ended:#?}");
    }
}

#[tokio::test]
async fn the_sandbox_is_explained_as_text_and_as_json() {
    let (_server, home) = tiny().await;
    let home = home.config("{ tools: { exec: { sandbox: { profile: 'workspace+net' } } } }");
    let ended = home.run(&["sandbox", "explain", "touch x"]).await.code(0);
    for line in [
        "agent main: commands run in a sandbox\n",
        "profile: workspace+net\n",
        "network: not enforced (the profile allows the network)\n",
    ] {
        assert!(ended.stdout.contains(line), "{}", ended.stdout);
    }
    let ended = home.run(&["sandbox", "explain", "--json", "touch x"]).await.code(0);
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&answer["sandboxed"], &answer["profile"]), (&json!(true), &json!("workspace+net")));
    assert_eq!(answer["levels"]["files"]["enforced"], json!(true));
    assert_eq!(answer["levels"]["network"]["enforced"], json!(false));
    assert_eq!(answer["command"]["decision"], json!("allow"));
    let home = home.config("{ tools: { exec: { host: 'gateway' } } }");
    let ended = home.run(&["sandbox", "explain", "--json"]).await.code(0);
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&answer["sandboxed"], &answer["profile"]), (&json!(false), &Value::Null));
}

#[tokio::test]
async fn a_read_only_workspace_has_no_tool_that_writes() {
    assert_read_only("mode: 'all', workspaceAccess: 'ro'").await;
    assert_read_only("workspaceAccess: 'ro'").await;
}

async fn assert_read_only(sandbox: &str) {
    let (server, home) = tiny().await;
    let home =
        home.config(&format!("{{ agents: {{ defaults: {{ sandbox: {{ {sandbox} }} }} }} }}"));
    let _ = home.run(&["agent", "-m", "run touch made.txt"]).await.code(0);
    assert!(home.files().is_empty());
    let tools = server.requests().last().unwrap().json()["tools"].clone();
    let names: Vec<&str> = tools
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["function"]["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"exec") && !names.contains(&"write") && !names.contains(&"edit"),
        "{names:?}"
    );
}
