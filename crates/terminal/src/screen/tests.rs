//! An emulated terminal shows what the screen writes.

use std::num::NonZero;

use proptest::prelude::*;

use super::*;

/// A terminal, and the rows that it should show.
struct Pair {
    terminal: vt100::Parser,
    screen: Screen,
    /// The final rows.
    above: Vec<String>,
    /// How many rows have scrolled off the top.
    gone: usize,
}

impl Pair {
    fn new(columns: u16, rows: u16) -> Self {
        let terminal = vt100::Parser::new(cells(rows), cells(columns), 10_000);
        let screen = Screen::new(columns.into(), rows.into());
        Self { terminal, screen, above: Vec::new(), gone: 0 }
    }

    fn draw(&mut self, above: &[String], live: &LiveRegion) {
        let bytes = self.screen.draw_update(above, live);
        self.terminal.process(bytes.as_bytes());
        self.above.extend(above.iter().cloned());
        self.gone = self.gone.max(self.all().len().saturating_sub(self.screen.rows));
    }

    fn resize(&mut self, columns: u16, rows: u16, live: &LiveRegion) {
        self.terminal.screen_mut().set_size(cells(rows), cells(columns));
        self.screen.resize(columns.into(), rows.into());
        // This terminal does not break its rows anew.
        self.screen.mark_stale();
        let bytes = self.screen.draw_update(&[], live);
        self.terminal.process(bytes.as_bytes());
        self.gone = self.all().len().saturating_sub(rows.into());
    }

    /// All rows from the first, wrapped to the width.
    fn all(&self) -> Vec<String> {
        let above = self.above.iter().flat_map(|row| wrap_words(row, self.screen.columns));
        above.chain(self.screen.live_rows.iter().cloned()).collect()
    }

    fn shown(&self) -> Vec<String> {
        let columns = u16::try_from(self.screen.columns).unwrap();
        self.terminal.screen().rows(0, columns).map(|row| row.trim_end().to_owned()).collect()
    }

    fn check(&self) {
        let all = self.all();
        let mut expected: Vec<String> =
            all.iter().skip(self.gone).map(|row| plain(row).trim_end().to_owned()).collect();
        expected.resize(self.screen.rows, String::new());
        assert_eq!(self.shown(), expected);
        let (row, column) = self.screen.cursor;
        let row = all.len() - self.screen.live_rows.len() + row - self.gone;
        let cursor = self.terminal.screen().cursor_position();
        assert_eq!((usize::from(cursor.0), usize::from(cursor.1)), (row, column));
    }
}

fn cells(number: u16) -> NonZero<u16> {
    NonZero::new(number).unwrap()
}

fn plain(row: &str) -> String {
    let clusters = crate::cells::row_pieces(row).filter_map(|piece| match piece {
        crate::cells::RowPiece::Cluster(cluster, _) => Some(cluster),
        crate::cells::RowPiece::Escape(_) => None,
    });
    clusters.collect()
}

fn live(rows: &[&str]) -> LiveRegion {
    LiveRegion { rows: rows.iter().map(|row| (*row).to_owned()).collect(), cursor: None }
}

#[test]
fn final_rows_scroll_away_above_a_live_part_that_changes() {
    let mut pair = Pair::new(10, 4);
    pair.draw(&["one".into()], &live(&["status", "> a"]));
    pair.draw(&["two".into(), "three".into()], &live(&["status 2", "> ab"]));
    pair.check();
    assert_eq!(pair.shown(), ["two", "three", "status 2", "> ab"]);
    pair.draw(&[], &live(&["> ab"]));
    assert_eq!(pair.shown(), ["two", "three", "> ab", ""]);
    pair.terminal.screen_mut().set_scrollback(10);
    assert_eq!(pair.shown().first().unwrap(), "one");
}

#[test]
fn nothing_is_written_for_what_is_the_same_and_little_for_little() {
    let mut screen = Screen::new(40, 10);
    let _ = screen.draw_update(&["x".repeat(30)], &live(&["pending", "status", "> "]));
    assert_eq!(screen.draw_update(&[], &live(&["pending", "status", "> "])), "");
    let bytes = screen.draw_update(&[], &live(&["pending", "status", "> a"]));
    assert!(bytes.len() < 80 && !bytes.contains("status"), "{bytes:?}");
}

#[test]
fn what_others_wrote_before_can_be_scrolled_to_after_a_resize() {
    let mut pair = Pair::new(10, 4);
    pair.terminal.process(b"$ openclaw\r\n");
    let part = live(&["> "]);
    let bytes = pair.screen.draw_update(&["hello".into()], &part);
    pair.terminal.process(bytes.as_bytes());
    pair.above.push("hello".into());
    pair.resize(20, 6, &part);
    pair.check();
    pair.terminal.screen_mut().set_scrollback(100);
    assert_eq!(pair.shown().first().unwrap(), "$ openclaw");
}

#[test]
fn a_live_part_that_is_taken_away_leaves_the_cursor_where_it_began() {
    let mut pair = Pair::new(10, 4);
    pair.draw(&["one".into()], &live(&["status", "> a"]));
    let bytes = pair.screen.clear_live_region();
    pair.terminal.process(bytes.as_bytes());
    assert_eq!(pair.shown(), ["one", "", "", ""]);
    assert_eq!(pair.terminal.screen().cursor_position(), (1, 0));
}

fn any_rows(most: usize) -> impl Strategy<Value = Vec<String>> {
    let row = "([a-z ]{0,12}|(中|文|é|e\u{301}|x){0,8}|\x1b\\[1mbold\x1b\\[0m[a-z]{0,20}){1,2}";
    prop::collection::vec(row, 0..most)
}

#[derive(Debug, Clone)]
enum Step {
    Draw(Vec<String>, LiveRegion),
    Resize(u16, u16),
}

fn any_step() -> impl Strategy<Value = Step> {
    let cursor = prop::option::of((0usize..6, 0usize..12));
    prop_oneof![
        5 => (any_rows(4), any_rows(6), cursor).prop_map(|(above, rows, cursor)| {
            let cursor = cursor.filter(|(row, column)| {
                rows.get(*row).is_some_and(|text| *column <= row_width(text))
            });
            Step::Draw(above, LiveRegion { rows, cursor })
        }),
        1 => (4u16..30, 2u16..10).prop_map(|(columns, rows)| Step::Resize(columns, rows)),
    ]
}

proptest! {
    #[test]
    fn the_terminal_shows_what_was_meant_after_any_steps(
        columns in 4u16..30,
        rows in 2u16..10,
        steps in prop::collection::vec(any_step(), 1..20),
    ) {
        let mut pair = Pair::new(columns, rows);
        let mut last = LiveRegion::default();
        for step in steps {
            match step {
                Step::Draw(above, live) => {
                    pair.draw(&above, &live);
                    last = live;
                }
                Step::Resize(columns, rows) => pair.resize(columns, rows, &last),
            }
            pair.check();
        }
    }
}
