//! Each request of a session begins with the bytes of the one before, as seen by the server,
//! whatever happens in between.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use openclaw_mock_vllm::{Gate, MockVllm, ModelSpec, Reply, Turn};
use openclaw_runtime::{Conversation, TurnOutcome, TurnReport, event_channel};
use serde_json::Value;

use crate::conversation::options;
use crate::lab::Lab;

/// A step of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Talk,
    Calls,
    BrokenCalls,
    Thought,
    Silence,
    LargeResult,
    /// The server dies in the middle of a text or a tool call.
    Lost {
        in_call: bool,
    },
    Restart,
    Midnight,
    /// Another process opens the session, in a workspace whose context files have changed.
    TakeUp,
    Compact,
}

const STEPS: [Step; 12] = [
    Step::Talk,
    Step::Calls,
    Step::BrokenCalls,
    Step::Thought,
    Step::Silence,
    Step::LargeResult,
    Step::Lost { in_call: false },
    Step::Lost { in_call: true },
    Step::Restart,
    Step::Midnight,
    Step::TakeUp,
    Step::Compact,
];

/// A session of an agent, with a scripted server.
struct Session {
    server: MockVllm,
    lab: Lab,
    /// `None` while it is reopened.
    conversation: Option<Conversation>,
    /// Seconds since the epoch.
    now: Arc<AtomicU64>,
}

impl Session {
    async fn begin(window: u32) -> Self {
        let model = ModelSpec::new("tiny", window);
        let server = MockVllm::builder().model(model).start().await.unwrap();
        let url = server.base_url();
        let lab = Lab::new(
            &format!(
                "{{ models: {{ providers: {{ vllm: {{
                     baseUrl: '{url}', onServerLoss: {{ wait: '1m', poll: 0 }} }} }} }} }}"
            ),
            &[],
        );
        // A minute before midnight.
        let now = Arc::new(AtomicU64::new(1_795_305_540));
        let mut session = Self { server, lab, conversation: None, now };
        session.take_up().await;
        session.write("a.txt", "one\ntwo\n");
        session.write("large.txt", &"a long line of text\n".repeat(400));
        session
    }

    fn conversation(&mut self) -> &mut Conversation {
        self.conversation.as_mut().unwrap()
    }

    async fn take_up(&mut self) {
        let now = Arc::clone(&self.now);
        let clock = move || UNIX_EPOCH + Duration::from_secs(now.load(Ordering::Relaxed));
        let runtime = self.lab.runtime.clone().with_clock(clock);
        let conversation = runtime.open_conversation(options("vllm/tiny")).await.unwrap();
        self.conversation = Some(conversation);
    }

    #[expect(clippy::disallowed_methods, reason = "nobody reads the files meanwhile")]
    fn write(&mut self, name: &str, text: &str) {
        std::fs::write(self.conversation().agent_run().workspace.join(name), text).unwrap();
    }

    async fn take(&mut self, step: Step, number: usize) {
        let read = |path: &str| Turn::call("read", format!("{{\"path\": \"{path}\"}}"));
        match step {
            Step::Talk => self.say("hello", number).await,
            Step::Calls => {
                self.server.push(read("a.txt"));
                self.server.push(Turn::call("read", format!("{{\"path\": \"{number}.txt\"}}")));
                self.say("look around", number).await;
            }
            Step::BrokenCalls => {
                self.server.push(Turn::call("read", "{\"path\": "));
                self.server.push(Turn::call("nothing", "{}"));
                self.server.push(read("a.txt"));
                self.say("read it", number).await;
            }
            Step::Thought => {
                self.server.push(Turn::empty().then_reasoning("Hm."));
                self.server.push(read("a.txt"));
                self.server.push(Turn::empty().then_reasoning("Hm, hm."));
                self.say("think", number).await;
            }
            Step::Silence => {
                self.server.push(Turn::empty());
                self.say("say something", number).await;
            }
            Step::LargeResult => {
                self.server.push(read("large.txt"));
                self.say("read it all", number).await;
            }
            Step::Lost { in_call } => self.lose(in_call, number).await,
            Step::Restart => self.server.restart().await.unwrap(),
            Step::Midnight => {
                self.now.fetch_add(86_400 / 2, Ordering::Relaxed);
            }
            Step::TakeUp => {
                let text = format!("In chapter {number}, be kind.");
                self.write("AGENTS.md", &text);
                let left = self.conversation.take().map(|left| left.history().clone());
                self.take_up().await;
                let found = self.conversation().history();
                assert_eq!(Some(found), left.as_ref(), "the store has the whole conversation");
            }
            Step::Compact => {
                let (sender, _receiver) = event_channel();
                self.conversation().compact_history(sender).await.unwrap();
            }
        }
        self.now.fetch_add(61, Ordering::Relaxed);
    }

    async fn lose(&mut self, in_call: bool, number: usize) {
        let gate = Gate::new();
        let lost = if in_call {
            Turn::call("read", "{\"path\": \"a.txt\"}")
        } else {
            Turn::pieces(["It \"is\" ", "so"])
        };
        self.server.push(Reply::from(lost).gate(2, &gate));
        self.server.push(Turn::text("that."));
        let (sender, _receiver) = event_channel();
        let text = format!("go on {number}");
        let conversation = self.conversation.as_mut().unwrap();
        let turn = conversation.run_turn(&text, None, sender, pending());
        let accident = async {
            gate.reached().await;
            self.server.kill();
            self.server.restart().await.unwrap();
        };
        let (report, ()) = tokio::join!(turn, accident);
        assert_replied(&report.unwrap());
    }

    /// Runs a turn that ends with a text.
    async fn say(&mut self, text: &str, number: usize) {
        self.server.push(Turn::text(format!("Answer {number}: \"so\" \u{e9}.")));
        let (sender, _receiver) = event_channel();
        let text = format!("{text} {number}");
        let turn = self.conversation().run_turn(&text, None, sender, pending());
        assert_replied(&turn.await.unwrap());
    }

    /// The bodies of the requests to the model, in order.
    fn bodies(&self) -> Vec<String> {
        let all = self.server.requests().into_iter();
        let chats = all.filter(|seen| seen.path == "/v1/chat/completions");
        chats.map(|seen| String::from_utf8(seen.body.to_vec()).unwrap()).collect()
    }
}

