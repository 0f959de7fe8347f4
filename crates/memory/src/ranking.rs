//! Ranks the candidates of words and of vectors together.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _};

use crate::keyword::{WeightedTerm, find_chunks, weigh_terms};
use crate::terms::{TermCounts, count_terms, parse_query};
use crate::vectors::VectorTable;

/// The candidates of words that are ranked.
const CANDIDATES: usize = 100;
/// The candidates of vectors whose words are looked at; results are at most half as many.
const SIMILAR_CANDIDATES: usize = 60;

/// The most bytes of a snippet.
const MAX_SNIPPET_BYTES: usize = 700;
/// The bytes of a snippet before the place that was found.
const LEADING_SNIPPET_BYTES: usize = 150;

/// The similarity from which on a chunk is found that has no word of the query.
const MIN_COSINE: f32 = 0.3;

/// The score of words that the full-text index finds and a plain comparison does not, because of
/// their accents.
const ACCENT_SCORE: f32 = 0.1;

/// What is searched for.
#[derive(Debug, Clone)]
pub struct MemoryQuery {
    /// Words or a sentence.
    pub text: String,
    /// The most results.
    pub max_results: usize,
    /// The least score of a result, from 0 to 1; `None` for any.
    pub min_score: Option<f32>,
    /// How much similarity in meaning counts against words, from 0 to 1.
    pub vector_share: f32,
}

/// How the results were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchMode {
    /// By words and by meaning.
    Hybrid,
    /// By words only.
    Keyword,
}

impl SearchMode {
    /// `hybrid` or `keyword`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hybrid => "hybrid",
            Self::Keyword => "keyword",
        }
    }
}

/// A passage that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct MemoryHit {
    /// The path of the note in the workspace.
    pub path: String,
    /// The number of the first line of the passage, from 1.
    pub first_line: usize,
    /// How many lines it has.
    pub line_count: usize,
    /// The part of it that fits best.
    pub snippet: String,
    /// How well it fits, from 0 to 1. Scores of different modes can't be compared.
    pub score: f32,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct MemoryAnswer {
    /// The best passage first.
    pub hits: Vec<MemoryHit>,
    /// How they were found.
    pub mode: SearchMode,
    /// Why they were found by words only, for a person; `None` when by both.
    pub keyword_reason: Option<String>,
}

/// A chunk that may be a result.
#[derive(Debug)]
struct Candidate {
    path: String,
    first_line: usize,
    line_count: usize,
    text: String,
    counted: TermCounts,
    score: f32,
}

/// Finds the passages. `vectors` are the table and the vector of the query.
pub(crate) fn find_passages(
    connection: &Connection,
    query: &MemoryQuery,
    vectors: Option<(&VectorTable, &[f32])>,
) -> rusqlite::Result<Vec<MemoryHit>> {
    let terms = weigh_terms(connection, parse_query(&query.text))?;
    let by_words: BTreeSet<i64> =
        find_chunks(connection, &terms, CANDIDATES)?.into_iter().collect();
    let nearest = vectors.map(|(table, vector)| table.nearest_chunks(vector, SIMILAR_CANDIDATES));
    let mut ids = by_words.clone();
    if let Some(nearest) = &nearest {
        let similar = nearest.best.iter().filter(|(_, cosine)| *cosine >= MIN_COSINE);
        ids.extend(similar.map(|(id, _)| *id));
    }
    let mut candidates = Vec::with_capacity(ids.len());
    let plain: Vec<_> = terms.iter().map(|term| term.term.clone()).collect();
    let mut select = connection.prepare(
        "SELECT path, first_line, line_count, text FROM chunk JOIN note ON note.id = chunk.note
         WHERE chunk.id = ?1",
    )?;
    for id in ids {
        let row = select.query_row([id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, String>(3)?))
        });
        let Some((path, first_line, line_count, text)) = row.optional()? else { continue };
        let counted = count_terms(&text, &plain);
        let mut words = word_score(&terms, &counted);
        if by_words.contains(&id) {
            words = words.max(ACCENT_SCORE);
        }
        let cosine = nearest.as_ref().and_then(|nearest| nearest.find_cosine(id));
        let score = join_scores(query, words, cosine);
        candidates.push(Candidate { path, first_line, line_count, text, counted, score });
    }
    let min_score = query.min_score.unwrap_or(0.0);
    candidates.retain(|candidate| candidate.score >= min_score);
    // Of equal ones that in the newer daily note.
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| b.path.cmp(&a.path)));
    Ok(choose_hits(candidates, query.max_results))
}

