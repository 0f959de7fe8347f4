//! A conversation as plain text, in pieces that fit a small context window.

use openclaw_core::HistoryStep;

/// Writes steps as text and cuts it into pieces of at most `max_bytes` bytes, between steps where
/// possible.
pub(crate) fn split_transcript<'a>(
    steps: impl Iterator<Item = HistoryStep<'a>>,
    max_bytes: usize,
) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for step in steps {
        let mut text = format_step(&step);
        while !text.is_empty() {
            let has_room = pieces.last().is_some_and(|piece| piece.len() + text.len() <= max_bytes);
            match pieces.last_mut() {
                Some(piece) if has_room => {
                    piece.push_str(&text);
                    break;
                }
                _ => {
                    let end = text.floor_char_boundary(max_bytes.max(4));
                    let rest = text.split_off(end);
                    pieces.push(text);
                    text = rest;
                }
            }
        }
    }
    pieces
}

fn format_step(step: &HistoryStep<'_>) -> String {
    match step {
        HistoryStep::Summary(summary) => format!("{summary}\n\n"),
        // Nothing is shortened: what a long text has in its middle may be what matters. It is
        // spread over several pieces.
        HistoryStep::User(text) => format!("USER: {text}\n\n"),
        HistoryStep::Assistant { text, calls } => {
            let mut written = String::new();
            if !text.trim().is_empty() {
                written.extend(["ASSISTANT: ", text, "\n\n"]);
            }
            for (call, output) in calls {
                let arguments = call.arguments.to_json();
                written.extend(["CALL ", call.name.as_str(), " ", &arguments, "\n"]);
                let result = output.map_or("no result", |output| output.text.as_str());
                written.extend(["RESULT: ", result, "\n\n"]);
            }
            written
        }
    }
}

/// Shortens a text to `max_bytes` bytes plus a mark, by cutting out its middle.
pub(crate) fn shorten_middle(text: &str, max_bytes: usize) -> String {
    if text.len() <= max_bytes {
        return text.to_owned();
    }
    let head = text.floor_char_boundary(max_bytes - max_bytes / 4);
    let tail = text.ceil_char_boundary(text.len() - max_bytes / 4);
    let (head, rest) = text.split_at(head);
    let tail = rest.split_at(tail.max(head.len()) - head.len()).1;
    format!("{head}\n[… {} bytes …]\n{tail}", text.len() - head.len() - tail.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_steps_come_in_pieces_of_the_size(
            texts in prop::collection::vec("(\\PC|\n){0,60}", 0..12),
            most in 4usize..200,
        ) {
            let steps = texts.iter().map(|text| HistoryStep::User(text));
            let pieces = split_transcript(steps, most);
            prop_assert!(pieces.iter().all(|piece| piece.len() <= most && !piece.is_empty()));
            let whole: Vec<String> = texts.iter().map(|text| format!("USER: {text}\n\n")).collect();
            prop_assert_eq!(pieces.concat(), whole.concat());
        }

        #[test]
        fn any_text_is_shortened_to_its_ends(text in "(\\PC|\n){0,300}", most in 0usize..100) {
            let short = shorten_middle(&text, most);
            prop_assert!(short.len() <= text.len().max(most) + 40);
            prop_assert!(text.len() > most || short == text);
        }
    }
}
