//! Persistent conversations: opened, resumed, started anew and undone.

use std::future::{Future as _, pending, poll_fn, ready};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use openclaw_mock_vllm::{ErrorBody, Gate, MockVllm, ModelSpec, Reply, Turn};
use openclaw_models::{TimeLimit, WaitPolicy, WaitProgress};
use openclaw_runtime::{
    AgentError, Conversation, ConversationError, ConversationOptions, LogContent, LogEntry,
    Runtime, SessionTarget, StoreErrorKind, TurnOutcome, event_channel,
};

use crate::agent::Agrees;
use crate::lab::{Lab, lab_on};

/// The agent's main session with this model.
pub(crate) fn options(model: &str) -> ConversationOptions {
    ConversationOptions {
        target: None,
        agent: None,
        model: Some(model.to_owned()),
        workspace: None,
        time_limit: None,
        approver: Arc::new(Agrees),
    }
}

async fn server() -> (MockVllm, Lab) {
    let builder = MockVllm::builder().model(ModelSpec::new("tiny", 8192));
    let server = builder.model(ModelSpec::new("small", 4096)).start().await.unwrap();
    let lab = Lab::new(&lab_on(&server.base_url(), ""), &[]);
    (server, lab)
}

async fn take_up(lab: &Lab) -> Conversation {
    lab.runtime.open_conversation(options("lab/tiny")).await.unwrap()
}

async fn say(conversation: &mut Conversation, text: &str) -> String {
    let (sender, _receiver) = event_channel();
    let report = conversation.run_turn(text, None, sender, pending()).await.unwrap();
    match report.outcome {
        TurnOutcome::Reply { text, .. } => text,
        other => panic!("{other:?}"),
    }
}

