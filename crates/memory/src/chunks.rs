//! Splits a note into overlapping chunks of whole lines, the units that are found.

use crate::terms::is_unspaced;

/// Sizes of chunks, in estimated tokens: four characters, or one of a script without spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkLimits {
    /// The most tokens of a chunk; at least 16 are used.
    pub max_tokens: usize,
    /// The tokens at the end of a chunk with which the next one begins; less than half of
    /// `max_tokens` is used.
    pub overlap_tokens: usize,
}

/// A part of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoteChunk {
    /// The number of its first line, from 1.
    pub(crate) first_line: usize,
    pub(crate) line_count: usize,
    pub(crate) text: String,
}

/// The smallest limit of a chunk.
const MIN_TOKENS: usize = 16;

/// A quarter of a token is the unit, so that short lines are not rounded up.
const UNITS_PER_TOKEN: usize = 4;

/// A line, or a piece of a long one.
#[derive(Debug, Clone, Copy)]
struct LinePiece<'a> {
    number: usize,
    text: &'a str,
    units: usize,
}

/// Splits a text. Chunks without any visible character are left out.
pub(crate) fn split_note(text: &str, limits: ChunkLimits) -> Vec<NoteChunk> {
    let max_units = limits.max_tokens.max(MIN_TOKENS) * UNITS_PER_TOKEN;
    let overlap_units = (limits.overlap_tokens * UNITS_PER_TOKEN).min(max_units / 2 - 1);
    let mut chunks = Vec::new();
    let mut pending: Vec<LinePiece<'_>> = Vec::new();
    let mut units = 0;
    // The pieces of `pending` that an earlier chunk has.
    let mut repeated = 0;
    for piece in split_lines(text, max_units / 2) {
        let is_section = piece.text.starts_with('#') && units * 2 >= max_units;
        if units + piece.units > max_units || is_section {
            push_chunk(&mut chunks, &pending);
            let kept = if is_section { 0 } else { count_tail(&pending, overlap_units) };
            pending.drain(..pending.len() - kept);
            units = pending.iter().map(|piece| piece.units).sum();
            repeated = kept;
        }
        units += piece.units;
        pending.push(piece);
    }
    if pending.len() > repeated {
        push_chunk(&mut chunks, &pending);
    }
    chunks
}

fn split_lines(text: &str, max_units: usize) -> impl Iterator<Item = LinePiece<'_>> {
    text.lines().zip(1..).flat_map(move |(line, number)| {
        let mut rest = Some(line);
        std::iter::from_fn(move || {
            let line = rest.take()?;
            let (end, units) = measure_prefix(line, max_units);
            let (piece, after) = line.split_at(end);
            rest = Some(after).filter(|after| !after.is_empty());
            Some(LinePiece { number, text: piece, units })
        })
    })
}

/// The length of the longest beginning of a line within `max_units`, and its units. A line counts
/// one unit for its end.
fn measure_prefix(line: &str, max_units: usize) -> (usize, usize) {
    let mut units = 1;
    for (at, character) in line.char_indices() {
        let added = if is_unspaced(character) { UNITS_PER_TOKEN } else { 1 };
        if units + added > max_units && at > 0 {
            return (at, units);
        }
        units += added;
    }
    (line.len(), units)
}

/// How many of the last pieces have at most `max_units`.
fn count_tail(pieces: &[LinePiece<'_>], max_units: usize) -> usize {
    let mut units = 0;
    let fits = pieces.iter().rev().take_while(|piece| {
        units += piece.units;
        units <= max_units
    });
    fits.count()
}

fn push_chunk(chunks: &mut Vec<NoteChunk>, pieces: &[LinePiece<'_>]) {
    let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else { return };
    let mut text = String::new();
    let mut number = first.number;
    for piece in pieces {
        if piece.number != number {
            text.push('\n');
            number = piece.number;
        }
        text.push_str(piece.text);
    }
    if text.trim().is_empty() {
        return;
    }
    let line_count = last.number - first.number + 1;
    chunks.push(NoteChunk { first_line: first.number, line_count, text });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: ChunkLimits = ChunkLimits { max_tokens: 16, overlap_tokens: 4 };

    #[test]
    fn chunks_overlap_by_whole_lines_and_know_their_place() {
        let lines = (1..=12).map(|n| format!("line {n:02} abcdef\n"));
        let text = lines.collect::<Vec<_>>().concat();
        let chunks = split_note(&text, LIMITS);
        let places: Vec<_> = chunks.iter().map(|it| (it.first_line, it.line_count)).collect();
        assert_eq!(places, [(1, 4), (4, 4), (7, 4), (10, 3)]);
        assert!(chunks[1].text.starts_with("line 04 abcdef\nline 05"), "{chunks:?}");
    }

    #[test]
    fn a_section_begins_a_chunk_when_the_one_before_is_half_full() {
        let text = "# A\nsome words about a thing and more\n# B\nothers\n";
        let chunks = split_note(text, LIMITS);
        let firsts: Vec<_> = chunks.iter().map(|it| it.text.lines().next().unwrap()).collect();
        assert_eq!(firsts, ["# A", "# B"]);
        assert!(split_note(" \n\n\t\n", LIMITS).is_empty());
    }

    #[test]
    fn a_character_without_spaces_around_it_is_a_token() {
        let chunks = split_note(&"天气".repeat(20), LIMITS);
        assert!(chunks.iter().all(|it| it.text.chars().count() <= 16), "{chunks:?}");
        assert!(chunks.len() >= 3 && chunks.iter().all(|it| it.first_line == 1));
    }

    proptest! {
        #[test]
        fn every_visible_line_is_in_a_chunk_at_its_place(text in "(\\PC{0,90}\n){0,30}") {
            let chunks = split_note(&text, LIMITS);
            for (line, number) in text.lines().zip(1..) {
                let within = chunks.iter().filter(|chunk| {
                    (chunk.first_line..chunk.first_line + chunk.line_count).contains(&number)
                });
                let joined: String = within.map(|chunk| chunk.text.as_str()).collect();
                let visible = |text: &str| text.chars().filter(|it| !it.is_whitespace()).count();
                prop_assert!(visible(&joined) >= visible(line), "{number}: {line:?}");
            }
            for chunk in &chunks {
                prop_assert!(chunk.text.chars().count() <= 16 * 4);
                prop_assert!(chunk.text.lines().count() <= chunk.line_count);
            }
        }
    }
}
