//! Words of texts and queries, for the tokenizer of FTS5.
//!
//! Scripts without spaces between words (Chinese, Japanese, Korean, Thai and others) are split into
//! pairs of characters that overlap. Most of their words have two characters, which a table of
//! trigrams could only find by reading all of it.

/// The most words of a query.
const MAX_QUERY_TERMS: usize = 32;

/// The most characters of a word.
const MAX_TERM_CHARS: usize = 64;

/// Whether words of the character's script are written without spaces between them, or, as in
/// Korean, with endings.
pub(crate) fn is_unspaced(character: char) -> bool {
    // All but these are letters of scripts with spaces, or no letters.
    u32::from(character) >= 0x0E00
        && matches!(u32::from(character),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x1100..=0x11FF
        | 0x2E80..=0x2FDF | 0x3005..=0x3007 | 0x3040..=0x30FF | 0x3130..=0x318F
        | 0x31F0..=0x31FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xA960..=0xA97F
        | 0xAC00..=0xD7FF | 0xF900..=0xFAFF | 0xFF66..=0xFF9F | 0x2_0000..=0x3_FFFF)
}

/// A word as it is indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SearchTerm {
    /// In lower case, letters and digits only.
    pub(crate) text: String,
    /// Whether words that begin with it are meant too: a single character of a script without
    /// spaces, which is indexed with its neighbours only.
    pub(crate) is_prefix: bool,
}

/// What the words are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WordPurpose {
    /// The last character of a run without spaces is a word too, so that each of its characters
    /// begins one.
    Index,
    Query,
}

/// Calls `visit` for each word of a text, in order, in lower case, with its offset and whether it is
/// a single character of a run without spaces.
fn visit_words(text: &str, purpose: WordPurpose, mut visit: impl FnMut(usize, &str, bool)) {
    let is_alone = |is_paired: bool| !is_paired || purpose == WordPurpose::Index;
    let mut word = String::new();
    let mut start = 0;
    // The character before, when it was one of a script without spaces.
    let mut previous: Option<(usize, char)> = None;
    let mut is_paired = false;
    for (at, character) in text.char_indices() {
        let is_unspaced = is_unspaced(character) && is_word_character(character);
        if is_unspaced || !is_word_character(character) {
            if !word.is_empty() {
                visit(start, &word, false);
                word.clear();
            }
        } else {
            if word.is_empty() {
                start = at;
            }
            if character.is_ascii() {
                word.push(character.to_ascii_lowercase());
            } else {
                word.extend(character.to_lowercase());
            }
        }
        match (previous, is_unspaced) {
            (Some((before, first)), true) => {
                let pair: String = [first, character].into_iter().collect();
                visit(before, &pair, false);
                is_paired = true;
            }
            (Some((before, single)), false) if is_alone(is_paired) => {
                visit(before, single.encode_utf8(&mut [0; 4]), true);
            }
            _ => {}
        }
        previous = is_unspaced.then_some((at, character));
        is_paired &= is_unspaced;
    }
    if !word.is_empty() {
        visit(start, &word, false);
    }
    if let Some((before, single)) = previous.filter(|_| is_alone(is_paired)) {
        visit(before, single.encode_utf8(&mut [0; 4]), true);
    }
}

fn is_word_character(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric();
    }
    // Marks of scripts such as Thai belong to the word.
    character.is_alphanumeric() || (is_unspaced(character) && !character.is_ascii_punctuation())
}

/// The text as it is given to the tokenizer: its words, separated by spaces.
pub(crate) fn index_text(text: &str) -> String {
    let mut words = String::with_capacity(text.len() + text.len() / 8);
    visit_words(text, WordPurpose::Index, |_, word, _| {
        words.push_str(word);
        words.push(' ');
    });
    words
}

/// The words of a query, without repetitions.
pub(crate) fn parse_query(query: &str) -> Vec<SearchTerm> {
    let mut terms: Vec<SearchTerm> = Vec::new();
    visit_words(query, WordPurpose::Query, |_, word, is_prefix| {
        if terms.len() < MAX_QUERY_TERMS && terms.iter().all(|term| term.text != word) {
            let text = word.chars().take(MAX_TERM_CHARS).collect();
            terms.push(SearchTerm { text, is_prefix });
        }
    });
    terms
}

/// How often each term is in a text, and where the first of them is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TermCounts {
    pub(crate) counts: Vec<u32>,
    /// The offset of the place with the most different terms near it; 0 without any.
    pub(crate) best_offset: usize,
}

/// The bytes of a text that count as one place.
const PLACE_BYTES: usize = 300;

/// Counts terms in a text; a longer word counts for a term of three letters or more that it begins
/// with.
pub(crate) fn count_terms(text: &str, terms: &[SearchTerm]) -> TermCounts {
    let mut counts = vec![0; terms.len()];
    let mut places: Vec<(usize, usize)> = Vec::new();
    visit_words(text, WordPurpose::Index, |at, word, _| {
        for (index, (term, count)) in terms.iter().zip(&mut counts).enumerate() {
            let is_beginning = term.is_prefix || term.text.len() >= 3;
            if word.starts_with(&term.text) && (is_beginning || word.len() == term.text.len()) {
                *count += 1;
                places.push((at, index));
            }
        }
    });
    let score = |start: usize| {
        let near = places.iter().filter(|(at, _)| (start..start + PLACE_BYTES).contains(at));
        near.fold(0_u64, |seen, (_, index)| seen | 1 << (index % 64)).count_ones()
    };
    let best = places.iter().max_by_key(|(at, _)| (score(*at), std::cmp::Reverse(*at)));
    TermCounts { counts, best_offset: best.map_or(0, |(at, _)| *at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(terms: &[SearchTerm]) -> Vec<&str> {
        terms.iter().map(|term| term.text.as_str()).collect()
    }

    #[test]
    fn words_are_split_by_their_script() {
        assert_eq!(index_text("Foo_bar-9, vLLM服务器!"), "foo bar 9 vllm 服务 务器 器 ");
        assert_eq!(index_text("天 and 気"), "天 and 気 ");
        assert_eq!(index_text("今日は"), "今日 日は は ");
        assert_eq!(index_text("서울에서"), "서울 울에 에서 서 ");
        assert_eq!(index_text("—…"), "");
    }

    #[test]
    fn a_query_has_each_word_once() {
        let terms = parse_query("the Fox; the fox \"OR\" 天");
        assert_eq!(texts(&terms), ["the", "fox", "or", "天"]);
        assert!(terms[3].is_prefix && !terms[0].is_prefix);
        assert_eq!(parse_query(&"w ".repeat(99)).len(), 1);
        let many = (0..99).map(|n| format!("w{n} ")).collect::<Vec<_>>().concat();
        assert_eq!(parse_query(&many).len(), MAX_QUERY_TERMS);
    }

    #[test]
    fn counts_are_of_words_and_their_beginnings() {
        let terms = parse_query("deploy to 天气");
        let counted = count_terms("Deploys: deploy today to 天气预报", &terms);
        assert_eq!(counted.counts, [2, 1, 1]);
        let text = format!("deploy {} deploy to 天气", "x ".repeat(400));
        assert!(count_terms(&text, &terms).best_offset > 700);
    }
}
