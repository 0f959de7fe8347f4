//! `process`: shows and controls commands that run in the background.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use openclaw_core::{
    CommandReview, InvalidToolArguments, PlannedToolCall, Tool, ToolCall, ToolContext, ToolEffect,
    ToolOutput, ToolSpec,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::arguments::{WholeNumber, decode_arguments, tool_spec};
use crate::exec::{CommandJudge, CommandRun, CommandRuns, review_input};

/// The most lines of a log without a `limit`.
const DEFAULT_LOG_LINES: u64 = 200;
/// The longest wait of a poll.
const MAX_POLL_WAIT: Duration = Duration::from_secs(30);
/// How long a killed command is waited for: its grace period and the time to kill it.
const KILL_WAIT: Duration = Duration::from_secs(10);

/// Shows and controls the commands of a conversation in the background.
#[derive(Debug)]
pub(crate) struct ProcessTool {
    runs: CommandRuns,
    judge: Option<Arc<dyn CommandJudge>>,
    spec: ToolSpec,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ProcessArguments {
    action: ProcessAction,
    #[serde(rename = "sessionId")]
    session_id: Option<String>,
    /// Written to its input
    data: Option<String>,
    /// Ends its input
    eof: Option<bool>,
    /// First line of the log, from 1
    offset: Option<WholeNumber>,
    limit: Option<WholeNumber>,
    /// Longest wait of poll, in ms
    timeout: Option<WholeNumber>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum ProcessAction {
    List,
    Poll,
    Log,
    Write,
    Submit,
    Kill,
    Remove,
}

/// A call of `process` with its command found.
#[derive(Debug)]
struct ProcessCall {
    effect: ToolEffect,
    runs: CommandRuns,
    order: ProcessOrder,
}

#[derive(Debug)]
enum ProcessOrder {
    List,
    /// The command is not there; what the model is told.
    Unknown(String),
    Poll {
        run: Arc<CommandRun>,
        wait: Duration,
    },
    Log {
        run: Arc<CommandRun>,
        offset: Option<u64>,
        limit: u64,
    },
    Write {
        run: Arc<CommandRun>,
        data: String,
        is_last: bool,
    },
    Kill(Arc<CommandRun>),
    Remove(Arc<CommandRun>),
}

impl ProcessTool {
    pub(crate) fn new(runs: CommandRuns, judge: Option<Arc<dyn CommandJudge>>) -> Self {
        let description = "Controls the background commands of `exec`. `poll` returns new output, \
                           `submit` writes `data` and a newline.";
        Self { runs, judge, spec: tool_spec::<ProcessArguments>("process", description) }
    }

    fn plan_order(
        &self,
        arguments: ProcessArguments,
    ) -> Result<ProcessOrder, InvalidToolArguments> {
        let action = arguments.action;
        if action == ProcessAction::List {
            return Ok(ProcessOrder::List);
        }
        let id = arguments.session_id.unwrap_or_default();
        let run = match self.runs.find(id.trim()) {
            Ok(run) => run,
            Err(unknown) => return Ok(ProcessOrder::Unknown(unknown.to_string())),
        };
        let positive = |number: Option<WholeNumber>| number.and_then(WholeNumber::as_positive);
        Ok(match action {
            ProcessAction::List | ProcessAction::Poll => {
                let wait = Duration::from_millis(positive(arguments.timeout).unwrap_or(0));
                ProcessOrder::Poll { run, wait: wait.min(MAX_POLL_WAIT) }
            }
            ProcessAction::Log => ProcessOrder::Log {
                run,
                offset: positive(arguments.offset),
                limit: positive(arguments.limit).unwrap_or(DEFAULT_LOG_LINES),
            },
            ProcessAction::Write | ProcessAction::Submit => {
                let is_last = arguments.eof == Some(true);
                let mut data = arguments.data.unwrap_or_default();
                if action == ProcessAction::Submit {
                    data.push('\n');
                }
                if data.is_empty() && !is_last {
                    let problem = "`write` needs `data` or `eof`".to_owned();
                    return Err(InvalidToolArguments { tool: self.spec.name.clone(), problem });
                }
                ProcessOrder::Write { run, data, is_last }
            }
            ProcessAction::Kill => ProcessOrder::Kill(run),
            ProcessAction::Remove => ProcessOrder::Remove(run),
        })
    }

    fn effect_of_order(&self, order: &ProcessOrder) -> ToolEffect {
        let description = match order {
            ProcessOrder::List | ProcessOrder::Unknown(_) => {
                "list the background commands".to_owned()
            }
            ProcessOrder::Poll { run, .. } => format!("poll {}", run.id),
            ProcessOrder::Log { run, .. } => format!("read the log of {}", run.id),
            ProcessOrder::Kill(run) => format!("kill {}", run.id),
            ProcessOrder::Remove(run) => format!("forget {}", run.id),
            ProcessOrder::Write { run, data, is_last: _ } if data.is_empty() => {
                format!("end the input of {}", run.id)
            }
            ProcessOrder::Write { run, data, .. } => return self.effect_of_input(run, data),
        };
        ToolEffect::OwnCommand { description }
    }

    /// What is typed into a program may run anything, as a command does.
    fn effect_of_input(&self, run: &CommandRun, data: &str) -> ToolEffect {
        let review = match &self.judge {
            Some(judge) => review_input(judge.as_ref(), run, data),
            None => CommandReview::Unreviewed,
        };
        ToolEffect::Exec { command: data.to_owned(), directory: ".".to_owned(), node: None, review }
    }
}

impl Tool for ProcessTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn plan_call(&self, call: &ToolCall) -> Result<Box<dyn PlannedToolCall>, InvalidToolArguments> {
        let order = self.plan_order(decode_arguments(&self.spec, call)?)?;
        let effect = self.effect_of_order(&order);
        Ok(Box::new(ProcessCall { effect, runs: self.runs.clone(), order }))
    }
}

#[async_trait]
impl PlannedToolCall for ProcessCall {
    fn effect(&self) -> &ToolEffect {
        &self.effect
    }

