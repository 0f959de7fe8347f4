//! Tests of the runs of sub-agents.

use super::*;

fn open(folder: &tempfile::TempDir) -> Store {
    Store::open(folder.path().join("s.db")).unwrap()
}

fn session(store: &Store, key: &str) -> SessionId {
    let key: SessionKey = key.parse().unwrap();
    store.acquire_current(&key, "main").unwrap().session.id().clone()
}

fn request(parent: &SessionId, depth: u32) -> ChildRunRequest {
    ChildRunRequest {
        parent: parent.clone(),
        parent_key: "agent:main:main".parse().unwrap(),
        parent_agent: "main".to_owned(),
        agent: "main".to_owned(),
        label: Some("look".to_owned()),
        task: "look around".to_owned(),
        depth,
    }
}

fn end(status: ChildRunStatus, tokens: u64) -> ChildRunEnd {
    let result = "done".to_owned();
    ChildRunEnd { status, result, input_tokens: tokens, output_tokens: 1 }
}

#[test]
fn an_end_is_told_once_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let parent = session(&store, "agent:main:main");
    assert_eq!(store.take_child_ends(&parent).unwrap(), []);
    let (run, lease) = store.register_child_run(request(&parent, 1)).unwrap();
    assert_eq!(run.status, ChildRunStatus::Queued);
    assert_eq!(run.child_key, format!("agent:main:subagent:{}", run.id));
    let child = session(&store, &run.child_key);
    store.mark_child_started(&run.id, &child).unwrap();
    let running = store.child_runs(&parent).unwrap();
    assert_eq!(running[0].status, ChildRunStatus::Running);
    assert_eq!(store.take_child_ends(&parent).unwrap(), [], "it has not ended");
    store.finish_child_run(&run.id, end(ChildRunStatus::Denied, 7)).unwrap();
    store.finish_child_run(&run.id, end(ChildRunStatus::Succeeded, 9)).unwrap();
    drop(lease);
    let told = store.take_child_ends(&parent).unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].status, told[0].input_tokens), (ChildRunStatus::Denied, 7));
    assert_eq!(store.take_child_ends(&parent).unwrap(), []);
    let found = store.child_run_with_key(&run.child_key.parse().unwrap()).unwrap().unwrap();
    assert_eq!(found.child.as_deref(), Some(child.as_str()));
    assert_eq!(store.child_run_with_key(&"agent:main:main".parse().unwrap()).unwrap(), None);
}

#[test]
fn a_run_without_its_process_is_lost_and_never_running() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let parent = session(&store, "agent:main:main");
    let (queued, one) = store.register_child_run(request(&parent, 1)).unwrap();
    let (running, other) = store.register_child_run(request(&parent, 1)).unwrap();
    let child = session(&store, &running.child_key);
    store.mark_child_started(&running.id, &child).unwrap();
    let states = |store: &Store| -> Vec<_> {
        store.child_runs(&parent).unwrap().iter().map(|run| run.status).collect()
    };
    assert_eq!(states(&store), [ChildRunStatus::Queued, ChildRunStatus::Running]);
    // As if the process were killed: nothing is recorded any more.
    drop((one, other));
    assert_eq!(states(&store), [ChildRunStatus::Lost; 2]);
    let told = store.take_child_ends(&parent).unwrap();
    assert_eq!(told.iter().map(|run| &run.id).collect::<Vec<_>>(), [&queued.id, &running.id]);
    assert!(told.iter().all(|run| run.ended_at.is_some() && run.result.is_some()));
}

#[test]
fn the_tokens_of_a_whole_tree_count() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder);
    let parent = session(&store, "agent:main:main");
    assert_eq!(store.child_usage(&parent).unwrap(), ChildUsage::default());
    let mut above = parent.clone();
    let mut leases = Vec::new();
    for depth in 1..=3 {
        let (run, lease) = store.register_child_run(request(&above, depth)).unwrap();
        let child = session(&store, &run.child_key);
        store.mark_child_started(&run.id, &child).unwrap();
        if depth < 3 {
            store.finish_child_run(&run.id, end(ChildRunStatus::Succeeded, 10)).unwrap();
        }
        leases.push(lease);
        above = child;
    }
    let usage = ChildUsage { runs: 3, open_runs: 1, input_tokens: 20, output_tokens: 2 };
    assert_eq!(store.child_usage(&parent).unwrap(), usage);
}
