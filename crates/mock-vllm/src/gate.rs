//! A handle that holds a chunk back until a test lets it go.

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

/// Holds whatever it is put in front of until [`Gate::open`] is called.
///
/// Clones share one state. A gate that was opened stays open.
#[derive(Clone)]
pub struct Gate {
    state: Arc<watch::Sender<State>>,
}

#[derive(Clone, Copy, Default)]
struct State {
    reached: bool,
    open: bool,
}

impl Gate {
    /// Makes a closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self { state: Arc::new(watch::Sender::new(State::default())) }
    }

    /// Lets everything behind the gate pass, now and later.
    pub fn open(&self) {
        self.state.send_modify(|state| state.open = true);
    }

    /// Waits until the server stands at the gate: all that comes before it was handed over.
    pub async fn reached(&self) {
        self.until(|state| state.reached).await;
    }

    pub(crate) async fn pass(&self) {
        self.state.send_modify(|state| state.reached = true);
        self.until(|state| state.open).await;
    }

    async fn until(&self, is_so: impl FnMut(&State) -> bool) {
        // An error means that the sender is gone, and `self` holds it.
        let _ = self.state.subscribe().wait_for(is_so).await;
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let State { reached, open } = *self.state.borrow();
        f.debug_struct("Gate").field("reached", &reached).field("open", &open).finish()
    }
}
