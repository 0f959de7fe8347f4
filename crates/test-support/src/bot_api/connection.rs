//! The connections of a server of the Bot API.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::service::refusal;
use super::{BOT_TOKEN, SharedState};

pub(super) async fn converse(mut stream: TcpStream, shared: Arc<SharedState>) {
    let Some((path, body)) = read_request(&mut stream).await else { return };
    let method = path.strip_prefix(&format!("/bot{BOT_TOKEN}/"));
    let answered = match method {
        None => Some((401, refusal(401, &format!("Unauthorized: {path}"), None))),
        Some(method) => {
            let body = serde_json::from_slice(&body).unwrap_or_default();
            let mut probe = [0; 1];
            tokio::select! {
                answer = shared.answer(method, &body) => answer,
                // The client has gone.
                _ = stream.read(&mut probe) => return,
            }
        }
    };
    let Some((status, body)) = answered else { return };
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status} Status\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(body.as_bytes()).await;
}

async fn read_request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let start = loop {
        match bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            Some(end) => break end + 4,
            None if stream.read_buf(&mut bytes).await.ok()? == 0 => return None,
            None => {}
        }
    };
    let head = String::from_utf8_lossy(&bytes[..start]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
    while bytes.len() < start + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&bytes[..start]).into_owned();
    let path = head.split(' ').nth(1)?.to_owned();
    Some((path, bytes[start..].to_vec()))
}
