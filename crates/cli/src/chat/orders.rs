//! What the program does when it is told to.

use std::io;

use futures_util::future::Either;
use openclaw_core::MessageRef;
use openclaw_runtime::{Conversation, channel};

use super::command::{COMMANDS, Command};
use super::host::{Attended, Flow, Host, attend};
use super::numbers::{self, tokens};
use super::turn::{set_reasoning, show, show_rest};
use super::view::TurnView;
use crate::args::trace::{TraceAction, TraceShow};
use crate::commands::{Context, trace};
use crate::exit::Exit;
use crate::printer::Style;
use crate::run::print_connect_error;
use crate::{report, visible};

/// The keys that are worth knowing.
const KEYS: &str = "\
Enter sends, Alt-Enter or a \\ before Enter begins a new line; Tab completes
Ctrl-C stops the turn, clears the line, and pressed twice quits; Ctrl-Z suspends
up, down and Ctrl-R find what was entered before; a line that begins with a space is not kept
while a turn runs, Enter says the line to it, before the model is asked again
a message that begins with a slash is written with two";

impl Host {
    pub(super) async fn command(&mut self, command: Command) -> io::Result<Flow> {
        match command {
            Command::Help => self.desk.note(Style::Dim, &help()),
            Command::New(message) => return self.begin_anew(message).await,
            Command::Model(Some(name)) => return self.use_model(&name).await,
            Command::Model(None) => return self.list_models().await,
            Command::Status => self.tell_status(),
            Command::Compact => return self.compact().await,
            Command::Tools => self.list_tools(),
            Command::Undo => self.undo().await,
            Command::Resume => return self.turn(None).await,
            Command::Trace(number) => self.show_trace(number)?,
            Command::Reasoning(Some(reasoning)) => set_reasoning(&mut self.desk, reasoning),
            Command::Reasoning(None) => {
                let text = format!("thoughts are shown: {}", self.desk.manner.reasoning.name());
                self.desk.note(Style::Dim, &text);
            }
            Command::Quit => return Ok(Flow::Quit(Exit::Ok)),
        }
        Ok(Flow::GoOn)
    }

    async fn begin_anew(&mut self, message: Option<String>) -> io::Result<Flow> {
        let before = self.conversation.session_id().clone();
        if let Err(error) = self.conversation.reset() {
            super::print_error(self.context.printer, &error);
            return Ok(Flow::GoOn);
        }
        let text = format!("a new session begins; the one before is kept as {before}");
        self.desk.note(Style::Dim, &text);
        match message {
            Some(message) => {
                self.desk.say(&message);
                self.turn(Some(message)).await
            }
            None => Ok(Flow::GoOn),
        }
    }

