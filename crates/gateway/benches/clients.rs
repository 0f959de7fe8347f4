//! What clients of a running gateway notice: how many of them it lets in at once, how many runs it
//! carries out at once, and how late an event is. Each role is a process of its own, started by
//! `cargo xtask bench gateway`.
//!
//! A delay begins when the model's server writes a token and ends when the client has read it. The
//! two are processes of one machine, so they have the same clock.
#![expect(clippy::print_stdout, reason = "results go to whoever started the role")]
#![expect(clippy::indexing_slicing, reason = "of a JSON value, a key that is missing is null")]

use std::error::Error;
use std::fmt::Write as _;
use std::time::{Duration, Instant, SystemTime};

use futures_util::future::join_all;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const USAGE: &str = "roles, each started by `cargo xtask`:
  source                       a model server whose tokens are the times at which they are written
  load ADDRESS TOKEN MODEL     the clients; MODEL answers many at once, `source/stamps` one at a time";

/// The clients that are connected, and the runs that are begun at once.
const CLIENTS: usize = 500;
const RUNS: usize = 100;

/// The tokens of an answer that is timed, and the time between two of them.
const TOKENS: usize = 400;
const TOKEN_INTERVAL: Duration = Duration::from_millis(4);

/// What a token weighs when a client that does not read is to be more than the system's buffers
/// hold, and how many of them there are then.
const LARGE_TOKEN: usize = 32 << 10;
const LARGE_TOKENS: usize = 90;

/// The receive buffer of a client that does not read.
const SMALL_BUFFER: u32 = 4 << 10;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(2);

/// A connected client.
struct Client {
    socket: WebSocketStream<TcpStream>,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match words.as_slice() {
        ["source"] => runtime.block_on(serve_source()),
        ["load", address, token, model] => {
            let load =
                async { tokio::time::timeout(PATIENCE, measure(address, token, model)).await };
            let said = runtime.block_on(load).map_err(|_| "the gateway hangs")??;
            println!("{said}");
            Ok(())
        }
        // Cargo passes arguments of its own.
        _ => {
            println!("{USAGE}");
            Ok(())
        }
    }
}

async fn measure(address: &str, token: &str, model: &str) -> Result<Value> {
    let mut reader = Client::connect(address, token).await?;
    // The first turn connects the model.
    reader.delays("warm", 20).await?;
    let alone = percentiles(reader.delays("alone", TOKENS).await?);
    let large = percentiles(reader.delays("large", LARGE_TOKENS).await?);
    let stalled = Client::connect_with_buffer(address, token, Some(SMALL_BUFFER)).await?;
    let beside_stalled = percentiles(reader.delays("large", LARGE_TOKENS).await?);
    drop(stalled);

    let begin = Instant::now();
    let connecting = (0..CLIENTS).map(|_| Client::connect(address, token));
    let (mut clients, mut refusals) = (Vec::new(), Vec::new());
    for connected in join_all(connecting).await {
        match connected {
            Ok(client) => clients.push(client),
            Err(refusal) => refusals.push(refusal.to_string()),
        }
    }
    let connecting_ms = begin.elapsed().as_secs_f64() * 1e3;
    let let_in = clients.len();
    let mut listening = tokio::task::JoinSet::new();
    let runners: Vec<Client> = clients.drain(..RUNS.min(let_in)).collect();
    for client in clients {
        listening.spawn(client.listen());
    }
    let begin = Instant::now();
    let runs = runners.into_iter().enumerate().map(|(number, client)| client.run(number, model));
    let ended: Vec<bool> = join_all(runs).await;
    let runs_ms = begin.elapsed().as_secs_f64() * 1e3;
    let whole = ended.iter().filter(|whole| **whole).count();
    let in_crowd = percentiles(reader.delays("crowd", TOKENS).await?);
    listening.shutdown().await;
    Ok(json!({
        "delayMs": alone, "delayInCrowdMs": in_crowd,
        "largeMs": large, "largeBesideStalledMs": beside_stalled,
        "clients": let_in, "connectingMs": connecting_ms, "refusals": refusals.first(),
        "wholeRuns": whole, "runsMs": runs_ms,
    }))
}

