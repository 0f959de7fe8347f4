//! The tools over sessions: what they cost in each prompt, and what they ask for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use openclaw_core::{Tool as _, ToolContext, ToolEffect};
use openclaw_tools::{SessionAccess, SessionRequest, SessionTool, SessionToolKind};
use serde_json::{Value, json};

use crate::support::call;

#[derive(Debug, Default)]
struct Recorder(Mutex<Vec<SessionRequest>>);

#[async_trait]
impl SessionAccess for Recorder {
    async fn answer_request(&self, request: SessionRequest) -> Result<Value, String> {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push(request);
        Ok(json!({ "status": "accepted" }))
    }
}

/// All tools over sessions.
pub(crate) fn all_tools() -> Vec<SessionTool> {
    let access = Arc::default();
    SessionToolKind::ALL.into_iter().map(|kind| tool(kind, &access)).collect()
}

fn tool(kind: SessionToolKind, access: &Arc<Recorder>) -> SessionTool {
    SessionTool::new(kind, Arc::clone(access) as Arc<dyn SessionAccess>)
}

#[tokio::test]
async fn what_a_model_writes_is_understood_or_refused() {
    let access = Arc::new(Recorder::default());
    let plan = |kind, arguments| tool(kind, &access).plan_call(&call("it", arguments));
    for (kind, arguments) in [
        (SessionToolKind::Spawn, json!({ "task": " " })),
        (SessionToolKind::Spawn, json!({ "task": "x", "context": "fork" })),
        (SessionToolKind::Spawn, json!({ "task": "x".repeat(70_000) })),
        (SessionToolKind::Search, json!({ "query": "" })),
        (SessionToolKind::Subagents, json!({ "action": "steer" })),
        (SessionToolKind::Status, json!({ "model": "other" })),
    ] {
        assert!(plan(kind, arguments.clone()).is_err(), "{arguments}");
    }
    let spawn = plan(
        SessionToolKind::Spawn,
        json!({ "task": "look", "taskName": "l", "agentId": "", "cleanup": "delete" }),
    );
    let spawn = spawn.unwrap();
    assert!(
        matches!(spawn.effect(), ToolEffect::OwnCommand { description } if description.ends_with(": l"))
    );
    let wait = plan(
        SessionToolKind::Subagents,
        json!({ "action": "wait", "taskId": "a", "taskIds": ["b"], "timeoutSeconds": 999.0 }),
    );
    let wait = wait.unwrap();
    assert!(matches!(wait.effect(), ToolEffect::Inspect { .. }));
    for planned in [spawn, wait] {
        let context = ToolContext {
            time_limit: None,
            max_output_bytes: 1000,
            takes_images: false,
            progress: &(),
        };
        let output = planned.run(context).await;
        assert_eq!(output.text, "{\"status\":\"accepted\"}");
    }
    let asked = access.0.lock().unwrap();
    assert!(matches!(&asked[0], SessionRequest::Spawn(spawn)
        if spawn.deletes_session && spawn.agent.is_none() && spawn.label.as_deref() == Some("l")));
    let tasks = vec!["a".to_owned(), "b".to_owned()];
    assert_eq!(asked[1], SessionRequest::WaitForSubagents { tasks, wait: Duration::from_mins(1) });
}
