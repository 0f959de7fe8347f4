//! A server of the Bot API of Telegram on loopback, with people who write to the bot and with faults.

mod connection;
mod service;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

use self::connection::converse;
use self::service::{BotState, mentions, refusal};

/// The token of the bot.
pub const BOT_TOKEN: &str = "424242:canary-TOKEN_of-the-bot";

/// The id of the bot.
pub const BOT_ID: i64 = 424_242;

/// How long a test waits for what should happen.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server that ends when it is dropped.
#[derive(Debug)]
pub struct BotApiServer {
    port: u16,
    shared: Arc<SharedState>,
    task: AbortHandle,
}

/// What goes wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BotFault {
    /// The call is carried out, and the connection ends before the answer.
    LoseAnswer,
    /// The connection ends before the call is carried out.
    LoseRequest,
    /// It answers with this status, and with `retry_after` seconds for 429.
    Refuse(u16, Option<u64>),
    /// The call is carried out and answered only after [`BotApiServer::release`].
    HoldAnswer,
}

/// A message that the bot sent.
#[derive(Debug, Clone, PartialEq)]
pub struct BotMessage {
    /// The chat.
    pub chat: i64,
    /// The topic.
    pub thread: Option<i64>,
    /// Its id.
    pub id: i64,
    /// The text of now.
    pub text: String,
    /// The number of edits.
    pub edits: usize,
    /// The buttons of now: their labels and data.
    pub buttons: Vec<(String, String)>,
    /// The message that it answers.
    pub reply_to: Option<i64>,
}

#[derive(Debug)]
struct SharedState {
    state: Mutex<BotState>,
    changes: watch::Sender<u64>,
    /// The number of polls so far, by which a newer one ends an older one.
    polls: watch::Sender<u64>,
    releases: watch::Sender<bool>,
}

/// Somebody who writes, and where.
#[derive(Debug, Clone)]
pub struct Writer {
    /// The person's id.
    pub person: i64,
    /// The chat: that of the person, or a group.
    pub chat: i64,
    /// The topic of a group.
    pub topic: Option<i64>,
}

impl Writer {
    /// A person in the private chat.
    #[must_use]
    pub fn in_private(person: i64) -> Self {
        Self { person, chat: person, topic: None }
    }

    /// A person in a group.
    #[must_use]
    pub fn in_group(person: i64, chat: i64) -> Self {
        Self { person, chat, topic: None }
    }
}

