//! How a server is set up.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::engine::{Engine, Setup};
use crate::metrics::{Seats, Stats};
use crate::{Brain, MockVllm, ModelSpec, Pace};

/// Settings of a server that is not yet running.
#[derive(Clone)]
pub struct MockVllmBuilder {
    setup: Setup,
    brain: Brain,
    port: u16,
    most_running: Option<usize>,
    longest_queue: Option<u64>,
}

impl Default for MockVllmBuilder {
    fn default() -> Self {
        let setup = Setup {
            models: Vec::new(),
            api_key: None,
            has_rules: true,
            auto_tool_choice: true,
            reasoning_parser: false,
            keep_alive: Duration::from_secs(5),
            pace: Pace::default(),
            records: true,
            root_routes: true,
            template_has_tools: true,
            request_rule: None,
        };
        Self { setup, brain: Brain::default(), port: 0, most_running: None, longest_queue: None }
    }
}

impl MockVllmBuilder {
    /// Adds a model. The first is the one that answers requests that name none.
    #[must_use]
    pub fn model(mut self, model: ModelSpec) -> Self {
        self.setup.models.push(model);
        self
    }

    /// Asks for this key under `/v1`.
    #[must_use]
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.setup.api_key = Some(key.into());
        self
    }

    /// Sets where answers come from.
    #[must_use]
    pub fn brain(mut self, brain: Brain) -> Self {
        self.brain = brain;
        self
    }

    /// Sets whether the server was started with `--enable-auto-tool-choice` and a tool parser.
    /// True unless set.
    #[must_use]
    pub fn auto_tool_choice(mut self, is_enabled: bool) -> Self {
        self.setup.auto_tool_choice = is_enabled;
        self
    }

    /// Sets whether the server was started with `--reasoning-parser`, which then reports
    /// `reasoning_tokens`. False unless set; a turn with reasoning implies it.
    #[must_use]
    pub fn reasoning_parser(mut self, is_enabled: bool) -> Self {
        self.setup.reasoning_parser = is_enabled;
        self
    }

    /// Sets the port; 0, a free one, unless set.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the pace of every reply that has none of its own.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Self {
        self.setup.pace = pace;
        self
    }

    /// Lets at most `count` requests run at a time; more get headers and wait (`--max-num-seqs`).
    #[must_use]
    pub fn max_running(mut self, count: usize) -> Self {
        self.most_running = Some(count);
        self
    }

    /// Answers 503 when `count` requests are running or waiting (`--max-num-queued-reqs`).
    #[must_use]
    pub fn max_queued(mut self, count: u64) -> Self {
        self.longest_queue = Some(count);
        self
    }

    /// Sets after how long an idle connection is closed; 5 s unless set, as uvicorn does.
    #[must_use]
    pub fn keep_alive(mut self, time: Duration) -> Self {
        self.setup.keep_alive = time;
        self
    }

    /// Sets whether requests are kept for [`MockVllm::requests`]. True unless set; a server that
    /// runs for long should not.
    #[must_use]
    pub fn record_requests(mut self, does: bool) -> Self {
        self.setup.records = does;
        self
    }

    /// Sets whether there is anything beside `/v1`. True unless set; a proxy in front of a server
    /// often passes nothing else on.
    #[must_use]
    pub fn root_routes(mut self, are_there: bool) -> Self {
        self.setup.root_routes = are_there;
        self
    }

    /// Sets whether the chat template shows tools to the model. True unless set; the templates of
    /// some small models drop them without a word.
    #[must_use]
    pub fn template_has_tools(mut self, has_tools: bool) -> Self {
        self.setup.template_has_tools = has_tools;
        self
    }

    /// Refuses each request to the model whose body breaks this rule, with the status 400 and
    /// without a reason.
    #[must_use]
    pub fn request_rule(
        mut self,
        is_accepted: impl Fn(&serde_json::Value) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.setup.request_rule = Some(Arc::new(is_accepted));
        self
    }

    /// Starts listening on 127.0.0.1, as tasks of the current Tokio runtime.
    ///
    /// # Errors
    ///
    /// If the port is taken.
    pub async fn start(mut self) -> io::Result<MockVllm> {
        if self.setup.models.is_empty() {
            self.setup.models.push(ModelSpec::new("tiny", 4096));
        }
        let script = match self.brain {
            Brain::Rules => Vec::new(),
            Brain::Script(script) => {
                self.setup.has_rules = false;
                script
            }
        };
        let seats = Seats {
            places: self.most_running.map(|count| Arc::new(Semaphore::new(count))),
            longest_queue: self.longest_queue,
            stats: Stats::default(),
        };
        MockVllm::start(Engine::new(self.setup, script, seats), self.port).await
    }
}

impl std::fmt::Debug for MockVllmBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MockVllmBuilder")
            .field("models", &self.setup.models)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}
