//! What the Bot API tells, in the words of every channel.

use super::wire::{BotMessage, BotUpdate, CallbackQuery, Entity, Person};
use crate::{
    ButtonPress, ChannelIdentity, ChatPeer, ChatTarget, InboundContent, InboundMessage,
    InboundUpdate,
};

pub(super) fn to_update(update: BotUpdate, bot: &ChannelIdentity) -> InboundUpdate {
    let content = match (update.message, update.callback_query) {
        (Some(message), _) => to_message(message, bot),
        (None, Some(query)) => InboundContent::Button(to_press(query)),
        (None, None) => InboundContent::Other,
    };
    InboundUpdate { id: update.update_id, content }
}

fn to_message(message: BotMessage, bot: &ChannelIdentity) -> InboundContent {
    // Channels of Telegram and anonymous administrators write as a chat: nobody is known by it.
    let Some(from) = message.from.as_ref().filter(|_| message.sender_chat.is_none()) else {
        return InboundContent::Other;
    };
    let sender = to_peer(from);
    let attachment = attachment_kind(&message);
    let is_addressed = is_addressed(&message, bot);
    let text = message.text.or(message.caption).unwrap_or_default();
    if text.trim().is_empty() && attachment.is_none() {
        return InboundContent::Other;
    }
    let topic = message.message_thread_id.filter(|_| message.is_topic_message);
    let target = ChatTarget::new(message.chat.id.to_string());
    InboundContent::Message(Box::new(InboundMessage {
        target: target.with_thread(topic.map(|topic| topic.to_string())),
        message_id: message.message_id.to_string(),
        sender,
        is_direct: message.chat.kind == "private",
        chat_title: message.chat.title,
        is_addressed,
        text,
        attachment,
    }))
}

fn to_peer(person: &Person) -> ChatPeer {
    let mut name = person.first_name.clone();
    if let Some(last) = &person.last_name {
        name = format!("{name} {last}");
    }
    ChatPeer {
        id: person.id.to_string(),
        name: name.trim().to_owned(),
        username: person.username.clone(),
        is_bot: person.is_bot,
    }
}

fn to_press(query: CallbackQuery) -> ButtonPress {
    let message = query.message.as_ref();
    ButtonPress {
        id: query.id,
        sender_id: query.from.id.to_string(),
        target: message.map(|message| ChatTarget::new(message.chat.id.to_string())),
        message_id: message.map(|message| message.message_id.to_string()),
        data: query.data.unwrap_or_default(),
    }
}

fn attachment_kind(message: &BotMessage) -> Option<&'static str> {
    [
        (message.photo.is_some(), "photo"),
        (message.document.is_some(), "file"),
        (message.voice.is_some(), "voice message"),
        (message.audio.is_some(), "sound"),
        (message.video.is_some(), "video"),
        (message.sticker.is_some(), "sticker"),
        (message.location.is_some(), "location"),
    ]
    .into_iter()
    .find_map(|(is_there, kind)| is_there.then_some(kind))
}

/// Whether a message mentions the bot, is a command for it, or answers one of its messages.
fn is_addressed(message: &BotMessage, bot: &ChannelIdentity) -> bool {
    let answered = message.reply_to_message.as_ref().and_then(|reply| reply.from.as_ref());
    if answered.is_some_and(|person| person.id.to_string() == bot.id) {
        return true;
    }
    let parts = [(&message.text, &message.entities), (&message.caption, &message.caption_entities)];
    parts.into_iter().any(|(text, entities)| {
        let text = text.as_deref().unwrap_or_default();
        entities.iter().any(|entity| is_mention(entity, text, bot))
    })
}

fn is_mention(entity: &Entity, text: &str, bot: &ChannelIdentity) -> bool {
    match entity.kind.as_str() {
        "text_mention" => {
            entity.user.as_ref().is_some_and(|person| person.id.to_string() == bot.id)
        }
        "mention" | "bot_command" if !bot.username.is_empty() => {
            let units = text.encode_utf16().skip(entity.offset).take(entity.length);
            let written = String::from_utf16_lossy(&units.collect::<Vec<u16>>());
            let name = written.rsplit_once('@').map(|(_, name)| name);
            name.is_some_and(|name| name.eq_ignore_ascii_case(&bot.username))
        }
        _ => false,
    }
}
