//! Tracks what is on the screen, and computes the bytes that update it.
//!
//! Final rows are written once and then belong to the terminal, with its scrollback and copying.
//! Below them is a live region that is redrawn when it changes. There is no alternate screen and no
//! scroll region. [`Screen`] writes nothing itself: it returns the text to write.

use std::collections::VecDeque;
use std::fmt::Write as _;

use crate::cells::{RESET_STYLE, row_width, wrap_row, wrap_words};

/// How many final rows are remembered for a redraw after a resize.
const MAX_RECENT_ROWS: usize = 500;

/// Begins an update: synchronised where supported, with a hidden cursor and without line wrap, so
/// that a row that is wider than computed does not break.
const BEGIN_UPDATE: &str = "\x1b[?2026h\x1b[?25l\x1b[?7l";

/// Ends an update.
const END_UPDATE: &str = "\x1b[?7h\x1b[?25h\x1b[?2026l";

/// Clears the row of the cursor, which must be at its beginning, and all rows below. Some terminals
/// keep a copy of the screen in the scrollback when it is cleared from its first cell, so this begins
/// at the second.
const CLEAR_BELOW: &str = "\x1b[K\x1b[C\x1b[J\r";

/// The region at the bottom that changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveRegion {
    /// The rows; escape sequences only for colours and links. Rows wider than the screen are
    /// wrapped, and only the last rows that fit are shown.
    pub rows: Vec<String>,
    /// The row and the column of the cursor, from 0; `None` puts it after the last row.
    pub cursor: Option<(usize, usize)>,
}

/// The state of the terminal's screen, as far as it was written here.
#[derive(Debug, Clone)]
pub struct Screen {
    columns: usize,
    rows: usize,
    /// The live rows on the screen, and the cursor's row and column among them.
    live_rows: Vec<String>,
    cursor: (usize, usize),
    /// The newest final rows, not wrapped.
    recent_rows: VecDeque<String>,
    /// Whether output of other programs may still be visible above.
    has_foreign_output: bool,
    /// Whether the screen must be redrawn.
    is_stale: bool,
    /// Whether the live region must be redrawn.
    is_resized: bool,
}

impl Screen {
    /// Makes a screen of this size; the cursor must be at the beginning of a row.
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
            is_resized: false,
        }
    }

    /// The size, in columns and rows.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.columns, self.rows)
    }

    /// Changes the size; the next update redraws the live region. The final rows are left to the
    /// terminal, which breaks them anew by itself: to write them again would leave copies in its
    /// scrollback.
    pub fn resize(&mut self, columns: usize, rows: usize) {
        let (columns, rows) = (columns.max(1), rows.max(1));
        if (columns, rows) == (self.columns, self.rows) {
            return;
        }
        // The terminal has broken the rows of the live region too, and moved the cursor with them.
        let height = |row: &String| row_width(row).div_ceil(columns).max(1);
        let above: usize = self.live_rows.iter().take(self.cursor.0).map(height).sum();
        self.cursor = (above + self.cursor.1 / columns, self.cursor.1 % columns);
        (self.columns, self.rows) = (columns, rows);
        self.is_resized = true;
    }

    /// Makes the next update redraw everything that is remembered, e.g. after other programs wrote.
    pub fn mark_stale(&mut self) {
        self.is_stale = true;
    }

    /// Returns the text that adds final rows above and shows the live region.
    #[must_use]
    pub fn draw_update(&mut self, above: &[String], live: &LiveRegion) -> String {
        self.recent_rows.extend(above.iter().cloned());
        let above: Vec<String> =
            above.iter().flat_map(|row| wrap_words(row, self.columns)).collect();
        let (rows, cursor) = self.fit_live_region(live);
        let surplus = self.recent_rows.len().saturating_sub(MAX_RECENT_ROWS.max(self.rows));
        self.recent_rows.drain(..surplus);
        let mut out = String::from(BEGIN_UPDATE);
        let is_resized = std::mem::take(&mut self.is_resized);
        if self.is_stale {
            self.repaint_screen(&mut out, &rows);
        } else if above.is_empty() && !is_resized {
            self.update_live_region(&mut out, &rows, cursor);
        } else {
            self.move_to_top(&mut out);
            out.push_str(CLEAR_BELOW);
            for row in &above {
                write_row(&mut out, row);
                out.push_str("\r\n");
            }
            write_rows(&mut out, &rows);
        }
        if out.len() == BEGIN_UPDATE.len() {
            return String::new();
        }
        // The cursor is after the last row here.
        move_cursor_up(&mut out, rows.len().saturating_sub(cursor.0 + 1));
        out.push('\r');
        if cursor.1 > 0 {
            let _ = write!(out, "\x1b[{}C", cursor.1);
        }
        out.push_str(END_UPDATE);
        (self.live_rows, self.cursor) = (rows, cursor);
        out
    }

    /// Returns the text that removes the live region and puts the cursor at its beginning.
    #[must_use]
    pub fn clear_live_region(&mut self) -> String {
        let mut out = String::new();
        self.move_to_top(&mut out);
        out.push_str(CLEAR_BELOW);
        (self.live_rows, self.cursor) = (Vec::new(), (0, 0));
        out
    }

    /// Redraws the live region from the first changed row on.
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
        out.push_str(CLEAR_BELOW);
        write_rows(out, rows.get(first..).unwrap_or_default());
    }

    /// Redraws everything that fits, because the state of the screen is unknown.
    fn repaint_screen(&mut self, out: &mut String, live: &[String]) {
        let final_rows: Vec<String> =
            self.recent_rows.iter().flat_map(|row| wrap_words(row, self.columns)).collect();
        let room = self.rows.saturating_sub(live.len());
        if std::mem::take(&mut self.has_foreign_output) && final_rows.len() < room {
            // Scrolls output of other programs into the scrollback, above the live region.
            let _ = write!(out, "\x1b[{};1H{}", self.rows, "\n".repeat(self.rows));
        }
        out.push_str("\x1b[H");
        out.push_str(CLEAR_BELOW);
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

    /// The rows of a live region that fit, at least one, and its cursor.
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

/// Writes a row, and resets its styles.
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
