//! `openclaw chat` over a gateway: the same chat on a session that belongs to the gateway.

use openclaw_mock_vllm::{Gate, MockVllm, Reply, Turn};
use openclaw_tests::{Home, Terminal, soon};
use serde_json::json;

use crate::chat::{exchange, last_messages};
use crate::gateway_agent::{CuttableWay, WITH_GATEWAY, end_gateway, start_gateway};
use crate::servers::{nobody, tiny};

/// A chat at its prompt.
async fn chat(home: &Home, args: &[&str]) -> Terminal {
    let mut terminal = home.terminal(&[&["chat"], args].concat());
    terminal.shows("/help lists the commands and keys").await;
    terminal.awaits("").await;
    terminal
}

/// A server, a home whose config has a gateway, and the address of that gateway, which runs.
async fn with_gateway() -> (MockVllm, Home, openclaw_tests::Running, String) {
    let (server, home) = tiny().await;
    let home = home.config(WITH_GATEWAY);
    let (gateway, address) = start_gateway(&home).await;
    (server, home, gateway, address)
}

/// The lines of a chat, with what depends on the run left out: digits, ids, and the gateway itself.
fn comparable(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.starts_with("gateway    "));
    let lines = lines.map(|line| {
        let words = line.split(' ').map(|word| match word.matches('-').count() {
            4.. => "ID",
            _ if word.ends_with("/.openclaw/workspace") => "WORKSPACE",
            _ => word,
        });
        let line = words.collect::<Vec<_>>().join(" ");
        line.chars().filter(|char| !char.is_ascii_digit()).collect::<String>()
    });
    lines.map(|line| line.trim_end().to_owned()).collect()
}