impl BotApiServer {
    /// Starts a server.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(SharedState {
            state: Mutex::new(BotState {
                next_update: 100,
                next_message: 1,
                ..BotState::default()
            }),
            changes: watch::Sender::new(0),
            polls: watch::Sender::new(0),
            releases: watch::Sender::new(false),
        });
        let serving = Arc::clone(&shared);
        let serve = async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(converse(stream, Arc::clone(&serving)));
            }
        };
        Self { port, shared, task: tokio::spawn(serve).abort_handle() }
    }

    /// The `apiRoot` of the server.
    #[must_use]
    pub fn api_root(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Lets somebody write; returns the number of the update.
    #[expect(clippy::must_use_candidate, reason = "most tests do not need the number")]
    pub fn write(&self, writer: &Writer, text: &str) -> i64 {
        self.write_with(writer, text, |_| {})
    }

    /// As [`write`](Self::write), with a change of the message's JSON.
    pub fn write_with(&self, writer: &Writer, text: &str, change: impl FnOnce(&mut Value)) -> i64 {
        let mut state = self.shared.state.lock().unwrap();
        let id = state.take_message_id();
        let is_private = writer.person == writer.chat;
        let mut message = json!({
            "message_id": id,
            "from": { "id": writer.person, "is_bot": false, "first_name": "Person",
                "username": format!("person{}", writer.person) },
            "chat": { "id": writer.chat, "type": if is_private { "private" } else { "supergroup" },
                "title": if is_private { Value::Null } else { json!("The group") } },
            "date": 1_700_000_000,
            "text": text,
            "entities": mentions(text),
        });
        if let Some(topic) = writer.topic {
            message["message_thread_id"] = json!(topic);
            message["is_topic_message"] = json!(true);
        }
        change(&mut message);
        let update = state.push_update(json!({ "message": message }));
        drop(state);
        self.shared.tell_change();
        update
    }

    /// Lets somebody press a button; returns the number of the update.
    #[expect(clippy::must_use_candidate, reason = "most tests do not need the number")]
    pub fn press(&self, person: i64, message: &BotMessage, data: &str) -> i64 {
        let mut state = self.shared.state.lock().unwrap();
        let number = state.next_update;
        let update = state.push_update(json!({ "callback_query": {
            "id": format!("press-{number}"),
            "from": { "id": person, "is_bot": false, "first_name": "Person" },
            "message": { "message_id": message.id, "date": 1,
                "chat": { "id": message.chat, "type": "private" } },
            "data": data,
        }}));
        drop(state);
        self.shared.tell_change();
        update
    }

    /// Lets the next call of a method go wrong, behind those that were said before.
    pub fn add_fault(&self, method: &str, fault: BotFault) {
        let mut state = self.shared.state.lock().unwrap();
        match state.faults.iter_mut().find(|(name, _)| name == method) {
            Some((_, faults)) => faults.push_back(fault),
            None => state.faults.push((method.to_owned(), VecDeque::from([fault]))),
        }
    }

    /// Sends updates again that were confirmed.
    pub fn repeat_updates(&self) {
        self.shared.state.lock().unwrap().repeats_updates = true;
    }

    /// Answers the calls that were held.
    pub fn release(&self) {
        self.shared.releases.send_replace(true);
    }

    /// The messages that the bot sent, in their order.
    #[must_use]
    pub fn messages(&self) -> Vec<BotMessage> {
        self.shared.state.lock().unwrap().messages.clone()
    }

    /// The calls of a method: their parameters.
    #[must_use]
    pub fn calls(&self, method: &str) -> Vec<Value> {
        let state = self.shared.state.lock().unwrap();
        let is_meant = |call: &&(String, Value)| call.0 == method;
        state.calls.iter().filter(is_meant).map(|(_, body)| body.clone()).collect()
    }

    /// The updates that were not confirmed.
    #[must_use]
    pub fn waiting_updates(&self) -> usize {
        self.shared.state.lock().unwrap().updates.len()
    }

    /// Waits until something is true of the server.
    pub async fn wait_until(&self, what: &str, mut is_true: impl FnMut(&Self) -> bool) {
        let mut changes = self.shared.changes.subscribe();
        let wait = async {
            while !is_true(self) {
                changes.changed().await.unwrap();
            }
        };
        let came = tokio::time::timeout(PATIENCE, wait).await.is_ok();
        assert!(came, "{what} did not come about; the bot sent {:?}", self.messages());
    }

    /// Waits for a message of the bot whose text contains a part.
    pub async fn wait_for_message(&self, part: &str) -> BotMessage {
        let find = |server: &Self| server.messages().into_iter().find(|m| m.text.contains(part));
        self.wait_until(&format!("a message with `{part}`"), |server| find(server).is_some()).await;
        find(self).unwrap()
    }
}

impl Drop for BotApiServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl SharedState {
    fn tell_change(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    async fn answer(&self, method: &str, body: &Value) -> Option<(u16, Value)> {
        let fault = {
            let mut state = self.state.lock().unwrap();
            state.calls.push((method.to_owned(), body.clone()));
            let faults = state.faults.iter_mut().find(|(name, _)| name == method);
            faults.and_then(|(_, faults)| faults.pop_front())
        };
        self.tell_change();
        match fault {
            Some(BotFault::LoseRequest) => return None,
            Some(BotFault::Refuse(code, retry_after)) => {
                let description = if code == 409 { "Conflict: another poller" } else { "Refused" };
                return Some((code, refusal(code, description, retry_after)));
            }
            _ => {}
        }
        let answer = if method == "getUpdates" {
            self.get_updates(body).await
        } else {
            self.state.lock().unwrap().carry_out(method, body)
        };
        self.tell_change();
        match fault {
            Some(BotFault::LoseAnswer) => None,
            Some(BotFault::HoldAnswer) => {
                let _ = self.releases.subscribe().wait_for(|released| *released).await;
                Some(answer)
            }
            _ => Some(answer),
        }
    }

    async fn get_updates(&self, body: &Value) -> (u16, Value) {
        self.polls.send_modify(|count| *count += 1);
        let mut polls = self.polls.subscribe();
        let mut changes = self.changes.subscribe();
        let timeout = Duration::from_secs(body["timeout"].as_u64().unwrap_or(0));
        let end = tokio::time::Instant::now() + timeout;
        loop {
            {
                let mut state = self.state.lock().unwrap();
                if let Some(offset) = body["offset"].as_i64()
                    && !state.repeats_updates
                {
                    state.updates.retain(|update| update["update_id"].as_i64() >= Some(offset));
                }
                if !state.updates.is_empty() {
                    let all: Vec<Value> = state.updates.iter().take(100).cloned().collect();
                    return (200, json!({ "ok": true, "result": all }));
                }
            }
            tokio::select! {
                _ = changes.changed() => {}
                _ = polls.changed() => {
                    return (409, refusal(409, "Conflict: terminated by other getUpdates request", None));
                }
                () = tokio::time::sleep_until(end) => {
                    return (200, json!({ "ok": true, "result": [] }));
                }
            }
        }
    }
}
