//! `openclaw cron`: jobs that a gateway runs by schedule.
//!
//! A running gateway is asked. Without one, the commands work on its store.

mod fields;
mod words;

use std::fmt::Display;
use std::io;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use openclaw_chat::CommandContext;
use openclaw_client::ClientError;
use openclaw_config::GatewayMode;
use openclaw_gateway::running_address;
use openclaw_protocol::jobs::JobOrigin;
use openclaw_runtime::{JobBook, JobError, parse_duration_ms};
use openclaw_terminal::sanitize;
use serde_json::{Value, json};

use self::words::{describe_outcome, describe_schedule, in_words, text};
use crate::args::cron::{CronAction, CronRunArgs};
use crate::args::gateway::GatewayTargetArgs;
use crate::commands::gateway::target::GatewayTarget;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;
use crate::table::format_table;

/// What the commands need of a gateway.
const SCOPES: &[&str] = &["operator.admin", "operator.read"];

/// What is said when a job is kept and nothing runs it.
const NO_GATEWAY: &str = "no gateway runs here: no job runs until one does";
const START_HINT: &str = "`openclaw gateway run` starts one; `openclaw gateway install` keeps one \
                          running.";

/// Where the jobs are.
enum JobPlace {
    /// In a gateway that runs.
    Gateway(Box<GatewayTarget>),
    /// In the store of one that does not.
    Store(Box<JobBook>),
}

/// Why a request about jobs has no answer.
enum CronFailure {
    Gateway(ClientError),
    Job(JobError),
    NeedsGateway,
}

struct CronCommand<'a> {
    context: &'a CommandContext,
    place: JobPlace,
    is_json: bool,
}

/// Runs `openclaw cron`.
pub(crate) async fn run(context: &CommandContext, action: CronAction) -> io::Result<ExitReason> {
    let (method, params, target) = match action {
        CronAction::Run(args) => return run_job(context, args).await,
        CronAction::Add(args) => match fields::new_job(&args) {
            Ok(job) => ("cron.add", job, args.target),
            Err(problem) => return Ok(refuse(context, &problem)),
        },
        CronAction::Edit(args) => match fields::job_change(&args) {
            Ok(change) => ("cron.update", json!({ "id": args.id, "patch": change }), args.target),
            Err(problem) => return Ok(refuse(context, &problem)),
        },
        CronAction::List(args) => {
            let params = json!({ "includeDisabled": args.all, "agentId": args.agent });
            ("cron.list", params, args.target)
        }
        CronAction::Show(args) => ("cron.get", json!({ "id": args.id }), args.target),
        CronAction::Rm(args) => ("cron.remove", json!({ "id": args.id }), args.target),
        CronAction::Enable(args) => ("cron.enable", json!({ "id": args.id }), args.target),
        CronAction::Disable(args) => ("cron.disable", json!({ "id": args.id }), args.target),
        CronAction::Runs(args) => {
            let id = args.job.or(args.id);
            let params = json!({ "id": id, "runId": args.run_id, "limit": args.limit });
            ("cron.runs", params, args.target)
        }
        CronAction::Status(args) => ("cron.status", json!({}), args.target),
    };
    let command = match CronCommand::open(context, target) {
        Ok(command) => command,
        Err(exit) => return Ok(exit),
    };
    match command.ask(method, params).await {
        Ok(answer) => command.show(method, &answer),
        Err(failure) => Ok(command.report(&failure)),
    }
}

