//! The effect of each key.

use proptest::prelude::*;

use super::*;
use crate::cells::row_width;

fn editor(history: &[&str]) -> LineEditor {
    let mut kept = InputHistory::default();
    for text in history {
        kept.add_entry(text);
    }
    LineEditor::new(kept)
}

/// Presses keys: a letter is itself, `^x` is Ctrl-X, `!x` is Alt-X, the others are named.
fn press(editor: &mut LineEditor, keys: &str) -> EditorAction {
    let mut last = EditorAction::Redisplay;
    for word in keys.split_whitespace() {
        let named = match word {
            "up" => Some(KeyPress::Up),
            "down" => Some(KeyPress::Down),
            "left" => Some(KeyPress::Left),
            "right" => Some(KeyPress::Right),
            "enter" => Some(KeyPress::Enter),
            "altenter" => Some(KeyPress::AltEnter),
            "back" => Some(KeyPress::Backspace),
            "esc" => Some(KeyPress::Escape),
            "space" => Some(KeyPress::Char(' ')),
            _ => None,
        };
        let keys: Vec<KeyPress> = match (named, word.split_at(1)) {
            (Some(key), _) => vec![key],
            (None, ("^", c)) => c.chars().map(KeyPress::Ctrl).collect(),
            (None, ("!", c)) => c.chars().map(KeyPress::Alt).collect(),
            _ => word.chars().map(KeyPress::Char).collect(),
        };
        for key in keys {
            last = editor.press_key(key);
        }
    }
    last
}

#[test]
fn the_keys_of_readline_edit() {
    for (keys, expected) in [
        ("one space two ^a x", "x|one two"),
        ("one space two ^a ^e x", "one twox|"),
        ("one space two !b ^k ^y ^y", "one twotwo|"),
        ("one space two ^u x ^y", "xone two|"),
        ("one space two ^w ^w x ^y", "xone two|"),
        ("a.b space c.d ^w", "a.b |"),
        ("a.b space c.d !b !b", "a.b |c.d"),
        ("one space two !b !b !f x", "onex| two"),
        ("one space two ^a !d", "| two"),
        ("one left left ^d", "o|e"),
        ("one left back", "o|e"),
        ("ab left ^f", "ab|"),
        ("one altenter two ^a x", "one\nx|two"),
        ("one altenter two ^u ^u x", "onex|"),
        ("one altenter two up x", "onex|\ntwo"),
        ("one altenter two up down x", "one\ntwox|"),
        ("one altenter two !< x", "x|one\ntwo"),
    ] {
        let mut editor = editor(&[]);
        press(&mut editor, keys);
        let cursor = editor.before_cursor().len();
        let (before, after) = editor.text().split_at(cursor);
        assert_eq!(format!("{before}|{after}"), expected, "{keys}");
    }
}

#[test]
fn what_is_one_character_to_a_person_is_moved_over_and_deleted_as_one() {
    let mut editor = editor(&[]);
    editor.press_key(KeyPress::Paste("a👩\u{200d}🔬e\u{301}".to_owned()));
    press(&mut editor, "left back");
    assert_eq!(editor.text(), "ae\u{301}");
    press(&mut editor, "right back back back");
    assert_eq!(editor.text(), "");
}

#[test]
fn enter_submits_and_a_backslash_before_it_goes_on() {
    let mut line = editor(&[]);
    assert_eq!(press(&mut line, "one\\ enter"), EditorAction::Redisplay);
    assert_eq!(press(&mut line, "two enter"), EditorAction::Submit("one\ntwo".to_owned()));
    assert_eq!(line.text(), "");
    let pasted = KeyPress::Paste("a\nb\n\nc".to_owned());
    line.press_key(pasted);
    assert_eq!(press(&mut line, "enter"), EditorAction::Submit("a\nb\n\nc".to_owned()));
}

#[test]
fn keys_that_are_not_the_editors_are_handed_on() {
    let mut editor = editor(&[]);
    assert_eq!(press(&mut editor, "^d"), EditorAction::Eof);
    assert_eq!(press(&mut editor, "^c"), EditorAction::Interrupt);
    assert_eq!(press(&mut editor, "^l"), EditorAction::RedrawScreen);
    assert_eq!(press(&mut editor, "^z"), EditorAction::Suspend);
    assert_eq!(press(&mut editor, "esc"), EditorAction::Escape);
    assert_eq!(press(&mut editor, "x ^a ^d"), EditorAction::Redisplay);
    assert_eq!(editor.press_key(KeyPress::Tab), EditorAction::Complete);
}

#[test]
fn the_history_is_gone_through_and_what_was_being_written_is_kept() {
    let mut editor = editor(&["first", "second\nhas two", "third"]);
    press(&mut editor, "dra up");
    assert_eq!(editor.text(), "third");
    press(&mut editor, "up");
    assert_eq!(editor.text(), "second\nhas two");
    press(&mut editor, "up up");
    assert_eq!(editor.text(), "first");
    press(&mut editor, "up down");
    assert_eq!(editor.text(), "second\nhas two");
    press(&mut editor, "down down down");
    assert_eq!(editor.text(), "dra");
    press(&mut editor, "ft enter");
    editor.add_to_history("draft");
    press(&mut editor, "up");
    assert_eq!(editor.text(), "draft");
}

