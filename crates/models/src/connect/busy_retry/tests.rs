//! How long busy servers are retried.

use std::collections::VecDeque;
use std::sync::Mutex;

use openclaw_core::{
    AnswerOutcome, AssistantMessage, History, HttpExchange, ModelRef, single_response_stream,
};

use super::*;

/// A model that fails with these errors, then answers.
#[derive(Debug)]
struct Failing(Mutex<VecDeque<ModelError>>);

#[async_trait]
impl ChatModel for Failing {
    fn model_info(&self) -> ModelInfo {
        ModelInfo::new(ModelRef::new("vllm", "m").unwrap(), 100)
    }

    async fn stream_chat(&self, _: ChatRequest) -> Result<ChatStream, ModelError> {
        match self.0.lock().unwrap().pop_front() {
            Some(error) => Err(error),
            None => Ok(single_response_stream(AssistantMessage::default(), AnswerOutcome::Reply)),
        }
    }

    async fn count_tokens(&self, _: &ChatRequest) -> Result<TokenCount, ModelError> {
        Ok(TokenCount::Exact(1))
    }

    async fn check_liveness(&self) -> ServerLiveness {
        ServerLiveness::Loading
    }
}

const LIMIT: u64 = 100;

fn failure(kind: ModelErrorKind, wish: Option<u64>) -> ModelError {
    let retry_after = wish.map(Duration::from_secs);
    let exchange = HttpExchange { attempt: 3, retry_after, ..HttpExchange::default() };
    ModelError::new(kind, "take it").with_exchange(exchange)
}

/// The delays of the retry events in seconds, each with its attempt, and the final result.
async fn pauses(
    failures: Vec<ModelError>,
    is_near: bool,
) -> (Vec<(u32, u64)>, Result<(), ModelError>) {
    let limit = TimeLimit { duration: Duration::from_secs(LIMIT), source: "the test".into() };
    let model = Arc::new(Failing(Mutex::new(failures.into())));
    let awaited = BusyRetryModel { model, policy: BusyRetryPolicy { limit, is_private: is_near } };
    let begun = Instant::now();
    let mut stream = match awaited.stream_chat(ChatRequest::new(History::new())).await {
        Ok(stream) => stream,
        Err(error) => return (Vec::new(), Err(error)),
    };
    let mut pauses = Vec::new();
    while let Some(item) = stream.next().await {
        match item {
            Ok(ChatEvent::Retrying {
                attempt,
                delay: after,
                elapsed: waited,
                max_wait: limit,
                ..
            }) => {
                assert_eq!((waited, limit), (begun.elapsed(), Duration::from_secs(LIMIT)));
                pauses.push((attempt, after.as_secs()));
            }
            Ok(event) => assert!(matches!(event, ChatEvent::Finished { .. }), "{event:?}"),
            Err(error) => return (pauses, Err(error)),
        }
    }
    let slept: u64 = pauses.iter().map(|(_, pause)| pause).sum();
    assert_eq!(begun.elapsed().as_secs(), slept);
    (pauses, Ok(()))
}

#[tokio::test(start_paused = true)]
async fn a_busy_server_nearby_is_asked_until_it_answers() {
    let limited = ModelErrorKind::RateLimited { retry_after: None };
    let kinds = [ModelErrorKind::Overloaded, ModelErrorKind::Loading, limited];
    let failures = kinds.map(|kind| failure(kind, None)).into();
    let (pauses, end) = pauses(failures, true).await;
    end.unwrap();
    assert_eq!(pauses, [(4, 1), (7, 2), (10, 4)]);
}

#[tokio::test(start_paused = true)]
async fn it_is_waited_for_no_longer_than_the_limit() {
    let failures = (0..20).map(|_| failure(ModelErrorKind::Overloaded, None)).collect();
    let (pauses, end) = pauses(failures, true).await;
    let pauses: Vec<u64> = pauses.into_iter().map(|(_, pause)| pause).collect();
    assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 9]);
    let error = end.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Overloaded);
    assert!(error.hints()[0].contains("busy for 100 s (from the test)"), "{:?}", error.hints());
}

#[tokio::test(start_paused = true)]
async fn a_wish_is_honoured_if_it_fits() {
    let busy = |wish| failure(ModelErrorKind::Overloaded, Some(wish));
    for is_near in [true, false] {
        let (pauses, end) = pauses(vec![busy(40), busy(60)], is_near).await;
        end.unwrap();
        assert_eq!(pauses, [(4, 40), (7, 60)]);
    }
    let (pauses, end) = pauses(vec![busy(40), busy(61)], true).await;
    assert_eq!(pauses, [(4, 40)]);
    assert!(end.unwrap_err().hints()[0].contains("a pause of 61 s"));
}

#[tokio::test(start_paused = true)]
async fn what_no_wait_helps_with_fails_at_once() {
    let near = [ModelErrorKind::Rejected, ModelErrorKind::Auth, ModelErrorKind::Interrupted];
    for kind in near {
        assert_eq!(pauses(vec![failure(kind, None)], true).await.0, []);
    }
    assert_eq!(pauses(vec![failure(ModelErrorKind::Rejected, Some(1))], true).await.0, []);
    let (pauses, end) = pauses(vec![failure(ModelErrorKind::Overloaded, None)], false).await;
    assert!(pauses.is_empty() && end.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_accepted_and_then_failed_as_overloaded_is_retried_once() {
    let accepted = || {
        let exchange = HttpExchange { status: Some(200), ..HttpExchange::default() };
        ModelError::new(ModelErrorKind::Overloaded, "take it").with_exchange(exchange)
    };
    let (delays, end) = pauses(vec![accepted()], true).await;
    assert_eq!((delays.len(), end.is_ok()), (1, true));
    let (delays, end) = pauses(vec![accepted(), accepted(), accepted()], true).await;
    assert_eq!((delays.len(), end.is_ok()), (1, false));
}
