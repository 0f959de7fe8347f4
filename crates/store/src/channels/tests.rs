//! Messages are recorded once with their updates, and sent at least once in their order.

use std::time::Duration;

use super::*;

const HOUR: Duration = Duration::from_hours(1);

fn open(folder: &tempfile::TempDir) -> ChannelLog {
    ChannelLog::open(Store::open(folder.path().join("s.db")).unwrap()).unwrap()
}

fn written(update: i64, text: &str) -> InboundEntry {
    InboundEntry {
        account: "telegram:1".to_owned(),
        update,
        channel: "telegram".to_owned(),
        target: "7".to_owned(),
        message_id: update.to_string(),
        sender: "7".to_owned(),
        session_key: "agent:main:telegram:direct:7".parse().unwrap(),
        text: text.to_owned(),
        chat_title: "Person".to_owned(),
        is_direct: true,
    }
}

fn outgoing(key: &str) -> OutboxEntry {
    OutboxEntry {
        idempotency_key: key.to_owned(),
        channel: "telegram".to_owned(),
        target: "7".to_owned(),
        text: "hi".to_owned(),
        reply_to: None,
        is_silent: false,
        edits: None,
    }
}

fn stranger(peer: &str, lifetime: Duration) -> PairingQuery {
    PairingQuery {
        channel: "telegram".to_owned(),
        peer: peer.to_owned(),
        name: "Stranger".to_owned(),
        username: None,
        new_code: format!("CODE{peer}"),
        lifetime,
        max_waiting: 3,
    }
}

#[test]
fn a_message_is_recorded_once_and_with_its_update() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(&folder);
    assert_eq!(log.last_update("telegram:1").unwrap(), None);
    let message = log.record_message(written(5, "one")).unwrap().unwrap();
    assert_eq!(log.record_message(written(5, "again")).unwrap(), None);
    log.skip_update("telegram:1", 9).unwrap();
    log.skip_update("telegram:1", 6).unwrap();
    drop(log);
    let log = open(&folder);
    assert_eq!(log.last_update("telegram:1").unwrap(), Some(9));
    assert_eq!(log.last_update("telegram:2").unwrap(), None, "an offset is of one account");
    assert_eq!(log.open_messages("telegram:1").unwrap(), std::slice::from_ref(&message));
    let begun = log.begin_answer(message.number, "run").unwrap();
    assert_eq!((begun.run.as_deref(), begun.attempts), (Some("run"), 1));
    let queued = log.finish_message(message.number, vec![outgoing("a"), outgoing("b")]).unwrap();
    assert_eq!(log.queued_messages("telegram").unwrap(), queued);
    assert!(log.open_messages("telegram:1").unwrap().is_empty());
    assert_eq!(log.list_chats("telegram").unwrap()[0].target, "7");
}

#[test]
fn a_message_to_send_is_kept_until_the_service_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(&folder);
    let number = log.queue_messages(vec![outgoing("a")]).unwrap()[0].number;
    assert_eq!(log.queue_messages(vec![outgoing("a")]).unwrap()[0].number, number);
    assert!(log.begin_attempt(number).unwrap());
    assert!(!log.begin_attempt(number).unwrap(), "one attempt at a time");
    drop(log);
    let log = open(&folder);
    assert_eq!(log.recover_attempts("telegram").unwrap(), 1);
    let left = log.find_outgoing(number).unwrap();
    assert_eq!((left.status, left.attempts, left.lost_answers), (OutboxStatus::Queued, 1, 1));
    assert!(log.begin_attempt(number).unwrap());
    let retry =
        SendOutcome::Retry { error: "busy".to_owned(), is_answer_lost: false, not_before: 5 };
    let left = log.end_attempt(number, retry).unwrap();
    assert_eq!((left.not_before, left.lost_answers), (5, 1));
    assert!(log.begin_attempt(number).unwrap());
    let sent = log.end_attempt(number, SendOutcome::Sent { message_id: Some("3".to_owned()) });
    assert_eq!(sent.unwrap().status, OutboxStatus::Sent);
    assert!(log.queued_messages("telegram").unwrap().is_empty());
    assert!(!log.begin_attempt(number).unwrap());
}

#[test]
fn strangers_get_one_code_that_ends_and_only_three_wait() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(&folder);
    for peer in ["1", "2", "3"] {
        assert!(matches!(
            log.request_pairing(stranger(peer, HOUR)).unwrap(),
            PairingAnswer::Created(_)
        ));
    }
    assert_eq!(log.request_pairing(stranger("4", HOUR)).unwrap(), PairingAnswer::Full);
    let again = PairingQuery { new_code: "OTHER".to_owned(), ..stranger("1", HOUR) };
    let PairingAnswer::Waiting(same) = log.request_pairing(again).unwrap() else { panic!() };
    assert_eq!(same.code, "CODE1");
    assert_eq!(log.approve_pairing("telegram", "CODE9", HOUR).unwrap(), None);
    assert!(!log.is_paired("telegram", "2").unwrap());
    assert_eq!(log.approve_pairing("telegram", "CODE2", HOUR).unwrap().unwrap().peer, "2");
    assert_eq!(
        log.approve_pairing("telegram", "CODE2", HOUR).unwrap(),
        None,
        "a code is used once"
    );
    assert!(log.is_paired("telegram", "2").unwrap() && !log.is_paired("signal", "2").unwrap());
    assert_eq!(log.list_peers("telegram").unwrap().len(), 1);
    assert_eq!(log.list_pairings("telegram", HOUR).unwrap().len(), 2);
    assert!(log.list_pairings("telegram", Duration::ZERO).unwrap().is_empty());
    assert_eq!(log.approve_pairing("telegram", "CODE1", HOUR).unwrap(), None, "it ran out");
}

#[test]
fn what_was_answered_and_sent_is_forgotten_in_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(&folder);
    let open = log.record_message(written(1, "open")).unwrap().unwrap();
    for update in 2..40 {
        let message = log.record_message(written(update, "x")).unwrap().unwrap();
        let sent = log.finish_message(message.number, vec![outgoing(&update.to_string())]).unwrap();
        log.end_attempt(sent[0].number, SendOutcome::Sent { message_id: None }).unwrap();
    }
    assert_eq!(log.open_messages("telegram:1").unwrap(), [open]);
    assert!(log.find_outgoing(1).is_err());
}
