//! Properties that hold for any text.

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

const PLAIN: MarkdownOptions = MarkdownOptions { width: 40, colour: false };
const COLOUR: MarkdownOptions = MarkdownOptions { width: 40, colour: true };

#[rustfmt::skip]
const PIECES: &[&str] = &[
    "\n", "\n", "\n\n", "\n\n\n", " ", "  ", "    ", "\n  ", "\n    ", "\n   ", "\t", "a", "b c",
    "word", "- ", "* ", "+ ", "-", "1. ", "2. ", "2) ", "10. ", "> ", ">", "# ", "## x", "#",
    "```", "\n```\n", "```rust\n", "~~~", "\n---\n", "---", "===", "\n===\n", "***", "- - -", "|",
    "| a | b |\n", "|-|-|\n", "\n|---|\n", "a|b\n", "-|-\n", "<div>", "<b>", "</b>", "<!--",
    "-->", "<pre>", "</pre>", "<?", "?>", "<a href='", "'", "[", "]", "[x]: /u\n", "[ ] ",
    "- [x] ", "(", ")", "`", "``", "**", "*", "_", "~~", "\\", "&amp;", "&#27;", "<br>", "![",
    "](u)", "\"t\"", "你好", "🎉", "\r", "\r\n", "\u{1b}[1m", "\u{202e}", "é", "e\u{301}",
    "👩\u{200d}🔬", "longwordthatdoesnotfitanywhereinthewidth", "=", ":",
];

/// Markdown marks and a little text, in any order.
fn markdown() -> impl Strategy<Value = String> {
    let piece = select(PIECES);
    prop_oneof![
        8 => vec(piece, 0..40).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
    ]
}

/// Splits `text` at the character positions in `cuts`.
fn cut(text: &str, cuts: &[usize]) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for (at, c) in text.chars().enumerate() {
        if cuts.contains(&at) {
            pieces.push(String::new());
        }
        pieces.last_mut().unwrap().push(c);
    }
    pieces
}

fn streamed(pieces: &[String], look: MarkdownOptions) -> String {
    let mut stream = MarkdownStream::new(look);
    let mut lines = String::new();
    for piece in pieces {
        lines += &stream.push_text(piece);
        assert!(stream.pending_lines().is_empty() || stream.pending_lines().ends_with('\n'));
    }
    lines + &stream.finish()
}

/// Renders the whole text with one parser, without finding the blocks first.
fn at_once(text: &str, look: MarkdownOptions) -> String {
    let (mut cleaner, mut clean, mut marked) =
        (TextSanitizer::default(), String::new(), String::new());
    cleaner.push_text(text, &mut clean);
    cleaner.finish(&mut clean);
    for line in clean.lines() {
        push_guarded_line(line, &mut marked);
        marked.push('\n');
    }
    render::render_blocks(&marked, None, look)
}

fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| c.is_alphabetic())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn the_pieces_do_not_matter(text in markdown(), cuts in vec(0usize..120, 0..12)) {
        prop_assert_eq!(streamed(&cut(&text, &cuts), COLOUR), render_markdown(&text, COLOUR));
    }

    #[test]
    fn what_is_final_is_what_the_whole_text_means(text in markdown()) {
        prop_assert_eq!(render_markdown(&text, PLAIN), at_once(&text, PLAIN), "{:?}", text);
    }

    #[test]
    fn no_letter_is_lost_and_none_moves(text in markdown()) {
        let text = text.replace("&amp;", "").replace('&', "").replace("<br>", "");
        let text: String = text.replace("[x] ", "");
        let rendered = render_markdown(&text, MarkdownOptions { width: 400, colour: false });
        let mut shown = letters(&rendered);
        for letter in letters(&text) {
            prop_assert!(shown.any(|c| c == letter), "{letter:?} of {text:?} in {rendered:?}");
        }
    }

    #[test]
    fn nothing_commands_the_terminal_and_every_line_ends_reset(text in markdown()) {
        let plain = render_markdown(&text, PLAIN);
        prop_assert!(!plain.chars().any(|c| c != '\n' && sanitize::needs_escape(c)), "{plain:?}");
        for line in render_markdown(&text, COLOUR).lines() {
            let last = line.rsplit_once('\u{1b}').map(|(_, rest)| rest.starts_with("[0m"));
            prop_assert!(last != Some(false), "{line:?}");
            let codes = line.split('\u{1b}').skip(1);
            for code in codes {
                let end = code.find('m').unwrap();
                prop_assert!(code[1..end].chars().all(|c| c.is_ascii_digit() || c == ';'));
            }
        }
    }
}

#[test]
fn each_byte_is_parsed_once_however_it_comes() {
    let text = "1. item *a*\n   more\n\nparagraph\n\n```\ncode\n```\n".repeat(500);
    let mut stream = MarkdownStream::new(PLAIN);
    let (mut parsed, mut longest) = (0, 0);
    for byte in text.chars() {
        let before = stream.open_block.len();
        let _ = stream.push_text(byte.encode_utf8(&mut [0; 4]));
        if stream.open_block.len() < before {
            parsed += before - stream.open_block.len();
        }
        longest = longest.max(stream.open_block.len() + stream.open_line.len());
    }
    assert!(parsed <= text.len(), "{parsed} of {}", text.len());
    assert!(longest < 40, "{longest} bytes were held back");
}

#[test]
fn the_view_of_a_long_open_block_is_bounded() {
    let mut stream = MarkdownStream::new(PLAIN);
    assert_eq!(stream.push_text(&"some words in a line\n".repeat(10_000)), "");
    assert!(stream.pending_lines().len() <= MAX_PENDING_BYTES + MAX_PENDING_BYTES / 16);
    assert_eq!(stream.finish().matches("words").count(), 10_000);
}

#[test]
fn a_block_is_given_out_as_soon_as_nothing_can_change_it() {
    let mut stream = MarkdownStream::new(PLAIN);
    assert_eq!(stream.push_text("Some *text"), "");
    assert_eq!(stream.pending_lines(), "Some *text\n");
    assert_eq!(stream.push_text("* here\n-"), "");
    assert_eq!(stream.pending_lines(), "Some *text* here\n");
    assert_eq!(stream.push_text(" one\n"), "Some *text* here\n");
    assert_eq!(stream.push_text("- two\n"), "\n• one\n");
    assert_eq!(stream.push_text("\n```sh\n"), "• two\n\n  ── sh\n");
    assert_eq!(stream.push_text("ls"), "");
    assert_eq!(stream.pending_lines(), "  ls\n");
    assert_eq!(stream.push_text("\ncd\n"), "  ls\n  cd\n");
    assert_eq!(stream.push_text("```\n# End\n"), "\n# End\n");
}

#[test]
fn the_lines_of_a_paragraph_stay_lines() {
    let poem = "Roses are red,\nviolets are *blue*.\n\n- one\n  two\n";
    let shown = render_markdown(poem, MarkdownOptions { width: 60, colour: false });
    let lines: Vec<&str> = shown.lines().map(str::trim).collect();
    assert_eq!(lines[..2], ["Roses are red,", "violets are *blue*."]);
    assert_eq!(lines.last(), Some(&"two"), "{shown}");
}
