//! A cheap server: it sends ready-made events of the usual size.
//!
//! The model's name gives the number of tokens and the pause between them. Each event is an HTTP
//! chunk of its own, as common servers send them; without a pause many are written at once.

use std::hint;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;

const HEAD: &str = "HTTP/1.1 200 OK\r\nserver: uvicorn\r\ncontent-type: text/event-stream; charset=utf-8\r\n\
                    transfer-encoding: chunked\r\n\r\n";

/// Tokens as models generate them, in JSON.
const TOKENS: [&str; 8] = [" the", " stream", ",", "\\n\\n", " of", " tokens", " café", " is"];

const BATCH: usize = 64 * 1024;

pub(crate) fn serve() -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept()?;
        // A client that leaves ends its thread.
        thread::spawn(move || converse(stream));
    }
}

/// The number of tokens that a model's name orders.
pub(crate) fn ordered(model: &str) -> Option<u64> {
    model.split('-').nth(1)?.parse().ok()
}

fn converse(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut held = Vec::new();
    while let Some(body) = request(&mut stream, &mut held)? {
        let order = AnswerOrder::of(&body).ok_or(io::ErrorKind::InvalidData)?;
        order.fill(&mut stream)?;
    }
    Ok(())
}

/// Reads a request's body; `None` when the client has left.
fn request(stream: &mut TcpStream, held: &mut Vec<u8>) -> io::Result<Option<String>> {
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(held).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
            });
            if body.len() >= length.unwrap_or(0) {
                held.clear();
                return Ok(Some(body.to_owned()));
            }
        }
        match stream.read(&mut buffer)? {
            0 => return Ok(None),
            count => held.extend_from_slice(buffer.get(..count).unwrap_or_default()),
        }
    }
}

/// The stream that a client ordered.
struct AnswerOrder {
    tokens: usize,
    pause: Duration,
}

impl AnswerOrder {
    fn of(body: &str) -> Option<Self> {
        let mut words = body.split_once("tokens-")?.1.split('-');
        let tokens = words.next()?.parse().ok()?;
        let pause = words.nth(1)?.parse().ok()?;
        Some(Self { tokens, pause: Duration::from_micros(pause) })
    }

    fn fill(&self, stream: &mut TcpStream) -> io::Result<()> {
        let mut out = HEAD.as_bytes().to_vec();
        push(&mut out, r#"{"role":"assistant","content":""}"#, "null");
        let pieces = TOKENS.map(|token| {
            let mut piece = Vec::new();
            push(&mut piece, &format!(r#"{{"content":"{token}"}}"#), "null");
            piece
        });
        for piece in pieces.iter().cycle().take(self.tokens) {
            out.extend_from_slice(piece);
            if !self.pause.is_zero() {
                stream.write_all(&out)?;
                out.clear();
                // A sleep would last far too long.
                let begun = Instant::now();
                while begun.elapsed() < self.pause {
                    hint::spin_loop();
                }
            } else if out.len() > BATCH {
                stream.write_all(&out)?;
                out.clear();
            }
        }
        push(&mut out, "{}", "\"stop\"");
        frame(&mut out, "data: [DONE]\n\n");
        out.extend_from_slice(b"0\r\n\r\n");
        stream.write_all(&out)
    }
}

/// Adds an event as vLLM writes it.
fn push(out: &mut Vec<u8>, delta: &str, finish: &str) {
    let event = format!(
        "data: {{\"id\":\"chatcmpl-9f2c1d7e80b64a53a1c4e6f7d2b3a490\",\"object\":\"chat.completion.chunk\",\
         \"created\":1790000000,\"model\":\"org/some-model-30b-instruct\",\"choices\":[{{\"index\":0,\
         \"delta\":{delta},\"logprobs\":null,\"finish_reason\":{finish},\"token_ids\":null}}]}}\n\n"
    );
    frame(out, &event);
}

fn frame(out: &mut Vec<u8>, event: &str) {
    out.extend_from_slice(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes());
}
