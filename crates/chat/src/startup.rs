//! Starts and ends a chat on a terminal.

use std::io;
use std::sync::{Arc, PoisonError};

use openclaw_core::MessageRef;
use openclaw_fs::StateFile;
use openclaw_runtime::Conversation;
use openclaw_terminal::{
    MarkdownOptions, OutputBuffer, TextStyle, clip_row, render_markdown, sanitize,
};

use crate::context::CommandContext;
use crate::controller::{ChatController, WorkOutcome, run_interactively};
use crate::number_format::format_tokens;
use crate::options::{ChatOptions, ChatOutcome};
use crate::prompter::ChatPrompter;
use crate::reasoning::ReasoningDisplay;
use crate::recovery_notice::print_recovery_notice;
use crate::scrollback::{RowKind, split_rows};
use crate::setup::{SharedWaitReason, prepare_conversation, print_conversation_error};
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
    let (runtime, options) =
        prepare_conversation(context, chat_options, Some(&prompter), Some(&wait_reason));
    let default_display =
        if printer.is_verbose() { ReasoningDisplay::Full } else { ReasoningDisplay::Short };
    let reasoning = chat_options.reasoning.unwrap_or(default_display);
    let render_options = RenderOptions { printer: printer.clone(), reasoning, columns: 80 };
    let history = StateFile::new(runtime.sessions_path().with_file_name("chat-history"));
    let terminal_context = CommandContext {
        printer: printer.with_output_buffer(output_buffer.clone()),
        models: runtime.models().clone(),
        nodes: context.nodes.clone(),
    };
    let mut terminal = ChatTerminal::open(render_options, output_buffer, history, questions)?;
    terminal.start_work("connecting");
    let wait_note = || wait_reason.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let conversation =
        run_interactively(&mut terminal, Box::pin(runtime.open_conversation(options)), wait_note)
            .await;
    let conversation = match conversation {
        Ok(WorkOutcome::Done(Ok(conversation))) => conversation,
        Ok(WorkOutcome::Done(Err(error))) => {
            terminal.close()?;
            print_conversation_error(printer, &error);
            return Ok(ChatOutcome::Failed(error));
        }
        Ok(WorkOutcome::Stopped | WorkOutcome::Terminated) => {
            terminal.close()?;
            printer.print_note("stopped");
            return Ok(ChatOutcome::Interrupted);
        }
        Err(error) => return Err(error),
    };
    terminal.end_work();
    print_greeting(&mut terminal, &conversation);
    terminal_context.print_connect_report(&conversation.agent_run().report);
    print_recovery_notice(&terminal_context.printer, conversation.recovery_report(), "Enter");
    let mut controller = ChatController::new(terminal_context, terminal, conversation);
    let exit = controller.run(chat_options.first_message.clone()).await?;
    controller.close()?;
    Ok(exit)
}

/// Prints the model, the session and the last exchange.
fn print_greeting(terminal: &mut ChatTerminal, conversation: &Conversation) {
    let info = conversation.agent_run().model.model_info();
    let version = env!("CARGO_PKG_VERSION");
    let window = format_tokens(info.limits.context_window);
    let source = info.limits.context_window_source;
    let line = format!(
        "openclaw {version} · {} · window {window} tokens ({source}) · session {}",
        info.reference,
        conversation.session_key()
    );
    terminal.print_note(TextStyle::Dim, &line);
    let message_count = match conversation.recovery_report().messages {
        0 => "nothing said so far".to_owned(),
        1 => "1 message so far".to_owned(),
        count => format!("{count} messages so far"),
    };
    terminal.print_note(
        TextStyle::Dim,
        &format!("{message_count} · /help lists the commands and keys"),
    );
    terminal.print_note(TextStyle::Dim, &describe_workspace(conversation));
    show_last_exchange(terminal, conversation);
}

/// Names the folder that the agent works in, in one line.
pub(crate) fn describe_workspace(conversation: &Conversation) -> String {
    let workspace = conversation.agent_run().workspace.display().to_string();
    format!("works in {}", sanitize::escape_line(&workspace))
}

/// Prints the last exchange again, and of a long answer only the beginning.
pub(super) fn show_last_exchange(terminal: &mut ChatTerminal, conversation: &Conversation) {
    let messages: Vec<MessageRef<'_>> = conversation.history().messages().collect();
    let Some(last_user_index) =
        messages.iter().rposition(|message| matches!(message, MessageRef::User(_)))
    else {
        return;
    };
    let RenderOptions { printer, columns, .. } = terminal.render_options.clone();
    if let Some(MessageRef::User(text)) = messages.get(last_user_index) {
        let first = text.trim().lines().next().unwrap_or_default();
        let clipped_line = clip_row(first, columns.saturating_sub(2));
        terminal
            .scrollback
            .push_rows(RowKind::User, &format_user_message(&printer, &clipped_line, columns));
    }
    let answer = messages.iter().skip(last_user_index).rev().find_map(|message| match message {
        MessageRef::Assistant { text, .. } if !text.trim().is_empty() => Some(*text),
        _ => None,
    });
    if let Some(answer) = answer {
        let width = u16::try_from(columns).unwrap_or(u16::MAX);
        let rendered =
            render_markdown(answer, MarkdownOptions { width, colour: printer.uses_color() });
        let all: Vec<String> = split_rows(&rendered).collect();
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
