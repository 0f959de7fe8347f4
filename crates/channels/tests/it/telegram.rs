//! What the client of the Bot API does with answers, faults and lost answers.

use std::time::Duration;

use openclaw_channels::{
    Channel as _, ChannelErrorKind, ChatTarget, InboundContent, InboundMessage, MessageButton,
    OutboundMessage, TelegramChannel, TelegramOptions, TelegramOptionsError, UpdateBatch,
};
use openclaw_test_support::bot_api::{BOT_TOKEN, BotApiServer, BotFault, Writer};
use openclaw_test_support::raw_server::hold;

const NO_WAIT: Duration = Duration::ZERO;

fn connect(server: &BotApiServer) -> TelegramChannel {
    channel_at(&server.api_root(), BOT_TOKEN)
}

fn channel_at(root: &str, token: &str) -> TelegramChannel {
    let options = TelegramOptions::new(token.to_owned().into()).with_api_root(root);
    TelegramChannel::new(options).unwrap()
}

fn message(text: &str) -> OutboundMessage {
    OutboundMessage::new(ChatTarget::new("7"), text)
}

fn written(batch: UpdateBatch) -> Vec<InboundMessage> {
    let messages = batch.updates.into_iter().filter_map(|update| match update.content {
        InboundContent::Message(message) => Some(*message),
        _ => None,
    });
    messages.collect()
}

