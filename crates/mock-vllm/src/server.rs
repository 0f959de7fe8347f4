//! The server's life: listening, dying, coming back.

use std::future::{pending, poll_fn};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::builder::MockVllmBuilder;
use crate::engine::{Engine, Life};
use crate::routes::handle;
use crate::{Reply, Seen};

/// How often a port that was given up is asked for again, and how long from one try to the next.
const TRIES: u32 = 400;
const BETWEEN_TRIES: Duration = Duration::from_millis(25);

/// A running server on 127.0.0.1. Dropping it ends it at once and frees the port.
#[derive(Debug)]
pub struct MockVllm {
    engine: Arc<Engine>,
    port: u16,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl MockVllm {
    /// Sets up a server. Without further settings it serves one model, `tiny`, with a window of
    /// 4096 tokens, without a key, answering by [`Brain::Rules`](crate::Brain::Rules).
    #[must_use]
    pub fn builder() -> MockVllmBuilder {
        MockVllmBuilder::default()
    }

    pub(crate) async fn start(engine: Engine, port: u16) -> io::Result<Self> {
        let listener = listen(port).await?;
        let port = listener.local_addr()?.port();
        engine.open(listener);
        let engine = Arc::new(engine);
        let task = tokio::spawn(serve(Arc::clone(&engine)));
        Ok(Self { engine, port, task: Mutex::new(Some(task)) })
    }

    /// The base URL for an OpenAI client: `http://127.0.0.1:PORT/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("{}/v1", self.root_url())
    }

    /// The URL without `/v1`, where `/health`, `/tokenize` and `/metrics` are.
    #[must_use]
    pub fn root_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The port, the same after a restart.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Every request so far, in the order in which their bodies were complete.
    #[must_use]
    pub fn requests(&self) -> Vec<Seen> {
        self.engine.requests()
    }

    /// Waits until `count` requests have arrived, and returns them all.
    pub async fn until_requests(&self, count: usize) -> Vec<Seen> {
        self.engine.until_requests(count).await;
        self.requests()
    }

    /// Adds a reply to the end of the script.
    pub fn push(&self, reply: impl Into<Reply>) {
        self.engine.push(reply.into());
    }

    /// Refuses new connections from now on; open ones are served. A server that was told to
    /// terminate does so, and falls silent as well: script [`Reply::silent_at`] for that.
    pub fn close_port(&self) {
        self.engine.close();
    }

    /// Dies like a killed process: the port refuses at once, every open connection is dropped.
    pub fn kill(&self) {
        self.engine.kill();
        if let Some(task) = self.take_task() {
            task.abort();
        }
    }

    /// Comes back on the same port, killing what may still run. The prefix cache is cold; the
    /// rest of the script and the requests seen are kept.
    ///
    /// # Errors
    ///
    /// If the port was taken by someone else in the meantime.
    pub async fn restart(&self) -> io::Result<()> {
        self.end().await;
        self.engine.open(listen_again(self.port).await?);
        let task = tokio::spawn(serve(Arc::clone(&self.engine)));
        *self.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
        Ok(())
    }

    /// Ends the server and waits until its last connection is gone.
    pub async fn stop(self) {
        self.end().await;
    }

    async fn end(&self) {
        self.engine.kill();
        if let Some(task) = self.take_task() {
            task.abort();
            // The error is the cancellation that was just asked for.
            let _ = task.await;
        }
    }

    fn take_task(&self) -> Option<JoinHandle<()>> {
        self.task.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for MockVllm {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
}

/// Takes a port again that was given up. Another program's connection may have it for a moment.
async fn listen_again(port: u16) -> io::Result<TcpListener> {
    let mut rest = TRIES;
    loop {
        match listen(port).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && rest > 0 => rest -= 1,
            listening => return listening,
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
}

/// Accepts until the port is closed. Aborting this aborts every connection.
async fn serve(engine: Arc<Engine>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = poll_fn(|context| engine.poll_accept(context)) => match accepted {
                Some(Ok(stream)) => {
                    connections.spawn(converse(Arc::clone(&engine), stream));
                }
                Some(Err(_)) => tokio::task::yield_now().await,
                None => break,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
    while connections.join_next().await.is_some() {}
}

async fn converse(engine: Arc<Engine>, stream: TcpStream) {
    let mut life = engine.life();
    let keep_alive = engine.setup.keep_alive;
    // Nagle's algorithm only delays; without this option all is as right, and slower.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| handle(Arc::clone(&engine), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(keep_alive)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let is_ending = async {
        if life.wait_for(|life| *life == Life::Ending).await.is_err() {
            pending::<()>().await;
        }
    };
    // How a connection ends is its client's affair, or the script's.
    let _ = tokio::select! {
        ended = connection.as_mut() => ended,
        () = is_ending => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
}
