//! The JSON of the Bot API, as far as it is used.

use serde::Deserialize;

/// The answer to a call.
#[derive(Debug, Deserialize)]
pub(super) struct Answer<T> {
    #[serde(default)]
    pub(super) ok: bool,
    pub(super) result: Option<T>,
    pub(super) description: Option<String>,
    pub(super) error_code: Option<u16>,
    #[serde(default)]
    pub(super) parameters: AnswerParameters,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct AnswerParameters {
    /// In seconds.
    pub(super) retry_after: Option<u64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Bot {
    pub(super) id: i64,
    pub(super) username: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct BotUpdate {
    pub(super) update_id: i64,
    pub(super) message: Option<BotMessage>,
    pub(super) callback_query: Option<CallbackQuery>,
}

#[derive(Debug, Deserialize)]
pub(super) struct BotMessage {
    pub(super) message_id: i64,
    pub(super) message_thread_id: Option<i64>,
    /// Whether the thread is a topic of a forum; otherwise it is a row of answers.
    #[serde(default)]
    pub(super) is_topic_message: bool,
    pub(super) from: Option<Person>,
    pub(super) sender_chat: Option<Chat>,
    pub(super) chat: Chat,
    pub(super) text: Option<String>,
    pub(super) caption: Option<String>,
    #[serde(default)]
    pub(super) entities: Vec<Entity>,
    #[serde(default)]
    pub(super) caption_entities: Vec<Entity>,
    pub(super) reply_to_message: Option<Box<BotMessage>>,
    pub(super) photo: Option<serde::de::IgnoredAny>,
    pub(super) document: Option<serde::de::IgnoredAny>,
    pub(super) voice: Option<serde::de::IgnoredAny>,
    pub(super) audio: Option<serde::de::IgnoredAny>,
    pub(super) video: Option<serde::de::IgnoredAny>,
    pub(super) sticker: Option<serde::de::IgnoredAny>,
    pub(super) location: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Person {
    pub(super) id: i64,
    #[serde(default)]
    pub(super) is_bot: bool,
    #[serde(default)]
    pub(super) first_name: String,
    pub(super) last_name: Option<String>,
    pub(super) username: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Chat {
    pub(super) id: i64,
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    pub(super) title: Option<String>,
}

/// A part of a text with a meaning; its place counts UTF-16 units.
#[derive(Debug, Deserialize)]
pub(super) struct Entity {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) offset: usize,
    pub(super) length: usize,
    pub(super) user: Option<Person>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CallbackQuery {
    pub(super) id: String,
    pub(super) from: Person,
    pub(super) message: Option<CallbackMessage>,
    pub(super) data: Option<String>,
}

/// The message of a button, which may be too old to be known.
#[derive(Debug, Deserialize)]
pub(super) struct CallbackMessage {
    pub(super) message_id: i64,
    pub(super) chat: Chat,
}