#[track_caller]
fn assert_replied(report: &TurnReport) {
    assert!(matches!(report.outcome, TurnOutcome::Reply { .. }), "{report:?}");
}

/// A request for a summary of the conversation.
fn asks_for_summary(body: &str) -> bool {
    body.contains("is about to be replaced by a summary")
}

/// The part of a body that the next request repeats: up to the suffix, if there is one, else to the
/// end of the last message, which may be an answer to be continued.
#[track_caller]
fn lasting(body: &str) -> &str {
    let (_, messages) = body.split_once("\"messages\":[").unwrap();
    let tails = [r"\n\n[It is ", r"\n\nYou have thought", r#",{"role":"user","content":"You have"#];
    if let Some(at) = tails.into_iter().filter_map(|tail| messages.find(tail)).min() {
        let (lasting, tail) = messages.split_at(at);
        // The suffix ends its message; only a partial answer may follow.
        assert!(tail.matches("\"role\":").count() <= 1, "{tail}");
        return lasting;
    }
    let (messages, fields) = messages.rsplit_once(']').unwrap();
    let is_continued = fields.contains("continue_final_message");
    if is_continued { messages.strip_suffix("\"}").unwrap() } else { messages }
}

fn messages(body: &str) -> &str {
    body.split_once("\"messages\":[").unwrap().1
}

/// Where a body differs from the previous one.
fn difference(last: &str, body: &str) -> String {
    let (last, body) = (lasting(last), messages(body));
    let same = last.bytes().zip(body.bytes()).take_while(|(a, b)| a == b).count();
    let from = |text: &str| text.chars().skip(same.saturating_sub(100)).collect::<String>();
    format!("from byte {same} on\n{}\n{}", from(last), from(body))
}

/// The system prompt and the tools.
fn head(body: &str) -> (Value, Value) {
    let body: Value = serde_json::from_str(body).unwrap();
    (body["tools"].clone(), body["messages"][0].clone())
}

/// Fails unless each body begins with the lasting part of the previous one; returns the number of
/// compactions.
fn assert_prefixes(bodies: &[String], script: &str) -> usize {
    let mut compactions = 0;
    let mut may_be_new = false;
    let mut before: Option<&String> = None;
    for body in bodies {
        let Some(last) = before else {
            before = Some(body);
            continue;
        };
        let goes_on = messages(body).starts_with(lasting(last));
        if asks_for_summary(body) {
            assert!(goes_on, "{script}: a summary: {}", difference(last, body));
            may_be_new = true;
            continue;
        }
        assert_eq!(head(body), head(last), "{script}");
        if !goes_on {
            let first = "[The conversation before this no longer fits";
            let is_new = messages(body).contains(first);
            assert!(may_be_new && is_new, "{script}: {}", difference(last, body));
            compactions += 1;
        }
        (may_be_new, before) = (false, Some(body));
    }
    compactions
}

/// As in `proptest`, without its dependency: any order of steps, each script named by its seed.
fn steps(seed: u64) -> Vec<Step> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap()
    };
    let length = 4 + next() % 10;
    (0..length).map(|_| STEPS[next() % STEPS.len()]).collect()
}

#[tokio::test]
async fn any_session_sends_each_request_as_the_beginning_of_the_next() {
    let mut compactions = 0;
    for seed in 0..24 {
        let steps = steps(seed);
        let script = format!("script {seed}: {steps:?}");
        let mut session = Box::pin(Session::begin(16_384)).await;
        for (number, step) in steps.into_iter().enumerate() {
            session.take(step, number).await;
        }
        session.take(Step::Talk, 99).await;
        compactions += assert_prefixes(&session.bodies(), &script);
    }
    assert!(compactions > 0, "no script came to a compaction that helped");
}

/// Runs each step once, in an order in which each matters.
#[tokio::test]
async fn a_session_of_every_step_keeps_its_prefix_and_its_cache() {
    let mut session = Box::pin(Session::begin(65_536)).await;
    for (number, step) in STEPS.into_iter().enumerate() {
        session.take(step, number).await;
        session.take(Step::Talk, 100 + number).await;
    }
    let bodies = session.bodies();
    assert_eq!(assert_prefixes(&bodies, "every step"), 1);
    let days = ["2026-11-21", "2026-11-22"].map(|day| bodies.iter().any(|b| b.contains(day)));
    assert_eq!(days, [true, true], "midnight was crossed");
    assert!(
        !format!("{:?}", session.conversation().history()).contains("[It is "),
        "the time is not kept"
    );
}
