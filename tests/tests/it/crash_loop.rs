//! The program is killed at every point of a turn that has a name, and started again: all that was
//! acknowledged is there, nothing ran twice, who has to know is told, and the session goes on.

use std::fs;
use std::path::PathBuf;

use openclaw_mock_vllm::{Call, Gate, MockVllm, ModelSpec, Reply, Turn};
use openclaw_tests::{Ended, Home, Running, kill, soon};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::net::unix::pipe;

const CHAT: &str = "/v1/chat/completions";
const KEY: &str = "agent:main:crash";
const ASKED: &str = "Write a note and run the command.";

/// The command that must not run twice: each run is a line.
const APPEND: &str = "echo ran >> ran.txt";

/// Where the program is when it is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Point {
    /// The user's message is kept; no server has read the request.
    BeforeRequest,
    /// The request is being read by the model.
    Prefill,
    /// The message with its calls is kept; the second call is not looked at yet.
    MessageKept,
    /// The intent is kept; a person is being asked.
    Undecided,
    /// The command runs and has had its effect.
    ToolRuns,
    /// The command has ended; its result is not kept.
    ToolRan,
    /// The result is kept; another call of the message runs.
    ResultKept,
    /// The results are on their way to the model.
    NextPrefill,
    /// The model is writing its answer.
    NextText,
    /// The end of the turn is kept; the answer is being printed.
    TurnEnded,
}

/// How the program is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Resume,
    Say,
}

/// What the session has to say after the kill.
struct Expected {
    /// The messages of the model.
    messages: usize,
    /// The results of calls.
    results: usize,
    /// How many calls are told to be not known to have run, and to be not run.
    may_have_run: usize,
    not_run: usize,
    /// How often the command ran.
    ran: usize,
}

impl Point {
    fn expected(self) -> Expected {
        let (messages, results, may_have_run, not_run, ran) = match self {
            Self::BeforeRequest | Self::Prefill => (0, 0, 0, 0, 0),
            Self::MessageKept => (2, 1, 1, 1, 0),
            Self::Undecided => (2, 1, 0, 1, 0),
            Self::ToolRuns | Self::ToolRan => (2, 1, 1, 0, 1),
            Self::ResultKept => (2, 2, 1, 0, 1),
            Self::NextPrefill | Self::NextText => (2, 2, 0, 0, 1),
            Self::TurnEnded => (3, 2, 0, 0, 1),
        };
        Expected { messages, results, may_have_run, not_run, ran }
    }
}

/// A user with a server, and the pipes by which a command of the agent is heard and held.
struct Scene {
    server: MockVllm,
    home: Home,
    up: pipe::Receiver,
    hold: pipe::Sender,
    paths: [PathBuf; 2],
}

fn exec(command: &str) -> Call {
    Call::new("exec", json!({ "command": command }).to_string())
}

impl Scene {
    async fn new() -> Self {
        let model = ModelSpec::new("tiny", 200_000);
        let server = MockVllm::builder().model(model).start().await.unwrap();
        // Outside the sandbox a command reaches the program and stops it.
        let home = Home::with_vllm(&server.base_url(), "any-value")
            .config("{ tools: { exec: { host: 'gateway' } } }");
        let paths = [home.fifo("up").await, home.fifo("hold").await];
        let up = pipe::OpenOptions::new().open_receiver(&paths[0]).unwrap();
        // Open for both, so that it can be opened before there is anybody to read.
        let hold = pipe::OpenOptions::new().read_write(true).open_sender(&paths[1]).unwrap();
        Self { server, home, up, hold, paths }
    }

    /// Says that it runs and waits until it is let go.
    fn held(&self) -> String {
        let [up, hold] = &self.paths;
        format!("echo up > '{}'; read line < '{}'", up.display(), hold.display())
    }

    /// Stops the program before it can see that the command has ended, and ends.
    fn stopping(&self) -> String {
        // The parent of the command is its supervisor; the parent of that is the program.
        format!(
            "exec 9>'{}'; read -r _ _ _ program _ </proc/$PPID/stat; kill -STOP $program; echo up >&9",
            self.paths[0].display()
        )
    }

    fn start(&self, more: &[&str]) -> Running {
        self.home.start(&[&["agent", "--session", KEY, "--yes", "-m", ASKED], more].concat())
    }

    /// Waits until a command says that it runs.
    async fn until_up(&mut self) {
        let mut word = [0; 3];
        soon(self.up.read_exact(&mut word)).await.unwrap();
        assert_eq!(&word, b"up\n");
    }

