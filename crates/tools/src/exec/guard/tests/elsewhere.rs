//! A search holds up nobody but who needs it.

use std::pin::pin;
use std::time::Duration;

use super::TestRepository;

const PLANT: &str = "echo x > .git/hooks/pre-commit";

#[tokio::test]
#[expect(clippy::await_holding_lock, reason = "the search waits for it on another thread")]
async fn a_search_does_not_hold_up_the_runtime() {
    let repository = TestRepository::new();
    let run = repository.guard.begin_run(false).unwrap();
    repository.shell(PLANT);
    let lock = repository.guard.lock();
    let mut finishing = pin!(run.finish_elsewhere());
    tokio::select! {
        biased;
        finished = &mut finishing => panic!("{finished:?}"),
        () = tokio::task::yield_now() => {}
    }
    drop(lock);
    let finished = finishing.await;
    assert!(finished.is_held && finished.told.unwrap().contains("`.git/hooks/pre-commit`"));
}

#[tokio::test]
#[expect(clippy::await_holding_lock, reason = "the search waits for it on another thread")]
async fn a_search_that_nobody_waits_for_is_complete_before_the_next_command() {
    for is_begun in [true, false] {
        let repository = TestRepository::new();
        let run = repository.guard.begin_run(false).unwrap();
        repository.shell(PLANT);
        let lock = repository.guard.lock();
        if is_begun {
            let mut finishing = Box::pin(run.finish_elsewhere());
            tokio::select! {
                biased;
                finished = &mut finishing => panic!("{finished:?}"),
                () = tokio::task::yield_now() => {}
            }
            drop(finishing);
        } else {
            drop(run);
        }
        repository.guard.wait_for_searches(Duration::ZERO);
        assert!(repository.directory.path().join(".git/hooks/pre-commit").exists());
        drop(lock);
        let next = repository.guard.begin_run(false).unwrap();
        assert!(!repository.directory.path().join(".git/hooks/pre-commit").exists());
        let told = next.finish().told.unwrap();
        assert!(told.contains("`.git/hooks/pre-commit`"), "{told}");
    }
}

#[test]
fn the_end_of_a_runtime_leaves_no_change() {
    let repository = TestRepository::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let run = repository.guard.begin_run(false).unwrap();
    repository.shell(PLANT);
    runtime.block_on(async move { drop(run) });
    runtime.shutdown_background();
    repository.guard.wait_for_searches(Duration::from_mins(1));
    assert!(!repository.directory.path().join(".git/hooks/pre-commit").exists());
}
