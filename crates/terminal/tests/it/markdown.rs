//! Rendered Markdown as an emulated terminal shows it.

use openclaw_terminal::{MarkdownOptions, MarkdownStream, render_markdown};
use proptest::{collection::vec, prelude::*, sample::select};

/// The rows of an emulated terminal of `width` columns after `lines`.
fn screen(lines: &str, width: u16) -> Vec<String> {
    let rows = u16::try_from(lines.len() + 2).unwrap();
    let mut parser = vt100::Parser::new(rows.try_into().unwrap(), width.try_into().unwrap(), 0);
    parser.process(lines.replace('\n', "\r\n").as_bytes());
    let (used, _) = parser.screen().cursor_position();
    parser.screen().rows(0, width).take(usize::from(used)).collect()
}

fn prose() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "word ",
        "words, ",
        "a",
        " ",
        "\n",
        "\n\n",
        "- ",
        "\n- ",
        "\n  - ",
        "\n1. ",
        "> ",
        "\n> ",
        "**",
        "*x* ",
        "`code` ",
        "你好世界",
        "，",
        "🎉",
        "👩\u{200d}🔬",
        "❤\u{fe0f}",
        "e\u{301}",
        "\n\n| a | b |\n|---|---|\n| 你 | long cell text |\n",
        "https://example.org/a/very/long/address?that=cannot&be=broken ",
        "[link](/to) ",
        "# ",
        "\n---\n",
        "<br>",
    ]);
    // An indented line may begin code, which is not wrapped.
    vec(piece, 0..40).prop_map(|pieces| pieces.concat().replace("    ", " ").replace("   ", " "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_line_is_a_row_and_no_word_goes_over_the_edge(text in prose(), width in 8u16..60) {
        for colour in [false, true] {
            let lines = render_markdown(&text, MarkdownOptions { width, colour });
            let shown = screen(&lines, width);
            prop_assert_eq!(shown.len(), lines.lines().count(), "{:?}", lines);
            if !colour {
                let expected: Vec<_> = lines.lines().map(|line| line.trim_end().to_owned()).collect();
                let shown: Vec<_> = shown.iter().map(|row| row.trim_end().to_owned()).collect();
                prop_assert_eq!(shown, expected);
            }
        }
    }
}

#[track_caller]
fn shows(text: &str, width: u16, expected: &str) {
    let lines = render_markdown(text, MarkdownOptions { width, colour: true });
    let rows: Vec<_> = screen(&lines, width).iter().map(|row| row.trim_end().to_owned()).collect();
    assert_eq!(rows.join("\n"), expected);
}

#[test]
fn lists_and_quotes_hang() {
    shows(
        "1. one is long enough to wrap\n   - inner\n\n     more\n2. [x] done\n\n> quoted text that wraps too\n>\n> end",
        20,
        "1. one is long\n   enough to wrap\n   • inner\n\n     more\n2. [x] done\n\n│ quoted text that\n│ wraps too\n│\n│ end",
    );
}

#[test]
fn tables_stand_in_columns_and_fit() {
    shows(
        "| name | n |\n|:-----|--:|\n| 你好 | 1 |\n| b | 200 | more |",
        40,
        "name │   n │\n─────┼─────┼─────\n你好 │   1 │\nb    │ 200 │ more",
    );
    shows(
        "| a | b |\n|---|---|\n| some long text | other words |",
        19,
        "a        │ b\n─────────┼─────────\nsome     │ other\nlong     │ words\ntext     │",
    );
}

#[test]
fn code_stays_whole_and_links_tell_where_they_lead() {
    shows("```rust\nlet x = 1;\n\n\tlet y;\n```", 30, "  ── rust\n  let x = 1;\n\n      let y;");
    shows(
        "[a](/u \"t\") <https://b.c> [/d](/d) ![i](p.png)",
        60,
        "a (/u \"t\") https://b.c /d i (p.png)",
    );
    shows("[a][r]\n\n[r]: /u", 30, "[a][r]\n\n[r]: /u");
    shows("<details>\n&lt; a<br>b", 30, "<details>\n&lt; a<br>b");
    shows("a<br>b\n\n***\n~~c~~", 10, "a\nb\n\n──────────\n\nc");
}

#[test]
fn styles_are_of_the_palette_and_end_with_their_line() {
    let look = MarkdownOptions { width: 12, colour: true };
    assert_eq!(
        render_markdown("# T\n\n**bold and on** `c`", look),
        concat!(
            "\u{1b}[1;4mT\u{1b}[0m\n\n",
            "\u{1b}[1mbold and on\u{1b}[0m\n",
            "\u{1b}[36mc\u{1b}[0m\n",
        )
    );
    assert_eq!(render_markdown("> *q*", look), "\u{1b}[2m│\u{1b}[0m \u{1b}[3mq\u{1b}[0m\n");
    let plain = MarkdownOptions { colour: false, ..look };
    assert_eq!(
        render_markdown("# T\n\n**b** `c` *i* ~~s~~", plain),
        "# T\n\n**b** `c`\n*i* ~~s~~\n"
    );
}

#[test]
fn another_width_holds_for_what_comes_next() {
    let mut stream = MarkdownStream::new(MarkdownOptions { width: 40, colour: false });
    assert_eq!(stream.push_text("one two three\n\n"), "one two three\n");
    stream.set_width(9);
    assert_eq!(stream.push_text("one two three\n\n"), "\none two\nthree\n");
    assert_eq!(stream.finish(), "");
}
