//! A fast path for the chunks of a chat completion, most of which differ only in their text.
//!
//! A server writes all chunks of a stream alike: the same fields in the same order, and the same
//! values but one. The JSON around the text of a parsed chunk becomes a template. A chunk that
//! matches it has only its text parsed: that gives the same result as a full parse, many times as
//! fast.

use openclaw_transport::wire::{ChatChunk, ChatDelta, ChunkChoice};

/// After this many templates in a row that never matched, no new one is made.
const MAX_MISSES: u8 = 8;

/// The template of a stream's chunks, if there is one.
#[derive(Debug, Default)]
pub(crate) struct DeltaFastPath {
    template: Option<DeltaTemplate>,
    /// Templates made since the last match.
    misses: u8,
}

/// The JSON around the text of a chunk that has nothing but text.
#[derive(Debug)]
struct DeltaTemplate {
    text_field: TextField,
    /// Everything before the text and its quotes.
    prefix: String,
    /// Everything after it.
    suffix: String,
}

/// The field that holds a chunk's text.
#[derive(Debug, Clone, Copy)]
enum TextField {
    Content,
    Reasoning,
    ReasoningContent,
}

impl DeltaFastPath {
    /// Reads a chunk that matches the template; `None` for any other.
    pub(crate) fn read_delta(&mut self, data: &str) -> Option<ChatDelta> {
        let template = self.template.as_ref()?;
        let text = template.extract_text(data)?;
        self.misses = 0;
        Some(template.text_field.delta_with_text(text))
    }

    /// Makes a template of a chunk that was parsed in full.
    pub(crate) fn record_chunk(&mut self, data: &str, chunk: &ChatChunk) {
        if self.misses < MAX_MISSES
            && let Some(template) = DeltaTemplate::from_chunk(data, chunk)
        {
            self.misses += 1;
            self.template = Some(template);
        }
    }
}

impl DeltaTemplate {
    fn from_chunk(data: &str, chunk: &ChatChunk) -> Option<Self> {
        let (field, text) = TextField::find_text(chunk)?;
        let text_start = data.find(field.json_key())? + field.json_key().len();
        let (before, rest) = data.split_at_checked(text_start)?;
        // Find the closing quote: the next one that no backslash escapes.
        let mut is_escaped = false;
        let len = rest.bytes().skip(1).position(|byte| {
            let is_closing = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            is_closing
        })?;
        let (quoted, after) = rest.split_at_checked(len + 2)?;
        let template =
            Self { text_field: field, prefix: before.to_owned(), suffix: after.to_owned() };
        // The key may occur elsewhere in the chunk. Change the text at this place and parse again:
        // the place is right only if the result is the same chunk with the changed text.
        let open = quoted.strip_suffix('"')?;
        let altered = format!("{before}{open}-\"{after}");
        let parsed: ChatChunk = serde_json::from_str(&altered).ok()?;
        let expected = chunk_from_delta(field.delta_with_text(format!("{text}-")));
        (parsed == expected).then_some(template)
    }

    fn extract_text(&self, data: &str) -> Option<String> {
        let quoted = data.strip_prefix(self.prefix.as_str())?.strip_suffix(self.suffix.as_str())?;
        serde_json::from_str(quoted).ok()
    }
}

impl TextField {
    /// Returns the field and text of a chunk with a single choice.
    fn find_text(chunk: &ChatChunk) -> Option<(Self, &str)> {
        let [ChunkChoice { delta, .. }] = chunk.choices.as_slice() else { return None };
        let fields = [
            (Self::Content, &delta.content),
            (Self::Reasoning, &delta.reasoning),
            (Self::ReasoningContent, &delta.reasoning_content),
        ];
        let (field, text) =
            fields.into_iter().find_map(|(field, text)| Some((field, text.as_deref()?)))?;
        Some((field, text))
    }

    /// The JSON key before the text, as servers write it.
    fn json_key(self) -> &'static str {
        match self {
            Self::Content => "\"content\":",
            Self::Reasoning => "\"reasoning\":",
            Self::ReasoningContent => "\"reasoning_content\":",
        }
    }

    fn delta_with_text(self, text: String) -> ChatDelta {
        let mut delta = ChatDelta::default();
        match self {
            Self::Content => delta.content = Some(text),
            Self::Reasoning => delta.reasoning = Some(text),
            Self::ReasoningContent => delta.reasoning_content = Some(text),
        }
        delta
    }
}