fn refuse(context: &CommandContext, problem: &str) -> ExitReason {
    context.printer.print_error(problem);
    ExitReason::Usage
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

impl<'a> CronCommand<'a> {
    /// Finds the gateway, or opens its store; an error is already printed.
    fn open(context: &'a CommandContext, args: GatewayTargetArgs) -> Result<Self, ExitReason> {
        let models = &context.models;
        let is_remote = models.loaded_config().config.gateway.mode() == GatewayMode::Remote;
        let runs_here = running_address(models.app_paths().state_dir()).is_some();
        let is_json = args.json;
        let place = if args.url.is_some() || is_remote || runs_here {
            let target = GatewayTarget::new(context, args)?.with_scopes(SCOPES);
            JobPlace::Gateway(Box::new(target))
        } else {
            let runtime = context.runtime();
            let opened = runtime.open_sessions().and_then(|store| JobBook::open(store, runtime));
            let book = opened.map_err(|error| {
                openclaw_chat::error_report::print_store_error(&context.printer, &error);
                ExitReason::from_store_error(error.kind())
            })?;
            take_over_jobs(context, &book);
            JobPlace::Store(Box::new(book))
        };
        Ok(Self { context, place, is_json })
    }

    async fn ask(&self, method: &str, params: Value) -> Result<Value, CronFailure> {
        match &self.place {
            JobPlace::Gateway(target) => {
                target.call(method, params, false).await.map_err(CronFailure::Gateway)
            }
            JobPlace::Store(book) => ask_store(book, method, params),
        }
    }

    fn report(&self, failure: &CronFailure) -> ExitReason {
        let printer = &self.context.printer;
        match failure {
            CronFailure::Gateway(error) => GatewayTarget::report_failure(self.context, error),
            CronFailure::Job(error) => {
                printer.print_error(sanitize::escape_line(&format!("failed to {error}")));
                ExitReason::Failed
            }
            CronFailure::NeedsGateway => {
                printer.print_error("failed to run the job: no gateway runs here");
                printer.print_hint(START_HINT);
                ExitReason::Failed
            }
        }
    }

    fn write(&self, line: impl Display) -> io::Result<()> {
        self.context.printer.write_answer_line(sanitize::escape_line(&line.to_string()))
    }

    fn show(&self, method: &str, answer: &Value) -> io::Result<ExitReason> {
        let printer = &self.context.printer;
        if self.is_json {
            write_json_answer(printer, answer)?;
        } else {
            match method {
                "cron.list" => self.show_jobs(answer)?,
                "cron.runs" => self.show_runs(answer)?,
                "cron.status" => self.show_status(answer)?,
                "cron.remove" => self.write("Removed.")?,
                _ => self.show_job(answer)?,
            }
        }
        let has_told = matches!(method, "cron.remove" | "cron.runs");
        if matches!(self.place, JobPlace::Store(_)) && !has_told {
            printer.print_note(NO_GATEWAY);
            printer.print_hint(START_HINT);
        }
        Ok(ExitReason::Ok)
    }

    fn show_jobs(&self, answer: &Value) -> io::Result<()> {
        let jobs = answer.get("jobs").and_then(Value::as_array).cloned().unwrap_or_default();
        if jobs.is_empty() {
            return self.write("There are no jobs.");
        }
        let head = ["ID", "NAME", "SCHEDULE", "NEXT", "STATUS"].map(str::to_owned);
        let rows: Vec<_> = std::iter::once(head)
            .chain(jobs.iter().map(|job| {
                let next = job.get("nextRunAtMs").and_then(Value::as_i64);
                [
                    text(job, "/id"),
                    text(job, "/name").chars().take(40).collect(),
                    describe_schedule(job),
                    next.map_or_else(|| "-".to_owned(), in_words),
                    describe_outcome(job),
                ]
            }))
            .collect();
        self.context.printer.write_answer(&format_table(&rows))
    }

    fn show_job(&self, job: &Value) -> io::Result<()> {
        let next = job.get("nextRunAtMs").and_then(Value::as_i64);
        let said = [text(job, "/payload/message"), text(job, "/payload/text")].concat();
        for (name, value) in [
            ("Job", text(job, "/id")),
            ("Name", text(job, "/name")),
            ("Schedule", describe_schedule(job)),
            ("Next", next.map_or_else(|| "never".to_owned(), in_words)),
            ("Session", text(job, "/sessionTarget")),
            ("Says", said),
            ("Result", text(job, "/deliveryPreview/detail")),
            ("Status", describe_outcome(job)),
            ("Problem", text(job, "/problem")),
            ("Error", text(job, "/state/lastError")),
        ] {
            if !value.is_empty() {
                self.write(format_args!("{name:<9} {value}"))?;
            }
        }
        Ok(())
    }

    fn show_runs(&self, answer: &Value) -> io::Result<()> {
        let runs = answer.get("entries").and_then(Value::as_array).cloned().unwrap_or_default();
        if runs.is_empty() {
            return self.write("There are no runs.");
        }
        for run in &runs {
            let at = run.get("runAtMs").and_then(Value::as_i64).map(in_words).unwrap_or_default();
            let error = text(run, "/error");
            let what = if error.is_empty() { text(run, "/summary") } else { error };
            let line: String = what.chars().take(200).collect();
            let (id, job) = (text(run, "/runId"), text(run, "/jobId"));
            self.write(format_args!("{id}  {job}  {at}  {}  {line}", text(run, "/outcome")))?;
        }
        Ok(())
    }

    fn show_status(&self, status: &Value) -> io::Result<()> {
        let is_enabled = status.get("enabled").and_then(Value::as_bool).unwrap_or(false);
        let state = if is_enabled { "on" } else { "off (`cron.enabled`)" };
        let count = |key: &str| status.get(key).and_then(Value::as_u64).unwrap_or_default();
        self.write(format_args!("Schedule  {state}"))?;
        self.write(format_args!("Jobs      {}, {} running", count("jobs"), count("running")))?;
        if let Some(next) = status.get("nextWakeAtMs").and_then(Value::as_i64) {
            self.write(format_args!("Next      {}", in_words(next)))?;
        }
        for job in status.get("failing").and_then(Value::as_array).into_iter().flatten() {
            let failures = job.get("consecutiveErrors").and_then(Value::as_u64).unwrap_or_default();
            let (id, name) = (text(job, "/id"), text(job, "/name"));
            self.write(format_args!("Failing   {name} ({id}): {failures} times in a row"))?;
        }
        Ok(())
    }
}

/// Takes the jobs of the original over, as a gateway does at its start, and says which.
fn take_over_jobs(context: &CommandContext, book: &JobBook) {
    let printer = &context.printer;
    let imported = match book.import_former_jobs(now_ms()) {
        Ok(imported) => imported,
        Err(error) => return printer.print_warning(format_args!("failed to {error}")),
    };
    for name in imported.imported {
        let line = format!("took over the job `{name}` of the original, whose file stays as it is");
        printer.print_note(sanitize::escape_line(&line));
    }
    for (name, reason) in imported.refused {
        let line = format!("the job `{name}` of the original is left out: {reason}");
        printer.print_warning(sanitize::escape_line(&line));
    }
}

/// Carries a request out on the store. Only a gateway runs a job.
fn ask_store(book: &JobBook, method: &str, params: Value) -> Result<Value, CronFailure> {
    let owner = JobOrigin::Owner;
    let id = params.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let change = |patch: Value| {
        book.change_job(&id, patch, &owner, now_ms()).and_then(|job| book.describe(&job))
    };
    let answer = match method {
        "cron.list" => book.answer_list(&params),
        "cron.runs" => book.answer_runs(&params),
        "cron.status" => book.answer_status(),
        "cron.get" => book.find_job(&id, &owner).and_then(|job| book.describe(&job)),
        "cron.add" => {
            book.add_job(None, params, &owner, now_ms()).and_then(|job| book.describe(&job))
        }
        "cron.update" => change(params.get("patch").cloned().unwrap_or_default()),
        "cron.enable" => change(json!({ "enabled": true })),
        "cron.disable" => change(json!({ "enabled": false })),
        "cron.remove" => {
            book.remove_job(&id, &owner).map(|()| json!({ "ok": true, "removed": true }))
        }
        _ => return Err(CronFailure::NeedsGateway),
    };
    answer.map_err(CronFailure::Job)
}

async fn run_job(context: &CommandContext, args: CronRunArgs) -> io::Result<ExitReason> {
    let durations = (parse_duration_ms(&args.wait_timeout), parse_duration_ms(&args.poll_interval));
    let (Some(limit), Some(interval)) = durations else {
        let problem = "`--wait-timeout` and `--poll-interval` must be durations such as `10m`";
        return Ok(refuse(context, problem));
    };
    let command = match CronCommand::open(context, args.target) {
        Ok(command) => command,
        Err(exit) => return Ok(exit),
    };
    let mode = if args.due { "due" } else { "force" };
    let begun = match command.ask("cron.run", json!({ "id": args.id, "mode": mode })).await {
        Ok(begun) => begun,
        Err(failure) => return Ok(command.report(&failure)),
    };
    let run_id = text(&begun, "/runId");
    if run_id.is_empty() || !args.wait {
        if command.is_json {
            write_json_answer(&context.printer, &begun)?;
        } else if run_id.is_empty() {
            command.write(format_args!("Not begun: {}", text(&begun, "/reason")))?;
        } else {
            command.write(format_args!("Began the run {run_id}"))?;
        }
        let is_begun = !run_id.is_empty();
        return Ok(if is_begun || args.due { ExitReason::Ok } else { ExitReason::Failed });
    }
    command
        .wait_for_run(&run_id, Duration::from_millis(limit), Duration::from_millis(interval))
        .await
}

impl CronCommand<'_> {
    async fn wait_for_run(
        &self,
        run_id: &str,
        limit: Duration,
        interval: Duration,
    ) -> io::Result<ExitReason> {
        let since = Instant::now();
        loop {
            let runs = match self.ask("cron.runs", json!({ "runId": run_id })).await {
                Ok(runs) => runs,
                Err(failure) => return Ok(self.report(&failure)),
            };
            let run = runs.pointer("/entries/0").cloned().unwrap_or_default();
            if text(&run, "/action") == "finished" {
                if self.is_json {
                    write_json_answer(&self.context.printer, &run)?;
                } else {
                    self.show_runs(&runs)?;
                }
                let is_well = text(&run, "/status") == "ok";
                return Ok(if is_well { ExitReason::Ok } else { ExitReason::Failed });
            }
            if since.elapsed() >= limit {
                let printer = &self.context.printer;
                printer
                    .print_error(format_args!("the run {run_id} goes on after the time to wait"));
                printer.print_hint("`openclaw cron runs` shows it later.");
                return Ok(ExitReason::TimedOut);
            }
            tokio::time::sleep(interval).await;
        }
    }
}
