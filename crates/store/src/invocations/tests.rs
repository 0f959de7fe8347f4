//! Tests of the commands of a node.

use super::*;

fn request(key: &str) -> InvocationRequest {
    InvocationRequest {
        idempotency_key: key.to_owned(),
        digest: format!("digest of {key}"),
        approval: None,
    }
}

fn open(path: &std::path::Path, owner: &str) -> InvocationLog {
    InvocationLog::open(Store::open(path).unwrap(), owner).unwrap()
}

#[tokio::test]
async fn a_command_begins_once_whatever_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.sqlite");
    let log = open(&path, "first");
    assert_eq!(log.begin(request("a")).await.unwrap(), InvocationStart::Begun);
    assert_eq!(
        log.begin(request("a")).await.unwrap(),
        InvocationStart::Unfinished { is_own: true }
    );
    assert_eq!(log.begin(request("b")).await.unwrap(), InvocationStart::Begun);
    log.finish("b", "result".to_owned()).await.unwrap();
    let other = InvocationRequest { digest: "other".to_owned(), ..request("b") };
    assert_eq!(log.begin(other).await.unwrap(), InvocationStart::KeyReused);
    drop(log);

    let log = open(&path, "second");
    assert_eq!(
        log.begin(request("a")).await.unwrap(),
        InvocationStart::Unfinished { is_own: false }
    );
    // What another start began is not ended by this one.
    log.finish("a", "late".to_owned()).await.unwrap();
    assert_eq!(
        log.begin(request("a")).await.unwrap(),
        InvocationStart::Unfinished { is_own: false }
    );
    let ended = InvocationStart::Ended(Some("result".to_owned()));
    assert_eq!(log.begin(request("b")).await.unwrap(), ended);
}

#[tokio::test]
async fn an_approval_is_used_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.sqlite");
    let approved =
        |key: &str| InvocationRequest { approval: Some("approval".to_owned()), ..request(key) };
    let log = open(&path, "first");
    assert_eq!(log.begin(approved("a")).await.unwrap(), InvocationStart::Begun);
    assert_eq!(log.begin(approved("b")).await.unwrap(), InvocationStart::ApprovalUsed);
    drop(log);
    let log = open(&path, "second");
    assert_eq!(log.begin(approved("c")).await.unwrap(), InvocationStart::ApprovalUsed);
    assert_eq!(log.begin(request("b")).await.unwrap(), InvocationStart::Begun);
}

#[tokio::test]
async fn old_commands_and_long_results_are_forgotten_the_oldest_first() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(&folder.path().join("node.sqlite"), "first");
    for number in 0..MAX_KEPT_INVOCATIONS {
        let key = number.to_string();
        assert_eq!(log.begin(request(&key)).await.unwrap(), InvocationStart::Begun);
        log.finish(&key, "x".repeat(100)).await.unwrap();
    }
    assert_eq!(log.begin(request("3")).await.unwrap(), InvocationStart::Ended(None));
    let last = InvocationStart::Ended(Some("x".repeat(100)));
    let last_key = (MAX_KEPT_INVOCATIONS - 1).to_string();
    assert_eq!(log.begin(request(&last_key)).await.unwrap(), last);
    // Each further one takes the place of the oldest.
    assert_eq!(log.begin(request("new")).await.unwrap(), InvocationStart::Begun);
    log.begin(request("newer")).await.unwrap();
    assert_eq!(log.begin(request("0")).await.unwrap(), InvocationStart::Begun);

    let old = files::unix_millis() - KEPT_MS - 1;
    log.store
        .0
        .writer
        .write(move |connection| {
            let sql = "UPDATE invocation SET begun_at = ?1, ended_at = ?1 WHERE \
                       idempotency_key = '19'";
            connection.execute(sql, [old]).map(|_| ()).map_err(StoreError::from_sql_error("age"))
        })
        .unwrap();
    assert_eq!(log.begin(request("19")).await.unwrap(), InvocationStart::Begun);
}

#[tokio::test]
async fn a_clock_that_is_set_forward_has_no_command_run_twice() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(&folder.path().join("node.sqlite"), "first");
    for key in ["a", "b"] {
        assert_eq!(log.begin(request(key)).await.unwrap(), InvocationStart::Begun);
        log.finish(key, "done".to_owned()).await.unwrap();
    }
    let year = 365 * 86_400_000_i64;
    log.store
        .0
        .writer
        .write(move |connection| {
            let sql = "UPDATE invocation SET begun_at = begun_at - ?1, ended_at = ended_at - ?1";
            connection.execute(sql, [year]).map(|_| ()).map_err(StoreError::from_sql_error("age"))
        })
        .unwrap();
    let done = || InvocationStart::Ended(Some("done".to_owned()));
    assert_eq!(log.begin(request("b")).await.unwrap(), done());
    assert_eq!(log.begin(request("c")).await.unwrap(), InvocationStart::Begun);
    assert_eq!(log.begin(request("b")).await.unwrap(), done());
}
