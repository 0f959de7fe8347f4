//! Widths, clipping and wrapping.

use proptest::prelude::*;

use super::*;

const FAMILY: &str = "👩\u{200d}👩\u{200d}👧";

#[test]
fn what_a_person_sees_as_one_character_is_one() {
    let text = format!("e\u{301}{FAMILY}👍🏽🇩🇪🇫🇷中x");
    let mut rest = text.as_str();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (cluster, after) = rest.split_at(cluster_length(rest));
        found.push(cluster);
        rest = after;
    }
    assert_eq!(found, ["e\u{301}", FAMILY, "👍🏽", "🇩🇪", "🇫🇷", "中", "x"]);
}

#[test]
fn escapes_and_controls_take_no_room() {
    assert_eq!(row_width("\x1b[1;31mab\x1b[0m\u{7}中"), 4);
    assert_eq!(row_width("\x1b]8;;http://x/\x1b\\ab\x1b]8;;\x07c"), 3);
    assert_eq!(row_width("\x1b"), 0);
}

#[test]
fn a_long_row_is_clipped_with_a_mark() {
    assert_eq!(clip_row("abcdef", 6), "abcdef");
    assert_eq!(clip_row("abcdef", 4), "abc…");
    assert_eq!(clip_row("\x1b[1mabcdef", 4), "\x1b[1mabc…\x1b[0m");
    assert_eq!(clip_row("中中中", 4), "中…");
}

#[test]
fn a_broken_row_keeps_its_style() {
    assert_eq!(
        wrap_row("ab\x1b[1mcdef\x1b[0mgh", 3),
        ["ab\x1b[1mc\x1b[0m", "\x1b[1mdef\x1b[0m", "gh"]
    );
    assert_eq!(wrap_row("中中", 3), ["中", "中"]);
    assert_eq!(wrap_row("", 3), [""]);
}

#[test]
fn words_stay_whole_where_there_is_room() {
    assert_eq!(wrap_words("one two three", 8), ["one two", "three"]);
    assert_eq!(wrap_words("one two three", 7), ["one two", "three"]);
    assert_eq!(wrap_words("  abcdefgh ij", 6), ["  abcd", "efgh", "ij"]);
    assert_eq!(
        wrap_words("\x1b[2mone two\x1b[0m x", 5),
        ["\x1b[2mone\x1b[0m", "\x1b[2mtwo\x1b[0m x"]
    );
    assert_eq!(wrap_words("one", 8), ["one"]);
}

proptest! {
    #[test]
    fn words_are_kept_and_no_row_is_too_long(
        text in "([a-z]{1,9}|\x1b\\[[0-9]{0,2}m| {1,3}|[中文👩🇩🇪]){0,30}",
        cells in 4usize..20,
    ) {
        let rows = wrap_words(&text, cells);
        prop_assert!(rows.iter().all(|row| row_width(row) <= cells), "{rows:?}");
        let letters = |row: &str| -> String {
            row_pieces(row).filter_map(|piece| match piece {
                RowPiece::Cluster(cluster, _) => Some(cluster).filter(|cluster| *cluster != " "),
                RowPiece::Escape(_) => None,
            }).collect()
        };
        let joined: String = rows.iter().map(|row| letters(row)).collect();
        prop_assert_eq!(joined, letters(&text));
    }

    #[test]
    fn nothing_is_lost_and_no_row_is_too_long(
        text in "(\\PC|\x1b\\[[0-9;]{0,3}m|[中文👩\u{200d}🇩🇪\u{301}]){0,40}",
        cells in 8usize..30,
    ) {
        let rows = wrap_row(&text, cells);
        prop_assert!(rows.iter().all(|row| row_width(row) <= cells.max(8) || cells < 2), "{rows:?}");
        let visible = |row: &str| -> String {
            row_pieces(row).filter_map(|piece| match piece {
                RowPiece::Cluster(cluster, width) => (width <= cells).then_some(cluster),
                RowPiece::Escape(_) => None,
            }).collect()
        };
        let joined: String = rows.iter().map(|row| visible(row)).collect();
        prop_assert_eq!(joined, visible(&text));
        prop_assert!(row_width(&clip_row(&text, cells)) <= cells);
    }
}