impl Client {
    async fn connect(address: &str, token: &str) -> Result<Self> {
        Self::connect_with_buffer(address, token, None).await
    }

    async fn connect_with_buffer(address: &str, token: &str, bytes: Option<u32>) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        if let Some(bytes) = bytes {
            socket.set_recv_buffer_size(bytes)?;
        }
        let stream = socket.connect(address.parse()?).await?;
        stream.set_nodelay(true)?;
        let url = format!("ws://{address}/");
        let (socket, _) = tokio_tungstenite::client_async(url, stream).await?;
        let mut client = Self { socket };
        client.next().await?;
        let params = json!({
            "minProtocol": 4, "maxProtocol": 4, "role": "operator",
            "scopes": ["operator.read", "operator.write"], "auth": { "token": token },
            "client": { "id": "test", "version": "1", "platform": "linux", "mode": "test" },
        });
        client.request("c", "connect", &params).await?;
        client.response("c").await?;
        Ok(client)
    }

    async fn request(&mut self, id: &str, method: &str, params: &Value) -> Result<()> {
        let frame = json!({ "type": "req", "id": id, "method": method, "params": params });
        Ok(self.socket.send(Message::text(frame.to_string())).await?)
    }

    /// The payload of the next response with this id.
    async fn response(&mut self, id: &str) -> Result<Value> {
        loop {
            let text = self.next().await?;
            // Most frames are events, which a client that waits for a response skips.
            if !text.starts_with("{\"type\":\"res\"") {
                continue;
            }
            let frame: Value = serde_json::from_str(&text)?;
            if frame["id"] != id {
                continue;
            }
            if frame["ok"] != true {
                return Err(frame.to_string().into());
            }
            return Ok(frame["payload"].clone());
        }
    }

    /// The text of the next frame.
    async fn next(&mut self) -> Result<String> {
        loop {
            match self.socket.next().await.ok_or("the connection ended")?? {
                Message::Text(text) => return Ok(text.to_string()),
                Message::Close(frame) => return Err(format!("closed: {frame:?}").into()),
                _ => {}
            }
        }
    }

    /// Reads until the connection ends.
    async fn listen(mut self) {
        while self.next().await.is_ok() {}
    }

    /// Carries out a run; returns whether it ended well.
    async fn run(mut self, number: usize, model: &str) -> bool {
        let params = json!({
            "message": "reply exactly: all of it", "model": model,
            "sessionKey": format!("agent:main:bench-{number}"),
            "idempotencyKey": format!("run-{number}"),
        });
        let ended = async {
            self.request("a", "agent", &params).await?;
            self.response("a").await?;
            self.response("a").await
        };
        ended.await.is_ok_and(|end| {
            end["status"] == "ok" && end["result"]["payloads"][0]["text"] == "all of it"
        })
    }

    /// Has `tokens` timed tokens made, and returns how late each was, in milliseconds.
    async fn delays(&mut self, name: &str, tokens: usize) -> Result<Vec<f64>> {
        let weight = if name == "large" { LARGE_TOKEN } else { 0 };
        let key = format!("{name}-{:?}", now());
        let params = json!({
            "message": format!("tokens={tokens} weight={weight}"), "model": "source/stamps",
            "sessionKey": format!("agent:main:{name}"), "idempotencyKey": key,
        });
        self.request("d", "agent", &params).await?;
        self.response("d").await?;
        let (mut delays, mut unread) = (Vec::new(), String::new());
        loop {
            let text = self.next().await?;
            let arrived = now();
            let frame: Value = serde_json::from_str(&text)?;
            if frame["type"] == "res" && frame["id"] == "d" {
                if frame["payload"]["status"] != "ok" || delays.len() != tokens {
                    return Err(format!("{} tokens: {frame}", delays.len()).into());
                }
                return Ok(delays);
            }
            let Some(delta) = frame["payload"]["deltaText"].as_str() else { continue };
            unread.push_str(delta);
            while let Some((stamp, rest)) = unread.split_once('\n') {
                let written: u64 = stamp.rsplit(' ').next().unwrap_or_default().parse()?;
                let late = arrived.saturating_sub(Duration::from_nanos(written));
                delays.push(late.as_secs_f64() * 1e3);
                unread = rest.to_owned();
            }
        }
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// The 50th and the 99th percentile, and the largest.
fn percentiles(mut delays: Vec<f64>) -> Value {
    delays.sort_unstable_by(f64::total_cmp);
    let at = |percent: usize| delays.get((delays.len() * percent / 100).min(delays.len() - 1));
    json!({ "p50": at(50), "p99": at(99), "max": delays.last() })
}

/// Serves the model `stamps`, each of whose tokens is the time at which it is written.
async fn serve_source() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}/v1", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            // A client that leaves ends its connection only.
            let _left = answer_requests(stream).await;
        });
    }
}

