//! Idle streams over a channel, with scripted probes, in virtual time.

use std::sync::{Arc, Mutex};

use futures_util::{FutureExt, future};
use openclaw_core::{AnswerOutcome, AssistantMessage};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::*;

const fn load(running: u32, waiting: u32, generated: u64) -> ServerLoad {
    ServerLoad {
        running: Some(running),
        waiting: Some(waiting),
        generated: Some(generated),
        responds: true,
    }
}

fn limit(seconds: u64) -> TimeLimit {
    TimeLimit { duration: Duration::from_secs(seconds), source: "the.setting".into() }
}

/// The results of the probes; the last one is repeated.
type ServerLoads = Vec<Option<ServerLoad>>;

struct Stage {
    sender: UnboundedSender<AnswerItem>,
    patient: IdleMonitoredStream,
    asked: Arc<Mutex<u32>>,
}

/// A load of `None` is a dead server.
fn stage(idle: Option<u64>, says: ServerLoads) -> Stage {
    let (sender, mut receiver) = unbounded_channel();
    let events: ChatStream =
        Box::pin(futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx)));
    let asked = Arc::new(Mutex::new(0_u32));
    let count = Arc::clone(&asked);
    let ask: HealthProbeFn = Box::new(move |_| {
        let mut count = count.lock().unwrap();
        let said = says[(*count as usize).min(says.len() - 1)];
        *count += 1;
        let pulse = match said {
            Some(load) => ServerHealth::Alive(load),
            None => ServerHealth::Dead { status: None, cause: "refused".into() },
        };
        future::ready(pulse).boxed()
    });
    let patience = IdlePolicy::new(idle.map(limit), Duration::from_secs(5));
    let exchange = HttpExchange {
        method: "POST".into(),
        url: "http://h/v1/chat/completions".to_owned(),
        ..HttpExchange::default()
    };
    let opening = future::ready(Ok(events)).boxed();
    Stage {
        sender,
        patient: IdleMonitoredStream::new(opening, exchange, Some(patience), ask),
        asked,
    }
}

impl Stage {
    fn send(&self, event: ChatEvent) {
        self.sender.send(Ok(event)).unwrap();
    }

    /// The next event, which must be one of waiting.
    async fn waiting(&mut self) -> (ServerActivity, u64, Option<u32>) {
        match self.patient.next().await {
            Some(Ok(ChatEvent::WaitingForServer {
                activity: state,
                idle_for: waited,
                other_requests: ahead,
            })) => (state, waited.as_secs(), ahead),
            other => panic!("{other:?}"),
        }
    }

    /// Reads to the error; returns it and the number of waiting events before it.
    async fn error(&mut self) -> (ModelError, usize) {
        let mut told = 0;
        loop {
            match self.patient.next().await.expect("an end without an error") {
                Ok(ChatEvent::WaitingForServer { .. }) => told += 1,
                Ok(_) => {}
                Err(error) => {
                    assert!(self.patient.next().await.is_none(), "an error is the last item");
                    return (error, told);
                }
            }
        }
    }
}

fn text(text: &str) -> ChatEvent {
    ChatEvent::TextDelta(text.to_owned())
}

fn finished() -> ChatEvent {
    let message = AssistantMessage { text: "so".to_owned(), ..AssistantMessage::default() };
    ChatEvent::Finished { message, outcome: AnswerOutcome::Reply, usage: None }
}

#[tokio::test(start_paused = true)]
async fn a_busy_server_is_waited_for_beyond_the_idle_limit_and_told_of() {
    let says = vec![Some(load(2, 1, 0)), Some(load(3, 0, 0)), Some(load(3, 1, 0))];
    let mut stage = stage(Some(120), says);
    stage.send(ChatEvent::RequestAccepted);
    assert!(matches!(stage.patient.next().await, Some(Ok(ChatEvent::RequestAccepted))));
    assert_eq!(stage.waiting().await, (ServerActivity::Queued, 5, Some(2)));
    assert_eq!(stage.waiting().await, (ServerActivity::Prefilling, 10, Some(2)));
    for n in 3..=150 {
        // Later requests are not ahead of one that has begun.
        assert_eq!(stage.waiting().await, (ServerActivity::Prefilling, 5 * n, Some(3)));
    }
    stage.send(text("so"));
    stage.send(finished());
    assert_eq!(stage.patient.next().await.unwrap().unwrap(), text("so"));
    assert_eq!(stage.patient.next().await.unwrap().unwrap(), finished());
}

#[tokio::test(start_paused = true)]
async fn a_dead_server_is_not_waited_for() {
    let mut stage = stage(Some(120), vec![Some(load(1, 0, 0)), None]);
    let begun = Instant::now();
    let (error, told) = stage.error().await;
    assert_eq!((error.kind(), told), (ModelErrorKind::Interrupted, 1), "{error}");
    assert_eq!(begun.elapsed().as_secs(), 10);
    assert!(stage.patient.is_server_gone());
    assert_eq!(error.http_exchange().unwrap().url, "http://h/v1/chat/completions");
}

