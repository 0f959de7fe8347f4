//! Runs the slash commands.

use std::io;
use std::ops::ControlFlow;

use futures_util::future::Either;
use openclaw_terminal::{TextStyle, sanitize};

use crate::command::{ChatCommand, help_text};
use crate::context::TRACE_FLUSH_TIMEOUT;
use crate::controller::{ChatController, ChatFlow, WorkOutcome, run_interactively};
use crate::conversation::{TurnRequest, WorkError, update_channel};
use crate::error_report::print_error_report;
use crate::exchanges::{ExchangeDetail, describe_exchange};
use crate::exchanges::{ExchangeSelector, find_exchange, open_trace_store};
use crate::file_changes::{UndoScope, UndoneTurn, diff_rows};
use crate::model_list::{MODEL_LIST_HINT, format_model_rows, listed_model};
use crate::number_format::format_tokens;
use crate::options::ChatOutcome;
use crate::status_text::{format_status, gateway_status_row};
use crate::turn::{set_reasoning, show_remaining_updates, show_update};
use crate::view::TurnView;

/// What `/trace` says about a conversation in a gateway.
pub(crate) const TRACE_IS_ELSEWHERE: &str = "what is said to the server is kept on the machine of \
    the gateway, with `diagnostics.trace.enabled`: `openclaw trace show` shows it there";

impl ChatController {
    pub(super) async fn run_command(&mut self, command: ChatCommand) -> io::Result<ChatFlow> {
        match command {
            ChatCommand::Help => self.terminal.print_note(TextStyle::Dim, &help_text()),
            ChatCommand::New(message) => return self.start_new_session(message).await,
            ChatCommand::Model(Some(name)) => return self.switch_model(&name).await,
            ChatCommand::Model(None) => return self.list_models().await,
            ChatCommand::Status => return self.print_status().await,
            ChatCommand::Compact => return self.compact_history().await,
            ChatCommand::Tools => return self.list_tools().await,
            ChatCommand::Undo(scope) => return self.undo_turn(scope).await,
            ChatCommand::Diff => return self.show_diff().await,
            ChatCommand::Resume(text) => return self.resume_turn_or_session(text).await,
            ChatCommand::Sessions(text) => return self.choose_session(text).await,
            ChatCommand::Trace(number) => self.show_trace(number)?,
            ChatCommand::Reasoning(Some(reasoning)) => set_reasoning(&mut self.terminal, reasoning),
            ChatCommand::Reasoning(None) => {
                let text = format!(
                    "reasoning is shown: {}",
                    self.terminal.render_options.reasoning.name()
                );
                self.terminal.print_note(TextStyle::Dim, &text);
            }
            ChatCommand::Exec(words) => return self.change_exec(words).await,
            ChatCommand::Quit => return Ok(ChatFlow::Quit(ChatOutcome::Quit)),
        }
        Ok(ChatFlow::Continue)
    }

    async fn start_new_session(&mut self, message: Option<String>) -> io::Result<ChatFlow> {
        let previous_session = self.conversation.facts().session_id;
        let work = self.run_work("beginning a session", async |it| it.start_new_session().await);
        if let ControlFlow::Break(flow) = work.await? {
            return Ok(flow);
        }
        self.context.print_connect_notes(&self.conversation.connect_notes());
        let text = format!("a new session begins; the one before is kept as {previous_session}");
        self.terminal.print_note(TextStyle::Dim, &text);
        match message {
            Some(message) => {
                self.terminal.print_user_message(&message);
                self.run_turn(TurnRequest::Message(message)).await
            }
            None => Ok(ChatFlow::Continue),
        }
    }

    /// Returns the model names known without asking a server, for completion.
    pub(super) fn collect_model_names(&self) -> Vec<String> {
        let known = self.conversation.known_models().into_iter();
        let mut names: Vec<String> = known.chain(self.listed_models.iter().cloned()).collect();
        names.retain(|name| !name.is_empty());
        names.sort_unstable();
        names.dedup();
        names
    }

