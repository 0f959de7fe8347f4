//! Candidates by words, from the full-text index.

use rusqlite::Connection;

use crate::terms::SearchTerm;

/// A word in more chunks than this is common: to rank by it would take longer than it helps.
const COMMON_CHUNKS: usize = 3000;

/// A term, and in how many chunks it is.
#[derive(Debug, Clone)]
pub(crate) struct WeightedTerm {
    pub(crate) term: SearchTerm,
    /// How much a chunk with it is more likely meant than one without.
    pub(crate) weight: f32,
    /// The expression of FTS5.
    expression: String,
    chunks: usize,
}

impl WeightedTerm {
    fn is_common(&self) -> bool {
        self.chunks >= COMMON_CHUNKS
    }
}

/// Looks up how common the terms are. One that no chunk has stands for the words that begin with it.
pub(crate) fn weigh_terms(
    connection: &Connection,
    terms: Vec<SearchTerm>,
) -> rusqlite::Result<Vec<WeightedTerm>> {
    let total: f32 = connection
        .prepare("SELECT coalesce(max(id), 0) FROM chunk")?
        .query_row([], |row| row.get(0))?;
    let mut weighted = Vec::with_capacity(terms.len());
    for mut term in terms {
        let mut expression = term_expression(&term);
        let mut chunks = count_chunks(connection, &expression)?;
        if chunks == 0 && !term.is_prefix && term.text.chars().count() >= 3 {
            term.is_prefix = true;
            expression = term_expression(&term);
            chunks = count_chunks(connection, &expression)?;
        }
        #[expect(clippy::cast_precision_loss, reason = "a weight needs no precision")]
        let share = total.max(1.0) / (chunks as f32 + 0.5);
        weighted.push(WeightedTerm { weight: share.ln_1p(), term, expression, chunks });
    }
    Ok(weighted)
}

/// The word in quotes, so that no word is an operator.
fn term_expression(term: &SearchTerm) -> String {
    format!("\"{}\"{}", term.text, if term.is_prefix { "*" } else { "" })
}

/// Counts up to [`COMMON_CHUNKS`].
fn count_chunks(connection: &Connection, expression: &str) -> rusqlite::Result<usize> {
    let mut count = connection.prepare(
        "SELECT count(*) FROM (SELECT 1 FROM chunk_words WHERE chunk_words MATCH ?1 LIMIT ?2)",
    )?;
    count.query_row(rusqlite::params![expression, COMMON_CHUNKS], |row| row.get(0))
}

/// The chunks that have the terms, at most `count`, those with rare words first.
pub(crate) fn find_chunks(
    connection: &Connection,
    terms: &[WeightedTerm],
    count: usize,
) -> rusqlite::Result<Vec<i64>> {
    let rare: Vec<&WeightedTerm> =
        terms.iter().filter(|term| term.chunks > 0 && !term.is_common()).collect();
    if !rare.is_empty() {
        return select_chunks(
            connection,
            "SELECT rowid FROM chunk_words WHERE chunk_words MATCH ?1 ORDER BY rank LIMIT ?2",
            &join_expressions(&rare, " OR "),
            count,
        );
    }
    let common: Vec<&WeightedTerm> = terms.iter().filter(|term| term.is_common()).collect();
    if common.is_empty() {
        return Ok(Vec::new());
    }
    // The newest ones.
    let select =
        "SELECT rowid FROM chunk_words WHERE chunk_words MATCH ?1 ORDER BY rowid DESC LIMIT ?2";
    let all = select_chunks(connection, select, &join_expressions(&common, " AND "), count)?;
    if all.is_empty() {
        return select_chunks(connection, select, &join_expressions(&common, " OR "), count);
    }
    Ok(all)
}

fn join_expressions(terms: &[&WeightedTerm], operator: &str) -> String {
    let expressions: Vec<&str> = terms.iter().map(|term| term.expression.as_str()).collect();
    expressions.join(operator)
}

fn select_chunks(
    connection: &Connection,
    select: &str,
    expression: &str,
    count: usize,
) -> rusqlite::Result<Vec<i64>> {
    let mut select = connection.prepare(select)?;
    let rows = select.query_map(rusqlite::params![expression, count], |row| row.get(0))?;
    rows.collect()
}
