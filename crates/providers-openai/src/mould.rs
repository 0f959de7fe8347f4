//! Reads the pieces of a chat completion, most of which differ from the one before in their text
//! alone.
//!
//! A server writes all pieces of a stream alike: the same fields in the same order, and the same
//! values but one. What stands around the text of a piece that was read in full is compared with
//! the next one, and where it is the same only the text is read. To parse all of it would take
//! many times as long, and could not come to anything else.

use openclaw_transport::wire::{ChatChunk, ChunkChoice, Delta};

/// As many kinds of pieces in a row that never come again end the search for one that does.
const TRIES: u8 = 8;

/// What the pieces of a stream have in common, as far as it is known.
#[derive(Debug, Default)]
pub(crate) struct Moulds {
    last: Option<Mould>,
    /// How many were of no use since the last one that was.
    wasted: u8,
}

/// What stands around the text of a piece that has nothing else to say.
#[derive(Debug)]
struct Mould {
    field: Field,
    /// All before the text with its quotes.
    before: String,
    /// All behind it.
    after: String,
}

/// Where a piece has its text.
#[derive(Debug, Clone, Copy)]
enum Field {
    Content,
    Reasoning,
    ReasoningContent,
}

impl Moulds {
    /// Reads a piece that is like the one noted last; `None` for any other.
    pub(crate) fn read(&mut self, data: &str) -> Option<Delta> {
        let mould = self.last.as_ref()?;
        let text = mould.text(data)?;
        self.wasted = 0;
        Some(mould.field.delta(text))
    }

    /// Notes a piece that was read in full.
    pub(crate) fn note(&mut self, data: &str, chunk: &ChatChunk) {
        if self.wasted < TRIES
            && let Some(mould) = Mould::of(data, chunk)
        {
            self.wasted += 1;
            self.last = Some(mould);
        }
    }
}

impl Mould {
    fn of(data: &str, chunk: &ChatChunk) -> Option<Self> {
        let (field, text) = Field::of(chunk)?;
        let at = data.find(field.key())? + field.key().len();
        let (before, rest) = data.split_at_checked(at)?;
        // The first quote behind the one that opens, but for those that a backslash escapes.
        let mut is_escaped = false;
        let len = rest.bytes().skip(1).position(|byte| {
            let closes = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            closes
        })?;
        let (quoted, after) = rest.split_at_checked(len + 2)?;
        let mould = Self { field, before: before.to_owned(), after: after.to_owned() };
        // What was found may be no more than a namesake. The place is the one that counts if the
        // piece with another text there is the same piece with that text.
        let open = quoted.strip_suffix('"')?;
        let other = format!("{before}{open}-\"{after}");
        let found: ChatChunk = serde_json::from_str(&other).ok()?;
        let expected = chunk_of(field.delta(format!("{text}-")));
        (found == expected).then_some(mould)
    }

    fn text(&self, data: &str) -> Option<String> {
        let quoted = data.strip_prefix(self.before.as_str())?.strip_suffix(self.after.as_str())?;
        serde_json::from_str(quoted).ok()
    }
}

impl Field {
    /// The field and the text of a piece that has no more than that.
    fn of(chunk: &ChatChunk) -> Option<(Self, &str)> {
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

    /// What stands before the text, as servers write it.
    fn key(self) -> &'static str {
        match self {
            Self::Content => "\"content\":",
            Self::Reasoning => "\"reasoning\":",
            Self::ReasoningContent => "\"reasoning_content\":",
        }
    }

    fn delta(self, text: String) -> Delta {
        let mut delta = Delta::default();
        match self {
            Self::Content => delta.content = Some(text),
            Self::Reasoning => delta.reasoning = Some(text),
            Self::ReasoningContent => delta.reasoning_content = Some(text),
        }
        delta
    }
}

fn chunk_of(delta: Delta) -> ChatChunk {
    let choice = ChunkChoice { delta, ..ChunkChoice::default() };
    ChatChunk { choices: vec![choice], ..ChatChunk::default() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads pieces as a stream does, each in the short way where there is one.
    fn read(pieces: &[String]) -> (Vec<Option<ChatChunk>>, usize) {
        let (mut moulds, mut short) = (Moulds::default(), 0);
        let chunks = pieces.iter().map(|data| {
            if let Some(delta) = moulds.read(data) {
                short += 1;
                return Some(chunk_of(delta));
            }
            let chunk = serde_json::from_str(data).ok()?;
            moulds.note(data, &chunk);
            Some(chunk)
        });
        let chunks = chunks.collect();
        (chunks, short)
    }

    fn whole(pieces: &[String]) -> Vec<Option<ChatChunk>> {
        pieces.iter().map(|data| serde_json::from_str(data).ok()).collect()
    }

    fn piece(delta: &str) -> String {
        format!(
            r#"{{"id":"a","created":1,"model":"m","choices":[{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":null}}]}}"#
        )
    }

    #[test]
    fn pieces_that_differ_in_their_text_alone_are_read_in_the_short_way() {
        let texts = [r#""a""#, r#"" b""#, r#""\"\\""#, r#""""#, r#""\ud83d\ude00é""#, "\"\""];
        for key in ["content", "reasoning", "reasoning_content"] {
            let pieces = texts.map(|text| piece(&format!(r#"{{"{key}":{text}}}"#)));
            assert_eq!(read(&pieces), (whole(&pieces), texts.len() - 1), "{key}");
        }
    }

    #[test]
    fn what_only_looks_like_another_piece_is_read_in_full() {
        let first = piece(r#"{"content":"a"}"#);
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
            let pieces = [first.clone(), piece(other)];
            assert_eq!(read(&pieces), (whole(&pieces), 0), "{other}");
        }
    }

    #[test]
    fn a_namesake_of_the_text_is_not_taken_for_it() {
        let pieces = ["a", "b"].map(|text| {
            format!(r#"{{"x":{{"content":"{text}"}},"choices":[{{"delta":{{"content": "c"}}}}]}}"#)
        });
        assert_eq!(read(&pieces), (whole(&pieces), 0));
        let ended = r#"{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}"#.to_owned();
        let pieces = [ended.clone(), ended];
        assert_eq!(read(&pieces), (whole(&pieces), 0), "a reason to end is more than text");
    }

    #[test]
    fn the_search_for_what_never_comes_again_ends() {
        let pieces: Vec<String> =
            (0..40).map(|at| piece(&format!(r#"{{"content":"a","at":{at}}}"#))).collect();
        let mut moulds = Moulds::default();
        for data in &pieces {
            assert!(moulds.read(data).is_none());
            moulds.note(data, &serde_json::from_str(data).unwrap());
        }
        assert_eq!(moulds.wasted, TRIES);
        assert!(moulds.last.is_some_and(|mould| mould.after.starts_with(",\"at\":7}")));
    }

    /// A piece of JSON, whole or nearly so.
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
            piece(&format!("{{\"{key}\"{colon}{text}{more}}}"))
        })
    }

    proptest! {
        #[test]
        fn the_short_way_comes_to_what_the_long_one_does(
            pieces in prop::collection::vec(any_piece(), 0..12),
        ) {
            prop_assert_eq!(read(&pieces).0, whole(&pieces));
        }
    }
}