    /// The models that can be named without asking a server.
    pub(super) fn known_models(&self) -> Vec<String> {
        let status = self.context.runtime.status();
        let current = self.conversation.run().model.info().reference.to_string();
        let allowed = status.allowed.into_iter().filter(|name| !name.ends_with("/*"));
        let mut names: Vec<String> = std::iter::once(current)
            .chain(status.aliases.into_keys())
            .chain(status.default_model)
            .chain(status.fallbacks)
            .chain(allowed)
            .chain(self.listed.iter().cloned())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    async fn list_models(&mut self) -> io::Result<Flow> {
        let runtime = self.context.runtime.clone();
        self.desk.begin_work("asking the servers");
        let listed = attend(&mut self.desk, runtime.catalogue(None), || None).await?;
        self.desk.end_work();
        let catalogue = match listed {
            Attended::Done(catalogue) => catalogue,
            Attended::Stopped => return Ok(Flow::GoOn),
            Attended::End => return Ok(Flow::Quit(Exit::Interrupted)),
        };
        let current = self.conversation.run().model.info().reference;
        let mut lines = Vec::new();
        self.listed.clear();
        for (number, model) in catalogue.models.iter().enumerate() {
            let mark = if model.reference == current { "●" } else { " " };
            let window = model.window.map(|(window, _)| format!(" · {}", tokens(window)));
            let tags = (!model.tags.is_empty()).then(|| format!(" · {}", model.tags.join(", ")));
            let away = (!model.available).then_some(" · not available");
            lines.push(format!(
                "{mark} {:>2} {}{}{}{}",
                number + 1,
                model.reference,
                window.unwrap_or_default(),
                tags.unwrap_or_default(),
                away.unwrap_or_default(),
            ));
            self.listed.push(model.reference.to_string());
        }
        lines.push("`/model NUMBER` or `/model NAME` goes on with another".to_owned());
        self.desk.note(Style::Dim, &lines.join("\n"));
        for failure in &catalogue.failures {
            print_connect_error(self.context.printer, &failure.error);
        }
        self.desk.models = self.known_models();
        Ok(Flow::GoOn)
    }

    async fn use_model(&mut self, name: &str) -> io::Result<Flow> {
        let numbered = name.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let name = numbered.and_then(|place| self.listed.get(place)).map_or(name, String::as_str);
        self.desk.begin_work("connecting");
        let work = Box::pin(self.conversation.use_model(Some(name)));
        let connected = attend(&mut self.desk, work, || None).await?;
        self.desk.end_work();
        match connected {
            Attended::Done(Ok(())) => {
                let info = self.conversation.run().model.info();
                let (window, source) = (tokens(info.limits.window), info.limits.window_source);
                let text =
                    format!("{} goes on · window {window} tokens ({source})", info.reference);
                self.desk.note(Style::Dim, &text);
            }
            Attended::Done(Err(error)) => {
                print_connect_error(self.context.printer, &error);
            }
            Attended::Stopped => self.desk.note(Style::Yellow, "stopped"),
            Attended::End => return Ok(Flow::Quit(Exit::Interrupted)),
        }
        Ok(Flow::GoOn)
    }

    async fn compact(&mut self) -> io::Result<Flow> {
        let (sender, mut events) = channel();
        let run = self.conversation.run();
        let view = TurnView::new(self.desk.manner, run.model.clone(), run.attempts.clone());
        let view = view.doing("summarising the conversation");
        self.desk.view = Some(view.with_context(self.conversation.context()));
        let compacted = {
            let mut work = Box::pin(self.conversation.compact(sender));
            loop {
                let next = async {
                    tokio::select! {
                        biased;
                        Some(event) = events.recv() => Either::Left(event),
                        done = &mut work => Either::Right(done),
                    }
                };
                match attend(&mut self.desk, next, || None).await? {
                    Attended::Done(Either::Left(event)) => show(&mut self.desk, &event),
                    Attended::Done(Either::Right(done)) => break Attended::Done(done),
                    Attended::Stopped => break Attended::Stopped,
                    Attended::End => break Attended::End,
                }
            }
        };
        show_rest(&mut self.desk, &mut events).await;
        self.end_view();
        match compacted {
            Attended::Done(Ok(Some(_))) => {}
            Attended::Done(Ok(None)) => {
                let text =
                    "nothing was summarised: it would not make the conversation much smaller";
                self.desk.note(Style::Dim, text);
            }
            Attended::Done(Err(error)) => match error.model_error() {
                Some(error) => report::print(self.context.printer, error),
                None => report::print_turn(self.context.printer, &error),
            },
            Attended::Stopped => self.desk.note(Style::Yellow, "stopped"),
            Attended::End => return Ok(Flow::Quit(Exit::Interrupted)),
        }
        Ok(Flow::GoOn)
    }

    async fn undo(&mut self) {
        let before = said_by_user(&self.conversation);
        match self.conversation.undo_turn().await {
            Ok(true) => {
                let left = said_by_user(&self.conversation).len();
                let undone = before.get(left).or(before.last()).cloned().unwrap_or_default();
                let first = visible::line(undone.lines().next().unwrap_or_default());
                let text = format!(
                    "taken back: “{first}” and what came of it; what tools did to files stays done"
                );
                self.desk.note(Style::Dim, &text);
                if self.desk.editor.text().is_empty() {
                    self.desk.editor.set(undone);
                }
            }
            Ok(false) => self.desk.note(Style::Dim, "there is no turn to take back"),
            Err(error) => report::print_store(self.context.printer, &error),
        }
    }

    fn list_tools(&mut self) {
        let tools = self.conversation.run().agent.tools().clone();
        let rows = tools.iter().map(|tool| {
            let about = tool.description.lines().next().unwrap_or_default();
            visible::line(&format!("{:<8} {about}", tool.name.as_str()))
        });
        let rows: Vec<String> = rows.collect();
        let text = if rows.is_empty() { "no tools".to_owned() } else { rows.join("\n") };
        self.desk.note(Style::Dim, &text);
    }

    fn tell_status(&mut self) {
        let thoughts = Some(self.desk.manner.reasoning.name());
        let text = status(&self.context, &self.conversation, thoughts);
        self.desk.note(Style::Dim, &text);
    }

    fn show_trace(&mut self, number: Option<u64>) -> io::Result<()> {
        let Some(trace) = self.context.runtime.trace() else {
            let text = "nothing is kept of what is said to the server: `openclaw chat --trace` \
                        does, or `diagnostics.trace.enabled`";
            self.desk.note(Style::Dim, text);
            return Ok(());
        };
        // What is not written yet is shown the next time.
        let _ = trace.flush(crate::commands::TRACE_WAIT);
        let which = number.map_or("last".to_owned(), |number| number.to_string());
        let Ok(which) = which.parse() else { return Ok(()) };
        let show = TraceShow { which, json: false, events: false, full: false };
        trace::run(&self.context, TraceAction::Show(show))?;
        Ok(())
    }
}

/// How things stand, a row for each; `thoughts` is how those of the model are shown.
pub(super) fn status(
    context: &Context,
    conversation: &Conversation,
    thoughts: Option<&str>,
) -> String {
    let (run, info) = (conversation.run(), conversation.run().model.info());
    let window = format!("{} tokens ({})", info.limits.window, info.limits.window_source);
    let used = conversation.context();
    let used = used.map_or("nothing counted yet".to_owned(), |used| {
        let cached = used.cached.map(|cached| format!(", {} cached", tokens(cached)));
        numbers::context(used) + &cached.unwrap_or_default()
    });
    let messages = conversation.history().messages().count();
    let mut rows = vec![
        ("model", info.reference.to_string()),
        ("window", window),
        ("used", used),
        ("session", format!("{} · {messages} {}", conversation.key(), plural(messages))),
        ("id", conversation.session_id().to_string()),
        ("agent", format!("{} · {} prompt", conversation.agent_id(), run.profile.name())),
        ("tools", run.agent.tools().len().to_string()),
        ("workspace", run.workspace.display().to_string()),
    ];
    rows.extend(thoughts.map(|thoughts| ("thoughts", thoughts.to_owned())));
    for breaker in context.runtime.status().breakers {
        rows.push(("asked last", format!("{}: failed to {}", breaker.name, breaker.reason)));
    }
    let rows = rows.iter().map(|(name, value)| visible::line(&format!("{name:<10} {value}")));
    rows.collect::<Vec<_>>().join("\n")
}

fn plural(messages: usize) -> &'static str {
    if messages == 1 { "message" } else { "messages" }
}

/// What can be typed.
pub(super) fn help() -> String {
    let commands = COMMANDS.iter().map(|(name, takes, what)| {
        let form = format!("{name} {takes}");
        format!("{form:<32} {what}")
    });
    commands.chain(KEYS.lines().map(str::to_owned)).collect::<Vec<_>>().join("\n")
}

/// What the user said, in order.
fn said_by_user(conversation: &Conversation) -> Vec<String> {
    let messages = conversation.history().messages();
    let said = messages.filter_map(|message| match message {
        MessageRef::User(text) => Some(text.into_owned()),
        _ => None,
    });
    said.collect()
}
