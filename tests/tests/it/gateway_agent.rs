//! `openclaw agent` over a gateway: a run that belongs to the gateway, shown as one of this process.

use openclaw_mock_vllm::{Gate, Reply, Turn};
use openclaw_tests::{Home, Running, soon};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::servers::{nobody, tiny};

/// A config with a gateway, and without a sandbox, so that a person is asked about commands.
pub(crate) const WITH_GATEWAY: &str =
    "{ gateway: { mode: 'local' }, tools: { exec: { host: 'gateway' } } }";

/// Starts a gateway; returns it with its address.
pub(crate) async fn start_gateway(home: &Home) -> (Running, String) {
    let mut gateway = home.start(&["gateway", "run", "--port", "0"]);
    gateway.until_says("Ctrl-C ends it").await;
    let address = std::fs::read_to_string(home.path().join(".openclaw/gateway/address")).unwrap();
    (gateway, address.trim().to_owned())
}

pub(crate) async fn end_gateway(gateway: Running) {
    gateway.terminate().await;
    let _ended = gateway.ended().await.code(0);
}

/// A way to a gateway that can be cut.
pub(crate) struct CuttableWay {
    address: String,
    cuts: watch::Sender<u32>,
}

impl CuttableWay {
    pub(crate) async fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (cuts, target) = (watch::Sender::new(0), target.to_owned());
        let watched = cuts.clone();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (mut cut, target) = (watched.subscribe(), target.clone());
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(target).await.unwrap();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        Self { address, cuts }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Ends the connections that there are; new ones are let through.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|count| *count += 1);
    }
}

/// A result without what differs in each run.
fn comparable(value: &Value) -> Value {
    let mut value = value.clone();
    let meta = &mut value["meta"];
    for path in ["durationMs", "firstTokenMs", "timings"] {
        meta[path].take();
    }
    // What a server has in its cache depends on the requests before.
    for path in ["usage", "lastCallUsage"] {
        meta["agentMeta"][path]["cacheRead"].take();
    }
    for path in ["sessionId", "sessionKey"] {
        meta["agentMeta"][path].take();
        meta["session"][path].take();
    }
    value
}

