//! Telegram, over the Bot API.

mod calls;
mod updates;
mod wire;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::{Value, json};
use thiserror::Error;
use url::Url;

use self::calls::{BotCalls, CallClocks};
use self::updates::to_update;
use self::wire::{Bot, BotMessage, BotUpdate};
use crate::{
    Channel, ChannelError, ChannelErrorKind, ChannelIdentity, ChatTarget, OutboundMessage,
    SentMessage, UpdateBatch,
};

/// The server of the Bot API of Telegram itself.
pub const TELEGRAM_API_ROOT: &str = "https://api.telegram.org";

/// The most UTF-16 units of a message.
const MESSAGE_LIMIT: usize = 4096;

/// The most bytes that a button can carry.
const MAX_BUTTON_BYTES: usize = 64;

/// How long a request may take that waits for nothing.
const CALL_TIMEOUT: Duration = Duration::from_mins(1);

/// How much longer than it was asked to wait a server may take to answer a long poll.
const POLL_GRACE: Duration = Duration::from_secs(15);

/// How long the server may take to be reached.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// How a bot reaches its server.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TelegramOptions {
    /// The token of the bot.
    pub token: SecretString,
    /// The server, without the token.
    pub api_root: String,
}

impl TelegramOptions {
    /// A bot at Telegram's own server.
    #[must_use]
    pub fn new(token: SecretString) -> Self {
        Self { token, api_root: TELEGRAM_API_ROOT.to_owned() }
    }

    /// The same bot at another server of the Bot API.
    #[must_use]
    pub fn with_api_root(mut self, api_root: impl Into<String>) -> Self {
        self.api_root = api_root.into();
        self
    }
}

/// Why a bot cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TelegramOptionsError {
    /// The token has not the form of one.
    #[error("the token has not the form `123456:ABC…`")]
    Token,
    /// The address of the server is none.
    #[error("the address of the server is no `https://` or `http://` address without a query")]
    ApiRoot,
    /// HTTP cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Client,
}

/// A bot of Telegram. Clones share its connections.
#[derive(Clone)]
pub struct TelegramChannel {
    calls: Arc<BotCalls>,
    /// The bot, once it was asked for.
    identity: Arc<OnceLock<ChannelIdentity>>,
}

impl TelegramChannel {
    /// Prepares a bot. Nothing is contacted.
    ///
    /// # Errors
    /// When the token or the address has not the right form.
    pub fn new(options: TelegramOptions) -> Result<Self, TelegramOptionsError> {
        let clocks = CallClocks { connect: CONNECT_TIMEOUT, call: CALL_TIMEOUT };
        let calls = BotCalls::new(options, clocks)?;
        Ok(Self { calls: Arc::new(calls), identity: Arc::default() })
    }

    /// The server that it contacts, without the token.
    #[must_use]
    pub fn api_root(&self) -> &Url {
        self.calls.api_root()
    }

    async fn identity(&self) -> Result<ChannelIdentity, ChannelError> {
        if let Some(known) = self.identity.get() {
            return Ok(known.clone());
        }
        self.probe().await
    }
}

