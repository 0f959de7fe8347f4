//! `openclaw status`: the models, the gateway, the sessions and what they cost, at a glance.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openclaw_chat::{CommandContext, format_age, format_dollars};
use openclaw_config::ModelCost;
use openclaw_models::SetupStatus;
use openclaw_protocol::results::models::ServerReport;
use openclaw_protocol::results::status::{JobsReport, PriceReport, SessionTotals, StatusReport};
use openclaw_runtime::{JobBook, JobError, Store, StoreError, error_causes};
use openclaw_terminal::sanitize;

use super::gateway::probe::GatewayProbe;
use super::models_status::{print_former_state, report_status, status_text};
use super::node::NodeOverview;
use super::sessions::{SessionRow, format_token_count};
use crate::args::status::StatusArgs;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;
use crate::program_log::log_file;

pub(crate) async fn run(context: &CommandContext, args: &StatusArgs) -> io::Result<ExitReason> {
    let printer = &context.printer;
    let status = context.models.setup_status();
    let price = default_price(context, &status);
    let limit = Duration::from_millis(args.timeout);
    let gateway = GatewayProbe::ask_gateway(context, limit).await;
    let node = NodeOverview::find(context, limit).await;
    let sessions = match sum_sessions(context) {
        Ok(sessions) => sessions,
        Err(error) => {
            openclaw_chat::error_report::print_store_error(printer, &error);
            return Ok(ExitReason::from_store_error(error.kind()));
        }
    };
    let jobs = match find_jobs(context) {
        Ok(jobs) => jobs,
        Err(error) => {
            printer.print_warning(format_args!("failed to {error}"));
            None
        }
    };
    let servers = if args.deep { Some(ask_servers(context).await) } else { None };
    if args.json {
        let report = StatusReport {
            models: report_status(&status, servers),
            price: price.map(|price| PriceReport {
                input: price.input,
                output: price.output,
                cache_read: price.cache_read,
            }),
            gateway: gateway.to_report(),
            node: node.map(|node| node.report),
            sessions,
            cron: jobs,
        };
        write_json_answer(printer, &report)?;
        return Ok(ExitReason::Ok);
    }
    let mut rows = vec![status_text(&status).trim_end().to_owned()];
    rows.extend(price.map(price_row));
    rows.extend(servers.unwrap_or_default().iter().map(server_row));
    rows.push(format!("{:<10} {}: {}", "Gateway", gateway.url, gateway.describe_state()));
    rows.extend(
        node.iter().map(|node| format!("{:<10} {}", "Node", sanitize::escape_line(&node.text))),
    );
    rows.push(sessions_row(&sessions));
    rows.extend(jobs.iter().flat_map(job_rows));
    rows.extend(log_row(context));
    let text = rows.join("\n");
    printer.write_answer(&format!("{text}\n"))?;
    print_former_state(context);
    if let Some(step) = node.and_then(|node| node.next_step) {
        printer.print_hint(sanitize::escape_line(&step));
    }
    if status.providers.is_empty() {
        printer.print_hint("`openclaw setup` finds your server and writes the config.");
    }
    Ok(ExitReason::Ok)
}

/// The price of the default model.
fn default_price(context: &CommandContext, status: &SetupStatus) -> Option<ModelCost> {
    let model = status.resolved_default.as_ref()?;
    let models = &context.models.loaded_config().config.models;
    models.model_cost(model.provider_id(), model.model_id())
}

fn price_row(price: ModelCost) -> String {
    let [input, output, cached] = [price.input, price.output, price.cache_read].map(format_dollars);
    format!("{:<10} {input} in, {cached} cached, {output} out, for a million tokens", "Price")
}

