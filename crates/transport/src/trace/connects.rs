//! Which connections were opened and how long that took, which the HTTP library tells only those
//! who stand in between.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

/// Connections that no exchange claimed are forgotten beyond so many.
const MOST: usize = 64;

/// The connections of one client that were opened and not claimed yet. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connects(Arc<Mutex<VecDeque<Opened>>>);

#[derive(Debug, Clone, Copy)]
struct Opened {
    begun: Instant,
    took: Duration,
}

impl Connects {
    /// How long the connection of an exchange took that began then and has an answer; `None` when
    /// it used an older one. Of exchanges that begin at the same time, either may get it.
    pub(crate) fn claim(&self, since: Instant) -> Option<Duration> {
        let mut opened = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = opened.iter().position(|opened| opened.begun >= since)?;
        opened.remove(found).map(|opened| opened.took)
    }

    fn note(&self, begun: Instant) {
        let mut opened = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        opened.push_back(Opened { begun, took: begun.elapsed() });
        if opened.len() > MOST {
            opened.pop_front();
        }
    }
}

impl<S> Layer<S> for Connects {
    type Service = Timed<S>;

    fn layer(&self, inner: S) -> Timed<S> {
        Timed { inner, connects: self.clone() }
    }
}

/// A connector that notes what it does.
#[derive(Debug, Clone)]
pub(crate) struct Timed<S> {
    inner: S,
    connects: Connects,
}

impl<S, R> Service<R> for Timed<S>
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
        let begun = Instant::now();
        let opening = self.inner.call(request);
        let connects = self.connects.clone();
        Box::pin(async move {
            let connection = opening.await?;
            connects.note(begun);
            Ok(connection)
        })
    }
}
