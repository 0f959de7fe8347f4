//! What is on the screen, and the bytes that make it so.
//!
//! Final rows are written once, above, and belong to the terminal from then on: its scrollback and
//! its copying work. Below them is a live part that is drawn again whenever it changes. There is no
//! other screen and no area that scrolls by itself. [`Screen`] writes nothing: it returns the text to
//! write.

use std::collections::VecDeque;
use std::fmt::Write as _;

use crate::cells::{RESET_STYLE, row_width, wrap_row, wrap_words};

/// How many final rows are remembered, to be drawn again when the size changes.
const MAX_RECENT_ROWS: usize = 500;

/// Before a drawing: updates are shown as a whole where the terminal can, the cursor is hidden, and
/// a row that is wider than was thought does not break.
const BEGIN_UPDATE: &str = "\x1b[?2026h\x1b[?25l\x1b[?7l";

/// After a drawing.
const END_UPDATE: &str = "\x1b[?7h\x1b[?25h\x1b[?2026l";

/// The part of the screen that is still to change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveRegion {
    /// The rows, with escape sequences for colours and links at most; what is longer than the
    /// screen is wide is broken, and of what is higher only the end is shown.
    pub rows: Vec<String>,
    /// The row and the column of the cursor, from 0; behind the last row where there is none.
    pub cursor: Option<(usize, usize)>,
}

/// What the terminal shows as far as it was written here.
#[derive(Debug, Clone)]
pub struct Screen {
    columns: usize,
    rows: usize,
    /// The live rows on the screen, and on which of them the cursor is.
    live_rows: Vec<String>,
    cursor: (usize, usize),
    /// The newest final rows, as they were given.
    recent_rows: VecDeque<String>,
    /// Whether what others wrote may still be seen above.
    has_foreign_output: bool,
    /// Whether the size changed since all was drawn.
    is_stale: bool,
}

impl Screen {
    /// Begins at the cursor, which is at the beginning of a row, on a screen of a size.
    #[must_use]
    pub fn new(columns: usize, rows: usize) -> Self {
        Self {
            columns: columns.max(1),
            rows: rows.max(1),
            live_rows: Vec::new(),
            cursor: (0, 0),
            recent_rows: VecDeque::new(),
            has_foreign_output: true,
            is_stale: false,
        }
    }

