//! The commands of a node: which request does what, and that none with an effect is done twice.

use std::pin::Pin;
use std::sync::Arc;

use openclaw_exec_policy::sha256_hex;
use openclaw_protocol::gateway::{
    NODE_COMMANDS, NodeError, NodeErrorCode, NodeInvokeRequest, SystemRunParams,
    SystemRunPrepareParams, SystemRunPrepareResult, SystemWhichParams, SystemWhichResult,
};
use openclaw_store::{InvocationLog, InvocationRequest, InvocationStart, StoreError};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::answers::{AnswerQueue, InvocationOutcome};
use crate::approvals::{describe_approvals, replace_approvals};
use crate::invokes::{InvokeAdmission, InvokeGuard, InvokeTable};
use crate::output::LinkSender;
use crate::plans::{CommandPlanner, CommandWish, JudgedWish, invalid_request};
use crate::policy::NodePolicy;
use crate::report::{InvocationStage, ReportSink};
use crate::runs::{RunAdmission, RunGuard, RunTable};
use crate::system_run::{check_decision, report_denial, run_judged};

/// The most requests that are handled at once.
const MAX_ACTIVE_INVOKES: usize = 64;

/// The most names of one `system.which`.
const MAX_NAMES: usize = 200;

/// The longest name of a program, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// Work that a request begins.
pub(crate) type NodeTask = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a node is, over all its connections.
#[derive(Debug)]
pub(crate) struct NodeCore {
    pub(crate) node_id: String,
    pub(crate) answers: AnswerQueue,
    policy: Arc<dyn NodePolicy>,
    planner: Arc<CommandPlanner>,
    ledger: InvocationLog,
    invokes: Arc<InvokeTable>,
    runs: Arc<RunTable>,
    reports: ReportSink,
}

impl NodeCore {
    pub(crate) fn new(
        node_id: &str,
        policy: Arc<dyn NodePolicy>,
        planner: CommandPlanner,
        ledger: InvocationLog,
        reports: ReportSink,
    ) -> Self {
        Self {
            node_id: node_id.to_owned(),
            answers: AnswerQueue::default(),
            policy,
            planner: Arc::new(planner),
            ledger,
            invokes: Arc::default(),
            runs: Arc::default(),
            reports,
        }
    }

    pub(crate) fn reports(&self) -> &ReportSink {
        &self.reports
    }

    pub(crate) fn report_stage(&self, request: &NodeInvokeRequest, stage: InvocationStage) {
        self.reports.send_stage(&request.id, &request.command, stage);
    }

    /// Cancels a request.
    pub(crate) fn cancel_invoke(&self, invoke_id: &str) {
        self.invokes.cancel_invoke(invoke_id);
    }

    /// Begins to handle a request, and returns what is to be run for it.
    pub(crate) fn begin_invoke(
        self: &Arc<Self>,
        request: NodeInvokeRequest,
        link: &LinkSender,
    ) -> Vec<NodeTask> {
        self.report_stage(&request, InvocationStage::Received);
        let is_full = self.invokes.active_count() >= MAX_ACTIVE_INVOKES;
        let mut guard = match self.invokes.admit_invoke(&request.id) {
            InvokeAdmission::Repeated => return Vec::new(),
            InvokeAdmission::Cancelled => {
                self.queue_answer(&request, &cancelled_early().into());
                return Vec::new();
            }
            InvokeAdmission::Admitted(guard) => guard,
        };
        let params = match self.read_params(&request) {
            Ok(_) if is_full => Err(NodeError::new(
                NodeErrorCode::Unavailable,
                format!("{MAX_ACTIVE_INVOKES} requests are being handled; ask again later"),
            )),
            params => params,
        };
        let params = match params {
            Ok(params) => params,
            Err(error) => {
                self.queue_answer(&request, &error.into());
                return Vec::new();
            }
        };
        if has_effect(&request.command) {
            return self.begin_run(request, params, guard, link);
        }
        let core = Arc::clone(self);
        vec![Box::pin(async move {
            let outcome = tokio::select! {
                result = core.answer_question(&request.command, params) => result.into(),
                () = guard.wait_until_cancelled() => cancelled_early().into(),
            };
            core.queue_answer(&request, &outcome);
        })]
    }

