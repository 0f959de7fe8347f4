//! `/exec`: shows and changes how commands run in the session.

use std::io;
use std::ops::ControlFlow;

use openclaw_terminal::TextStyle;

use crate::controller::{ChatController, ChatFlow};

impl ChatController {
    /// Changes how commands run; without words, shows it.
    pub(super) async fn change_exec(&mut self, words: Option<String>) -> io::Result<ChatFlow> {
        let label = match words {
            Some(_) => "changing how commands run",
            None => "reading the session",
        };
        let work = self.run_work(label, async |it| it.change_exec(words.as_deref()).await);
        Ok(match work.await? {
            ControlFlow::Continue(commands) => {
                self.terminal.print_note(TextStyle::Dim, &commands);
                ChatFlow::Continue
            }
            ControlFlow::Break(flow) => flow,
        })
    }
}