#[test]
fn the_history_is_searched() {
    let mut line = editor(&["cargo build", "ls", "cargo test"]);
    press(&mut line, "mine ^r cargo");
    assert_eq!(line.compute_layout("> ", 40, 5).rows, ["search: cargo → cargo test"]);
    assert_eq!(press(&mut line, "^r enter"), EditorAction::Submit("cargo build".to_owned()));
    press(&mut line, "mine ^r ls right");
    assert_eq!(line.text(), "ls");
    press(&mut line, "^u mine ^r cargo ^c");
    assert_eq!(line.text(), "mine");
}

#[test]
fn what_candidates_share_is_completed() {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let mut line = editor(&[]);
    press(&mut line, "/st");
    assert!(line.complete_word(3, &words(&["/status"])));
    assert_eq!(line.text(), "/status ");
    line.set_text("/mo");
    assert!(line.complete_word(3, &words(&["/model-a", "/model-b"])));
    assert_eq!(line.text(), "/model-");
    assert!(!line.complete_word(7, &words(&["/model-a", "/model-b"])));
    assert!(!line.complete_word(7, &[]));
}

#[test]
fn rows_break_at_the_width_and_the_cursor_is_where_the_next_character_goes() {
    let shown = |text: &str, cells, most| {
        let mut line = editor(&[]);
        line.set_text(text);
        let EditorLayout { rows, cursor } = line.compute_layout("> ", cells, most);
        (rows, cursor)
    };
    let rows = |rows: &[&str]| rows.iter().map(|row| (*row).to_owned()).collect::<Vec<_>>();
    assert_eq!(shown("", 10, 5), (rows(&["> "]), (0, 2)));
    assert_eq!(shown("abc", 10, 5), (rows(&["> abc"]), (0, 5)));
    assert_eq!(shown("abcdefgh", 10, 5), (rows(&["> abcdefgh", "  "]), (1, 2)));
    assert_eq!(shown("a\nb", 10, 5), (rows(&["> a", "  b"]), (1, 3)));
    assert_eq!(shown("中中中中x", 9, 5), (rows(&["> 中中中", "  中x"]), (1, 5)));
    assert_eq!(shown("a\nb\nc\nd", 10, 2), (rows(&["  c", "  d"]), (1, 3)));
}

fn any_key() -> impl Strategy<Value = KeyPress> {
    prop_oneof![
        4 => "[a-c \u{301}中👩\u{200d}🇩🇪]".prop_map(KeyPress::Paste),
        2 => any::<char>().prop_filter_map("printable", |c| (!c.is_control()).then_some(KeyPress::Char(c))),
        4 => prop::sample::select(vec![
            KeyPress::AltEnter, KeyPress::Enter, KeyPress::Tab, KeyPress::Backspace, KeyPress::AltBackspace, KeyPress::Delete,
            KeyPress::AltDelete, KeyPress::Up, KeyPress::Down, KeyPress::Left, KeyPress::Right, KeyPress::WordLeft,
            KeyPress::WordRight, KeyPress::Home, KeyPress::End, KeyPress::Escape,
        ]),
        2 => "[a-z]".prop_map(|c| KeyPress::Ctrl(c.chars().next().unwrap())),
        1 => "[a-z<>]".prop_map(|c| KeyPress::Alt(c.chars().next().unwrap())),
    ]
}

proptest! {
    #[test]
    fn any_keys_leave_a_text_with_a_cursor_between_characters(
        keys in prop::collection::vec(any_key(), 0..60),
        cells in 8usize..30,
        most in 1usize..5,
    ) {
        let mut editor = editor(&["one", "two\nlines", "three 中"]);
        for key in keys {
            editor.press_key(key);
            let (text, before) = (editor.text(), editor.before_cursor().len());
            let mut at = 0;
            while at < before {
                at += crate::cells::cluster_length(&text[at..]);
            }
            prop_assert_eq!(at, before);
            let EditorLayout { rows, cursor: (row, column) } = editor.compute_layout("> ", cells, most);
            prop_assert!(!rows.is_empty() && rows.len() <= most && row < rows.len());
            prop_assert!(column < cells.max(rows[row].len() + 1));
            prop_assert!(rows.iter().all(|row| row_width(row) <= cells || row.starts_with("search")));
        }
    }

    #[test]
    fn what_is_typed_is_what_is_submitted(text in "[a-zé中 ]{0,50}") {
        let mut editor = editor(&[]);
        for c in text.chars() {
            editor.press_key(KeyPress::Char(c));
        }
        prop_assert_eq!(editor.press_key(KeyPress::Enter), EditorAction::Submit(text));
    }
}