/// Adds up all sessions; without a store there are none.
fn sum_sessions(context: &CommandContext) -> Result<SessionTotals, StoreError> {
    let runtime = context.runtime();
    let mut totals = SessionTotals::default();
    if !runtime.sessions_path().exists() {
        return Ok(totals);
    }
    let store: Store = runtime.open_sessions()?;
    for info in store.list_sessions()? {
        totals.count += 1;
        totals.updated_at = totals.updated_at.max(Some(info.updated_at));
        totals.input_tokens = totals.input_tokens.saturating_add(info.input_tokens);
        totals.output_tokens = totals.output_tokens.saturating_add(info.output_tokens);
        totals.cached_tokens = totals.cached_tokens.saturating_add(info.cached_tokens);
        if let Some(cost) = SessionRow::new(context, &store, info).cost {
            totals.cost_usd = Some(totals.cost_usd.unwrap_or_default() + cost);
        }
    }
    Ok(totals)
}

/// What is known of the scheduled jobs; without a store there are none.
fn find_jobs(context: &CommandContext) -> Result<Option<JobsReport>, JobError> {
    let runtime = context.runtime();
    if !runtime.sessions_path().exists() {
        return Ok(None);
    }
    let store = runtime.open_sessions()?;
    let status = JobBook::open(store, runtime)?.answer_status()?;
    Ok(serde_json::from_value(status).ok())
}

fn job_rows(jobs: &JobsReport) -> Vec<String> {
    if jobs.jobs == 0 {
        return Vec::new();
    }
    let state = if jobs.enabled { "" } else { ", which do not run (`cron.enabled`)" };
    let mut rows = vec![format!("{:<10} {} by schedule{state}", "Jobs", jobs.jobs)];
    rows.extend(jobs.failing.iter().map(|job| {
        let name = sanitize::escape_line(&job.name);
        let times = job.consecutive_errors;
        format!("{:<10} {name} failed {times} times in a row: `openclaw cron runs {}`", "", job.id)
    }));
    rows
}

fn sessions_row(totals: &SessionTotals) -> String {
    let Some(updated_at) = totals.updated_at else { return format!("{:<10} none yet", "Sessions") };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let age = format_age(now.saturating_sub(Duration::from_millis(updated_at)));
    let [input, cached, output] =
        [totals.input_tokens, totals.cached_tokens, totals.output_tokens].map(format_token_count);
    let cost = totals.cost_usd.map(|cost| format!(", {}", format_dollars(cost)));
    format!(
        "{:<10} {}, the last used {age}; {input} tokens in ({cached} cached), {output} out{}",
        "Sessions",
        totals.count,
        cost.unwrap_or_default()
    )
}

/// Asks each server for its models.
pub(super) async fn ask_servers(context: &CommandContext) -> Vec<ServerReport> {
    let catalogue = context.models.model_catalogue(None).await;
    let mut reports: Vec<ServerReport> = Vec::new();
    for model in catalogue.models.iter().filter(|model| model.available) {
        let (provider, id) = (model.reference.provider_id(), model.reference.model_id());
        match reports.iter_mut().find(|report| report.provider == provider) {
            Some(report) => report.models.push(id.to_owned()),
            None => reports.push(ServerReport {
                provider: provider.to_owned(),
                models: vec![id.to_owned()],
                error: None,
            }),
        }
    }
    reports.extend(catalogue.failures.iter().map(|failure| {
        let mut parts = vec![format!("failed to {}", failure.error)];
        parts.extend(error_causes(&failure.error));
        ServerReport {
            provider: failure.provider.clone(),
            models: Vec::new(),
            error: Some(parts.join(": ")),
        }
    }));
    reports
}

pub(super) fn server_row(report: &ServerReport) -> String {
    let text = match &report.error {
        Some(error) => sanitize::escape_line(error),
        None => format!("serves {}", report.models.join(", ")),
    };
    format!("{:<10} {}: {text}", "Server", report.provider)
}

/// The log, once there is one.
fn log_row(context: &CommandContext) -> Option<String> {
    let log = log_file(&context.models);
    let length = std::fs::metadata(log.path()).ok()?.len();
    let (path, kilobytes) = (log.path().display(), length.div_ceil(1000));
    Some(format!("{:<10} {path} ({kilobytes} kB); `openclaw logs` shows it", "Log"))
}