    /// The size, in columns and rows.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.columns, self.rows)
    }

    /// Takes another size; the next drawing is one of all that is remembered.
    pub fn resize(&mut self, columns: usize, rows: usize) {
        (self.columns, self.rows) = (columns.max(1), rows.max(1));
        self.is_stale = true;
    }

    /// Lets the next drawing be one of all that is remembered, as after other programs wrote.
    pub fn mark_stale(&mut self) {
        self.is_stale = true;
    }

    /// Returns what adds rows above and shows the live part.
    #[must_use]
    pub fn draw_update(&mut self, above: &[String], live: &LiveRegion) -> String {
        self.recent_rows.extend(above.iter().cloned());
        let above: Vec<String> =
            above.iter().flat_map(|row| wrap_words(row, self.columns)).collect();
        let (rows, cursor) = self.fit_live_region(live);
        let surplus = self.recent_rows.len().saturating_sub(MAX_RECENT_ROWS.max(self.rows));
        self.recent_rows.drain(..surplus);
        let mut out = String::from(BEGIN_UPDATE);
        if self.is_stale {
            self.repaint_screen(&mut out, &rows);
        } else if above.is_empty() {
            self.update_live_region(&mut out, &rows, cursor);
        } else {
            self.move_to_top(&mut out);
            out.push_str("\x1b[J");
            for row in &above {
                write_row(&mut out, row);
                out.push_str("\r\n");
            }
            write_rows(&mut out, &rows);
        }
        if out.len() == BEGIN_UPDATE.len() {
            return String::new();
        }
        // The cursor is behind the last row now.
        move_cursor_up(&mut out, rows.len().saturating_sub(cursor.0 + 1));
        out.push('\r');
        if cursor.1 > 0 {
            let _ = write!(out, "\x1b[{}C", cursor.1);
        }
        out.push_str(END_UPDATE);
        (self.live_rows, self.cursor) = (rows, cursor);
        out
    }

    /// Returns what takes the live part away and leaves the cursor where it began.
    #[must_use]
    pub fn clear_live_region(&mut self) -> String {
        let mut out = String::new();
        self.move_to_top(&mut out);
        out.push_str("\x1b[J");
        (self.live_rows, self.cursor) = (Vec::new(), (0, 0));
        out
    }

    /// Draws the live part again from the first row that is another now.
    fn update_live_region(&self, out: &mut String, rows: &[String], cursor: (usize, usize)) {
        let same = self.live_rows.iter().zip(rows).take_while(|(old, new)| old == new).count();
        if same == rows.len() && same == self.live_rows.len() && cursor == self.cursor {
            return;
        }
        self.move_to_top(out);
        let first =
            same.min(rows.len().saturating_sub(1)).min(self.live_rows.len().saturating_sub(1));
        for _ in 0..first {
            out.push_str("\r\n");
        }
        out.push_str("\x1b[J");
        write_rows(out, rows.get(first..).unwrap_or_default());
    }

    /// Draws all that there is room for. What is on the screen is not known.
    fn repaint_screen(&mut self, out: &mut String, live: &[String]) {
        let final_rows: Vec<String> =
            self.recent_rows.iter().flat_map(|row| wrap_words(row, self.columns)).collect();
        let room = self.rows.saturating_sub(live.len());
        if std::mem::take(&mut self.has_foreign_output) && final_rows.len() < room {
            // What others wrote goes where it can be scrolled to.
            let _ = write!(out, "\x1b[{};1H{}", self.rows, "\n".repeat(self.rows));
        }
        out.push_str("\x1b[H\x1b[J");
        for row in final_rows.iter().skip(final_rows.len().saturating_sub(room)) {
            write_row(out, row);
            out.push_str("\r\n");
        }
        write_rows(out, live);
        self.is_stale = false;
    }

    fn move_to_top(&self, out: &mut String) {
        move_cursor_up(out, self.cursor.0);
        out.push('\r');
    }

    /// The rows of a live part as there is room for them, at least one, and its cursor.
    fn fit_live_region(&self, live: &LiveRegion) -> (Vec<String>, (usize, usize)) {
        let mut rows = Vec::new();
        let mut cursor = None;
        for (number, row) in live.rows.iter().enumerate() {
            if let Some((_, column)) = live.cursor.filter(|(row, _)| *row == number) {
                let (down, column) = (column / self.columns, column % self.columns);
                cursor = Some((rows.len() + down, column));
            }
            rows.extend(wrap_row(row, self.columns));
        }
        if rows.is_empty() {
            rows.push(String::new());
        }
        let last = rows.len() - 1;
        let end = rows.last().map_or(0, |row| row_width(row)).min(self.columns - 1);
        let (row, column) = cursor.unwrap_or((last, end));
        let row = row.min(last);
        let surplus = rows.len().saturating_sub(self.rows).min(row);
        let shown: Vec<String> = rows.into_iter().skip(surplus).take(self.rows).collect();
        (shown, (row - surplus, column))
    }
}

fn write_rows(out: &mut String, rows: &[String]) {
    for (number, row) in rows.iter().enumerate() {
        if number > 0 {
            out.push_str("\r\n");
        }
        write_row(out, row);
    }
}

/// Writes a row without its control characters and leaves no style behind.
fn write_row(out: &mut String, row: &str) {
    out.push_str(row);
    if row.contains('\x1b') {
        out.push_str(RESET_STYLE);
    }
}

fn move_cursor_up(out: &mut String, rows: usize) {
    if rows > 0 {
        let _ = write!(out, "\x1b[{rows}A");
    }
}

#[cfg(test)]
mod tests;
