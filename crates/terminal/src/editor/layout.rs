//! Lays out the editor in rows.

use crate::cells::{cluster_length, cluster_width, row_width};

use super::{HistorySearch, LineEditor};

/// The rows of an editor, and its cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditorLayout {
    /// The rows, at least one, none wider than the requested columns.
    pub rows: Vec<String>,
    /// The row and the column of the cursor among them, from 0.
    pub cursor: (usize, usize),
}

impl LineEditor {
    /// Lays the text out in at most `max_rows` rows of `columns` cells around the cursor. The first
    /// row begins with `prompt`, the others are indented by its width.
    #[must_use]
    pub fn compute_layout(&self, prompt: &str, columns: usize, max_rows: usize) -> EditorLayout {
        if let Some(HistorySearch { text, match_index: found, .. }) = &self.history_search {
            let found = found.and_then(|found| self.history.get(found)).unwrap_or_default();
            let found = found.replace('\n', " ");
            return lay_out_text(&format!("search: {text} → "), &found, 0, columns, max_rows);
        }
        lay_out_text(prompt, self.line.text(), self.line.cursor(), columns, max_rows)
    }
}

fn lay_out_text(
    prompt: &str,
    text: &str,
    cursor: usize,
    columns: usize,
    max_rows: usize,
) -> EditorLayout {
    let columns = columns.max(4);
    let prompt = if row_width(prompt) + 2 < columns { prompt } else { "" };
    let indent = row_width(prompt);
    let mut rows = vec![prompt.to_owned()];
    let (mut used, mut at, mut place) = (indent, 0, None);
    let next = |rows: &mut Vec<String>, used: &mut usize| {
        rows.push(" ".repeat(indent));
        *used = indent;
    };
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let cluster = rest.get(..cluster_length(rest)).unwrap_or(rest);
        let shown = if cluster == "\t" { "    " } else { cluster };
        let wide = if cluster == "\n" { 0 } else { cluster_width(shown) };
        if used + wide > columns && cluster != "\n" {
            next(&mut rows, &mut used);
        }
        if at == cursor {
            place = Some((rows.len() - 1, used));
        }
        at += cluster.len().max(1);
        if cluster == "\n" {
            next(&mut rows, &mut used);
        } else if let Some(row) = rows.last_mut().filter(|_| used + wide <= columns) {
            row.push_str(shown);
            used += wide;
        }
    }
    let (row, column) = place.unwrap_or((rows.len() - 1, used));
    // After a full last row, the cursor gets a row of its own.
    let (row, column) = match column < columns {
        true => (row, column),
        false if row + 1 < rows.len() => (row, columns - 1),
        false => {
            next(&mut rows, &mut used);
            (row + 1, indent)
        }
    };
    let max_rows = max_rows.max(1);
    let first = rows.len().saturating_sub(max_rows).min(row);
    let rows: Vec<String> = rows.into_iter().skip(first).take(max_rows).collect();
    EditorLayout { rows, cursor: (row - first, column) }
}
