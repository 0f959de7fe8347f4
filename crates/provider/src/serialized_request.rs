//! The body of one model call, serialised once.
//!
//! The token estimate, the record of the server's count and the request itself all use these bytes.
//! Fields that differ between two attempts with the same prompt, such as the output limit, are in a
//! trailer after the prompt, which is replaced without serialising the prompt again.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher};

use bytes::{Bytes, BytesMut};
use openclaw_core::{History, MessageRef};
use serde_json::Value;

/// The bytes of text that count as one token.
const BYTES_PER_IMAGE_TOKEN: usize = 3;

/// A request body: a JSON object whose last field is the prompt's messages, followed by a trailer.
#[derive(Debug, Clone)]
pub struct SerializedRequest {
    body: Bytes,
    /// The bytes before the trailer: the object without its closing brace.
    prompt_len: usize,
    /// The bytes that the body of the next request begins with.
    stable_len: usize,
    /// The bytes of images, and what they cost, in bytes of text.
    image_len: usize,
    image_cost_len: usize,
    /// The hasher at the end of the longest prefix that was hashed last.
    checkpoint: Option<HashCheckpoint>,
}

#[derive(Debug, Clone)]
struct HashCheckpoint {
    len: usize,
    hasher: DefaultHasher,
}

impl SerializedRequest {
    /// Wraps a serialised JSON object. Its last `volatile_len` bytes, the closing brace included,
    /// are sent only once; the next request begins with the bytes before them.
    #[must_use]
    pub fn new(json: Vec<u8>, volatile_len: usize) -> Self {
        let prompt_len = json.strip_suffix(b"}").map_or(json.len(), <[u8]>::len);
        let stable_len = json.len().saturating_sub(volatile_len).min(prompt_len);
        Self {
            body: Bytes::from(json),
            prompt_len,
            stable_len,
            image_len: 0,
            image_cost_len: 0,
            checkpoint: None,
        }
    }

    /// Counts the images of the conversation that is in the request.
    #[must_use]
    pub fn with_images(self, history: &History) -> Self {
        if !history.has_images() {
            return self;
        }
        let (image_len, image_cost_len) = image_lengths(history);
        Self { image_len, image_cost_len, ..self }
    }

    /// The bytes of text that cost as much as the prompt: its length, with what its images cost in
    /// place of their bytes.
    #[must_use]
    pub fn cost_len(&self) -> usize {
        self.prompt_len.saturating_sub(self.image_len).saturating_add(self.image_cost_len)
    }

    /// The body to send.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The bytes of the prompt: the body without its trailer.
    #[must_use]
    pub fn prompt_len(&self) -> usize {
        self.prompt_len
    }

    /// How many bytes of the prompt the next request begins with.
    #[must_use]
    pub fn stable_len(&self) -> usize {
        self.stable_len
    }

    /// Replaces the trailer by these fields: JSON members, each with a comma before it.
    pub fn set_trailer(&mut self, fields: &[u8]) {
        let current = self.body.get(self.prompt_len..).and_then(|end| end.strip_suffix(b"}"));
        if current == Some(fields) {
            return;
        }
        // Unless an earlier attempt still has the body, its buffer is reused.
        let mut body = match std::mem::take(&mut self.body).try_into_mut() {
            Ok(mut body) => {
                body.truncate(self.prompt_len);
                body
            }
            Err(shared) => {
                let len = self.prompt_len + fields.len() + "}".len();
                let mut body = BytesMut::with_capacity(len);
                body.extend_from_slice(shared.get(..self.prompt_len).unwrap_or_default());
                body
            }
        };
        body.extend_from_slice(fields);
        body.extend_from_slice(b"}");
        self.body = body.freeze();
    }

    /// The hash of the first `len` bytes of the stable part; `None` if it is shorter. Hashing a
    /// longer prefix than the last one continues from there.
    pub(crate) fn hash_prefix(&mut self, len: usize) -> Option<u64> {
        if len > self.stable_len {
            return None;
        }
        let checkpoint = self.checkpoint.take().filter(|checkpoint| checkpoint.len <= len);
        let (start, mut hasher) =
            checkpoint.map_or_else(|| (0, DefaultHasher::new()), |point| (point.len, point.hasher));
        hasher.write(self.body.get(start..len)?);
        let hash = hasher.finish();
        self.checkpoint = Some(HashCheckpoint { len, hasher });
        Some(hash)
    }
}

/// Writes fields as JSON members with a comma before each, for a
/// [trailer](SerializedRequest::set_trailer).
#[must_use]
pub fn json_members<'a>(fields: impl IntoIterator<Item = (&'a str, &'a Value)>) -> String {
    fields.into_iter().fold(String::new(), |mut members, (name, value)| {
        // Writing to a string cannot fail.
        let _ = write!(members, ",{}:{value}", Value::from(name));
        members
    })
}

/// The bytes of the images of a conversation in base64, and the bytes of text that cost as much.
#[must_use]
pub fn image_lengths(history: &History) -> (usize, usize) {
    let images = history.messages().flat_map(|message| match message {
        MessageRef::ToolResult { images, .. } => images,
        _ => &[],
    });
    images.fold((0, 0), |(len, cost), image| {
        let tokens = usize::try_from(image.tokens).unwrap_or(usize::MAX);
        (len + image.base64.len(), cost + tokens.saturating_mul(BYTES_PER_IMAGE_TOKEN))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(json: &str, volatile_len: usize) -> SerializedRequest {
        SerializedRequest::new(json.as_bytes().to_vec(), volatile_len)
    }

    #[test]
    fn the_trailer_is_replaced_and_the_prompt_stays() {
        let mut request = request(r#"{"model":"m","messages":["a","b"]}"#, 6);
        request.set_trailer(br#","max_tokens":5"#);
        assert_eq!(request.body(), r#"{"model":"m","messages":["a","b"],"max_tokens":5}"#);
        let earlier = request.body().clone();
        request.set_trailer(b"");
        assert_eq!(request.body(), r#"{"model":"m","messages":["a","b"]}"#);
        assert_eq!(earlier, r#"{"model":"m","messages":["a","b"],"max_tokens":5}"#);
        assert_eq!(request.prompt_len(), request.body().len() - 1);
        assert_eq!(request.stable_len(), request.body().len() - 6);
    }

    #[test]
    fn a_prefix_has_the_same_hash_in_whatever_steps_it_is_read() {
        let json = r#"{"model":"m","messages":["a","b"]}"#;
        let mut stepwise = request(json, 2);
        let mut direct = request(json, 2);
        for len in [3, 20, 20, 9, 31] {
            let mut fresh = request(json, 2);
            assert_eq!(stepwise.hash_prefix(len), fresh.hash_prefix(len), "{len} bytes");
        }
        assert_ne!(stepwise.hash_prefix(31), direct.hash_prefix(30));
        assert_eq!(direct.hash_prefix(json.len() - 1), None, "the next request differs there");
    }
}
