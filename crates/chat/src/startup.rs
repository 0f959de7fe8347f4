//! Starts and ends a chat on a terminal.

use std::io;
use std::sync::{Arc, PoisonError};

use openclaw_fs::StateFile;
use openclaw_terminal::{MarkdownOptions, OutputBuffer, TextStyle, clip_row, render_markdown};

use crate::context::CommandContext;
use crate::controller::{ChatController, WorkOutcome, run_interactively};
use crate::conversation::{ChatConversation, ConversationFacts, LastExchange};
use crate::number_format::format_tokens;
use crate::options::{ChatOptions, ChatOutcome};
use crate::prompter::ChatPrompter;
use crate::reasoning::ReasoningDisplay;
use crate::recovery_notice::print_recovery_notice;
use crate::scrollback::{RowKind, split_rows};
use crate::setup::{SharedWaitReason, open_conversation};
use crate::terminal::ChatTerminal;
use crate::view::{RenderOptions, format_user_message};

/// The most rows of the last answer that are printed again at startup.
const MAX_LAST_ANSWER_ROWS: usize = 12;

pub(super) async fn run(
    context: &CommandContext,
    chat_options: &ChatOptions,
) -> io::Result<ChatOutcome> {
    let output_buffer: Arc<OutputBuffer> = Arc::default();
    let printer = &context.printer;
    let (prompter, questions) = ChatPrompter::new();
    let wait_reason = SharedWaitReason::default();
    let default_display =
        if printer.is_verbose() { ReasoningDisplay::Full } else { ReasoningDisplay::Short };
    let reasoning = chat_options.reasoning.unwrap_or(default_display);
    let render_options = RenderOptions { printer: printer.clone(), reasoning, columns: 80 };
    let history = context.runtime().sessions_path().with_file_name("chat-history");
    let history = StateFile::new(history);
    let terminal_context = CommandContext {
        printer: printer.with_output_buffer(output_buffer.clone()),
        models: context.models.clone(),
        nodes: context.nodes.clone(),
    };
    let mut terminal = ChatTerminal::open(render_options, output_buffer, history, questions)?;
    terminal.start_work("connecting");
    let wait_note = || wait_reason.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let opening =
        Box::pin(open_conversation(context, chat_options, Some(&prompter), Some(&wait_reason)));
    let conversation = match run_interactively(&mut terminal, opening, wait_note).await? {
        WorkOutcome::Done(Ok(conversation)) => conversation,
        WorkOutcome::Done(Err(error)) => {
            terminal.close()?;
            error.print(context);
            return Ok(error.into_outcome());
        }
        WorkOutcome::Stopped | WorkOutcome::Terminated => {
            terminal.close()?;
            printer.print_note("stopped");
            return Ok(ChatOutcome::Interrupted);
        }
    };
    terminal.end_work();
    print_greeting(&mut terminal, &terminal_context, &conversation).await;
    let mut controller = ChatController::new(terminal_context, terminal, conversation);
    let exit = controller.run(chat_options.first_message.clone()).await?;
    controller.close()?;
    Ok(exit)
}

/// Prints the model, the session, the last exchange, and how both were found.
async fn print_greeting(
    terminal: &mut ChatTerminal,
    context: &CommandContext,
    conversation: &ChatConversation,
) {
    let facts = conversation.facts();
    terminal.print_note(TextStyle::Dim, &greeting_line(conversation));
    let message_count = match facts.messages {
        _ if conversation.opened_session().is_none() => "a turn runs in this session".to_owned(),
        0 => "nothing said so far".to_owned(),
        1 => "1 message so far".to_owned(),
        count => format!("{count} messages so far"),
    };
    let text = format!("{message_count} · /help lists the commands and keys");
    terminal.print_note(TextStyle::Dim, &text);
    if !facts.workspace.is_empty() {
        terminal.print_note(TextStyle::Dim, &facts.describe_workspace());
    }
    show_last_exchange(terminal, context, conversation).await;
    context.print_connect_notes(&conversation.connect_notes());
    print_recovery_notice(&context.printer, conversation, "Enter");
}

/// The model, the window, the session, and the gateway that it is in.
pub(crate) fn greeting_line(conversation: &ChatConversation) -> String {
    let ConversationFacts { model, session_key, .. } = conversation.facts();
    let mut parts = vec![format!("openclaw {}", env!("CARGO_PKG_VERSION"))];
    if !model.reference.is_empty() {
        let window = format_tokens(model.window);
        parts.push(format!(
            "{} · window {window} tokens ({})",
            model.reference, model.window_source
        ));
    }
    parts.push(format!("session {session_key}"));
    parts.extend(conversation.gateway().map(|gateway| format!("in {}", gateway.address())));
    parts.join(" · ")
}

/// Prints the last exchange again, and of a long answer only the beginning.
pub(super) async fn show_last_exchange(
    terminal: &mut ChatTerminal,
    context: &CommandContext,
    conversation: &ChatConversation,
) {
    // What runs is shown from its beginning.
    if conversation.opened_session().is_none() {
        return;
    }
    let LastExchange { message, answer } = match conversation.last_exchange().await {
        Ok(Some(exchange)) => exchange,
        Ok(None) => return,
        Err(error) => return error.print(context),
    };
    let RenderOptions { printer, columns, .. } = terminal.render_options.clone();
    let first = message.trim().lines().next().unwrap_or_default();
    let clipped_line = clip_row(first, columns.saturating_sub(2));
    let row = format_user_message(&printer, &clipped_line, columns);
    terminal.scrollback.push_rows(RowKind::User, &row);
    if let Some(answer) = answer {
        let all = answer_rows(terminal, &answer);
        let omitted_rows = all.len().saturating_sub(MAX_LAST_ANSWER_ROWS);
        let mut shown_rows: Vec<String> = all.into_iter().take(MAX_LAST_ANSWER_ROWS).collect();
        if omitted_rows > 0 {
            let rows = if omitted_rows == 1 { "row" } else { "rows" };
            let text = format!("… and {omitted_rows} more {rows}");
            shown_rows.push(printer.style_text(TextStyle::Dim, text));
        }
        terminal.scrollback.push_rows(RowKind::Answer, &shown_rows.join("\n"));
    }
    terminal.scrollback.request_gap();
}

/// Prints a whole answer.
pub(super) fn show_answer(terminal: &mut ChatTerminal, answer: &str) {
    let rows = answer_rows(terminal, answer);
    terminal.scrollback.request_gap();
    terminal.scrollback.push_rows(RowKind::Answer, &rows.join("\n"));
}

fn answer_rows(terminal: &ChatTerminal, answer: &str) -> Vec<String> {
    let RenderOptions { printer, columns, .. } = &terminal.render_options;
    let width = u16::try_from(*columns).unwrap_or(u16::MAX);
    let options = MarkdownOptions { width, colour: printer.uses_color() };
    split_rows(&render_markdown(answer, options)).collect()
}
