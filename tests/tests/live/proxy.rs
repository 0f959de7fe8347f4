//! A proxy that adds fields to chat requests on their way, and notes every request.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::gate::Gate;
use crate::lab::Lab;

/// The path of chat requests.
pub(crate) const CHAT: &str = "/v1/chat/completions";

/// The path of chat requests over the Responses API.
pub(crate) const RESPONSES: &str = "/v1/responses";

/// A proxy before the real server; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    base_url: String,
    server: String,
    notes: Arc<Notes>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Notes {
    /// What the next chat requests get on top.
    additions: Mutex<VecDeque<Value>>,
    /// Where the answers to the next chat requests are held up.
    gates: Mutex<VecDeque<Arc<Gate>>>,
    seen: Mutex<Vec<Passed>>,
}

/// A request as the program sent it, before anything was added.
#[derive(Debug, Clone)]
pub(crate) struct Passed {
    pub(crate) path: String,
    /// Null when there is none.
    pub(crate) body: Value,
}

/// Binds the model to one text. The server parses it for tool calls as it does any other.
pub(crate) fn writes(text: &str) -> Value {
    json!({"structured_outputs": {"choice": [text]}})
}

/// Binds the model to one tool call, in the format of the `hermes` parser, which wants the name
/// in front.
pub(crate) fn calls(name: &str, arguments: &Value) -> Value {
    writes(&format!(
        "<tool_call>\n{{\"name\": \"{name}\", \"arguments\": {arguments}}}\n</tool_call>"
    ))
}

impl Proxy {
    /// Starts one. Each chat request in turn gets the fields of the next of `additions`; those
    /// after the last pass as they are.
    pub(crate) async fn start(lab: &Lab, additions: impl IntoIterator<Item = Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let notes = Arc::new(Notes {
            additions: Mutex::new(additions.into_iter().collect()),
            gates: Mutex::default(),
            seen: Mutex::default(),
        });
        let server = lab.address.clone();
        let task = tokio::spawn(accept(listener, server.clone(), Arc::clone(&notes)));
        Self { address, base_url: format!("http://{address}/v1"), server, notes, task }
    }

    /// Sets a gate for the answer to the next chat request without one.
    pub(crate) fn gate(&self, gate: &Arc<Gate>) {
        self.notes.gates.lock().unwrap().push_back(Arc::clone(gate));
    }

    /// Refuses connections from now on, as a port without a server does. Those there are stay.
    pub(crate) async fn close(&mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }

    /// Takes connections again.
    pub(crate) async fn open(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.task = tokio::spawn(accept(listener, self.server.clone(), Arc::clone(&self.notes)));
    }

    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The requests to a path, in order.
    pub(crate) fn seen(&self, path: &str) -> Vec<Passed> {
        let seen = self.notes.seen.lock().unwrap();
        seen.iter().filter(|passed| passed.path == path).cloned().collect()
    }

    /// How many additions have not been used.
    pub(crate) fn left(&self) -> usize {
        self.notes.additions.lock().unwrap().len()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, server: String, notes: Arc<Notes>) {
    while let Ok((client, _)) = listener.accept().await {
        // One that hangs up or is hung up on is the test's own affair.
        tokio::spawn(relay(client, server.clone(), Arc::clone(&notes)));
    }
}

/// Passes one request and its answer; a client that hangs up takes the server's connection along.
async fn relay(mut client: TcpStream, server: String, notes: Arc<Notes>) -> io::Result<()> {
    let request = read(&mut client).await?;
    let (request, gate) = notes.pass(request);
    let mut upstream = TcpStream::connect(server).await?;
    upstream.write_all(&request).await?;
    if let Some(gate) = gate {
        return gate.relay(&mut upstream, &mut client).await;
    }
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, _to_server) = upstream.split();
    let mut nothing = [0; 1];
    tokio::select! {
        copied = tokio::io::copy(&mut from_server, &mut to_client) => copied.map(drop),
        left = from_client.read(&mut nothing) => left.map(drop),
    }
}

/// The head, and the body of as many bytes as the head says.
async fn read(client: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8(head).map_err(io::Error::other)?;
    let length = header(&head, "content-length").and_then(|length| length.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    client.read_exact(&mut body).await?;
    Ok((head, body))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    fields
        .into_iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

impl Notes {
    /// Notes a request and returns the one to send, with the gate for its answer.
    fn pass(&self, (head, body): (String, Vec<u8>)) -> (Vec<u8>, Option<Arc<Gate>>) {
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
        let mut body = body;
        let is_chat = matches!(&*path, CHAT | RESPONSES);
        // What a summary says is left to the model.
        let is_bound = is_chat && !asked.to_string().contains("about to be replaced by a summary");
        if is_bound
            && let Some(Value::Object(addition)) = self.additions.lock().unwrap().pop_front()
        {
            let mut fields: Map<String, Value> = asked.as_object().cloned().unwrap_or_default();
            fields.extend(addition);
            body = Value::Object(fields).to_string().into_bytes();
        }
        self.seen.lock().unwrap().push(Passed { path, body: asked });
        let kept = head.lines().filter(|line| {
            let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
            !line.is_empty() && !matches!(&*name, "content-length" | "connection")
        });
        let mut request = String::new();
        for line in kept {
            request.push_str(line);
            request.push_str("\r\n");
        }
        // The end of the connection is then the end of the answer, and nothing need be parsed.
        let end = format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len());
        let gate = if is_chat { self.gates.lock().unwrap().pop_front() } else { None };
        ([request.into_bytes(), end.into_bytes(), body].concat(), gate)
    }
}