/// The texts of the messages in the last request, without the time.
fn last_messages(server: &MockVllm) -> Vec<String> {
    let requests = server.requests();
    let seen = requests.iter().rfind(|seen| seen.path == "/v1/chat/completions").unwrap();
    let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
    let messages = body["messages"].as_array().unwrap().iter().skip(1);
    let text = |message: &serde_json::Value| message["content"].as_str().unwrap_or("").to_owned();
    messages.map(|m| text(m).split("\n\n[It is ").next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_conversation_goes_on_where_the_last_process_left_it() {
    let (server, lab) = server().await;
    server.push(Turn::text("Ada, then."));
    let mut first = take_up(&lab).await;
    assert_eq!(
        (first.session_key().as_str(), first.recovery_report().messages),
        ("agent:main:main", 0)
    );
    assert_eq!(first.context_use(), None);
    say(&mut first, "My name is Ada.").await;
    let (id, context) = (first.session_id().clone(), first.context_use().unwrap());
    assert!(context.tokens > 0 && context.window == 8192, "{context:?}");
    let taken = lab.runtime.open_conversation(options("lab/tiny")).await.unwrap_err();
    assert!(
        matches!(&taken, ConversationError::Store(e) if e.kind() == StoreErrorKind::InUse),
        "{taken:?}"
    );
    drop(first);

    let mut second = take_up(&lab).await;
    assert_eq!((second.session_id(), second.recovery_report().messages), (&id, 2));
    assert_eq!(second.context_use().map(|context| context.tokens), Some(context.tokens));
    server.push(Turn::text("Ada."));
    assert_eq!(say(&mut second, "What is my name?").await, "Ada.");
    assert_eq!(last_messages(&server), ["My name is Ada.", "Ada, then.", "What is my name?"]);
}

/// A runtime that waits up to `time`, and calls `tell` after each failed attempt.
fn waiting(lab: &Lab, time: Duration, tell: impl Fn(&str) + Send + Sync + 'static) -> Runtime {
    let limit = TimeLimit { duration: time, source: "--wait".into() };
    let tell = move |awaited: Option<WaitProgress<'_>>| {
        tell(&awaited.map_or("over".to_owned(), |awaited| awaited.problem.to_string()));
    };
    let policy = WaitPolicy { limit, on_progress: Arc::new(tell) };
    Runtime::new(lab.runtime.models().clone().with_wait_policy(policy))
}

#[tokio::test]
async fn a_session_that_another_one_uses_is_waited_for() {
    let (server, lab) = server().await;
    let holder = Mutex::new(Some(take_up(&lab).await));
    let requests = server.requests().len();
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let runtime = waiting(&lab, Duration::from_mins(10), move |text| {
        log.lock().unwrap().push(text.to_owned());
        drop(holder.lock().unwrap().take());
        assert_eq!(server.requests().len(), requests, "nobody asks a server meanwhile");
    });
    let taken = runtime.open_conversation(options("lab/tiny")).await.unwrap();
    let told = told.lock().unwrap().clone();
    let [first, over] = &told[..] else { panic!("{told:?}") };
    assert!(first.contains(&format!("which process {} uses", std::process::id())), "{first}");
    assert_eq!(over, "over");
    drop(taken);

    let _held = take_up(&lab).await;
    let runtime = waiting(&lab, Duration::from_millis(20), |_| {});
    let taken = runtime.open_conversation(options("lab/tiny")).await.unwrap_err();
    assert!(
        matches!(&taken, ConversationError::Store(e) if e.kind() == StoreErrorKind::InUse),
        "{taken:?}"
    );
}

#[tokio::test]
async fn a_turn_that_was_interrupted_is_finished() {
    let (server, lab) = server().await;
    let mut conversation = take_up(&lab).await;
    let gate = Gate::new();
    server.push(Reply::from(Turn::text("Never heard.")).gate(0, &gate));
    let (sender, _receiver) = event_channel();
    tokio::select! {
        biased;
        () = gate.reached() => {}
        report = conversation.run_turn("Count the moons.", None, sender, pending()) => {
            panic!("{report:?}")
        }
    }
    drop(conversation);
    server.push(Turn::text("Four."));
    let mut again = take_up(&lab).await;
    assert!(again.recovery_report().has_interrupted_turn);
    let (sender, _receiver) = event_channel();
    let report = again.resume_turn(None, sender, pending()).await.unwrap().unwrap();
    assert!(matches!(report.outcome, TurnOutcome::Reply { .. }), "{report:?}");
    assert_eq!(last_messages(&server), ["Count the moons."]);
    let (sender, _receiver) = event_channel();
    assert!(again.resume_turn(None, sender, ready(())).await.unwrap().is_none(), "only once");
}

#[tokio::test]
async fn a_new_session_leaves_the_old_one_as_it_is() {
    let (server, lab) = server().await;
    let mut conversation = take_up(&lab).await;
    say(&mut conversation, "first").await;
    let old = conversation.session_id().clone();
    conversation.start_new_session().await.unwrap();
    assert!(conversation.history().is_empty() && *conversation.session_id() != old);
    say(&mut conversation, "second").await;
    assert_eq!(last_messages(&server), ["second"]);
    drop(conversation);
    let place = Some(SessionTarget::Id(old));
    let old = ConversationOptions { target: place, ..options("lab/tiny") };
    let mut old = lab.runtime.open_conversation(old).await.unwrap();
    say(&mut old, "third").await;
    let messages = last_messages(&server);
    assert_eq!((messages[0].as_str(), messages[2].as_str()), ("first", "third"));
}

#[tokio::test]
async fn a_turn_is_taken_back_and_another_model_goes_on() {
    let (server, lab) = server().await;
    let mut conversation = take_up(&lab).await;
    say(&mut conversation, "kept").await;
    say(&mut conversation, "regretted").await;
    assert!(conversation.undo_turn().await.unwrap());
    conversation.switch_model(Some("lab/small")).await.unwrap();
    assert!(conversation.switch_model(Some("nowhere/none")).await.is_err());
    say(&mut conversation, "again").await;
    let messages = last_messages(&server);
    assert_eq!((messages[0].as_str(), messages[2].as_str()), ("kept", "again"));
    assert_eq!(conversation.agent_run().model.model_info().reference.to_string(), "lab/small");
    let context = conversation.context_use().unwrap();
    assert_eq!(context.window, 4096);
    conversation.switch_model(Some("lab/tiny")).await.unwrap();
    let now = conversation.context_use().unwrap();
    assert_eq!((now.window, now.tokens), (8192, context.tokens));
    for expected in [true, true, false] {
        assert_eq!(conversation.undo_turn().await.unwrap(), expected);
    }
}

#[tokio::test]
async fn a_compaction_after_a_dropped_turn_loses_nothing_that_was_recorded() {
    let (server, lab) = server().await;
    let mut conversation = take_up(&lab).await;
    for number in 0..3 {
        say(&mut conversation, &format!("{number} {}", "many words ".repeat(300))).await;
    }
    let (store, id) = (lab.runtime.open_sessions().unwrap(), conversation.session_id().clone());
    let is_recorded = || {
        let mut is_recorded = false;
        let mut each = |entry: LogEntry| {
            is_recorded |=
                matches!(entry.content, LogContent::AssistantMessage(m) if m.text == "Four.");
        };
        store.read_entries(&id, &mut each).unwrap();
        is_recorded
    };
    server.push(Turn::text("Four."));
    let (sender, _receiver) = event_channel();
    {
        let mut turn = pin!(conversation.run_turn("Count the moons.", None, sender, pending()));
        poll_fn(|context| {
            if is_recorded() {
                return Poll::Ready(());
            }
            turn.as_mut().poll(context).map(|report| panic!("{report:?}"))
        })
        .await;
    }
    server.push(Turn::text("A summary."));
    let (sender, _receiver) = event_channel();
    assert!(conversation.compact_history(sender).await.unwrap().is_some());
    let compacted = conversation.history().clone();
    drop(conversation);
    let mut again = take_up(&lab).await;
    assert_eq!(*again.history(), compacted, "all that is not in the summary is kept");
    say(&mut again, "Go on.").await;
    let messages = last_messages(&server);
    assert!(messages[0].contains("A summary."), "{messages:?}");
    assert!(messages.ends_with(&["Count the moons.", "Four.", "Go on."].map(str::to_owned)));
}

#[tokio::test]
async fn a_session_is_its_agents_unless_another_is_named() {
    let (server, lab) = server().await;
    let config = format!(
        r#"{{ models: {{ providers: {{ lab: {{ baseUrl: "{}" }} }} }},
             agents: {{ entries: {{ main: {{}}, work: {{}} }} }} }}"#,
        server.base_url()
    );
    let lab = lab.restart(&config);
    let key = |key: &str| Some(SessionTarget::Key(key.parse().unwrap()));
    let warnings = Mutex::new(Vec::new());
    let taken = async |place, agent: Option<&str>| {
        let agent = agent.map(str::to_owned);
        let options = ConversationOptions { target: place, agent, ..options("lab/tiny") };
        let conversation = lab.runtime.open_conversation(options).await.unwrap();
        let (id, session) = (conversation.agent_id().to_owned(), conversation.session_id().clone());
        warnings.lock().unwrap().extend(conversation.agent_run().report.warnings.clone());
        (id, session)
    };
    let of_key = taken(key("agent:work:main"), None).await;
    assert_eq!(of_key.0, "work");
    let (owner, id) = taken(key("garden"), Some("work")).await;
    assert_eq!(owner, "work");
    assert_eq!(taken(key("garden"), None).await, ("work".to_owned(), id.clone()));
    assert_eq!(taken(Some(SessionTarget::Id(id.clone())), None).await.0, "work");
    assert_eq!(taken(key("agent:nobody:main"), None).await.0, "main");
    assert_eq!(taken(None, None).await.0, "main");
    assert!(warnings.lock().unwrap().is_empty());
    assert_eq!(taken(Some(SessionTarget::Id(id)), Some("main")).await.0, "main");
    let warnings = warnings.into_inner().unwrap();
    assert!(
        warnings.len() == 1 && warnings[0].contains("belongs to the agent `work`"),
        "{warnings:?}"
    );
}