async fn answer_requests(mut stream: TcpStream) -> Result<()> {
    while let Some((head, body)) = read_request(&mut stream).await? {
        if !head.starts_with("POST /v1/chat/completions ") {
            let models =
                json!({ "object": "list", "data": [{ "id": "stamps", "object": "model" }] });
            let is_list = head.starts_with("GET /v1/models ");
            let (status, body) =
                if is_list { ("200 OK", models) } else { ("404 Not Found", json!({})) };
            let body = body.to_string();
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
            );
            stream.write_all((head + &body).as_bytes()).await?;
            continue;
        }
        let begin = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                     Transfer-Encoding: chunked\r\n\r\n";
        stream.write_all(begin.as_bytes()).await?;
        let weight = asked_number(&body, "weight=").unwrap_or(0);
        for number in 0..asked_number(&body, "tokens=").ok_or("no number of tokens")? {
            tokio::time::sleep(TOKEN_INTERVAL).await;
            let padding = padding(number, weight);
            let stamp = u64::try_from(now().as_nanos())?;
            write_delta(&mut stream, &json!({ "content": format!("{padding}{stamp}\n") }), None)
                .await?;
        }
        write_delta(&mut stream, &json!({}), Some("stop")).await?;
        write_chunk(&mut stream, "data: [DONE]\n\n").await?;
        stream.write_all(b"0\r\n\r\n").await?;
    }
    Ok(())
}

/// That many bytes in which nothing is repeated, as an answer that repeats itself is ended.
fn padding(seed: usize, bytes: usize) -> String {
    let mut text = String::new();
    let mut state = u64::try_from(seed).unwrap_or_default();
    while text.len() < bytes {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        _ = write!(text, "{state:016x} ");
    }
    text
}

async fn write_delta(stream: &mut TcpStream, delta: &Value, reason: Option<&str>) -> Result<()> {
    let chunk = json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "stamps",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": reason }],
    });
    write_chunk(stream, &format!("data: {chunk}\n\n")).await
}

async fn write_chunk(stream: &mut TcpStream, text: &str) -> Result<()> {
    let chunk = format!("{:x}\r\n{text}\r\n", text.len());
    Ok(stream.write_all(chunk.as_bytes()).await?)
}

/// The last number after `name` in the messages of a request.
fn asked_number(body: &str, name: &str) -> Option<usize> {
    let (_, rest) = body.rsplit_once(name)?;
    rest.split(|char: char| !char.is_ascii_digit()).next()?.parse().ok()
}

/// The head and the body of the next request; `None` when there is none.
async fn read_request(stream: &mut TcpStream) -> Result<Option<(String, String)>> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lower = head.to_ascii_lowercase();
            let length = lower.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.map_or(Ok(0), |length| length.trim().parse())?;
            if body.len() >= length {
                return Ok(Some((head.to_owned(), body.to_owned())));
            }
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
}