    async fn list_models(&mut self) -> io::Result<ChatFlow> {
        let work = self.run_work("asking the servers", async |it| it.list_models().await);
        let list = match work.await? {
            ControlFlow::Continue(list) => list,
            ControlFlow::Break(flow) => return Ok(flow),
        };
        let current = self.conversation.facts().model.reference;
        let rows = format_model_rows(&list, &current);
        self.terminal.print_note(TextStyle::Dim, &rows.join("\n"));
        self.terminal.print_note(TextStyle::Dim, MODEL_LIST_HINT);
        self.context.print_warnings(&list.warnings);
        for failure in &list.failures {
            print_error_report(&self.context.printer, failure);
        }
        self.listed_models = list.models.into_iter().map(|model| model.id).collect();
        self.terminal.model_names = self.collect_model_names();
        Ok(ChatFlow::Continue)
    }

    async fn switch_model(&mut self, name: &str) -> io::Result<ChatFlow> {
        let name = listed_model(&self.listed_models, name);
        let work = self.run_work("connecting", async |it| it.switch_model(&name).await);
        if let ControlFlow::Break(flow) = work.await? {
            return Ok(flow);
        }
        self.context.print_connect_notes(&self.conversation.connect_notes());
        let model = self.conversation.facts().model;
        let (window, source) = (format_tokens(model.window), model.window_source);
        let text = format!("switched to {} · window {window} tokens ({source})", model.reference);
        self.terminal.print_note(TextStyle::Dim, &text);
        Ok(ChatFlow::Continue)
    }

    async fn compact_history(&mut self) -> io::Result<ChatFlow> {
        let (sender, mut updates) = update_channel();
        let facts = self.conversation.facts();
        let view = TurnView::new(self.terminal.render_options.clone(), facts.model);
        let view = view.with_activity("summarising the conversation");
        self.terminal.turn_view = Some(view.with_context_use(facts.context_use));
        let outcome = {
            let mut work = Box::pin(self.conversation.compact_history(sender));
            loop {
                let next = async {
                    tokio::select! {
                        biased;
                        Some(update) = updates.recv() => Either::Left(update),
                        result = &mut work => Either::Right(result),
                    }
                };
                match run_interactively(&mut self.terminal, next, || None).await? {
                    WorkOutcome::Done(Either::Left(update)) => {
                        show_update(&mut self.terminal, update);
                    }
                    WorkOutcome::Done(Either::Right(result)) => break WorkOutcome::Done(result),
                    WorkOutcome::Stopped => break WorkOutcome::Stopped,
                    WorkOutcome::Terminated => break WorkOutcome::Terminated,
                }
            }
        };
        show_remaining_updates(&mut self.terminal, &mut updates).await;
        self.end_view();
        match outcome {
            WorkOutcome::Done(Ok(true)) => {}
            WorkOutcome::Done(Ok(false)) => {
                let text =
                    "nothing was summarised: it would not make the conversation much smaller";
                self.terminal.print_note(TextStyle::Dim, text);
            }
            WorkOutcome::Done(Err(error)) => error.print(&self.context),
            WorkOutcome::Stopped => self.terminal.print_note(TextStyle::Yellow, "stopped"),
            WorkOutcome::Terminated => return Ok(ChatFlow::Quit(ChatOutcome::Interrupted)),
        }
        Ok(ChatFlow::Continue)
    }

