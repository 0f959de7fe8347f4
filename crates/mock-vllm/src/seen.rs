//! What clients sent: every request, and whether its client left before the answer was whole.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::watch;

/// One request as it arrived.
#[derive(Clone)]
pub struct Seen {
    /// The method, upper case.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The headers by lower-case name; repeated ones are joined with `, `.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Bytes,
    pub(crate) left: Arc<watch::Sender<bool>>,
}

impl Seen {
    /// The value of a header, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The body as JSON; null if it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Says whether the client hung up before the whole answer was handed over.
    #[must_use]
    pub fn aborted(&self) -> bool {
        *self.left.borrow()
    }

    /// Waits until the client hangs up. Never returns if the answer is completed first.
    pub async fn until_aborted(&self) {
        // An error means that the sender is gone, and `self` holds it.
        let _ = self.left.subscribe().wait_for(|left| *left).await;
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers may hold a key.
        f.debug_struct("Seen")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("body", &String::from_utf8_lossy(&self.body))
            .field("aborted", &self.aborted())
            .finish_non_exhaustive()
    }
}
