//! Time limits of a connection: how long a peer may read nothing of what is written to it, and how
//! slowly it may send a body.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Body;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// How long a write may wait for the peer to read.
pub(crate) const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the first bytes of a body may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// The bytes of a body that each allow a second more.
const BODY_BYTES_PER_SECOND: u64 = 16 * 1024;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyProblem {
    /// It has more bytes than allowed.
    TooLarge,
    /// It comes too slowly.
    TooSlow,
    /// Its end is missing.
    CutOff,
}

/// A stream that fails when the peer reads nothing for [`WRITE_TIMEOUT`].
#[derive(Debug)]
pub(crate) struct WriteTimeoutStream<S> {
    stream: S,
    /// Runs while a write waits.
    timeout: Option<Pin<Box<Sleep>>>,
}

impl<S> WriteTimeoutStream<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, timeout: None }
    }

    /// Passes on what became of a write, unless it waits for too long.
    fn limit<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.timeout = None;
            return written;
        }
        let timeout =
            self.timeout.get_or_insert_with(|| Box::pin(tokio::time::sleep(WRITE_TIMEOUT)));
        match timeout.as_mut().poll(context) {
            Poll::Ready(()) => {
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer reads nothing")))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WriteTimeoutStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WriteTimeoutStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.limit(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.limit(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.limit(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = Pin::new(&mut self.stream).poll_shutdown(context);
        self.limit(context, ended)
    }
}

/// Reads a body to its end.
///
/// # Errors
/// When it is too large, comes too slowly or is cut off.
pub(crate) async fn read_whole_body<B>(mut body: B, max_bytes: usize) -> Result<Bytes, BodyProblem>
where
    B: Body<Data = Bytes> + Unpin,
{
    let is_larger = |bytes: u64| usize::try_from(bytes).map_or(true, |bytes| bytes > max_bytes);
    if is_larger(body.size_hint().lower()) {
        return Err(BodyProblem::TooLarge);
    }
    let begun_at = Instant::now();
    let mut read = BytesMut::new();
    loop {
        let length = u64::try_from(read.len()).unwrap_or(u64::MAX);
        let limit = BODY_TIMEOUT + Duration::from_secs(length / BODY_BYTES_PER_SECOND);
        let frame = match tokio::time::timeout_at(begun_at + limit, body.frame()).await {
            Err(_) => return Err(BodyProblem::TooSlow),
            Ok(None) => return Ok(read.freeze()),
            Ok(Some(Err(_))) => return Err(BodyProblem::CutOff),
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(data) = frame.into_data() else { continue };
        if read.len() + data.len() > max_bytes {
            return Err(BodyProblem::TooLarge);
        }
        read.extend_from_slice(&data);
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;
    use http_body_util::StreamBody;
    use hyper::body::Frame;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    /// A body of pieces, each after a pause.
    fn slow_body(
        piece: &'static [u8],
        count: usize,
        pause: Duration,
    ) -> impl Body<Data = Bytes> + Unpin {
        let pieces = stream::unfold(0, move |sent| async move {
            if sent == count {
                return None;
            }
            tokio::time::sleep_until(Instant::now() + pause).await;
            Some((Ok::<_, Infallible>(Frame::data(Bytes::from_static(piece))), sent + 1))
        });
        StreamBody::new(Box::pin(pieces))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_comes_byte_by_byte_is_given_up() {
        let started_at = Instant::now();
        let body = slow_body(b"x", 1000, Duration::from_secs(1));
        assert_eq!(read_whole_body(body, 2000).await, Err(BodyProblem::TooSlow));
        assert_eq!(started_at.elapsed(), BODY_TIMEOUT);
        // A slow line is not a slow sender.
        let large = slow_body(&[b'x'; 8 * 1024], 800, Duration::from_millis(250));
        let read = read_whole_body(large, 10 << 20).await.unwrap();
        assert_eq!(read.len(), 800 * 8 * 1024);
        let larger = slow_body(b"xxxx", 3, Duration::ZERO);
        assert_eq!(read_whole_body(larger, 11).await, Err(BodyProblem::TooLarge));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_reads_nothing_ends_the_writing() {
        let (stream, mut peer) = duplex(64);
        let mut stream = WriteTimeoutStream::new(stream);
        // One that reads now and then is waited for.
        let reading = async {
            let mut piece = [0; 32];
            for _ in 0..10 {
                tokio::time::sleep_until(Instant::now() + WRITE_TIMEOUT / 2).await;
                peer.read_exact(&mut piece).await.unwrap();
            }
            peer
        };
        let (written, peer) = tokio::join!(stream.write_all(&[0; 320]), reading);
        written.unwrap();
        let started_at = Instant::now();
        let error = stream.write_all(&[0; 1000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(started_at.elapsed(), WRITE_TIMEOUT);
        drop(peer);
    }
}