/// The score of words alone for a chunk that has no vector yet.
fn join_scores(query: &MemoryQuery, words: f32, cosine: Option<f32>) -> f32 {
    let Some(cosine) = cosine else { return words };
    query.vector_share * cosine.clamp(0.0, 1.0) + (1.0 - query.vector_share) * words
}

/// The share of the terms' weight that a text has, more for words that it repeats.
fn word_score(terms: &[WeightedTerm], counted: &TermCounts) -> f32 {
    let total: f32 = terms.iter().map(|term| term.weight).sum();
    let own = terms.iter().zip(&counted.counts).map(|(term, count)| {
        #[expect(clippy::cast_precision_loss, reason = "a score needs no precision")]
        let count = *count as f32;
        term.weight * count / (count + 0.25)
    });
    if total > 0.0 { own.sum::<f32>() / total } else { 0.0 }
}

/// The best candidates, without those whose lines a better one has.
fn choose_hits(candidates: Vec<Candidate>, count: usize) -> Vec<MemoryHit> {
    let mut hits: Vec<MemoryHit> = Vec::new();
    for candidate in candidates {
        if hits.len() >= count {
            break;
        }
        let Candidate { path, first_line, line_count, text, counted, score } = candidate;
        let snippet = cut_snippet(&text, counted.best_offset);
        let is_repeated = hits.iter().any(|hit| {
            let is_within = hit.path == path
                && first_line < hit.first_line + hit.line_count
                && hit.first_line < first_line + line_count;
            // Pieces of one long line share its number only.
            is_within && (line_count > 1 || hit.snippet == snippet)
        });
        if !is_repeated {
            hits.push(MemoryHit { path, first_line, line_count, snippet, score });
        }
    }
    hits
}

/// The part of a text around an offset, of whole lines where possible.
fn cut_snippet(text: &str, offset: usize) -> String {
    if text.len() <= MAX_SNIPPET_BYTES {
        return text.trim().to_owned();
    }
    let from = text.floor_char_boundary(offset.saturating_sub(LEADING_SNIPPET_BYTES));
    let (before, rest) = text.split_at(from);
    // At the beginning of a line, or else of a word.
    let lead = rest.get(..rest.floor_char_boundary(LEADING_SNIPPET_BYTES)).unwrap_or_default();
    let skipped = match (before.is_empty() || before.ends_with('\n'), lead.find('\n')) {
        (true, _) => 0,
        (false, Some(at)) => at + 1,
        (false, None) => lead.find(' ').map_or(0, |at| at + 1),
    };
    let rest = rest.get(skipped..).unwrap_or_default();
    let end = rest.floor_char_boundary(MAX_SNIPPET_BYTES);
    let cut = rest.get(..end).unwrap_or_default();
    let cut = match cut.rfind('\n') {
        Some(at) if end < rest.len() && at > MAX_SNIPPET_BYTES / 2 => {
            cut.get(..at).unwrap_or_default()
        }
        _ => cut,
    };
    cut.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_begins_with_a_line_or_a_word() {
        let lines = (0..60).map(|n| format!("line {n:02} is here\n"));
        let text = lines.collect::<Vec<_>>().concat();
        let at = text.find("line 30").unwrap();
        let snippet = cut_snippet(&text, at);
        assert!(snippet.starts_with("line 2") && snippet.contains("line 30"), "{snippet}");
        assert!(snippet.len() <= MAX_SNIPPET_BYTES && snippet.ends_with("here"));
        let long = "wörter ".repeat(300);
        let snippet = cut_snippet(&long, 1001);
        assert!(snippet.starts_with("wörter") && snippet.len() <= MAX_SNIPPET_BYTES, "{snippet}");
        assert_eq!(cut_snippet(" short ", 3), "short");
    }
}
