//! Measures how long opening a connection takes, by a layer around the HTTP library's connector:
//! the library does not report it.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

/// Beyond this number, the oldest connection that no exchange claimed is forgotten.
const MAX_UNCLAIMED: usize = 64;

/// The opened connections of one client that no exchange claimed yet. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConnectTimings(Arc<Mutex<VecDeque<OpenedConnection>>>);

#[derive(Debug, Clone, Copy)]
struct OpenedConnection {
    started_at: Instant,
    duration: Duration,
}

impl ConnectTimings {
    /// Returns how long the connection of an exchange took that began at `since`; `None` when it
    /// reused one. Of exchanges that begin at the same time, either may get it.
    pub(crate) fn claim_connect_time(&self, since: Instant) -> Option<Duration> {
        let mut opened = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = opened.iter().position(|opened| opened.started_at >= since)?;
        opened.remove(found).map(|opened| opened.duration)
    }

    fn record_connection(&self, started_at: Instant) {
        let mut opened = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        opened.push_back(OpenedConnection { started_at, duration: started_at.elapsed() });
        if opened.len() > MAX_UNCLAIMED {
            opened.pop_front();
        }
    }
}

impl<S> Layer<S> for ConnectTimings {
    type Service = TimedConnector<S>;

    fn layer(&self, inner: S) -> TimedConnector<S> {
        TimedConnector { inner, timings: self.clone() }
    }
}

/// A connector that records its timings.
#[derive(Debug, Clone)]
pub(crate) struct TimedConnector<S> {
    inner: S,
    timings: ConnectTimings,
}

impl<S, R> Service<R> for TimedConnector<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let started_at = Instant::now();
        let opening = self.inner.call(request);
        let timings = self.timings.clone();
        Box::pin(async move {
            let connection = opening.await?;
            timings.record_connection(started_at);
            Ok(connection)
        })
    }
}