    /// The parameters of a request that is for this node.
    fn read_params(&self, request: &NodeInvokeRequest) -> Result<Value, NodeError> {
        if request.node_id != self.node_id {
            return Err(invalid_request("the request is for another node"));
        }
        if !NODE_COMMANDS.contains(&request.command.as_str()) {
            let message = format!("this node has no command `{}`", request.command.escape_debug());
            return Err(NodeError::new(NodeErrorCode::UnknownCommand, message));
        }
        match request.params_json.as_deref() {
            None | Some("" | "null") => Ok(json!({})),
            Some(text) => serde_json::from_str(text)
                .map_err(|error| invalid_request(format!("`paramsJSON` is no JSON: {error}"))),
        }
    }

    fn queue_answer(&self, request: &NodeInvokeRequest, outcome: &InvocationOutcome) {
        self.answers.push_answer(outcome.to_answer(&request.id, &self.node_id));
    }

    /// Carries out a command that changes nothing.
    async fn answer_question(&self, command: &str, params: Value) -> Result<Value, NodeError> {
        let (policy, planner) = (Arc::clone(&self.policy), Arc::clone(&self.planner));
        let command = command.to_owned();
        run_blocking(move || match command.as_str() {
            "system.which" => find_programs(&planner, params),
            "system.run.prepare" => prepare_command(policy.as_ref(), &planner, params),
            _ => Ok(describe_approvals(policy.as_ref())),
        })
        .await
    }

    /// Begins a command with an effect, or waits for the same one that runs.
    fn begin_run(
        self: &Arc<Self>,
        request: NodeInvokeRequest,
        params: Value,
        mut guard: InvokeGuard,
        link: &LinkSender,
    ) -> Vec<NodeTask> {
        let key = match request.idempotency_key.as_deref().filter(|key| !key.is_empty()) {
            Some(key) => format!("key {key}"),
            None => format!("request {}", request.id),
        };
        let digest = sha256_hex(format!("{}\0{params}", request.command).as_bytes());
        let mut tasks: Vec<NodeTask> = Vec::new();
        let run = match self.runs.admit_run(&key, &digest, link) {
            RunAdmission::KeyReused => {
                self.queue_answer(&request, &key_reused().into());
                return tasks;
            }
            RunAdmission::Joined(run) => run,
            RunAdmission::First(duty) => {
                let run = Arc::clone(&duty.run);
                let record = InvocationRequest { idempotency_key: key, digest, approval: None };
                let (core, request) = (Arc::clone(self), request.clone());
                tasks.push(Box::pin(core.carry_out(request, params, record, duty)));
                run
            }
        };
        let core = Arc::clone(self);
        tasks.push(Box::pin(async move {
            let outcome = run.wait_for_outcome(&mut guard).await;
            core.queue_answer(&request, &outcome);
        }));
        tasks
    }

    /// Carries out a command with an effect, once.
    async fn carry_out(
        self: Arc<Self>,
        request: NodeInvokeRequest,
        params: Value,
        record: InvocationRequest,
        duty: RunGuard,
    ) {
        let known = self.ledger.find(&record).await;
        let outcome = match known {
            Ok(Some(start)) => known_outcome(start),
            Err(error) => ledger_error(&error).into(),
            Ok(None) if request.command == "system.run" => {
                self.carry_out_run(&request, params, record, &duty).await
            }
            Ok(None) => self.carry_out_change(&request, params, record).await,
        };
        duty.complete_run(outcome);
    }

    async fn carry_out_run(
        &self,
        request: &NodeInvokeRequest,
        params: Value,
        record: InvocationRequest,
        duty: &RunGuard,
    ) -> InvocationOutcome {
        let params: SystemRunParams = match parse_params(params) {
            Ok(params) => params,
            Err(error) => return error.into(),
        };
        let judged = match self.judge_run(&params).await {
            Ok(judged) => judged,
            Err(error) => return error.into(),
        };
        let approval = match check_decision(&params, &judged) {
            Ok(approval) => approval,
            Err(error) => {
                report_denial(&duty.link, &params, &error);
                return error.into();
            }
        };
        if duty.run.is_stopped() {
            return cancelled_early().into();
        }
        let record = InvocationRequest { approval, ..record };
        let key = record.idempotency_key.clone();
        match self.ledger.begin(record).await {
            Ok(InvocationStart::Begun) => {}
            Ok(start) => return known_outcome(start),
            Err(error) => return ledger_error(&error).into(),
        }
        self.report_stage(request, InvocationStage::Begun);
        let result = run_judged(self, request, &params, &judged, duty).await;
        self.record_outcome(request, &key, result.into()).await
    }

    async fn judge_run(&self, params: &SystemRunParams) -> Result<JudgedWish, NodeError> {
        let (planner, wish) = (Arc::clone(&self.planner), CommandWish::from(params));
        run_blocking(move || planner.judge_wish(&wish)).await
    }