#[tokio::test]
async fn a_plain_chat_says_the_same_here_and_in_a_gateway() {
    let lines = "read it\n/status\n/tools\nwrite it\n/diff\n/undo\n/undo files\n/model\n\
        /model vllm/tiny\n/model no/such\n/exec\n/exec ask=never\n/exec security=full\n/compact\n\
        /stauts\n/new about pears\n/sessions\n/sessions read\n/sessions nosuch\nmore\n/resume\n\
        /trace\nfail\nempty\n";
    let mut said = Vec::new();
    for place in ["--local", "gateway"] {
        let (server, home, gateway, _) = with_gateway().await;
        home.put("a.txt", "content");
        server.push(Turn::call("read", r#"{"path":"a.txt"}"#));
        server.push(Turn::pieces(["It is ", "content."]));
        server.push(Turn::call("write", r#"{"path":"b.txt","content":"new"}"#));
        server.push(Turn::text("Written."));
        server.push(Turn::text("Pears."));
        server.push(Turn::text("More."));
        server.push(Reply::html());
        let args: &[&str] = if place == "gateway" { &["chat"] } else { &["chat", "--local"] };
        let ended = home.run_with_input(args, lines).await;
        let sessions = home.run(&["gateway", "call", "sessions.list"]).await.code(0);
        assert!(sessions.stdout.contains("about pears"), "{sessions:?}");
        assert!(ended.stdout.contains("It is content.\n"), "{ended:#?}");
        assert_eq!(
            ended.stdout.contains("gateway    ws://127.0.0.1"),
            place == "gateway",
            "{ended:#?}"
        );
        said.push((comparable(&ended.stdout), comparable(&ended.stderr), ended.code));
        end_gateway(gateway).await;
    }
    let [here, there] = said.as_slice() else { panic!("there are two places") };
    assert_eq!(there.0, here.0, "{:#?}", there.1);
    assert_eq!(there.1, here.1);
    assert_eq!(there.2, here.2);
}

#[tokio::test]
async fn a_chat_in_a_gateway_looks_like_one_here() {
    let (server, home, gateway, address) = with_gateway().await;
    let mut terminal = chat(&home, &[]).await;
    let screen = terminal.screen();
    assert!(screen.contains("vllm/tiny · window 16.3k tokens (server)"), "{screen}");
    let place = format!("session agent:main:main · in ws://{address}/");
    assert!(screen.replace('\n', " ").contains(&place), "{screen}");
    assert!(screen.contains("nothing said so far"), "{screen}");
    let gate = Gate::new();
    let turn = Turn::pieces(["# A title\n\n", "Some **bold** te", "xt.\n"]);
    server.push(Reply::from(turn).gate(3, &gate));
    terminal.types("hello\r").await;
    let screen = terminal.shows("Some bold te").await;
    assert!(screen.contains("› hello\n\nA title\n"), "{screen}");
    gate.open();
    let screen = terminal.awaits("").await;
    assert!(screen.contains(" tokens in") && screen.contains("context "), "{screen}");
    terminal.types("/model\r").await;
    terminal.shows("●  1 vllm/tiny · 16.3k").await;
    terminal.types("/model 1\r").await;
    terminal.shows("switched to vllm/tiny · window 16.3k tokens (server)").await;
    terminal.types("/tools\r").await;
    terminal.shows("Runs a shell command").await;
    terminal.types("/compact\r").await;
    terminal.shows("nothing was summarised").await;
    terminal.types("/undo\r").await;
    terminal.shows("undone: “hello”").await;
    terminal.awaits("hello").await;
    terminal.types("\u{3}/new\r").await;
    terminal.shows("a new session begins; the one before is kept as ").await;
    terminal.types("/exec host=node node=nowhere\r").await;
    let screen = terminal.shows("error: commands run as before: the gateway has no node").await;
    assert!(!screen.contains("start the agent"), "{screen}");
    terminal.types("/quit\r").await;
    let (code, _, is_as_before) = terminal.ended().await;
    assert_eq!((code, is_as_before), (Some(0), true));
    end_gateway(gateway).await;
}

#[tokio::test]
async fn what_is_typed_while_a_turn_of_a_gateway_runs_is_said_to_it() {
    let (server, home, gateway, _) = with_gateway().await;
    let gate = Gate::new();
    server.push(Reply::from(Turn::pieces(["one ", "two"])).gate(2, &gate));
    server.push(Turn::text("in French then: trois"));
    let mut terminal = chat(&home, &[]).await;
    terminal.types("count\r").await;
    terminal.shows("one").await;
    terminal.types("in French, please\r").await;
    terminal.shows("› in French, please  (waits for the model to be asked again)").await;
    gate.open();
    let screen = terminal.awaits("").await;
    let after = "one two\n\n› in French, please\n\nin French then: trois";
    assert!(screen.contains(after), "{screen}");
    // Ctrl-C stops the turn of the gateway.
    let gate = Gate::new();
    server.push(Reply::from(Turn::pieces(["three ", "four"])).gate(2, &gate));
    terminal.types("go on\r").await;
    terminal.shows("three").await;
    terminal.types("\u{3}").await;
    terminal.shows("three\n\nstopped").await;
    soon(server.requests().last().unwrap().until_aborted()).await;
    terminal.awaits("").await;
    end_gateway(gateway).await;
}

#[tokio::test]
async fn a_chat_that_ends_leaves_its_turn_and_the_next_one_shows_all_of_it() {
    let (server, home, gateway, _) = with_gateway().await;
    for leaves in ["/quit\r", "hang up"] {
        let (first, second) = (Gate::new(), Gate::new());
        let turn = Turn::pieces(["one ", "two ", "three"]);
        server.push(Reply::from(turn).gate(2, &first).gate(3, &second));
        let mut terminal = chat(&home, &[]).await;
        terminal.types("count\r").await;
        soon(first.reached()).await;
        terminal.shows("› count").await;
        if leaves == "hang up" {
            terminal.hang_up().await;
        } else {
            terminal.types(leaves).await;
            let (code, screen, is_as_before) = terminal.ended().await;
            assert_eq!((code, is_as_before), (Some(0), true));
            let said = "the turn goes on in the gateway; `openclaw chat` shows it";
            assert!(screen.contains(said), "{screen}");
        }
        first.open();
        soon(second.reached()).await;
        let mut terminal = home.terminal(&["chat"]);
        let screen = terminal.shows("one two").await;
        assert!(screen.contains("a turn runs in this session"), "{screen}");
        assert!(screen.contains("› count\n\none two"), "{screen}");
        second.open();
        let screen = terminal.shows("one two three").await;
        assert_eq!(screen.matches("one two").count(), 1, "{screen}");
        terminal.awaits("").await;
        exchange(&mut terminal, "and then?", "You said").await;
        let asked = format!("{:?}", last_messages(&server));
        assert!(asked.contains("one two three"), "{asked}");
        terminal.types("/new\r").await;
        terminal.shows("a new session begins").await;
    }
    end_gateway(gateway).await;
}

#[tokio::test]
async fn a_cut_connection_loses_no_text_of_a_chat_and_doubles_none() {
    let (server, home, gateway, address) = with_gateway().await;
    let way = CuttableWay::to(&address).await;
    let token = std::fs::read_to_string(home.path().join(".openclaw/gateway/token")).unwrap();
    let url = format!("ws://{}", way.address());
    let mut terminal = chat(&home, &["--gateway", &url, "--token", token.trim()]).await;
    let (first, second) = (Gate::new(), Gate::new());
    let turn = Turn::pieces(["one ", "two ", "three"]);
    server.push(Reply::from(turn).gate(1, &first).gate(2, &second));
    terminal.types("count\r").await;
    soon(first.reached()).await;
    terminal.shows("waiting for the model").await;
    way.cut();
    first.open();
    soon(second.reached()).await;
    terminal.shows("the connection to the gateway is back").await;
    second.open();
    let screen = terminal.shows(" tokens in").await;
    assert_eq!(screen.matches("one two three").count(), 1, "{screen}");
    terminal.types("\u{4}").await;
    let (code, screen, _) = terminal.ended().await;
    assert_eq!(code, Some(0));
    let command = format!("`openclaw chat --gateway '{url}'` continues it");
    assert!(screen.replace('\n', " ").contains(&command), "{screen}");
    end_gateway(gateway).await;
}

/// Allows or denies the only question that waits, as another client.
async fn decide(home: &Home, decision: &str) {
    let listed = home.run(&["gateway", "call", "exec.approval.list"]).await.code(0).json();
    let id = listed.pointer("/approvals/0/id");
    let params = json!({ "id": id, "decision": decision }).to_string();
    let _ok =
        home.run(&["gateway", "call", "exec.approval.resolve", "--params", &params]).await.code(0);
}

#[tokio::test]
async fn a_question_that_another_client_decides_takes_no_line_of_the_chat() {
    let (server, home, gateway, _) = with_gateway().await;
    let gate = Gate::new();
    server.push(Turn::call("exec", r#"{"command":"touch made.txt"}"#));
    server.push(Reply::from(Turn::pieces(["Made", "."])).gate(2, &gate));
    let mut terminal = chat(&home, &[]).await;
    terminal.types("do it\r").await;
    terminal.shows("allow this command? [y/N]").await;
    terminal.types("half").await;
    terminal.shows("[y/N] half").await;
    decide(&home, "allow-once").await;
    let screen = terminal.shows("the question was decided elsewhere: allow-once").await;
    assert!(screen.contains("? allow this command? – withdrawn"), "{screen}");
    soon(gate.reached()).await;
    terminal.types("a line for the model\r").await;
    terminal.shows("› a line for the model  (waits").await;
    gate.open();
    terminal.shows("› a line for the model\n").await;
    terminal.awaits("").await;
    assert_eq!(home.files(), ["made.txt"]);
    // One that is asked in the chat is answered there, with all that the local chat takes.
    server.push(Turn::call("exec", r#"{"command":"rm made.txt"}"#));
    server.push(Turn::text("As you wish."));
    terminal.types("again\r").await;
    terminal.shows("y: once").await;
    terminal.types("n use trash\r").await;
    let screen = terminal.shows("As you wish.").await;
    assert!(screen.contains("? allow this command? – no: use trash"), "{screen}");
    assert!(format!("{:?}", last_messages(&server)).contains("use trash"));
    end_gateway(gateway).await;
}

#[tokio::test]
async fn a_withdrawn_question_takes_no_line_of_plain_chats_and_agents() {
    let (server, home, gateway, _) = with_gateway().await;
    let script = |second: &str| {
        server.push(Turn::call("exec", r#"{"command":"touch one.txt"}"#));
        server.push(Turn::call("exec", json!({ "command": second }).to_string()));
        server.push(Turn::text("Done."));
    };
    script("touch two.txt");
    let mut agent = home.start_on_terminal(&["agent", "-m", "hi"]);
    agent.until_shows("allow this command? [y/N]").await;
    decide(&home, "deny").await;
    agent.until_shows("touch two.txt").await;
    agent.until_shows("allow this command? [y/N]").await;
    agent.types("y\n").await;
    let ended = agent.ended().await.code(0);
    assert!(ended.stdout.contains("Done."), "{ended:#?}");
    assert_eq!(home.files(), ["two.txt"], "{ended:#?}");
    script("touch three.txt");
    let mut chat = home.start_on_terminal(&["chat", "--plain"]);
    chat.until_shows("each line is a message").await;
    chat.types("do it\n").await;
    chat.until_shows("allow this command? [y/N]").await;
    decide(&home, "deny").await;
    chat.until_shows("touch three.txt").await;
    chat.until_shows("allow this command? [y/N]").await;
    chat.types("y\n").await;
    chat.until_shows("Done.").await;
    assert!(home.files().contains(&"three.txt".to_owned()));
    chat.types("the next line\n").await;
    chat.until_shows("You said").await;
    assert!(format!("{:?}", last_messages(&server)).contains("the next line"));
    chat.types("/quit\n").await;
    let _ended = chat.ended().await.code(0);
    end_gateway(gateway).await;
}

#[tokio::test]
async fn a_gateway_that_cannot_be_used_is_told_with_what_to_do() {
    let (server, home, gateway, address) = with_gateway().await;
    let nobody = nobody().replace("http://", "ws://").replace("/v1", "");
    let tunnel = CuttableWay::to(&address).await;
    let tunnel = format!("ws://{}", tunnel.address());
    for (args, code, said) in [
        (&["--gateway", &nobody][..], 4, "openclaw gateway run"),
        (&["--gateway", "desk"], 2, "ws://"),
        (&["--gateway", &tunnel], 5, "openclaw devices approve"),
        (&["--gateway", &tunnel, "--token", "a-wrong-token"], 5, "token"),
        (&["--gateway", &nobody, "--workspace", "."], 2, "`--workspace`"),
        (&["--token", "a-token-of-nothing"], 2, "--gateway URL"),
    ] {
        let args = [&["chat"], args].concat();
        let _said = home.run_with_input(&args, "hi\n").await.code(code).says(&[said]);
    }
    assert!(server.requests().iter().all(|it| !it.path.ends_with("/chat/completions")));
    end_gateway(gateway).await;
}
