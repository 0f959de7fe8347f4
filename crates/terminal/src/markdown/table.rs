//! Lays out tables in columns.

use pulldown_cmark::Alignment;

use super::{
    painter::{SpanStyle, StyledSpan},
    wrap::{line_columns, wrap_spans},
};

/// The least width of a column when the table is wider than the terminal.
const MIN_COLUMN_WIDTH: usize = 4;
const COLUMN_SEPARATOR: &str = " │ ";

/// A table's cells; the first row is its head.
#[derive(Debug, Default)]
pub(super) struct TableCells {
    pub(super) alignments: Vec<Alignment>,
    pub(super) rows: Vec<Vec<Vec<StyledSpan>>>,
}

impl TableCells {
    /// Lays the table out in lines of at most `room` columns. Cells that are too wide are wrapped
    /// inside their column; if the columns do not fit, each row is wrapped as text.
    pub(super) fn layout_lines(&self, room: usize) -> Vec<Vec<StyledSpan>> {
        let Some(widths) = self.column_widths(room) else {
            return self.rows.iter().flat_map(|row| wrap_spans(&join_cells(row), room)).collect();
        };
        let mut lines = Vec::new();
        for (at, row) in self.rows.iter().enumerate() {
            self.layout_row(row, &widths, &mut lines);
            if at == 0 {
                let bars: Vec<_> = widths.iter().map(|width| "─".repeat(*width)).collect();
                lines.push(vec![StyledSpan::new(bars.join("─┼─"), SpanStyle::FAINT)]);
            }
        }
        lines
    }

    /// The width of each column; `None` if they do not fit into `room`.
    fn column_widths(&self, room: usize) -> Option<Vec<usize>> {
        let count = self.rows.iter().map(Vec::len).max()?;
        let between = 3 * count.saturating_sub(1);
        let mut widths = vec![1; count];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                let widest = wrap_spans(cell, room).iter().map(|line| line_columns(line)).max();
                *width = (*width).max(widest.unwrap_or(0));
            }
        }
        while widths.iter().sum::<usize>() + between > room {
            let widest = widths.iter_mut().max()?;
            if *widest <= MIN_COLUMN_WIDTH {
                return None;
            }
            *widest -= 1;
        }
        Some(widths)
    }

    fn layout_row(
        &self,
        row: &[Vec<StyledSpan>],
        widths: &[usize],
        lines: &mut Vec<Vec<StyledSpan>>,
    ) {
        let cells: Vec<_> = widths
            .iter()
            .enumerate()
            .map(|(at, width)| row.get(at).map(|cell| wrap_spans(cell, *width)).unwrap_or_default())
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0).max(1);
        for level in 0..height {
            let mut line = Vec::new();
            for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
                let text = cell.get(level).map(Vec::as_slice).unwrap_or_default();
                let free = width.saturating_sub(line_columns(text));
                let before = match self.alignments.get(at) {
                    Some(Alignment::Right) => free,
                    Some(Alignment::Center) => free / 2,
                    _ => 0,
                };
                if at > 0 {
                    line.push(StyledSpan::new(COLUMN_SEPARATOR, SpanStyle::FAINT));
                }
                line.push(StyledSpan::new(" ".repeat(before), SpanStyle::default()));
                line.extend_from_slice(text);
                if at + 1 < widths.len() {
                    line.push(StyledSpan::new(" ".repeat(free - before), SpanStyle::default()));
                }
            }
            lines.push(line);
        }
    }
}

/// Joins a row's cells into text.
fn join_cells(row: &[Vec<StyledSpan>]) -> Vec<StyledSpan> {
    let between = [StyledSpan::new(COLUMN_SEPARATOR, SpanStyle::FAINT)];
    row.join(&between[..])
}