    /// Carries out `system.execApprovals.set`.
    async fn carry_out_change(
        &self,
        request: &NodeInvokeRequest,
        params: Value,
        record: InvocationRequest,
    ) -> InvocationOutcome {
        let key = record.idempotency_key.clone();
        match self.ledger.begin(record).await {
            Ok(InvocationStart::Begun) => {}
            Ok(start) => return known_outcome(start),
            Err(error) => return ledger_error(&error).into(),
        }
        self.report_stage(request, InvocationStage::Begun);
        let policy = Arc::clone(&self.policy);
        let result = run_blocking(move || replace_approvals(policy.as_ref(), params)).await;
        self.record_outcome(request, &key, result.into()).await
    }

    /// Records an outcome. One that cannot be recorded is still the outcome.
    async fn record_outcome(
        &self,
        request: &NodeInvokeRequest,
        key: &str,
        outcome: InvocationOutcome,
    ) -> InvocationOutcome {
        let text = serde_json::to_string(&outcome).unwrap_or_default();
        if self.ledger.finish(key, text).await.is_ok() {
            self.report_stage(request, InvocationStage::Recorded);
        }
        outcome
    }
}

fn has_effect(command: &str) -> bool {
    matches!(command, "system.run" | "system.execApprovals.set")
}

/// Finds programs as the commands of the default agent do.
fn find_programs(planner: &CommandPlanner, params: Value) -> Result<Value, NodeError> {
    let params: SystemWhichParams = parse_params(params)?;
    if params.bins.len() > MAX_NAMES {
        return Err(invalid_request(format!("`bins` has more than {MAX_NAMES} names")));
    }
    let commands = planner.agent_commands(CommandWish::default().agent_name())?;
    let is_name = |name: &String| {
        !name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.contains(['/', '\0'])
    };
    let names = params.bins.into_iter().filter(is_name);
    let found = names.filter_map(|name| {
        let path = commands.host.find_program(&name)?;
        Some((name, path))
    });
    Ok(json!(SystemWhichResult { bins: found.collect() }))
}

fn prepare_command(
    policy: &dyn NodePolicy,
    planner: &CommandPlanner,
    params: Value,
) -> Result<Value, NodeError> {
    let params: SystemRunPrepareParams = parse_params(params)?;
    let wish = CommandWish::from(params);
    let JudgedWish { plan, decision, reason, sandbox, .. } = planner.judge_wish(&wish)?;
    let exec_policy = policy.describe_policy(wish.agent_name());
    Ok(json!(SystemRunPrepareResult { plan, decision, reason, exec_policy, sandbox }))
}

fn parse_params<T: DeserializeOwned>(params: Value) -> Result<T, NodeError> {
    serde_path_to_error::deserialize(params)
        .map_err(|error| invalid_request(format!("the parameters are not as expected: {error}")))
}

async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, NodeError> + Send + 'static,
) -> Result<T, NodeError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
        Err(NodeError::new(NodeErrorCode::Unavailable, "the node failed in the command"))
    })
}

/// The outcome of a command that was recorded before.
fn known_outcome(start: InvocationStart) -> InvocationOutcome {
    let unknown = |message: &str| {
        InvocationOutcome::Error(NodeError::new(NodeErrorCode::OutcomeUnknown, message))
    };
    match start {
        InvocationStart::Ended(Some(text)) => serde_json::from_str(&text)
            .unwrap_or_else(|_| unknown("the command ran, and its result cannot be read")),
        InvocationStart::Ended(None) => unknown("the command ran; its result is no longer kept"),
        InvocationStart::KeyReused => key_reused().into(),
        InvocationStart::ApprovalUsed => NodeError::new(
            NodeErrorCode::ApprovalRequestMismatch,
            "the approval was used for another command; ask for a new one",
        )
        .into(),
        _ => unknown(
            "the command was begun by an earlier start of the node, or its result could not be \
             recorded: it may have run, and is not run again",
        ),
    }
}

fn key_reused() -> NodeError {
    NodeError::new(
        NodeErrorCode::IdempotencyConflict,
        "the idempotency key was used for another command",
    )
}

fn cancelled_early() -> NodeError {
    NodeError::new(NodeErrorCode::Cancelled, "the gateway cancelled the request; nothing ran")
}

fn ledger_error(error: &StoreError) -> NodeError {
    let message = format!("nothing ran: this node failed to {error}");
    NodeError::new(NodeErrorCode::Unavailable, message)
}
