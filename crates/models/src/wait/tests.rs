//! Waits with paused time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use openclaw_core::HttpExchange;

use super::*;
use crate::error::{SetupError, SetupErrorKind};

fn failed(kind: ModelErrorKind) -> ConnectError {
    ConnectError::Model(ModelError::new(kind, "connect"))
}

fn behind_a_proxy(status: u16) -> ConnectError {
    let exchange = HttpExchange { status: Some(status), ..HttpExchange::default() };
    let error = ModelError::new(ModelErrorKind::Interrupted, "connect");
    ConnectError::Model(error.with_exchange(exchange))
}

/// The result, the number of attempts, and the seconds of each progress report.
async fn waited(
    seconds: u64,
    attempt: impl Fn(u64) -> Result<(), ConnectError>,
) -> (Result<(), ConnectError>, u64, Vec<Option<u64>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let tell = move |awaited: Option<WaitProgress<'_>>| {
        log.lock().unwrap().push(awaited.map(|awaited| awaited.waited.as_secs()));
    };
    let limit = TimeLimit { duration: Duration::from_secs(seconds), source: "--wait".into() };
    let wait = WaitPolicy { limit, on_progress: Arc::new(tell) };
    let count = AtomicU64::new(0);
    let attempts = || {
        let result = attempt(count.fetch_add(1, Ordering::Relaxed));
        async { result }
    };
    let result = retry_until_available(&wait, Duration::from_secs(2), attempts).await;
    let told = told.lock().unwrap().clone();
    (result, count.load(Ordering::Relaxed), told)
}

#[tokio::test(start_paused = true)]
async fn a_server_is_asked_for_until_it_is_there() {
    let (result, count, told) = waited(600, |attempt| match attempt {
        0 => Err(failed(ModelErrorKind::Connect)),
        1 => Err(behind_a_proxy(502)),
        2 => Err(failed(ModelErrorKind::Loading)),
        3 => Err(failed(ModelErrorKind::Interrupted)),
        _ => Ok(()),
    })
    .await;
    assert!(result.is_ok());
    assert_eq!((count, told), (5, vec![Some(0), Some(2), Some(4), Some(6), None]));
}

#[tokio::test(start_paused = true)]
async fn what_is_there_is_not_waited_for() {
    let (result, count, told) = waited(600, |_| Ok(())).await;
    assert!(result.is_ok() && count == 1 && told.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_no_wait_helps_with_fails_at_once() {
    let setup = || ConnectError::Setup(SetupError::new(SetupErrorKind::NoModel, "choose"));
    for error in [
        (|| failed(ModelErrorKind::Auth)) as fn() -> ConnectError,
        || failed(ModelErrorKind::UnknownModel),
        || behind_a_proxy(500),
    ] {
        let (result, count, told) = waited(600, |_| Err(error())).await;
        assert!(result.is_err() && count == 1 && told.is_empty());
    }
    let (result, count, told) = waited(600, |attempt| {
        Err(if attempt == 0 { failed(ModelErrorKind::Connect) } else { setup() })
    })
    .await;
    assert!(matches!(result, Err(ConnectError::Setup(_))));
    assert_eq!((count, told), (2, vec![Some(0), None]));
}

#[tokio::test(start_paused = true)]
async fn the_wait_ends_in_the_servers_own_absence() {
    let (result, count, told) = waited(5, |_| Err(failed(ModelErrorKind::Connect))).await;
    let Err(ConnectError::Model(error)) = result else { panic!("{result:?}") };
    assert_eq!(error.kind(), ModelErrorKind::Connect);
    assert!(error.hints()[0].contains("5 s (from --wait)"), "{:?}", error.hints());
    assert_eq!((count, told), (4, vec![Some(0), Some(2), Some(4), None]));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_given_up_is_over() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let tell = move |awaited: Option<WaitProgress<'_>>| log.lock().unwrap().push(awaited.is_some());
    let limit = TimeLimit { duration: Duration::from_mins(10), source: "--wait".into() };
    let wait = WaitPolicy { limit, on_progress: Arc::new(tell) };
    let absent = || async { Err::<(), _>(failed(ModelErrorKind::Connect)) };
    let waiting = retry_until_available(&wait, Duration::from_secs(2), absent);
    let ended = tokio::time::timeout(Duration::from_secs(3), waiting).await;
    assert!(ended.is_err());
    assert_eq!(*told.lock().unwrap(), [true, true, false]);
}