#[tokio::test]
async fn a_turn_that_failed_or_was_stopped_is_taken_up_again() {
    let (server, lab) = server().await;
    let refuse = || server.push(Reply::status(400, ErrorBody::Text("Not now".to_owned())));
    let mut conversation = take_up(&lab).await;
    refuse();
    let (sender, _receiver) = event_channel();
    let failed = conversation.run_turn("Count the moons.", None, sender, pending()).await.unwrap();
    assert!(matches!(failed.outcome, TurnOutcome::Failed(_)), "{failed:?}");
    let can_be_taken_up = |talk: &Conversation| {
        (talk.recovery_report().has_interrupted_turn, talk.recovery_report().has_unanswered_turn)
    };
    assert_eq!(can_be_taken_up(&conversation), (false, true));

    let gate = Gate::new();
    server.push(Reply::from(Turn::text("Never heard.")).gate(0, &gate));
    let (sender, _receiver) = event_channel();
    let stopped = conversation.resume_turn(None, sender, gate.reached()).await.unwrap().unwrap();
    assert!(matches!(stopped.outcome, TurnOutcome::Cancelled), "{stopped:?}");
    assert_eq!(can_be_taken_up(&conversation), (false, true), "in this process");
    drop(conversation);
    let mut conversation = take_up(&lab).await;
    assert_eq!(can_be_taken_up(&conversation), (false, true), "and in the next");

    let gate = Gate::new();
    server.push(Reply::from(Turn::text("Never heard.")).gate(0, &gate));
    let (sender, _receiver) = event_channel();
    tokio::select! {
        biased;
        () = gate.reached() => {}
        report = conversation.resume_turn(None, sender, pending()) => panic!("{report:?}"),
    }
    server.push(Turn::text("Four."));
    let (sender, _receiver) = event_channel();
    let report = conversation.resume_turn(None, sender, pending()).await.unwrap().unwrap();
    assert!(matches!(report.outcome, TurnOutcome::Reply { .. }), "{report:?}");
    assert_eq!(last_messages(&server), ["Count the moons."], "it is said once");
    assert_eq!(can_be_taken_up(&conversation), (false, false));
    let (sender, _receiver) = event_channel();
    assert!(conversation.resume_turn(None, sender, pending()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_new_session_that_cannot_be_begun_leaves_the_key_where_it_leads() {
    let (_server, lab) = server().await;
    let mut conversation = take_up(&lab).await;
    say(&mut conversation, "first").await;
    std::fs::remove_dir_all(&conversation.agent_run().workspace).unwrap();
    let error = conversation.start_new_session().await.unwrap_err();
    assert!(matches!(error, ConversationError::Agent(AgentError::Setup(_))), "{error:?}");
    let current = lab
        .runtime
        .open_sessions()
        .unwrap()
        .current_session(conversation.session_key())
        .unwrap()
        .unwrap();
    assert_eq!((&current.id, current.turns), (conversation.session_id(), 1));
    assert_eq!(conversation.history().messages().count(), 2);
}

#[tokio::test]
async fn a_new_turn_begins_with_the_primary_wherever_the_one_before_was_left() {
    let first = MockVllm::builder().start().await.unwrap();
    let second = MockVllm::builder().start().await.unwrap();
    let config = format!(
        r#"{{ models: {{ providers: {{ first: {{ baseUrl: "{}" }}, second: {{ baseUrl: "{}" }} }} }},
             agents: {{ defaults: {{ model: {{ primary: "first/tiny", fallbacks: ["second/tiny"] }} }} }} }}"#,
        first.base_url(),
        second.base_url()
    );
    let lab = Lab::new(&config, &[]);
    let options = ConversationOptions { model: None, ..options("") };
    let mut conversation = lab.runtime.open_conversation(options).await.unwrap();
    first.push(Reply::status(401, ErrorBody::Text("Unauthorized".to_owned())));
    second.push(Turn::call("exec", r#"{"command":"true"}"#));
    let gate = Gate::new();
    second.push(Reply::from(Turn::text("Never heard.")).gate(0, &gate));
    let (sender, _receiver) = event_channel();
    let stopped = conversation.run_turn("Go.", None, sender, gate.reached()).await.unwrap();
    assert_eq!((stopped.model_calls, stopped.tool_calls), (2, 1), "{stopped:?}");
    let _ = lab.runtime.models().reset_breakers(None).unwrap();
    let (sender, _receiver) = event_channel();
    let turn = conversation.run_turn("reply exactly: new", None, sender, pending());
    let report = turn.await.unwrap();
    assert!(matches!(report.outcome, TurnOutcome::Reply { .. }), "{report:?}");
    assert_eq!(conversation.agent_run().model.model_info().reference.to_string(), "first/tiny");
}

#[tokio::test]
async fn the_end_of_a_background_command_is_reported_with_the_next_message() {
    let server = MockVllm::builder().model(ModelSpec::new("tiny", 40_960)).start().await.unwrap();
    for (config, is_told) in [("", true), ("tools: { exec: { notifyOnExit: false } },", false)] {
        let url = server.base_url();
        let config =
            format!(r#"{{ {config} models: {{ providers: {{ lab: {{ baseUrl: "{url}" }} }} }} }}"#);
        let lab = Lab::new(&config, &[]);
        let mut conversation = take_up(&lab).await;
        let arguments = serde_json::json!({"command": "read x", "background": true});
        server.push(Turn::call("exec", arguments.to_string()));
        server.push(Turn::text("It runs."));
        assert_eq!(say(&mut conversation, "Start it.").await, "It runs.");
        let runs = conversation.agent_run().command_runs.clone();
        assert_eq!(runs.running_count(), 1);
        let result = last_messages(&server).swap_remove(2);
        let (_, id) = result.split_once("(session ").unwrap();
        let (id, _) = id.split_once(',').unwrap();

        // The input ends, and so does the command, while the model is idle.
        let arguments = serde_json::json!({"action": "write", "sessionId": id, "eof": true});
        server.push(Turn::call("process", arguments.to_string()));
        server.push(Turn::text("Ended."));
        assert_eq!(say(&mut conversation, "End it.").await, "Ended.");
        while runs.running_count() > 0 {
            tokio::task::yield_now().await;
        }
        for told in [is_told, false] {
            server.push(Turn::text("I see."));
            say(&mut conversation, "And now?").await;
            let message = last_messages(&server).pop().unwrap();
            let notice = format!("\n\n[the background command {id} (`read x`) ended: exit 1]");
            let notice = if told { &*notice } else { "" };
            assert_eq!(message, format!("And now?{notice}"));
        }
    }
}