#[tokio::test]
async fn a_run_in_a_gateway_is_told_as_one_here() {
    let (server, home) = tiny().await;
    // Only a gateway keeps jobs.
    let home = home.config(
        "{ gateway: { mode: 'local' }, tools: { deny: ['cron'], exec: { host: 'gateway' } } }",
    );
    let (gateway, _) = start_gateway(&home).await;
    home.put("a.txt", "content");
    let turn = || {
        server.push(Turn::call("read", r#"{"path":"a.txt"}"#));
        server.push(Turn::pieces(["It is ", "content."]));
    };
    for format in [&["--json"][..], &["--output-format", "stream-json"], &[]] {
        turn();
        let args = |more: &[&'static str]| [&["agent", "-m", "hi"], format, more].concat();
        let here = home.run(&args(&["--local", "--session", "agent:main:a"])).await.code(0);
        turn();
        let there = home.run(&args(&["--session", "agent:main:b"])).await.code(0);
        let of_times = |text: &str| {
            let digits = |line: &str| line.chars().filter(|c| !c.is_ascii_digit()).collect();
            text.lines().map(digits).collect::<Vec<String>>()
        };
        assert_eq!(of_times(&there.stderr), of_times(&here.stderr));
        match format {
            ["--json"] => {
                let (here, there) = (here.json(), there.json());
                assert_eq!(comparable(&there), comparable(&here));
                assert_eq!(there["meta"]["timings"]["tools"][0]["name"], "read");
            }
            [] => {
                assert_eq!(there.stdout, here.stdout);
                assert_eq!(there.stdout, "It is content.\n");
            }
            _ => {
                let kinds = |text: &str| {
                    let events =
                        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
                    // How often a server says that it lives depends on the time.
                    let kinds = events.map(|event| event["type"].as_str().unwrap().to_owned());
                    kinds.filter(|kind| kind != "heartbeat").collect::<Vec<_>>()
                };
                assert_eq!(kinds(&there.stdout), kinds(&here.stdout));
                assert_eq!(kinds(&there.stdout).first().map(String::as_str), Some("start"));
            }
        }
    }
    let status = home.run(&["gateway", "call", "sessions.list"]).await.code(0);
    assert!(status.stdout.contains("agent:main:b"), "{status:?}");
    end_gateway(gateway).await;
    // Without the gateway the turn runs here again.
    server.push(Turn::text("Here."));
    let here = home.run(&["agent", "-m", "hi"]).await.code(0);
    assert_eq!(here.stdout, "Here.\n");
}

#[tokio::test]
async fn the_same_call_twice_is_one_run() {
    let (server, home) = tiny().await;
    let home = home.config(WITH_GATEWAY);
    let (gateway, _) = start_gateway(&home).await;
    server.push(Turn::text("Once."));
    let args = ["agent", "-m", "hi", "--idempotency-key", "k", "--json"];
    let first = home.run(&args).await.code(0).json();
    let asked = server.requests().len();
    end_gateway(gateway).await;
    let (gateway, _) = start_gateway(&home).await;
    let second = home.run(&args).await.code(0).json();
    assert_eq!(first, second);
    assert_eq!(server.requests().len(), asked);
    let other = ["agent", "-m", "something else", "--idempotency-key", "k"];
    let _said = home.run(&other).await.code(5).says(&["idempotencyKey"]);
    end_gateway(gateway).await;
    let _said = home.run(&args).await.code(2).says(&["--idempotency-key", "gateway run"]);
}

#[tokio::test]
async fn a_question_of_a_run_is_asked_on_the_terminal_of_its_client() {
    for (typed, is_made) in [("y\n", true), ("n use trash\n", false)] {
        let (server, home) = tiny().await;
        let home = home.config(WITH_GATEWAY);
        let (gateway, _) = start_gateway(&home).await;
        let command = "touch made.txt #\u{1b}[2K\r\u{202e}";
        server.push(Turn::call("exec", json!({ "command": command }).to_string()));
        server.push(Turn::text("As you wish."));
        let ended = home.answer_on_terminal(&["agent", "-m", "hi"], typed).await.code(0);
        assert!(ended.stdout.contains("the agent wants to run a command\r\n"), "{ended:#?}");
        assert!(ended.stdout.contains("  | touch made.txt #\\e[2K\\r\\u{202e}\r\n"), "{ended:#?}");
        assert!(ended.stdout.contains("\r\nasked because "), "{ended:#?}");
        assert!(ended.stdout.contains("As you wish."), "{ended:#?}");
        assert!(!ended.stdout.contains("\u{1b}[2K\r\u{202e}"), "{ended:#?}");
        assert_eq!(home.files().contains(&"made.txt".to_owned()), is_made, "{ended:#?}");
        let told = String::from_utf8_lossy(&server.requests().last().unwrap().body).into_owned();
        assert_eq!(told.contains("use trash"), !is_made, "{told}");
        end_gateway(gateway).await;
    }
}

#[tokio::test]
async fn without_a_terminal_a_command_is_refused_unless_yes_allows_it() {
    let (server, home) = tiny().await;
    let home = home.config(WITH_GATEWAY);
    let (gateway, _) = start_gateway(&home).await;
    for (args, is_made) in [(&[][..], false), (&["--yes"][..], true)] {
        server.push(Turn::call("exec", r#"{"command":"touch made.txt"}"#));
        server.push(Turn::text("Done."));
        let ended = home.run(&[&["agent", "-m", "hi"], args].concat()).await.code(0);
        assert_eq!(home.files().contains(&"made.txt".to_owned()), is_made, "{ended:#?}");
    }
    end_gateway(gateway).await;
}

#[tokio::test]
async fn an_interrupt_stops_the_run_in_the_gateway() {
    let (server, home) = tiny().await;
    let home = home.config(WITH_GATEWAY);
    let (gateway, _) = start_gateway(&home).await;
    let gate = Gate::new();
    server.push(Reply::from(Turn::pieces(["one ", "two"])).gate(2, &gate));
    let running = home.start(&["agent", "-m", "hi", "--json"]);
    soon(gate.reached()).await;
    running.interrupt().await;
    let ended = running.ended().await.code(130).says(&["stopped"]);
    assert_eq!(ended.json()["meta"]["outcome"], "cancelled", "{ended:#?}");
    soon(server.requests().last().unwrap().until_aborted()).await;
    end_gateway(gateway).await;
}

#[tokio::test]
async fn a_lost_connection_loses_nothing_and_repeats_nothing() {
    let (server, home) = tiny().await;
    let home = home.config(WITH_GATEWAY);
    let (gateway, address) = start_gateway(&home).await;
    let way = CuttableWay::to(&address).await;
    let (first, second) = (Gate::new(), Gate::new());
    let turn = Turn::pieces(["one ", "two ", "three"]);
    server.push(Reply::from(turn).gate(1, &first).gate(2, &second));
    let url = format!("ws://{}", way.address);
    let args = ["agent", "-m", "hi", "--output-format", "stream-json", "--gateway", &url];
    // What listens there may be a tunnel to the gateway of somebody else, and gets no secret.
    let _said = home.run(&args).await.code(5).says(&["openclaw devices approve"]);
    assert!(server.requests().is_empty());
    let token = std::fs::read_to_string(home.path().join(".openclaw/gateway/token")).unwrap();
    let args = [&args[..], &["--token", token.trim()]].concat();
    let mut running = home.start(&args);
    soon(first.reached()).await;
    running.until_shows("model_call_started").await;
    way.cut();
    // What happens while nobody listens is told afterwards.
    first.open();
    soon(second.reached()).await;
    running.until_says("is lost, its run goes on").await;
    running.until_says("the connection to the gateway is back").await;
    second.open();
    let ended = running.ended().await.code(0);
    // The line that was waited for is only half there.
    let events = ended.stdout.lines().skip(1);
    let events = events.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let texts: String =
        events.filter_map(|event| event["text"].as_str().map(str::to_owned)).collect();
    assert_eq!(texts, "one two three", "{ended:#?}");
    assert!(ended.stdout.lines().last().unwrap().contains("\"result\""), "{ended:#?}");
    let prompts =
        server.requests().iter().filter(|it| it.path.contains("chat/completions")).count();
    assert_eq!(prompts, 1);
    end_gateway(gateway).await;
}

#[tokio::test]
async fn a_killed_client_leaves_its_run() {
    let (server, home) = tiny().await;
    let home = home.config(WITH_GATEWAY);
    let (gateway, _) = start_gateway(&home).await;
    let gate = Gate::new();
    server.push(Reply::from(Turn::text("Finished.")).gate(1, &gate));
    let args = ["agent", "-m", "hi", "--idempotency-key", "k", "--json"];
    let running = home.start(&args);
    soon(gate.reached()).await;
    running.kill().await;
    let asked = server.requests().len();
    let again = home.start(&args);
    gate.open();
    let ended = again.ended().await.code(0);
    assert_eq!(ended.json()["payloads"][0]["text"], "Finished.", "{ended:#?}");
    assert_eq!(server.requests().len(), asked);
    end_gateway(gateway).await;
}

#[tokio::test]
async fn a_named_gateway_is_never_replaced_by_this_process() {
    let (server, home) = tiny().await;
    let nobody = nobody().replace("http://", "ws://").replace("/v1", "");
    let asked = server.requests().len();
    for (config, args, code, said) in [
        (
            format!("{{ gateway: {{ mode: 'remote', remote: {{ url: '{nobody}' }} }} }}"),
            &[][..],
            4,
            "failed to connect",
        ),
        ("{ gateway: { mode: 'remote' } }".to_owned(), &[], 3, "gateway.remote.url"),
        ("{}".to_owned(), &["--gateway", &nobody], 4, "failed to connect"),
        ("{}".to_owned(), &["--gateway", "desk"], 2, "ws://"),
        ("{}".to_owned(), &["--gateway", &nobody, "--workspace", "."], 2, "`--workspace`"),
        ("{}".to_owned(), &["--gateway", &nobody, "--no-session"], 2, "`--no-session`"),
        ("{}".to_owned(), &["--token", "a-token-of-nothing"], 2, "--gateway URL"),
    ] {
        home.put_state("openclaw.json", &config);
        let ended = home.run(&[&["agent", "-m", "hi"], args].concat()).await.code(code);
        let _said = ended.says(&[said]);
    }
    assert_eq!(server.requests().len(), asked);
    // As JSON there is one result.
    let ended = home.run(&["agent", "-m", "hi", "--gateway", &nobody, "--json"]).await.code(4);
    assert_eq!(ended.json()["exitCode"], 4, "{ended:#?}");
    // `--local` runs the turn here, whatever the config says.
    home.put_state("openclaw.json", "{ gateway: { mode: 'remote' } }");
    server.push(Turn::text("Here."));
    let ended = home.run(&["agent", "-m", "hi", "--local"]).await.code(0);
    assert_eq!(ended.stdout, "Here.\n");
}

#[tokio::test]
async fn what_a_gateway_does_not_take_runs_here() {
    let (server, home) = tiny().await;
    let home = home.config(WITH_GATEWAY);
    let (gateway, _) = start_gateway(&home).await;
    for args in
        [&["--no-session"][..], &["--strict"], &["--set", "agents.defaults.timeoutSeconds=9"]]
    {
        server.push(Turn::text("Here."));
        let args = [&["agent", "-v", "-m", "hi"], args].concat();
        let ended = home.run(&args).await.code(0).says(&["the turn runs in this process"]);
        assert_eq!(ended.stdout, "Here.\n");
    }
    end_gateway(gateway).await;
}

#[tokio::test]
async fn sessions_begin_and_interrupted_turns_are_finished_over_a_gateway() {
    let (server, home) = tiny().await;
    let home = home.config(WITH_GATEWAY);
    let (gateway, _) = start_gateway(&home).await;
    server.push(Turn::text("One."));
    let _one = home.run(&["agent", "-m", "first"]).await.code(0);
    server.push(Turn::text("Two."));
    let two = home.run(&["agent", "-m", "/new second"]).await.code(0);
    let two = two.says(&["the conversation so far is kept as session", "begins"]);
    assert_eq!(two.stdout, "Two.\n");
    let told = String::from_utf8_lossy(&server.requests().last().unwrap().body).into_owned();
    assert!(!told.contains("first") && told.contains("second"), "{told}");
    let _said = home.run(&["agent", "--resume"]).await.code(0).says(&["no turn was interrupted"]);
    let gate = Gate::new();
    server.push(Reply::from(Turn::text("Never.")).gate(0, &gate));
    let running = home.start(&["agent", "-m", "third"]);
    soon(gate.reached()).await;
    gateway.kill().await;
    let (gateway, _) = start_gateway(&home).await;
    let ended = running.ended().await.code(1).says(&["the gateway ended while this ran"]);
    drop(ended);
    server.push(Turn::text("Three."));
    let resumed = home.run(&["agent", "--resume"]).await.code(0);
    assert_eq!(resumed.stdout, "Three.\n", "{resumed:#?}");
    end_gateway(gateway).await;
}
