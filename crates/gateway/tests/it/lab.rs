//! A gateway with its own state folder, and clients of it.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use openclaw_config::{AppPaths, Config, Env};
use openclaw_gateway::{GatewayHandle, GatewayServer, GatewaySettings};
use openclaw_mock_vllm::MockVllm;
use openclaw_models::{ModelRegistry, SupervisorProgram};
use openclaw_process::{SUPERVISOR_ARGUMENT, run_supervisor};
use openclaw_runtime::Runtime;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// The token of each gateway here.
pub(crate) const TOKEN: &str = "the-token-of-this-gateway";

/// Longer than anything here takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running gateway.
pub(crate) struct GatewayLab {
    pub(crate) address: SocketAddr,
    pub(crate) handle: GatewayHandle,
    task: JoinHandle<()>,
    state: TempDir,
}

/// A websocket client.
pub(crate) struct TestClient {
    socket: WebSocketStream<TcpStream>,
    /// Frames that came before the one that was waited for.
    seen: Vec<Value>,
}

/// What an HTTP request was answered with.
#[derive(Debug)]
pub(crate) struct HttpAnswer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Builds the runtime of a config in a state folder.
pub(crate) fn runtime_of(base_url: &str, state: &Path, more: &str) -> Runtime {
    // What a test says of the agents is before the closing brace of `agents.defaults`.
    let (agents, more) = more.strip_prefix("defaults: ").map_or(("", more), |it| (it, ""));
    let config = format!(
        "{{ models: {{ providers: {{ vllm: {{ baseUrl: '{}' }} }} }},
            agents: {{ defaults: {{ model: 'vllm/tiny', workspace: '{}', {agents} }} }}, {more} }}",
        base_url,
        state.join("workspace").display(),
    );
    let env = Env::from_pairs([("OPENCLAW_STATE_DIR", state.to_str().unwrap())]);
    let paths = AppPaths::new(&env, None).unwrap();
    let loaded = Config::parse(&config, &env).unwrap();
    assert!(!loaded.has_errors(), "{:?}", loaded.diagnostics);
    Runtime::new(ModelRegistry::new(loaded, paths, supervisor()))
}

/// Settings on a port that the system chooses.
pub(crate) fn settings_in(state: &Path) -> GatewaySettings {
    GatewaySettings::for_loopback(state, 0, TOKEN.to_owned().into())
}

impl GatewayLab {
    pub(crate) async fn start(server: &MockVllm) -> Self {
        Self::start_with(server, "", |_| ()).await
    }

    pub(crate) async fn start_with(
        server: &MockVllm,
        more: &str,
        change: impl FnOnce(&mut GatewaySettings),
    ) -> Self {
        Self::start_at(&server.base_url(), more, change).await
    }

    /// Starts one whose models are at an address.
    pub(crate) async fn start_at(
        base_url: &str,
        more: &str,
        change: impl FnOnce(&mut GatewaySettings),
    ) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), base_url, more, change).await
    }

    /// Ends the gateway and starts another one with the same state.
    pub(crate) async fn restart(self, server: &MockVllm) -> Self {
        let state = self.end().await;
        Self::start_in(state, &server.base_url(), "", |_| ()).await
    }

    async fn start_in(
        state: TempDir,
        base_url: &str,
        more: &str,
        change: impl FnOnce(&mut GatewaySettings),
    ) -> Self {
        std::fs::create_dir_all(state.path().join("workspace")).unwrap();
        let mut settings = settings_in(state.path());
        change(&mut settings);
        let runtime = runtime_of(base_url, state.path(), more);
        let gateway = GatewayServer::bind(runtime, settings).await.unwrap();
        let (address, handle) = (gateway.local_address(), gateway.handle());
        Self { address, handle, task: tokio::spawn(gateway.run()), state }
    }

    /// Ends the gateway and returns its state folder.
    pub(crate) async fn end(self) -> TempDir {
        self.handle.shut_down();
        self.task.await.unwrap();
        self.state
    }

    pub(crate) fn state(&self) -> &Path {
        self.state.path()
    }

    /// A client that is connected, with scopes and capabilities.
    pub(crate) async fn connect(&self, scopes: &[&str], caps: &[&str]) -> TestClient {
        let mut client = self.open().await;
        assert_eq!(client.next().await["event"], "connect.challenge");
        client.request("c", "connect", connect_params(scopes, caps)).await;
        let hello = client.response("c").await;
        assert_eq!(hello["payload"]["type"], "hello-ok", "{hello}");
        client
    }

    /// An operator with all scopes.
    pub(crate) async fn operator(&self) -> TestClient {
        self.connect(&["operator.admin"], &["exec-approvals"]).await
    }

    /// A websocket before its handshake.
    pub(crate) async fn open(&self) -> TestClient {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let url = format!("ws://{}/", self.address);
        let (socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
        TestClient { socket, seen: Vec::new() }
    }

    /// Sends an HTTP request and reads the answer to its end.
    pub(crate) async fn http(
        &self,
        line: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> HttpAnswer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let mut head = format!("{line} HTTP/1.0\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            write!(head, "Host: {}\r\n", self.address).unwrap();
        }
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        write!(head, "Content-Length: {}\r\n\r\n", body.len()).unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        HttpAnswer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }
}