fn chunk_from_delta(delta: ChatDelta) -> ChatChunk {
    let choice = ChunkChoice { delta, ..ChunkChoice::default() };
    ChatChunk { choices: vec![choice], ..ChatChunk::default() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads chunks as a stream does, through the fast path where it applies.
    fn read_chunks(pieces: &[String]) -> (Vec<Option<ChatChunk>>, usize) {
        let (mut fast_path, mut fast_reads) = (DeltaFastPath::default(), 0);
        let chunks = pieces.iter().map(|data| {
            if let Some(delta) = fast_path.read_delta(data) {
                fast_reads += 1;
                return Some(chunk_from_delta(delta));
            }
            let chunk = serde_json::from_str(data).ok()?;
            fast_path.record_chunk(data, &chunk);
            Some(chunk)
        });
        let chunks = chunks.collect();
        (chunks, fast_reads)
    }

    fn parse_chunks(pieces: &[String]) -> Vec<Option<ChatChunk>> {
        pieces.iter().map(|data| serde_json::from_str(data).ok()).collect()
    }

    fn chunk_json(delta: &str) -> String {
        format!(
            r#"{{"id":"a","created":1,"model":"m","choices":[{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":null}}]}}"#
        )
    }

    #[test]
    fn pieces_that_differ_in_their_text_alone_are_read_in_the_short_way() {
        let texts = [r#""a""#, r#"" b""#, r#""\"\\""#, r#""""#, r#""\ud83d\ude00é""#, "\"\""];
        for key in ["content", "reasoning", "reasoning_content"] {
            let pieces = texts.map(|text| chunk_json(&format!(r#"{{"{key}":{text}}}"#)));
            assert_eq!(read_chunks(&pieces), (parse_chunks(&pieces), texts.len() - 1), "{key}");
        }
    }

    #[test]
    fn what_only_looks_like_another_piece_is_read_in_full() {
        let first = chunk_json(r#"{"content":"a"}"#);
        let others = [
            r#"{"content":"a","reasoning":"b"}"#,
            r#"{"content":"a","tool_calls":[]}"#,
            r#"{"content":null}"#,
            r#"{"content":"a""}"#,
            r#"{"content":"a\"}"#,
            r#"{"content":7}"#,
            r#"{"content":"a","content":"b"}"#,
        ];
        for other in others {
            let pieces = [first.clone(), chunk_json(other)];
            assert_eq!(read_chunks(&pieces), (parse_chunks(&pieces), 0), "{other}");
        }
    }

    #[test]
    fn a_namesake_of_the_text_is_not_taken_for_it() {
        let pieces = ["a", "b"].map(|text| {
            format!(r#"{{"x":{{"content":"{text}"}},"choices":[{{"delta":{{"content": "c"}}}}]}}"#)
        });
        assert_eq!(read_chunks(&pieces), (parse_chunks(&pieces), 0));
        let ended = r#"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#.to_owned();
        let pieces = [ended.clone(), ended];
        assert_eq!(
            read_chunks(&pieces),
            (parse_chunks(&pieces), 0),
            "a reason to end is more than text"
        );
    }

    #[test]
    fn the_search_for_what_never_comes_again_ends() {
        let pieces: Vec<String> =
            (0..40).map(|at| chunk_json(&format!(r#"{{"content":"a","at":{at}}}"#))).collect();
        let mut fast_path = DeltaFastPath::default();
        for data in &pieces {
            assert!(fast_path.read_delta(data).is_none());
            fast_path.record_chunk(data, &serde_json::from_str(data).unwrap());
        }
        assert_eq!(fast_path.misses, MAX_MISSES);
        assert!(fast_path.template.is_some_and(|mould| mould.suffix.starts_with(",\"at\":7}")));
    }

    /// A chunk of JSON, complete or nearly so.
    fn any_piece() -> impl Strategy<Value = String> {
        let text = prop_oneof![
            3 => any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
            1 => "[a\"\\\\,:{} nu]{0,6}",
            1 => r#"("(a|\\"|\\\\)*"|"a","(reasoning|content|x)": ?"b")"#,
        ];
        let key = prop::sample::select(vec!["content", "reasoning", "reasoning_content", "x"]);
        let more =
            prop::sample::select(vec!["", "", "", ",\"x\":\"content\":\"\"", ",\"role\":\"a\""]);
        let colon = prop::sample::select(vec![":", ":", ": "]);
        (key, colon, text, more).prop_map(|(key, colon, text, more)| {
            chunk_json(&format!("{{\"{key}\"{colon}{text}{more}}}"))
        })
    }

    proptest! {
        #[test]
        fn the_short_way_comes_to_what_the_long_one_does(
            pieces in prop::collection::vec(any_piece(), 0..12),
        ) {
            prop_assert_eq!(read_chunks(&pieces).0, parse_chunks(&pieces));
        }
    }
}
