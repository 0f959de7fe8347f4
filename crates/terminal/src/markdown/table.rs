//! Tables in columns.

use pulldown_cmark::Alignment;

use super::{
    paint::{Span, Style},
    wrap::{columns, wrap},
};

/// What a column keeps when the table is wider than the terminal.
const NARROWEST: usize = 4;
const BETWEEN: &str = " │ ";

/// A table's cells; the first row is its head.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) alignments: Vec<Alignment>,
    pub(super) rows: Vec<Vec<Vec<Span>>>,
}

impl Table {
    /// The table's lines of at most `room` columns. Cells that are too wide are wrapped inside their
    /// column; where there is no room for columns, each row is text of its own.
    pub(super) fn lines(&self, room: usize) -> Vec<Vec<Span>> {
        let Some(widths) = self.widths(room) else {
            return self.rows.iter().flat_map(|row| wrap(&joined(row), room)).collect();
        };
        let mut lines = Vec::new();
        for (at, row) in self.rows.iter().enumerate() {
            self.row(row, &widths, &mut lines);
            if at == 0 {
                let bars: Vec<_> = widths.iter().map(|width| "─".repeat(*width)).collect();
                lines.push(vec![Span::new(bars.join("─┼─"), Style::FAINT)]);
            }
        }
        lines
    }

    /// Columns of each column; absent if they cannot be had in `room`.
    fn widths(&self, room: usize) -> Option<Vec<usize>> {
        let count = self.rows.iter().map(Vec::len).max()?;
        let between = 3 * count.saturating_sub(1);
        let mut widths = vec![1; count];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                let widest = wrap(cell, room).iter().map(|line| columns(line)).max();
                *width = (*width).max(widest.unwrap_or(0));
            }
        }
        while widths.iter().sum::<usize>() + between > room {
            let widest = widths.iter_mut().max()?;
            if *widest <= NARROWEST {
                return None;
            }
            *widest -= 1;
        }
        Some(widths)
    }

    fn row(&self, row: &[Vec<Span>], widths: &[usize], lines: &mut Vec<Vec<Span>>) {
        let cells: Vec<_> = widths
            .iter()
            .enumerate()
            .map(|(at, width)| row.get(at).map(|cell| wrap(cell, *width)).unwrap_or_default())
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0).max(1);
        for level in 0..height {
            let mut line = Vec::new();
            for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
                let text = cell.get(level).map(Vec::as_slice).unwrap_or_default();
                let free = width.saturating_sub(columns(text));
                let before = match self.alignments.get(at) {
                    Some(Alignment::Right) => free,
                    Some(Alignment::Center) => free / 2,
                    _ => 0,
                };
                if at > 0 {
                    line.push(Span::new(BETWEEN, Style::FAINT));
                }
                line.push(Span::new(" ".repeat(before), Style::default()));
                line.extend_from_slice(text);
                if at + 1 < widths.len() {
                    line.push(Span::new(" ".repeat(free - before), Style::default()));
                }
            }
            lines.push(line);
        }
    }
}

/// A row without columns.
fn joined(row: &[Vec<Span>]) -> Vec<Span> {
    let between = [Span::new(BETWEEN, Style::FAINT)];
    row.join(&between[..])
}