    async fn run(self: Box<Self>, _context: ToolContext<'_>) -> ToolOutput {
        match self.order {
            ProcessOrder::List => ToolOutput::from_text(self.runs.list()),
            ProcessOrder::Unknown(problem) => ToolOutput::from_error(problem),
            ProcessOrder::Poll { run, wait } => {
                // Without news in time the poll says so.
                let _ = tokio::time::timeout(wait, run.wait_for_news()).await;
                report_news(&run)
            }
            ProcessOrder::Log { run, offset, limit } => report_log(&run, offset, limit),
            ProcessOrder::Write { run, data, is_last } => write_input(&run, data, is_last),
            ProcessOrder::Kill(run) => {
                run.control.stop();
                let ended = tokio::time::timeout(KILL_WAIT, run.wait_for_end()).await;
                match ended {
                    Ok(()) => report_news(&run),
                    Err(_) => ToolOutput::from_error(format!("{} has not ended yet", run.id)),
                }
            }
            ProcessOrder::Remove(run) if self.runs.remove(&run.id) => {
                ToolOutput::from_text(format!("{} is forgotten", run.id))
            }
            ProcessOrder::Remove(run) => {
                ToolOutput::from_error(format!("{} still runs; kill it first", run.id))
            }
        }
    }
}

/// The state of a command and its output since the last reading.
fn report_news(run: &CommandRun) -> ToolOutput {
    // A failed command is no failure of this call.
    let output = run.read_new_output();
    let state = run.describe_state();
    let output = if output.is_empty() { "[no new output]" } else { &output };
    ToolOutput::from_text(format!("{} {state}\n{output}", run.id)).with_summary(state)
}

fn report_log(run: &CommandRun, offset: Option<u64>, limit: u64) -> ToolOutput {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let lines = run.read_lines(offset, limit);
    let state = run.describe_state();
    let shown = lines.text.lines().count() as u64;
    let range = if shown == 0 {
        format!("no line from {} on, of {}", lines.first, lines.total)
    } else {
        format!("lines {}–{} of {}", lines.first, lines.first + shown - 1, lines.total)
    };
    ToolOutput::from_text(format!("{} {state}; {range}\n{}", run.id, lines.text))
}

fn write_input(run: &CommandRun, data: String, is_last: bool) -> ToolOutput {
    if !run.has_input {
        return ToolOutput::from_error(format!(
            "{} takes no input; start a command with `background: true` to write to it",
            run.id
        ));
    }
    if !run.is_running() {
        return ToolOutput::from_error(format!("{} has {}", run.id, run.describe_state()));
    }
    let bytes = data.len();
    if bytes > 0
        && let Err(error) = run.control.write_input(data.into_bytes())
    {
        return ToolOutput::from_error(format!("{}: {error}", run.id));
    }
    if is_last {
        run.control.close_input();
    }
    ToolOutput::from_text(format!("wrote {bytes} bytes to {}", run.id))
}
