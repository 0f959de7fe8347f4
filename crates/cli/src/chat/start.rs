//! How a chat on a terminal begins and ends.

use std::io;
use std::sync::PoisonError;

use openclaw_config::StateFile;
use openclaw_core::MessageRef;
use openclaw_runtime::{Conversation, Found, Place};
use openclaw_terminal::{Look, clip, render};

use super::ask::Person;
use super::desk::Desk;
use super::host::{Attended, Host, attend};
use super::numbers::tokens;
use super::thoughts::Reasoning;
use super::transcript::{Kind, rows};
use super::view::{Manner, said};
use super::{Awaiting, prepare, print_error};
use crate::args::chat::Chat;
use crate::commands::Context;
use crate::exit::Exit;
use crate::found;
use crate::printer::{Sheet, Style};

/// The most rows of the last answer that are shown again.
const SHOWN_AGAIN: usize = 12;

pub(super) async fn run(context: &Context, args: Chat, place: Option<Place>) -> io::Result<Exit> {
    // As long as the program lives there may be something to write.
    let sheet: &'static Sheet = Box::leak(Box::default());
    let printer = context.printer;
    let (person, questions) = Person::new();
    let awaiting = Awaiting::default();
    let (runtime, options) = prepare(context, &args, place, (Some(&person), Some(&awaiting)));
    let usual = if printer.is_verbose() { Reasoning::Full } else { Reasoning::Short };
    let reasoning = args.reasoning.unwrap_or(usual);
    let manner = Manner { printer, reasoning, columns: 80 };
    let history = StateFile::new(runtime.sessions_path().with_file_name("chat-history"));
    let mut desk = Desk::open(manner, sheet, history, questions)?;
    let own = Context { printer: printer.onto(sheet), runtime: runtime.clone() };
    desk.begin_work("connecting");
    let awaited = || awaiting.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let conversation = attend(&mut desk, Box::pin(runtime.conversation(options)), awaited).await;
    let conversation = match conversation {
        Ok(Attended::Done(Ok(conversation))) => conversation,
        Ok(Attended::Done(Err(error))) => {
            desk.close()?;
            context.print_notices();
            return Ok(print_error(printer, &error));
        }
        Ok(Attended::Stopped | Attended::End) => {
            desk.close()?;
            printer.note("stopped");
            return Ok(Exit::Interrupted);
        }
        Err(error) => return Err(error),
    };
    desk.end_work();
    greet(&mut desk, &conversation);
    tell_found(&own, conversation.found(), "Enter");
    let mut host = Host::new(own, desk, conversation);
    let exit = host.converse().await?;
    host.close()?;
    Ok(exit)
}

/// Says what there is, and what was said last.
fn greet(desk: &mut Desk, conversation: &Conversation) {
    let info = conversation.run().model.info();
    let version = env!("CARGO_PKG_VERSION");
    let window = tokens(info.limits.window);
    let source = info.limits.window_source;
    let line = format!(
        "openclaw {version} · {} · window {window} tokens ({source}) · session {}",
        info.reference,
        conversation.key()
    );
    desk.note(Style::Dim, &line);
    let so_far = match conversation.found().messages {
        0 => "nothing said so far".to_owned(),
        1 => "1 message so far".to_owned(),
        count => format!("{count} messages so far"),
    };
    desk.note(Style::Dim, &format!("{so_far} · /help tells what can be typed"));
    show_last(desk, conversation);
}

/// Shows the last exchange again, the beginning of a long answer only.
pub(super) fn show_last(desk: &mut Desk, conversation: &Conversation) {
    let messages: Vec<MessageRef<'_>> = conversation.history().messages().collect();
    let Some(at) = messages.iter().rposition(|message| matches!(message, MessageRef::User(_)))
    else {
        return;
    };
    let (printer, columns) = (desk.printer, desk.manner.columns);
    if let Some(MessageRef::User(text)) = messages.get(at) {
        let first = text.trim().lines().next().unwrap_or_default();
        let first = clip(first, columns.saturating_sub(2));
        desk.transcript.put(Kind::User, &said(printer, &first, columns));
    }
    let answer = messages.iter().skip(at).rev().find_map(|message| match message {
        MessageRef::Assistant { text, .. } if !text.trim().is_empty() => Some(*text),
        _ => None,
    });
    if let Some(answer) = answer {
        let width = u16::try_from(columns).unwrap_or(u16::MAX);
        let shown = render(answer, Look { width, colour: printer.color() });
        let all: Vec<String> = rows(&shown).collect();
        let more = all.len().saturating_sub(SHOWN_AGAIN);
        let mut shown: Vec<String> = all.into_iter().take(SHOWN_AGAIN).collect();
        if more > 0 {
            shown.push(printer.paint(Style::Dim, format!("… and {more} more rows")));
        }
        desk.transcript.put(Kind::Answer, &shown.join("\n"));
    }
    desk.transcript.part();
}

/// Says what was found in the session that its owner should know, and what takes a turn up.
pub(super) fn tell_found(context: &Context, found: &Found, resume: &str) {
    let printer = context.printer;
    found::tell(printer, found);
    if found.unfinished_turn {
        printer.warning("the last turn of this session was interrupted");
        printer.note(format_args!("  {resume} takes it up again; a message gives it up"));
    } else if found.unanswered_turn {
        printer.note("what was said last has no answer yet");
        printer.note(format_args!("  {resume} tries again; a message goes on without"));
    }
}
