//! What a server of the Bot API knows, and does.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{BOT_ID, BotFault, BotMessage};

#[derive(Debug, Default)]
pub(super) struct BotState {
    pub(super) next_update: i64,
    pub(super) next_message: i64,
    pub(super) updates: Vec<Value>,
    pub(super) messages: Vec<BotMessage>,
    pub(super) faults: Vec<(String, VecDeque<BotFault>)>,
    pub(super) calls: Vec<(String, Value)>,
    pub(super) repeats_updates: bool,
}

impl BotState {
    pub(super) fn take_message_id(&mut self) -> i64 {
        self.next_message += 1;
        self.next_message - 1
    }

    pub(super) fn push_update(&mut self, mut update: Value) -> i64 {
        let id = self.next_update;
        self.next_update += 1;
        update["update_id"] = json!(id);
        self.updates.push(update);
        id
    }

    pub(super) fn carry_out(&mut self, method: &str, body: &Value) -> (u16, Value) {
        let ok = |result: Value| (200, json!({ "ok": true, "result": result }));
        let bad = |text: &str| (400, refusal(400, text, None));
        let text = body["text"].as_str().unwrap_or_default().to_owned();
        let is_long = text.encode_utf16().count() > 4096;
        match method {
            "getMe" => ok(
                json!({ "id": BOT_ID, "is_bot": true, "first_name": "Bot", "username": "lobster_bot" }),
            ),
            "sendMessage" if text.trim().is_empty() => bad("Bad Request: message text is empty"),
            "sendMessage" | "editMessageText" if is_long => bad("Bad Request: message is too long"),
            "sendMessage" => {
                let Some(chat) = body["chat_id"].as_i64() else {
                    return bad("Bad Request: chat not found");
                };
                let id = self.take_message_id();
                self.messages.push(BotMessage {
                    chat,
                    thread: body["message_thread_id"].as_i64(),
                    id,
                    text,
                    edits: 0,
                    buttons: buttons(body),
                    reply_to: body["reply_parameters"]["message_id"].as_i64(),
                });
                ok(
                    json!({ "message_id": id, "date": 1, "chat": { "id": chat, "type": "private" } }),
                )
            }
            "editMessageText" => {
                let (chat, id) = (body["chat_id"].as_i64(), body["message_id"].as_i64());
                let is_meant = |one: &&mut BotMessage| Some(one.chat) == chat && Some(one.id) == id;
                match self.messages.iter_mut().find(is_meant) {
                    None => bad("Bad Request: message to edit not found"),
                    Some(one) if one.text == text && one.buttons == buttons(body) => {
                        bad("Bad Request: message is not modified")
                    }
                    Some(one) => {
                        (one.text, one.buttons) = (text, buttons(body));
                        one.edits += 1;
                        ok(json!(true))
                    }
                }
            }
            "sendChatAction" | "answerCallbackQuery" => ok(json!(true)),
            _ => (404, refusal(404, "Not Found", None)),
        }
    }
}

fn buttons(body: &Value) -> Vec<(String, String)> {
    let rows = body["reply_markup"]["inline_keyboard"].as_array().cloned().unwrap_or_default();
    let row = |row: Value| row.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = rows.into_iter().flat_map(row);
    all.map(|one| (text(&one["text"]), text(&one["callback_data"]))).collect()
}

/// The mentions in a text, as the service marks them.
pub(super) fn mentions(text: &str) -> Value {
    let places = text.match_indices('@').map(|(at, _)| {
        let rest = &text[at + 1..];
        let name = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let length = 1 + name.unwrap_or(rest.len());
        json!({ "type": "mention", "offset": text[..at].encode_utf16().count(), "length": length })
    });
    places.collect()
}

pub(super) fn refusal(code: u16, description: &str, retry_after: Option<u64>) -> Value {
    let mut answer = json!({ "ok": false, "error_code": code, "description": description });
    if let Some(seconds) = retry_after {
        answer["parameters"] = json!({ "retry_after": seconds });
    }
    answer
}
