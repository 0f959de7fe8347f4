//! The websocket over an upgraded connection, with a limit on what comes before authentication.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use hyper::body::Incoming;
use hyper::header::{
    CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use hyper::upgrade::Upgraded;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use openclaw_protocol::gateway::{MAX_FRAME_BYTES, MAX_HANDSHAKE_BYTES};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::frame_budget::FrameUse;
use crate::http::{HttpResponse, text_response};

/// A websocket of a client.
pub(crate) type ClientSocket = WebSocketStream<LimitedStream<TokioIo<Upgraded>>>;

/// A websocket whose response is being sent; `None` when the connection ends before.
pub(crate) type OpeningSocket =
    Pin<Box<dyn Future<Output = Option<(ClientSocket, HandshakeLimit)>> + Send>>;

/// Limits the bytes that are read: before it is lifted to a few, afterwards to the share of the
/// client.
#[derive(Debug, Clone)]
pub(crate) struct HandshakeLimit(Arc<LimitState>);

#[derive(Debug)]
struct LimitState {
    remaining: AtomicUsize,
    is_lifted: AtomicBool,
    frame_use: Mutex<Option<FrameUse>>,
    is_over_share: AtomicBool,
}

/// A stream that fails when more is read than its [`HandshakeLimit`] allows.
#[derive(Debug)]
pub(crate) struct LimitedStream<S> {
    stream: S,
    limit: HandshakeLimit,
}

impl HandshakeLimit {
    fn new(bytes: usize) -> Self {
        Self(Arc::new(LimitState {
            remaining: AtomicUsize::new(bytes),
            is_lifted: AtomicBool::new(false),
            frame_use: Mutex::default(),
            is_over_share: AtomicBool::new(false),
        }))
    }

    /// Lets frames through from now on, as far as the client has a share left for them.
    pub(crate) fn lift(&self, frame_use: FrameUse) {
        *self.lock_use() = Some(frame_use);
        self.0.is_lifted.store(true, Ordering::Release);
    }

    fn is_lifted(&self) -> bool {
        self.0.is_lifted.load(Ordering::Acquire)
    }

    /// A frame has come to its end.
    pub(crate) fn record_end(&self) {
        if let Some(frame_use) = self.lock_use().as_mut() {
            frame_use.record_end();
        }
    }

    /// Whether the client used up its share of unfinished frames.
    pub(crate) fn is_over_share(&self) -> bool {
        self.0.is_over_share.load(Ordering::Acquire)
    }

    /// Counts bytes that were read; returns false when they are more than allowed.
    fn record_bytes(&self, bytes: usize) -> bool {
        if let Some(frame_use) = self.lock_use().as_mut() {
            let is_within = frame_use.record_bytes(bytes);
            self.0.is_over_share.store(!is_within, Ordering::Release);
            return is_within;
        }
        let left = self.0.remaining.load(Ordering::Acquire).saturating_sub(bytes);
        self.0.remaining.store(left, Ordering::Release);
        true
    }

    fn lock_use(&self) -> std::sync::MutexGuard<'_, Option<FrameUse>> {
        self.0.frame_use.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether more was read than allowed before the limit was lifted.
    pub(crate) fn is_exceeded(&self) -> bool {
        !self.is_lifted() && self.0.remaining.load(Ordering::Acquire) == 0
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for LimitedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.limit.is_exceeded() {
            return Poll::Ready(Err(io::Error::other("too much before the handshake")));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let read = buffer.filled().len() - before;
        if !self.limit.record_bytes(read) {
            return Poll::Ready(Err(io::Error::other("too many unfinished frames")));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for LimitedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Whether a request asks for a websocket.
pub(crate) fn is_upgrade(request: &Request<Incoming>) -> bool {
    let has_token = |name, token: &str| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| {
            value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token))
        })
    };
    has_token(UPGRADE, "websocket") && has_token(CONNECTION, "upgrade")
}

/// Accepts a websocket: the response to send, and the socket once it is sent. Without a socket the
/// response says why the request is no valid handshake.
pub(crate) fn accept_upgrade(
    mut request: Request<Incoming>,
) -> (HttpResponse, Option<OpeningSocket>) {
    let key = request.headers().get(SEC_WEBSOCKET_KEY);
    let accept = key.map(|key| derive_accept_key(key.as_bytes()));
    let Some(accept) = accept.and_then(|accept| HeaderValue::from_str(&accept).ok()) else {
        let refusal = text_response(StatusCode::BAD_REQUEST, "This is no websocket handshake.\n");
        return (refusal, None);
    };
    let version = HeaderValue::from_static("13");
    if request.headers().get(SEC_WEBSOCKET_VERSION) != Some(&version) {
        let mut refusal =
            text_response(StatusCode::UPGRADE_REQUIRED, "The version of websockets is 13.\n");
        refusal.headers_mut().insert(SEC_WEBSOCKET_VERSION, version);
        return (refusal, None);
    }
    let mut response = text_response(StatusCode::SWITCHING_PROTOCOLS, "");
    let headers = response.headers_mut();
    headers.clear();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    let upgraded = hyper::upgrade::on(&mut request);
    let socket = async move {
        let upgraded = upgraded.await.ok()?;
        let limit = HandshakeLimit::new(MAX_HANDSHAKE_BYTES);
        let stream = LimitedStream { stream: TokioIo::new(upgraded), limit: limit.clone() };
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_FRAME_BYTES))
            .max_frame_size(Some(MAX_FRAME_BYTES));
        let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
        Some((socket, limit))
    };
    (response, Some(Box::pin(socket)))
}
