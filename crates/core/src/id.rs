//! Names and identifiers, each valid by construction.

use std::fmt;
use std::str::FromStr;

/// A text that is not a valid identifier of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a valid {kind}: expected {expected}")]
pub struct InvalidName {
    /// What the text was meant to name, e.g. `"model reference"`.
    pub kind: &'static str,
    /// What a valid name looks like.
    pub expected: &'static str,
    /// The text as given.
    pub text: String,
}

/// A model as the user writes it: `provider/model-id`. The id may itself contain slashes and
/// spaces.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModelRef {
    provider: String,
    model: String,
}

impl ModelRef {
    /// Joins a provider id and a model id.
    ///
    /// # Errors
    /// When either is empty, when the provider contains white space or a slash, and when the model
    /// id begins or ends with white space or contains a control character.
    pub fn new(provider: &str, model: &str) -> Result<Self, InvalidName> {
        let is_provider =
            !provider.is_empty() && !provider.contains(|c: char| c.is_whitespace() || c == '/');
        let is_model = !model.is_empty() && model.trim() == model && !has_control_char(model);
        if !is_provider || !is_model {
            return Err(InvalidName {
                kind: "model reference",
                expected: "`provider/model-id`, e.g. `vllm/meta-llama/Llama-3.3-70B-Instruct`",
                text: format!("{provider}/{model}"),
            });
        }
        Ok(Self { provider: provider.to_owned(), model: model.to_owned() })
    }

    /// The provider id, e.g. `vllm`.
    #[must_use]
    pub fn provider_id(&self) -> &str {
        &self.provider
    }

    /// The model id as the provider knows it, e.g. `meta-llama/Llama-3.3-70B-Instruct`.
    #[must_use]
    pub fn model_id(&self) -> &str {
        &self.model
    }
}

impl FromStr for ModelRef {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let (provider, model) = text.trim().split_once('/').unwrap_or((text.trim(), ""));
        Self::new(provider, model).map_err(|error| InvalidName { text: text.to_owned(), ..error })
    }
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

fn has_control_char(text: &str) -> bool {
    text.contains(char::is_control)
}

/// The identifier of one tool call; never empty. Unique within a [`History`](crate::History),
/// which renames a repeated one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ToolCallId(String);

impl ToolCallId {
    /// The longest identifier that every server accepts, in bytes.
    pub const MAX_LEN: usize = 64;

    /// Takes a server's identifier; `None` when it is blank. One that is too long is shortened, the
    /// same one always to the same.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        match text.len() {
            0 => None,
            1..=Self::MAX_LEN => Some(Self(text.to_owned())),
            _ => Some(Self::shorten(text)),
        }
    }

    /// The beginning of a text, and a hash of all of it.
    fn shorten(text: &str) -> Self {
        let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, fold);
        let suffix = format!("-{hash:016x}");
        let start = text.floor_char_boundary(Self::MAX_LEN - suffix.len());
        Self(text.get(..start).unwrap_or_default().to_owned() + &suffix)
    }

    /// Makes the identifier of the `number`-th call of a conversation, for servers that send none.
    #[must_use]
    pub fn from_number(number: usize) -> Self {
        Self(format!("call_{number}"))
    }

    /// The identifier as sent on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ToolCallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a tool: 1 to 64 of `a-z`, `A-Z`, `0-9`, `_` and `-`, which every server accepts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ToolName(String);

impl ToolName {
    /// The longest name, in characters.
    pub const MAX_LEN: usize = 64;

    /// Takes a name as it is.
    ///
    /// # Errors
    /// When the name is empty, too long, or has any other character.
    pub fn new(text: &str) -> Result<Self, InvalidName> {
        if !text.is_empty()
            && text.len() <= Self::MAX_LEN
            && text.chars().all(Self::is_allowed_char)
        {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidName {
            kind: "tool name",
            expected: "1 to 64 letters, digits, `_` and `-`",
            text: text.to_owned(),
        })
    }

    /// Makes a valid name out of whatever a model emitted, so that it can be answered.
    /// Any other character becomes `_`; nothing at all becomes `unnamed`.
    #[must_use]
    pub fn from_model(text: &str) -> Self {
        let name: String = text
            .trim()
            .chars()
            .take(Self::MAX_LEN)
            .map(|c| if Self::is_allowed_char(c) { c } else { '_' })
            .collect();
        Self(if name.is_empty() { "unnamed".to_owned() } else { name })
    }

    /// The name as sent on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_allowed_char(c: char) -> bool {
        c.is_ascii_alphanumeric() || c == '_' || c == '-'
    }
}

impl fmt::Display for ToolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_id_may_contain_slashes() {
        let reference: ModelRef = "vllm/meta-llama/Llama-3.3-70B-Instruct".parse().unwrap();
        assert_eq!(reference.provider_id(), "vllm");
        assert_eq!(reference.model_id(), "meta-llama/Llama-3.3-70B-Instruct");
        assert_eq!(reference.to_string(), "vllm/meta-llama/Llama-3.3-70B-Instruct");
    }

    #[test]
    fn a_model_id_may_contain_spaces() {
        let reference: ModelRef = "vllm/two words".parse().unwrap();
        assert_eq!(reference.model_id(), "two words");
    }

    #[test]
    fn a_bare_model_id_is_refused_with_the_text_as_given() {
        for text in ["tiny", "", "/", "vllm/", "/tiny", "two words/tiny", "vllm/a\nb", "vllm/ a"] {
            let error = text.parse::<ModelRef>().unwrap_err();
            assert_eq!(error.text, text);
        }
    }

    #[test]
    fn a_long_call_id_is_shortened_and_stays_unique() {
        let whole = "c".repeat(ToolCallId::MAX_LEN);
        assert_eq!(ToolCallId::new(&whole).unwrap().as_str(), whole);
        let ids: Vec<ToolCallId> = ["", "x", "é", "yé"]
            .map(|end| ToolCallId::new(&format!("{whole}{end}{}", "é".repeat(40_000))).unwrap())
            .to_vec();
        for (index, id) in ids.iter().enumerate() {
            assert!(id.as_str().len() <= ToolCallId::MAX_LEN, "{id}");
            assert!(!ids[..index].contains(id), "{id}");
            assert_eq!(ToolCallId::new(id.as_str()).as_ref(), Some(id));
        }
    }

    #[test]
    fn names_from_a_model_are_always_valid() {
        for text in ["", "  ", "read file", "né\u{0}", &"x".repeat(200)] {
            let name = ToolName::from_model(text);
            assert_eq!(ToolName::new(name.as_str()), Ok(name));
        }
    }
}
