//! The program `mock-vllm`, started as a user starts it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use crate::client::Client;
use crate::faults::ASK;

/// A process that is killed when the test is over.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "the program under test is a process")]
fn start(arguments: &[&str]) -> Program {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mock-vllm"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Program(command.spawn().expect("the program starts"))
}

fn port(program: &mut Program) -> u16 {
    let mut line = String::new();
    let out = program.0.stdout.take().expect("standard output");
    BufReader::new(out).read_line(&mut line).expect("a line");
    let port = line.strip_prefix("listening on http://127.0.0.1:").expect("an address");
    port.strip_suffix("/v1\n").expect("the base URL").parse().expect("a port")
}

#[tokio::test]
async fn it_says_where_it_listens_and_serves() {
    let paces = ["--tokens-per-second", "1000", "--prompt-tokens-per-second", "100000"];
    let mut program =
        start(&[&["--model", "m", "--window", "99", "--api-key", "k"], &paces[..]].concat());
    let mut client = Client::connect(port(&mut program)).await;
    client.send(&["GET /v1/models", "authorization: Bearer k"], "").await;
    let models = client.answer("GET").await.expect("an answer").body;
    assert!(models.contains("\"id\":\"m\"") && models.contains("\"max_model_len\":99"), "{models}");
    client.chat(ASK).await;
    assert!(client.answer("POST").await.expect("an answer").status.contains("401"));
}

#[tokio::test]
async fn it_follows_a_script() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/script.json");
    let mut program = start(&["--script", file]);
    let port = port(&mut program);
    let mut client = Client::connect(port).await;
    for expected in ["\"content\":\"Hello.\"", "\"name\":\"read\"", "\"code\":503"] {
        let body = r#"{"messages":[{"role":"user","content":"hi"}],
            "tools":[{"type":"function","function":{"name":"read"}}]}"#;
        client.chat(body).await;
        let answer = client.answer("POST").await.expect("an answer").body;
        assert!(answer.contains(expected), "{answer}");
    }
}

#[test]
fn it_explains_what_it_does_not_understand() {
    for arguments in
        [&["--prot", "1"][..], &["--port"], &["--port", "many"], &["--script", "nowhere"]]
    {
        let mut program = start(arguments);
        let status = program.0.wait().expect("it ends");
        let code = if arguments[0] == "--script" { 1 } else { 2 };
        assert_eq!(status.code(), Some(code), "{arguments:?}");
        let mut said = String::new();
        let mut err = program.0.stderr.take().expect("standard error");
        err.read_to_string(&mut said).expect("text");
        assert!(
            said.starts_with("mock-vllm: ") && said.contains(arguments[arguments.len() - 1]),
            "{said}"
        );
    }
}
