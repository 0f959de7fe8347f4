//! Runs the slash commands.

use std::io;

use futures_util::future::Either;
use openclaw_core::MessageRef;
use openclaw_runtime::{Conversation, event_channel};
use openclaw_terminal::{TextStyle, sanitize};

use crate::command::{ChatCommand, help_text};
use crate::context::TRACE_FLUSH_TIMEOUT;
use crate::controller::{ChatController, ChatFlow, WorkOutcome, run_interactively};
use crate::error_report::{self, print_agent_error, print_connect_error};
use crate::exchanges::{ExchangeDetail, describe_exchange};
use crate::exchanges::{ExchangeSelector, find_exchange, open_trace_store};
use crate::file_changes::{
    UndoFailure, UndoScope, UndoneTurn, diff_rows, print_undo_error, undo_last_turn,
};
use crate::number_format::format_tokens;
use crate::options::ChatOutcome;
use crate::setup::print_conversation_error;
use crate::status_text::format_status;
use crate::turn::{set_reasoning, show_event, show_remaining_events};
use crate::view::TurnView;

impl ChatController {
    pub(super) async fn run_command(&mut self, command: ChatCommand) -> io::Result<ChatFlow> {
        match command {
            ChatCommand::Help => self.terminal.print_note(TextStyle::Dim, &help_text()),
            ChatCommand::New(message) => return self.start_new_session(message).await,
            ChatCommand::Model(Some(name)) => return self.switch_model(&name).await,
            ChatCommand::Model(None) => return self.list_models().await,
            ChatCommand::Status => self.print_status().await,
            ChatCommand::Compact => return self.compact_history().await,
            ChatCommand::Tools => self.list_tools(),
            ChatCommand::Undo(scope) => self.undo_turn(scope).await,
            ChatCommand::Diff => self.show_diff().await,
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
        let previous_session = self.conversation.session_id().clone();
        if let Err(error) = self.conversation.start_new_session().await {
            print_conversation_error(&self.context.printer, &error);
            return Ok(ChatFlow::Continue);
        }
        self.context.print_connect_report(&self.conversation.agent_run().report);
        let text = format!("a new session begins; the one before is kept as {previous_session}");
        self.terminal.print_note(TextStyle::Dim, &text);
        match message {
            Some(message) => {
                self.terminal.print_user_message(&message);
                self.run_turn(Some(message)).await
            }
            None => Ok(ChatFlow::Continue),
        }
    }

    /// Returns the model names known without asking a server, for completion.
    pub(super) fn collect_model_names(&self) -> Vec<String> {
        let status = self.context.models.setup_status();
        let current = self.conversation.agent_run().model.model_info().reference.to_string();
        let allowed = status.allowed.into_iter().filter(|name| !name.ends_with("/*"));
        let mut names: Vec<String> = std::iter::once(current)
            .chain(status.aliases.into_keys())
            .chain(status.default_model)
            .chain(status.fallbacks)
            .chain(allowed)
            .chain(self.listed_models.iter().cloned())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    async fn list_models(&mut self) -> io::Result<ChatFlow> {
        let models = self.context.models.clone();
        self.terminal.start_work("asking the servers");
        let outcome =
            run_interactively(&mut self.terminal, models.model_catalogue(None), || None).await?;
        self.terminal.end_work();
        let catalogue = match outcome {
            WorkOutcome::Done(catalogue) => catalogue,
            WorkOutcome::Stopped => return Ok(ChatFlow::Continue),
            WorkOutcome::Terminated => return Ok(ChatFlow::Quit(ChatOutcome::Interrupted)),
        };
        let current = self.conversation.agent_run().model.model_info().reference;
        let mut lines = Vec::new();
        self.listed_models.clear();
        for (number, model) in catalogue.models.iter().enumerate() {
            let mark = if model.reference == current { "●" } else { " " };
            let window = model.window.map(|(window, _)| format!(" · {}", format_tokens(window)));
            let tags = (!model.tags.is_empty()).then(|| format!(" · {}", model.tags.join(", ")));
            let unavailable = (!model.available).then_some(" · not available");
            lines.push(format!(
                "{mark} {:>2} {}{}{}{}",
                number + 1,
                model.reference,
                window.unwrap_or_default(),
                tags.unwrap_or_default(),
                unavailable.unwrap_or_default(),
            ));
            self.listed_models.push(model.reference.to_string());
        }
        lines.push("`/model NUMBER` or `/model NAME` switches to another model".to_owned());
        self.terminal.print_note(TextStyle::Dim, &lines.join("\n"));
        self.context.print_warnings(&catalogue.warnings);
        for failure in &catalogue.failures {
            print_connect_error(&self.context.printer, &failure.error);
        }
        self.terminal.model_names = self.collect_model_names();
        Ok(ChatFlow::Continue)
    }

    async fn switch_model(&mut self, name: &str) -> io::Result<ChatFlow> {
        let index = name.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let name =
            index.and_then(|index| self.listed_models.get(index)).map_or(name, String::as_str);
        self.terminal.start_work("connecting");
        let work = Box::pin(self.conversation.switch_model(Some(name)));
        let outcome = run_interactively(&mut self.terminal, work, || None).await?;
        self.terminal.end_work();
        match outcome {
            WorkOutcome::Done(Ok(())) => {
                self.context.print_connect_report(&self.conversation.agent_run().report);
                let info = self.conversation.agent_run().model.model_info();
                let (window, source) =
                    (format_tokens(info.limits.context_window), info.limits.context_window_source);
                let text =
                    format!("switched to {} · window {window} tokens ({source})", info.reference);
                self.terminal.print_note(TextStyle::Dim, &text);
            }
            WorkOutcome::Done(Err(error)) => {
                print_agent_error(&self.context.printer, &error);
            }
            WorkOutcome::Stopped => self.terminal.print_note(TextStyle::Yellow, "stopped"),
            WorkOutcome::Terminated => return Ok(ChatFlow::Quit(ChatOutcome::Interrupted)),
        }
        Ok(ChatFlow::Continue)
    }

    async fn compact_history(&mut self) -> io::Result<ChatFlow> {
        let (sender, mut events) = event_channel();
        let run = self.conversation.agent_run();
        let view = TurnView::new(self.terminal.render_options.clone(), run.model.clone());
        let view = view.with_activity("summarising the conversation");
        self.terminal.turn_view = Some(view.with_context_use(self.conversation.context_use()));
        let outcome = {
            let mut work = Box::pin(self.conversation.compact_history(sender));
            loop {
                let next = async {
                    tokio::select! {
                        biased;
                        Some(event) = events.recv() => Either::Left(event),
                        result = &mut work => Either::Right(result),
                    }
                };
                match run_interactively(&mut self.terminal, next, || None).await? {
                    WorkOutcome::Done(Either::Left(event)) => {
                        show_event(&mut self.terminal, &event);
                    }
                    WorkOutcome::Done(Either::Right(result)) => break WorkOutcome::Done(result),
                    WorkOutcome::Stopped => break WorkOutcome::Stopped,
                    WorkOutcome::Terminated => break WorkOutcome::Terminated,
                }
            }
        };
        show_remaining_events(&mut self.terminal, &mut events).await;
        self.end_view();
        match outcome {
            WorkOutcome::Done(Ok(Some(_))) => {}
            WorkOutcome::Done(Ok(None)) => {
                let text =
                    "nothing was summarised: it would not make the conversation much smaller";
                self.terminal.print_note(TextStyle::Dim, text);
            }
            WorkOutcome::Done(Err(error)) => match error.model_error() {
                Some(error) => error_report::print_model_error(&self.context.printer, error),
                None => error_report::print_turn_error(&self.context.printer, &error),
            },
            WorkOutcome::Stopped => self.terminal.print_note(TextStyle::Yellow, "stopped"),
            WorkOutcome::Terminated => return Ok(ChatFlow::Quit(ChatOutcome::Interrupted)),
        }
        Ok(ChatFlow::Continue)
    }

    async fn undo_turn(&mut self, scope: UndoScope) {
        let messages_before = user_messages(&self.conversation);
        let undone_turn = match undo_last_turn(&mut self.conversation, scope).await {
            Ok(undone) => undone,
            Err(UndoFailure::Files(error)) => {
                print_undo_error(&self.context.printer, &error);
                let text = "`/undo keep` takes the turn back and leaves the files as they are";
                return self.terminal.print_note(TextStyle::Dim, text);
            }
            Err(UndoFailure::Store(error)) => {
                return error_report::print_store_error(&self.context.printer, &error);
            }
        };
        let UndoneTurn { is_turn_undone, file_text } = undone_turn;
        match (is_turn_undone, scope) {
            (true, _) => {
                let remaining = user_messages(&self.conversation).len();
                let undone = messages_before
                    .get(remaining)
                    .or(messages_before.last())
                    .cloned()
                    .unwrap_or_default();
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
    }

    async fn show_diff(&mut self) {
        match self.conversation.last_turn_diff().await {
            Ok(Some(diff)) => {
                for (style, row) in diff_rows(&diff) {
                    self.terminal.print_note(style, &row);
                }
            }
            Ok(None) => self.terminal.print_note(TextStyle::Dim, "no file change is kept"),
            Err(error) => print_undo_error(&self.context.printer, &error.into()),
        }
    }

    fn list_tools(&mut self) {
        let tools = self.conversation.agent_run().agent.tool_specs().clone();
        let rows = tools.iter().map(|tool| {
            let summary = tool.description.lines().next().unwrap_or_default();
            sanitize::escape_line(&format!("{:<8} {summary}", tool.name.as_str()))
        });
        let rows: Vec<String> = rows.collect();
        let text = if rows.is_empty() { "no tools".to_owned() } else { rows.join("\n") };
        self.terminal.print_note(TextStyle::Dim, &text);
    }

    async fn print_status(&mut self) {
        let reasoning_display = Some(self.terminal.render_options.reasoning.name());
        let text = format_status(&self.context, &self.conversation, reasoning_display).await;
        self.terminal.print_note(TextStyle::Dim, &text);
    }

    fn show_trace(&mut self, number: Option<u64>) -> io::Result<()> {
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

/// Returns the user's messages, oldest first.
fn user_messages(conversation: &Conversation) -> Vec<String> {
    let messages = conversation.history().messages();
    let texts = messages.filter_map(|message| match message {
        MessageRef::User(text) => Some(text.into_owned()),
        _ => None,
    });
    texts.collect()
}