    /// Runs the turn up to a point, kills the program there, and tells what it had said.
    async fn killed_at(&mut self, point: Point) -> Ended {
        let gate = Gate::new();
        let write = json!({"path": "note.txt", "content": "a note"}).to_string();
        let first = Reply::from(Turn::call("write", write));
        let calls = |calls: &[&str]| {
            calls.iter().fold(Turn::empty(), |turn, command| turn.then_call(exec(command)))
        };
        match point {
            Point::BeforeRequest => return self.killed_before_the_request().await,
            Point::Prefill => self.server.push(first.gate(0, &gate)),
            _ => self.server.push(first),
        }
        let append_and = |rest: &str| format!("{APPEND}; {rest}");
        match point {
            Point::BeforeRequest | Point::Prefill => {}
            Point::MessageKept => self.server.push(calls(&[&self.held(), APPEND])),
            Point::ToolRuns => self.server.push(calls(&[&append_and(&self.held())])),
            Point::ToolRan => self.server.push(calls(&[&append_and(&self.stopping())])),
            Point::ResultKept => self.server.push(calls(&[APPEND, &self.held()])),
            _ => self.server.push(calls(&[APPEND])),
        }
        match point {
            Point::NextPrefill => {
                self.server.push(Reply::from(Turn::text("never")).gate(0, &gate));
            }
            Point::NextText => {
                let text = Turn::pieces(["half ", "of it"]);
                self.server.push(Reply::from(text).gate(2, &gate));
            }
            // More than a pipe holds, so that the program cannot get to its end.
            Point::TurnEnded => self.server.push(Turn::text("wordily ".repeat(20_000))),
            _ => {}
        }
        if point == Point::Undecided {
            return self.killed_while_it_asks().await;
        }
        let mut running = self.start(&[]);
        match point {
            Point::Prefill | Point::NextPrefill | Point::NextText => soon(gate.reached()).await,
            Point::TurnEnded => running.until_shows("wordily").await,
            Point::ToolRan => {
                self.until_up().await;
                // The end of the pipe is the end of the command.
                assert_eq!(soon(self.up.read(&mut [0])).await.unwrap(), 0);
            }
            _ => self.until_up().await,
        }
        let ended = running.killed().await;
        // What the program had started outlives it.
        self.hold.write_all(b"on\n").await.unwrap();
        ended
    }

    /// A server that lists the model and then never reads on.
    async fn killed_before_the_request(&self) -> Ended {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let set = format!("models.providers.vllm.baseUrl={url}");
        let running = self.start(&["--set", &set]);
        let asked = async {
            let mut answered = Vec::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                let body = match &*String::from_utf8_lossy(&head) {
                    line if line.starts_with("POST /v1/chat/completions ") => return,
                    line if line.starts_with("GET /v1/models ") => {
                        r#"{"object":"list","data":[{"id":"tiny","object":"model","max_model_len":200000}]}"#
                    }
                    _ => "{}",
                };
                let status = if body == "{}" { "404 Not Found" } else { "200 OK" };
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                     connection: close\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
                answered.push(stream);
            }
        };
        soon(asked).await;
        running.killed().await
    }

    /// On a terminal a person is asked before a command runs; it is answered with a kill.
    async fn killed_while_it_asks(&self) -> Ended {
        let args = ["agent", "--session", KEY, "-m", ASKED];
        let mut running = self.home.start_on_terminal(&args);
        running.until_shows("allow this command?").await;
        let locks = self.home.path().join(".openclaw/sessions/sessions.db-locks");
        let lock = fs::read_dir(locks).unwrap().next().unwrap().unwrap();
        let program = fs::read_to_string(lock.path()).unwrap();
        kill(program.trim()).await;
        let Ended { stdout, .. } = running.ended().await;
        assert!(!stdout.contains("stopped"), "{stdout}");
        // All that the program says is on the terminal.
        self.home.run(&["sessions", "list"]).await
    }

    fn ran(&self) -> usize {
        self.home.get("ran.txt").lines().count()
    }

    fn chats(&self) -> Vec<Value> {
        let seen = self.server.requests().into_iter().filter(|seen| seen.path == CHAT);
        seen.map(|seen| seen.json()).collect()
    }

    async fn shown(&self) -> Value {
        self.home.run(&["sessions", "show", KEY, "--json"]).await.code(0).json()
    }
}

/// The entries of one type that the log has.
fn entries<'a>(shown: &'a Value, kind: &str) -> Vec<&'a Value> {
    shown["entries"].as_array().unwrap().iter().filter(|entry| entry["type"] == kind).collect()
}

/// How many results that the model is shown have a text.
fn told(chat: &Value, text: &str) -> usize {
    let messages = chat["messages"].as_array().unwrap().iter();
    let results = messages.filter(|message| message["role"] == "tool");
    results.filter(|result| result["content"].as_str().unwrap().contains(text)).count()
}

/// Kills the program at a point, starts it again in each way, and sees that all is as it should be.
async fn survives(point: Point) {
    for way in [Way::Resume, Way::Say] {
        let mut scene = Scene::new().await;
        let before = scene.killed_at(point).await;
        let expected = point.expected();
        assert_eq!(scene.ran(), expected.ran, "{point:?} {before:#?}");
        all_that_was_acknowledged_is_kept(&scene, point, &before).await;
        it_goes_on(&scene, point, way).await;
    }
}