impl fmt::Debug for TelegramChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TelegramChannel")
            .field("api_root", &self.calls.api_root().as_str())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Channel for TelegramChannel {
    fn id(&self) -> &'static str {
        "telegram"
    }

    fn message_limit(&self) -> usize {
        MESSAGE_LIMIT
    }

    async fn probe(&self) -> Result<ChannelIdentity, ChannelError> {
        let bot: Bot = self.calls.call("getMe", &json!({})).await?;
        let username = bot.username.unwrap_or_default();
        let identity = ChannelIdentity { id: bot.id.to_string(), username };
        // The first answer counts: a token is of one bot.
        Ok(self.identity.get_or_init(|| identity).clone())
    }

    async fn receive_updates(
        &self,
        last_update: Option<i64>,
        wait: Duration,
    ) -> Result<UpdateBatch, ChannelError> {
        let identity = self.identity().await?;
        let mut body = json!({
            "timeout": wait.as_secs(),
            "allowed_updates": ["message", "callback_query"],
        });
        if let Some(last) = last_update {
            set(&mut body, "offset", json!(last.saturating_add(1)));
        }
        let updates: Vec<BotUpdate> =
            self.calls.call_within("getUpdates", &body, wait + POLL_GRACE).await?;
        let mut updates: Vec<_> =
            updates.into_iter().map(|update| to_update(update, &identity)).collect();
        // A server that sends again what was confirmed must not start anything twice.
        updates.retain(|update| last_update.is_none_or(|last| update.id > last));
        updates.sort_by_key(|update| update.id);
        updates.dedup_by_key(|update| update.id);
        Ok(UpdateBatch { updates })
    }

    async fn send_message(&self, message: &OutboundMessage) -> Result<SentMessage, ChannelError> {
        let mut body = target_body(&message.target)?;
        set(&mut body, "text", json!(message.text));
        set(&mut body, "link_preview_options", json!({ "is_disabled": true }));
        if message.is_silent {
            set(&mut body, "disable_notification", json!(true));
        }
        if let Some(reply_to) = &message.reply_to {
            let id = to_number("message", reply_to)?;
            // A message that was deleted meanwhile is answered all the same.
            let reply = json!({ "message_id": id, "allow_sending_without_reply": true });
            set(&mut body, "reply_parameters", reply);
        }
        if !message.buttons.is_empty() {
            set(&mut body, "reply_markup", keyboard(message)?);
        }
        let sent: BotMessage = self.calls.call("sendMessage", &body).await?;
        Ok(SentMessage::new(sent.chat.id.to_string(), sent.message_id.to_string()))
    }

    async fn edit_message(
        &self,
        target: &ChatTarget,
        message_id: &str,
        text: &str,
    ) -> Result<(), ChannelError> {
        let body = json!({
            "chat_id": chat_id(target),
            "message_id": to_number("message", message_id)?,
            "text": text,
            "link_preview_options": { "is_disabled": true },
        });
        match self.calls.call::<Value>("editMessageText", &body).await {
            // The text is there already: an earlier request was carried out.
            Err(error)
                if error.kind() == ChannelErrorKind::Refused
                    && error.reason().contains("message is not modified") =>
            {
                Ok(())
            }
            result => result.map(drop),
        }
    }

    async fn show_typing(&self, target: &ChatTarget) -> Result<(), ChannelError> {
        let mut body = target_body(target)?;
        set(&mut body, "action", json!("typing"));
        self.calls.call::<Value>("sendChatAction", &body).await.map(drop)
    }

    async fn answer_button(&self, press_id: &str, text: &str) -> Result<(), ChannelError> {
        let body = json!({ "callback_query_id": press_id, "text": text });
        self.calls.call::<Value>("answerCallbackQuery", &body).await.map(drop)
    }
}

fn set(body: &mut Value, key: &str, value: Value) {
    if let Some(body) = body.as_object_mut() {
        body.insert(key.to_owned(), value);
    }
}

fn target_body(target: &ChatTarget) -> Result<Value, ChannelError> {
    let mut body = json!({ "chat_id": chat_id(target) });
    if let Some(thread) = &target.thread_id {
        set(&mut body, "message_thread_id", json!(to_number("thread", thread)?));
    }
    Ok(body)
}

/// A chat is named by its number, or a public one by its name.
fn chat_id(target: &ChatTarget) -> Value {
    match target.chat_id.parse::<i64>() {
        Ok(id) => json!(id),
        Err(_) => json!(target.chat_id),
    }
}

fn to_number(what: &str, id: &str) -> Result<i64, ChannelError> {
    id.parse().map_err(|_| {
        let id: String = id.chars().take(40).collect();
        let reason = format!("`{}` is no id of a {what}", id.escape_debug());
        ChannelError::new(ChannelErrorKind::Refused, "use an id at Telegram", reason)
    })
}

fn keyboard(message: &OutboundMessage) -> Result<Value, ChannelError> {
    let buttons = message.buttons.iter().flatten();
    if let Some(long) = buttons.into_iter().find(|button| button.data.len() > MAX_BUTTON_BYTES) {
        let reason = format!("a button carries {} bytes, and at most 64 go", long.data.len());
        return Err(ChannelError::new(ChannelErrorKind::Refused, "make buttons", reason));
    }
    let rows = message.buttons.iter().map(|row| {
        let row =
            row.iter().map(|button| json!({ "text": button.label, "callback_data": button.data }));
        row.collect::<Vec<_>>()
    });
    Ok(json!({ "inline_keyboard": rows.collect::<Vec<_>>() }))
}