#[tokio::test(start_paused = true)]
async fn the_idle_limit_ends_what_the_server_does_not_work_on() {
    let silent = ServerLoad::default();
    let first = (ChatEvent::RequestAccepted, TimeoutKind::FirstToken, "first_token");
    let between = (text("so"), TimeoutKind::BetweenTokens, "between_tokens");
    for ((event, clock, name), load) in [
        (first.clone(), load(0, 0, 7)),
        (first, silent),
        (between.clone(), load(0, 0, 7)),
        (between.clone(), silent),
        // Running alone, without a new token.
        (between, load(1, 0, 7)),
    ] {
        let mut stage = stage(Some(12), vec![Some(load)]);
        stage.send(event);
        let begun = Instant::now();
        let (error, told) = stage.error().await;
        let after = Duration::from_secs(12);
        assert_eq!(error.kind(), ModelErrorKind::Timeout { kind: clock, after }, "{error}");
        assert_eq!((begun.elapsed(), told), (after, 2), "asked after 5, 10 and 12 s");
        let expected = format!(
            "answer to POST http://h/v1/chat/completions within 12 s ({name}, from the.setting)"
        );
        assert!(error.to_string().ends_with(&expected), "{error}");
        assert_eq!(error.hints().len(), 1);
        assert!(!stage.patient.is_server_gone());
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_that_are_counted_and_not_shown_are_life() {
    let says = (0..100).map(|n| Some(load(1, 0, n))).collect();
    let mut stage = stage(Some(12), says);
    stage.send(text("so"));
    assert_eq!(stage.patient.next().await.unwrap().unwrap(), text("so"));
    for _ in 0..90 {
        assert_eq!(stage.waiting().await.0, ServerActivity::Generating);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_becomes_idle_is_given_up_when_it_is_next_asked() {
    let says = [vec![Some(load(1, 0, 0)); 10], vec![Some(load(0, 0, 0))]].concat();
    let mut stage = stage(Some(12), says);
    let begun = Instant::now();
    let (error, told) = stage.error().await;
    assert!(matches!(error.kind(), ModelErrorKind::Timeout { kind: TimeoutKind::FirstToken, .. }));
    assert_eq!((begun.elapsed().as_secs(), told), (52, 10));
}

#[tokio::test(start_paused = true)]
async fn any_event_ends_the_silence() {
    let mut stage = stage(Some(12), vec![Some(ServerLoad::default())]);
    for _ in 0..10 {
        stage.send(ChatEvent::Heartbeat);
        assert_eq!(stage.patient.next().await.unwrap().unwrap(), ChatEvent::Heartbeat);
        assert_eq!(stage.waiting().await, (ServerActivity::Unknown, 5, None));
        assert_eq!(stage.waiting().await, (ServerActivity::Unknown, 10, None));
    }
}

#[tokio::test(start_paused = true)]
async fn a_short_limit_is_kept_and_a_missing_one_waits_for_ever() {
    let mut short = stage(Some(1), vec![Some(ServerLoad::default())]);
    let begun = Instant::now();
    let (_, told) = short.error().await;
    assert_eq!((begun.elapsed().as_secs(), told), (1, 0));
    assert_eq!(*short.asked.lock().unwrap(), 1);

    let mut endless = stage(None, vec![Some(load(0, 0, 0))]);
    for n in 1..=1_000 {
        assert_eq!(endless.waiting().await, (ServerActivity::Stalled, 5 * n, Some(0)));
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_call_is_kept_in_silence_and_in_speech() {
    let end = || Some((Instant::now() + Duration::from_secs(33), limit(33)));
    let mut silent = stage(None, vec![Some(load(1, 0, 0))]);
    silent.patient = silent.patient.with_deadline(end());
    let begun = Instant::now();
    let (error, told) = silent.error().await;
    assert!(
        matches!(error.kind(), ModelErrorKind::Timeout { kind: TimeoutKind::Total, .. }),
        "{error}"
    );
    assert_eq!((begun.elapsed().as_secs(), told), (33, 6));

    let mut chatty = stage(None, vec![Some(load(1, 0, 0))]);
    chatty.patient = chatty.patient.with_deadline(end());
    let sender = chatty.sender.clone();
    let talk = async move {
        let mut clock = tokio::time::interval(Duration::from_secs(1));
        while sender.send(Ok(text("so"))).is_ok() {
            clock.tick().await;
        }
    };
    let begun = Instant::now();
    let ((error, _), ()) = tokio::join!(
        async {
            let end = chatty.error().await;
            drop(chatty);
            end
        },
        talk
    );
    assert!(
        matches!(error.kind(), ModelErrorKind::Timeout { kind: TimeoutKind::Total, .. }),
        "{error}"
    );
    assert!(begun.elapsed().as_secs() <= 34);
}

#[test]
fn what_a_server_does_is_distinguished_from_its_load() {
    let unknown = ServerLoad::default();
    for (load, content, begun, generated, expected) in [
        (unknown, false, false, None, ServerActivity::Unknown),
        (load(0, 0, 0), false, false, None, ServerActivity::Stalled),
        (load(1, 0, 0), false, false, None, ServerActivity::Prefilling),
        (load(4, 1, 0), false, false, None, ServerActivity::Queued),
        (load(4, 1, 0), false, true, None, ServerActivity::Prefilling),
        (load(0, 1, 0), false, true, None, ServerActivity::Queued),
        (load(1, 0, 9), true, true, None, ServerActivity::Generating),
        (load(1, 0, 9), true, true, Some(8), ServerActivity::Generating),
        (load(1, 0, 9), true, true, Some(9), ServerActivity::Stalled),
        (load(0, 1, 9), true, true, Some(9), ServerActivity::Stalled),
        // The long prompt of another request may delay all.
        (load(2, 0, 9), true, true, Some(9), ServerActivity::Generating),
        (load(0, 0, 9), true, true, Some(9), ServerActivity::Stalled),
    ] {
        assert_eq!(
            server_activity(&load, content, begun, generated),
            expected,
            "{load:?} {content} {begun}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_token_may_have_a_limit_of_its_own() {
    let mut stage = stage(None, vec![Some(load(0, 0, 0))]);
    stage.patient.idle_policy = Some(IdlePolicy {
        between_tokens: Some(limit(10)),
        ..IdlePolicy::new(None, FIRST_PROBE_DELAY)
    });
    stage.send(ChatEvent::RequestAccepted);
    stage.patient.next().await.unwrap().unwrap();
    for seconds in [5, 10, 15] {
        assert_eq!(stage.waiting().await, (ServerActivity::Stalled, seconds, Some(0)));
    }
    stage.send(ChatEvent::TextDelta("a".to_owned()));
    stage.patient.next().await.unwrap().unwrap();
    assert_eq!(stage.waiting().await.1, 5);
    let error = stage.patient.next().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("between_tokens, from the.setting"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_responds_is_waited_for_if_nobody_chose_the_limit() {
    let responding = ServerLoad { responds: true, ..ServerLoad::default() };
    let hidden = ServerLoad::default();
    for (waits, says, seconds) in [
        (false, vec![Some(responding)], 12),
        (true, vec![Some(hidden)], 12),
        // A response every five seconds for 500 seconds, and none after.
        (true, [vec![Some(responding); 100], vec![Some(hidden)]].concat(), 512),
        (true, vec![Some(load(0, 0, 0))], 12),
    ] {
        let mut stage = stage(Some(12), says);
        stage.patient.idle_policy = Some(IdlePolicy {
            waits_while_responding: waits,
            ..IdlePolicy::new(Some(limit(12)), FIRST_PROBE_DELAY)
        });
        let begun = Instant::now();
        let error = loop {
            match stage.patient.next().await.unwrap() {
                Ok(ChatEvent::WaitingForServer { .. }) => {}
                Ok(other) => panic!("{other:?}"),
                Err(error) => break error,
            }
        };
        assert!(error.to_string().contains("first_token, from the.setting"), "{error}");
        assert!(begun.elapsed().as_secs().abs_diff(seconds) <= 5, "{:?}", begun.elapsed());
    }
}

/// Sends a keep-alive each second of virtual time until the stream fails.
async fn error_under_keep_alives(stage: &mut Stage) -> ModelError {
    loop {
        stage.send(ChatEvent::KeepAlive);
        let until = Instant::now() + Duration::from_secs(1);
        while let Ok(item) = tokio::time::timeout_at(until, stage.patient.next()).await {
            match item.unwrap() {
                Ok(ChatEvent::KeepAlive | ChatEvent::WaitingForServer { .. }) => {}
                Ok(other) => panic!("{other:?}"),
                Err(error) => return error,
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn keep_alives_count_only_as_long_as_the_server_says_that_it_works() {
    let (busy, stalled) = (load(1, 0, 0), load(0, 0, 0));
    for (says, seconds) in [
        (vec![Some(stalled)], 12),
        (vec![Some(ServerLoad::default())], 120),
        ([vec![Some(busy); 100], vec![Some(stalled)]].concat(), 505),
    ] {
        let mut stage = stage(Some(12), says);
        let begun = Instant::now();
        let error = error_under_keep_alives(&mut stage).await;
        let kind = TimeoutKind::FirstToken;
        assert!(matches!(error.kind(), ModelErrorKind::Timeout { kind: k, .. } if k == kind));
        assert!(begun.elapsed().as_secs().abs_diff(seconds) <= 5, "{:?}", begun.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn keep_alives_without_a_pause_do_not_keep_the_server_from_being_probed() {
    let mut stage = stage(Some(12), vec![Some(load(0, 0, 0))]);
    let error = loop {
        stage.send(ChatEvent::KeepAlive);
        tokio::time::advance(Duration::from_millis(500)).await;
        match stage.patient.next().await.unwrap() {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(matches!(error.kind(), ModelErrorKind::Timeout { .. }), "{error}");
}
