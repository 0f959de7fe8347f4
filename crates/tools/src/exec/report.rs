//! Formats the result of a command for the model.

use std::error::Error;
use std::time::Duration;

use openclaw_core::ToolOutput;
use openclaw_process::{CommandEnd, CommandResult, ProcessError, SurvivingProcess};
use openclaw_protocol::gateway::SystemRunResult;

/// Stands for the output of a command that printed nothing.
const NO_OUTPUT: &str = "[no output]";
/// How many processes that could not be ended are named.
const MAX_NAMED_SURVIVORS: usize = 5;

/// Formats how a command ended, followed by its output.
fn format_result(result: &CommandResult) -> ToolOutput {
    let (end_line, summary) = match result.end {
        CommandEnd::Exited(code) => (format!("exit code {code}"), format!("exit {code}")),
        CommandEnd::Signalled(signal) => {
            (format!("ended by signal {signal}"), format!("signal {signal}"))
        }
        CommandEnd::Stopped => ("ended by `process`".to_owned(), "killed".to_owned()),
        CommandEnd::TimedOut(limit) => (
            format!("timed out: it ran for the {} it may and was ended", format_seconds(limit)),
            "timed out".to_owned(),
        ),
    };
    let survivors = format_survivors(&result.survivors);
    let output = result.output.to_text();
    let output = if output.is_empty() { NO_OUTPUT } else { &output };
    let text = format!("{end_line}{survivors}\n{output}");
    ToolOutput {
        text,
        images: Vec::new(),
        is_error: result.end != CommandEnd::Exited(0),
        summary: Some(summary),
        original_digest: None,
    }
}

/// Formats how a command ended on a node, followed by its output and then its error output.
pub(crate) fn format_node_result(result: &SystemRunResult, node: &str) -> ToolOutput {
    let (end, summary) = match (result.exit_code, result.timed_out) {
        (_, true) => ("timed out and was ended".to_owned(), "timed out".to_owned()),
        (Some(code), _) => (format!("exit code {code}"), format!("exit {code}")),
        (None, _) => ("ended by a signal".to_owned(), "signal".to_owned()),
    };
    let mut text = format!("{end} (on the node `{}`)\n", node.escape_debug());
    let start = text.len();
    for part in [&result.stdout, &result.stderr] {
        text.push_str(part);
        if !part.is_empty() && !part.ends_with('\n') {
            text.push('\n');
        }
    }
    if text.len() == start {
        text.push_str(NO_OUTPUT);
    }
    if result.truncated {
        text.push_str("[… the node left out a part of the output …]\n");
    }
    if let Some(error) = &result.error {
        text.extend(["[", error.as_str(), "]\n"]);
    }
    ToolOutput {
        text,
        images: Vec::new(),
        is_error: !result.success,
        summary: Some(summary),
        original_digest: None,
    }
}

/// A line that names the processes that could not be ended; empty for none.
pub(crate) fn format_survivors(survivors: &[SurvivingProcess]) -> String {
    if survivors.is_empty() {
        return String::new();
    }
    let named = survivors.iter().take(MAX_NAMED_SURVIVORS).map(|survivor| {
        let name = survivor.name.escape_default();
        format!("`{name}` (process {})", survivor.pid)
    });
    let named = named.collect::<Vec<_>>().join(", ");
    match survivors.len().saturating_sub(MAX_NAMED_SURVIVORS) {
        0 => format!("\n[still running, could not be ended: {named}]"),
        more => format!("\n[still running, could not be ended: {named} and {more} more]"),
    }
}

/// Formats how several commands ended that ran one after another: the end is that of the last.
pub(crate) fn format_results(results: &[CommandResult]) -> ToolOutput {
    let [earlier @ .., last] = results else {
        return ToolOutput::from_error("not run".to_owned()).with_summary("not run");
    };
    let output = format_result(last);
    let earlier: String = earlier.iter().map(|result| result.output.to_text()).collect();
    if earlier.is_empty() {
        return output;
    }
    let (end_line, rest) = output.text.split_once('\n').unwrap_or((&output.text, ""));
    let rest = if rest == NO_OUTPUT { "" } else { rest };
    ToolOutput { text: format!("{end_line}\n{earlier}{rest}"), ..output.clone() }
}

/// Formats why a command was not run.
pub(crate) fn format_process_error(error: &ProcessError) -> ToolOutput {
    let text = format!("not run: {}", describe_process_error(error));
    ToolOutput::from_error(text).with_summary("not run")
}

/// The error with its cause.
pub(crate) fn describe_process_error(error: &ProcessError) -> String {
    match error.source() {
        Some(source) => format!("failed to {error}: {source}"),
        None => format!("failed to {error}"),
    }
}

fn format_seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// Decodes UTF-8 from chunks that may end within a character.
#[derive(Debug, Default)]
pub(crate) struct Utf8StreamDecoder {
    /// The start of an incomplete character; at most 3 bytes.
    pending: Vec<u8>,
}

impl Utf8StreamDecoder {
    /// Adds bytes and returns the text that is complete.
    pub(crate) fn decode_chunk(&mut self, bytes: &[u8]) -> String {
        self.pending.extend_from_slice(bytes);
        let bytes = std::mem::take(&mut self.pending);
        let mut text = String::with_capacity(bytes.len());
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            text.push_str(chunk.valid());
            let invalid = chunk.invalid();
            let is_incomplete = chunks.peek().is_none()
                && std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none());
            if is_incomplete {
                self.pending = invalid.to_vec();
            } else if !invalid.is_empty() {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn text_in_pieces_is_the_whole_text(text in any::<String>(), size in 1usize..9) {
            let mut decoder = Utf8StreamDecoder::default();
            let decoded: String = text.as_bytes().chunks(size).map(|bytes| decoder.decode_chunk(bytes)).collect();
            prop_assert_eq!(decoded, text);
        }

        #[test]
        fn bytes_that_are_no_text_are_replaced_alike(bytes: Vec<u8>, size in 1usize..9) {
            let mut decoder = Utf8StreamDecoder::default();
            let mut decoded: String = bytes.chunks(size).map(|bytes| decoder.decode_chunk(bytes)).collect();
            decoded.push_str(&String::from_utf8_lossy(&decoder.pending));
            prop_assert_eq!(decoded, String::from_utf8_lossy(&bytes));
        }
    }
}