    async fn undo_turn(&mut self, scope: UndoScope) -> io::Result<ChatFlow> {
        // Here it is not to be interrupted half-way; a gateway completes it by itself.
        let undone = if self.conversation.gateway().is_some() {
            match self.run_work("undoing", async |it| Ok(it.undo_turn(scope).await)).await? {
                ControlFlow::Continue(undone) => undone,
                ControlFlow::Break(flow) => return Ok(flow),
            }
        } else {
            self.conversation.undo_turn(scope).await
        };
        let UndoneTurn { is_turn_undone, message, file_text } = match undone {
            Ok(undone) => undone,
            Err(error) => {
                error.print(&self.context);
                if matches!(error, WorkError::Undo(_) | WorkError::UndoConflicts(_)) {
                    let text = "`/undo keep` takes the turn back and leaves the files as they are";
                    self.terminal.print_note(TextStyle::Dim, text);
                }
                return Ok(ChatFlow::Continue);
            }
        };
        match (is_turn_undone, scope) {
            (true, _) => {
                let undone = message.unwrap_or_default();
                let first = sanitize::escape_line(undone.lines().next().unwrap_or_default());
                let text = format!("undone: “{first}” and the rest of its turn\n{file_text}");
                self.terminal.print_note(TextStyle::Dim, text.trim_end());
                if self.terminal.editor.text().is_empty() {
                    self.terminal.editor.set_text(undone);
                }
            }
            (false, UndoScope::FilesOnly) => {
                self.terminal.print_note(TextStyle::Dim, &file_text);
            }
            _ => self.terminal.print_note(TextStyle::Dim, "there is no turn to undo"),
        }
        Ok(ChatFlow::Continue)
    }

    async fn show_diff(&mut self) -> io::Result<ChatFlow> {
        let work = self.run_work("comparing the files", async |it| it.last_turn_diff().await);
        match work.await? {
            ControlFlow::Continue(Some(diff)) => {
                for (style, row) in diff_rows(&diff) {
                    self.terminal.print_note(style, &row);
                }
            }
            ControlFlow::Continue(None) => {
                self.terminal.print_note(TextStyle::Dim, "no file change is kept");
            }
            ControlFlow::Break(flow) => return Ok(flow),
        }
        Ok(ChatFlow::Continue)
    }

    async fn list_tools(&mut self) -> io::Result<ChatFlow> {
        let work = self.run_work("reading the session", async |it| it.describe().await);
        let tools = match work.await? {
            ControlFlow::Continue(state) => state.tools,
            ControlFlow::Break(flow) => return Ok(flow),
        };
        let rows = tools
            .iter()
            .map(|tool| sanitize::escape_line(&format!("{:<8} {}", tool.name, tool.description)));
        let rows: Vec<String> = rows.collect();
        let text = if rows.is_empty() { "no tools".to_owned() } else { rows.join("\n") };
        self.terminal.print_note(TextStyle::Dim, &text);
        Ok(ChatFlow::Continue)
    }

    async fn print_status(&mut self) -> io::Result<ChatFlow> {
        let work = self.run_work("reading the session", async |it| it.describe().await);
        let state = match work.await? {
            ControlFlow::Continue(state) => state,
            ControlFlow::Break(flow) => return Ok(flow),
        };
        let reasoning_display = Some(self.terminal.render_options.reasoning.name());
        let context_use = self.conversation.facts().context_use;
        let mut text = format_status(&state, context_use, reasoning_display);
        if let Some(gateway) = self.conversation.gateway() {
            text = format!("{text}\n{}", gateway_status_row(gateway.address()));
        }
        self.terminal.print_note(TextStyle::Dim, &text);
        Ok(ChatFlow::Continue)
    }

    fn show_trace(&mut self, number: Option<u64>) -> io::Result<()> {
        if self.conversation.gateway().is_some() {
            self.terminal.print_note(TextStyle::Dim, TRACE_IS_ELSEWHERE);
            return Ok(());
        }
        let Some(trace) = self.context.models.trace() else {
            let text = "nothing is kept of what is said to the server: `openclaw chat --trace` \
                        does, or `diagnostics.trace.enabled`";
            self.terminal.print_note(TextStyle::Dim, text);
            return Ok(());
        };
        // An exchange not flushed in time is missing from this list only.
        let _ = trace.flush_to_disk(TRACE_FLUSH_TIMEOUT);
        let selector = number.map_or(ExchangeSelector::Last, ExchangeSelector::Number);
        let Some(store) = open_trace_store(&self.context) else { return Ok(()) };
        let Some(record) = find_exchange(&self.context, &store, selector) else { return Ok(()) };
        let text = describe_exchange(&record, ExchangeDetail::default());
        self.context.printer.write_answer(&self.context.models.redact_keys(&text))
    }
}