pub(crate) fn connect_params(scopes: &[&str], caps: &[&str]) -> Value {
    json!({
        "minProtocol": 4, "maxProtocol": 4, "role": "operator", "scopes": scopes, "caps": caps,
        "client": { "id": "test", "version": "1", "platform": "linux", "mode": "test" },
        "auth": { "token": TOKEN },
    })
}

impl TestClient {
    pub(crate) async fn send(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// The connection below the websocket.
    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        self.socket.get_mut()
    }

    pub(crate) async fn request(&mut self, id: &str, method: &str, params: Value) {
        let frame = json!({ "type": "req", "id": id, "method": method, "params": params });
        self.send(Message::text(frame.to_string())).await;
    }

    /// Sends a request and waits for its response.
    pub(crate) async fn call(&mut self, method: &str, params: Value) -> Value {
        self.request(method, method, params).await;
        self.response(method).await
    }

    /// The next response with this id.
    pub(crate) async fn response(&mut self, id: &str) -> Value {
        self.find(|frame| frame["type"] == "res" && frame["id"] == id).await
    }

    /// The next event of a kind.
    pub(crate) async fn event(&mut self, name: &str) -> Value {
        self.find(|frame| frame["type"] == "event" && frame["event"] == name).await
    }

    /// The first frame, of those that came before too, that is meant.
    pub(crate) async fn find(&mut self, is_meant: impl Fn(&Value) -> bool) -> Value {
        if let Some(place) = self.seen.iter().position(&is_meant) {
            return self.seen.remove(place);
        }
        loop {
            let frame = self.next().await;
            if is_meant(&frame) {
                return frame;
            }
            self.seen.push(frame);
        }
    }

    /// The names of the events that came before what was waited for.
    pub(crate) fn seen_events(&self) -> Vec<String> {
        let names = self.seen.iter().filter_map(|frame| frame["event"].as_str());
        names.map(str::to_owned).collect()
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            match self.next_message().await {
                Some(Message::Text(text)) => return serde_json::from_str(&text).unwrap(),
                Some(Message::Ping(_)) => {}
                other => panic!("no frame: {other:?}"),
            }
        }
    }

    /// The code and the reason with which the gateway closes the connection.
    pub(crate) async fn closing(&mut self) -> (u16, String) {
        loop {
            match self.next_message().await {
                Some(Message::Close(Some(frame))) => {
                    return (frame.code.into(), frame.reason.to_string());
                }
                Some(_) => {}
                None => panic!("the connection ended without a reason"),
            }
        }
    }

    async fn next_message(&mut self) -> Option<Message> {
        let message = tokio::time::timeout(PATIENCE, self.socket.next()).await.unwrap();
        message.and_then(Result::ok)
    }
}

/// This test program as a supervisor of commands: it is started again to run one test.
fn supervisor() -> SupervisorProgram {
    let args = ["--exact", "lab::supervise_when_asked", "--test-threads=1", SUPERVISOR_ARGUMENT];
    SupervisorProgram::new("/proc/self/exe", args)
}

#[test]
fn supervise_when_asked() {
    if std::env::args().any(|arg| arg == SUPERVISOR_ARGUMENT) {
        let _ended = run_supervisor();
    }
}