#[tokio::test]
async fn what_is_written_arrives_once_and_is_confirmed_by_the_next_call() {
    let server = BotApiServer::start().await;
    let channel = connect(&server);
    let first = server.write(&Writer::in_private(7), "one");
    server.write(&Writer::in_private(7), "two");
    let batch = channel.receive_updates(None, NO_WAIT).await.unwrap();
    assert_eq!(batch.updates[0].id, first);
    assert_eq!(written(batch).iter().map(|m| m.text.clone()).collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(server.waiting_updates(), 2, "nothing is confirmed yet");
    let rest = channel.receive_updates(Some(first), NO_WAIT).await.unwrap();
    assert_eq!(written(rest)[0].text, "two");
    assert_eq!(server.waiting_updates(), 1);
    server.repeat_updates();
    let again = channel.receive_updates(Some(first + 1), NO_WAIT).await.unwrap();
    assert_eq!(again, UpdateBatch::default(), "what was confirmed is not told again");
}

#[tokio::test]
async fn a_mention_an_answer_and_a_command_address_the_bot() {
    let server = BotApiServer::start().await;
    let channel = connect(&server);
    let group = Writer { topic: Some(9), ..Writer::in_group(7, -100) };
    server.write(&group, "🦞 hello @Lobster_bot, and @other");
    server.write(&group, "hello @lobster_bot_2");
    server.write_with(&group, "yes", |message| {
        message["reply_to_message"] = serde_json::json!({
            "message_id": 1, "chat": { "id": -100 }, "from": { "id": 424_242, "is_bot": true },
        });
    });
    server.write_with(&group, "anonymous", |message| {
        message["sender_chat"] = serde_json::json!({ "id": -100 });
    });
    let batch = channel.receive_updates(None, NO_WAIT).await.unwrap();
    assert_eq!(batch.updates.len(), 4);
    let messages = written(batch);
    assert_eq!(messages.iter().map(|m| m.is_addressed).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(messages[0].target.to_string(), "-100:topic:9");
    assert!(!messages[0].is_direct);
    assert_eq!(messages[0].chat_title.as_deref(), Some("The group"));
}

#[tokio::test]
async fn a_message_with_buttons_is_sent_pressed_and_edited() {
    let server = BotApiServer::start().await;
    let channel = connect(&server);
    let buttons = vec![vec![MessageButton::new("Yes", "y"), MessageButton::new("No", "n")]];
    let sent = channel
        .send_message(&message("Sure?").with_buttons(buttons).with_reply_to(Some("1".to_owned())))
        .await
        .unwrap();
    let shown = server.messages().remove(0);
    assert_eq!((shown.id.to_string(), shown.reply_to), (sent.message_id.clone(), Some(1)));
    assert_eq!(shown.buttons.len(), 2);
    server.press(8, &shown, "y");
    let batch = channel.receive_updates(None, NO_WAIT).await.unwrap();
    let InboundContent::Button(press) = &batch.updates[0].content else { panic!("{batch:?}") };
    assert_eq!((press.sender_id.as_str(), press.data.as_str()), ("8", "y"));
    channel.answer_button(&press.id, "done").await.unwrap();
    for _ in 0..2 {
        // The second one changes nothing, which is no error.
        channel.edit_message(&ChatTarget::new("7"), &sent.message_id, "Done.").await.unwrap();
    }
    let shown = server.messages().remove(0);
    assert_eq!((shown.text.as_str(), shown.edits, shown.buttons.len()), ("Done.", 1, 0));
    let long = vec![vec![MessageButton::new("No", "n".repeat(65))]];
    let refused = channel.send_message(&message("x").with_buttons(long)).await.unwrap_err();
    assert_eq!(refused.kind(), ChannelErrorKind::Refused);
}

#[tokio::test]
async fn a_failure_tells_whether_the_message_can_have_arrived() {
    let server = BotApiServer::start().await;
    let channel = connect(&server);
    let seconds =
        |seconds| ChannelErrorKind::RateLimited { retry_after: Duration::from_secs(seconds) };
    for (fault, kind, sent) in [
        (BotFault::LoseAnswer, ChannelErrorKind::AnswerLost, 1),
        (BotFault::LoseRequest, ChannelErrorKind::AnswerLost, 1),
        (BotFault::Refuse(429, Some(17)), seconds(17), 1),
        (BotFault::Refuse(409, None), ChannelErrorKind::OtherReceiver, 1),
        (BotFault::Refuse(502, None), ChannelErrorKind::Unavailable, 1),
        (BotFault::Refuse(403, None), ChannelErrorKind::Refused, 1),
        (BotFault::Refuse(401, None), ChannelErrorKind::Unauthorized, 1),
    ] {
        server.add_fault("sendMessage", fault);
        let error = channel.send_message(&message("hi")).await.unwrap_err();
        assert_eq!((error.kind(), server.messages().len()), (kind, sent), "{fault:?}");
    }
    let free = hold(0).await;
    let root = format!("http://{}", free.local_addr().unwrap());
    let error = channel_at(&root, BOT_TOKEN).send_message(&message("hi")).await.unwrap_err();
    assert_eq!(error.kind(), ChannelErrorKind::Unreachable);
}

#[tokio::test]
async fn another_program_that_receives_is_told_apart() {
    let server = BotApiServer::start().await;
    let (one, other) = (connect(&server), connect(&server));
    other.probe().await.unwrap();
    let first = tokio::spawn(async move {
        one.receive_updates(None, Duration::from_secs(50)).await.unwrap_err().kind()
    });
    server.wait_until("a poll", |server| server.calls("getUpdates").len() == 1).await;
    other.receive_updates(None, NO_WAIT).await.unwrap();
    assert_eq!(first.await.unwrap(), ChannelErrorKind::OtherReceiver);
}

#[tokio::test]
async fn no_error_and_no_debug_text_has_the_token() {
    let server = BotApiServer::start().await;
    let wrong = "424242:another-canary-TOKEN";
    let channel = channel_at(&server.api_root(), wrong);
    let refused = channel.probe().await.unwrap_err();
    assert_eq!(refused.kind(), ChannelErrorKind::Unauthorized);
    assert!(refused.to_string().contains("401"), "the server repeats the path: {refused}");
    let free = hold(0).await;
    let root = format!("http://{}", free.local_addr().unwrap());
    let unreachable = channel_at(&root, wrong).probe().await.unwrap_err();
    let invalid = TelegramOptions::new("424242/canary".to_owned().into());
    assert_eq!(TelegramChannel::new(invalid.clone()).unwrap_err(), TelegramOptionsError::Token);
    let texts = format!("{refused} {refused:?} {unreachable:?} {channel:?} {invalid:?}");
    assert!(!texts.contains("canary"), "{texts}");
}