async fn all_that_was_acknowledged_is_kept(scene: &Scene, point: Point, before: &Ended) {
    let expected = point.expected();
    let shown = scene.shown().await;
    let users: Vec<&Value> = entries(&shown, "user").iter().map(|entry| &entry["text"]).collect();
    assert_eq!(users, [&json!(ASKED)], "{shown:#}");
    assert_eq!(entries(&shown, "assistant").len(), expected.messages, "{point:?} {shown:#}");
    let results = entries(&shown, "result");
    assert_eq!(results.len(), expected.results, "{point:?} {shown:#}");
    assert!(before.stderr.matches('✓').count() <= results.len(), "{before:#?}");
    let has_ended = point == Point::TurnEnded;
    assert_eq!(entries(&shown, "turnEnd").len(), usize::from(has_ended));
    let state = if has_ended { "idle" } else { "interrupted" };
    assert_eq!(shown["session"]["state"], json!(state), "{point:?}");
    let note = if expected.messages > 0 { "a note" } else { "" };
    assert_eq!(scene.home.get("note.txt"), note);
}

async fn it_goes_on(scene: &Scene, point: Point, way: Way) {
    let Expected { may_have_run, not_run, ran, .. } = point.expected();
    let sent_before = scene.chats().len();
    // A model that is told that the command did not run runs it; one that is told that it may have
    // run does not.
    if ran == 0 {
        scene.server.push(Turn::empty().then_call(exec(APPEND)));
    }
    scene.server.push(Turn::text("All is done."));
    let args: &[&str] = match way {
        Way::Resume => &["agent", "--session", KEY, "--yes", "--resume"],
        Way::Say => &["agent", "--session", KEY, "--yes", "-m", "Are you still there?"],
    };
    let ended = scene.home.run(args).await.code(0);
    let chats = scene.chats();
    if point == Point::TurnEnded && way == Way::Resume {
        let ended = ended.says(&["no turn was interrupted"]);
        assert_eq!((&*ended.stdout, chats.len()), ("", sent_before));
        // It is what the next message gets.
    } else {
        assert_eq!(ended.stdout, "All is done.\n", "{point:?} {way:?} {ended:#?}");
        let chat = &chats[sent_before];
        assert_eq!(told(chat, "may have run"), may_have_run, "{point:?} {chat:#}");
        assert_eq!(told(chat, "was not run"), not_run, "{point:?} {chat:#}");
        let tells = ended.stderr.contains("may have run");
        assert_eq!(tells, may_have_run > 0, "{point:?} {way:?} {ended:#?}");
        if let Some(first) = chats.first().filter(|_| sent_before > 0) {
            assert_eq!(chat["messages"][0], first["messages"][0]);
            assert_eq!(chat["tools"], first["tools"]);
        }
        scene.server.push(Turn::text("All is done."));
    }
    let args = ["agent", "--session", KEY, "-m", "And now?"];
    let ended = scene.home.run(&args).await.code(0).hides(&["may have run", "was interrupted"]);
    assert_eq!(ended.stdout, "All is done.\n");
    assert_eq!(scene.ran(), 1, "{point:?} {way:?}");
    let shown = scene.shown().await;
    assert_eq!(shown["session"]["state"], json!("idle"));
    let results = entries(&shown, "result").len();
    let calls = entries(&shown, "assistant");
    let calls = calls.iter().map(|entry| entry["calls"].as_array().unwrap().len()).sum::<usize>();
    assert_eq!(results, calls, "each call has one result: {shown:#}");
}

#[tokio::test]
async fn killed_before_the_request() {
    survives(Point::BeforeRequest).await;
}

#[tokio::test]
async fn killed_in_the_first_prefill() {
    survives(Point::Prefill).await;
}

#[tokio::test]
async fn killed_when_the_message_is_kept_and_a_call_is_not_looked_at() {
    survives(Point::MessageKept).await;
}

#[tokio::test]
async fn killed_between_the_intent_and_the_start_of_a_call() {
    survives(Point::Undecided).await;
}

#[tokio::test]
async fn killed_while_the_tool_runs() {
    survives(Point::ToolRuns).await;
}

#[tokio::test]
async fn killed_when_the_tool_ran_and_its_result_is_not_kept() {
    survives(Point::ToolRan).await;
}

#[tokio::test]
async fn killed_when_the_result_is_kept() {
    survives(Point::ResultKept).await;
}

#[tokio::test]
async fn killed_in_the_next_prefill() {
    survives(Point::NextPrefill).await;
}

#[tokio::test]
async fn killed_in_the_text_of_the_answer() {
    survives(Point::NextText).await;
}

#[tokio::test]
async fn killed_when_the_turn_has_ended() {
    survives(Point::TurnEnded).await;
}

/// What is told once is not told to whoever cannot act upon it.
#[tokio::test]
async fn who_finds_no_server_leaves_the_session_as_it_is() {
    let mut scene = Scene::new().await;
    let _ = scene.killed_at(Point::ToolRuns).await;
    scene.server.kill();
    for args in [&["--resume"][..], &["-m", "Are you still there?"]] {
        let args = [&["agent", "--session", KEY, "--yes"], args].concat();
        let _ = scene.home.run(&args).await.code(4);
    }
    all_that_was_acknowledged_is_kept(&scene, Point::ToolRuns, &Ended::default()).await;
    scene.server.restart().await.unwrap();
    it_goes_on(&scene, Point::ToolRuns, Way::Resume).await;
}
