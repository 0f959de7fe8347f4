//! `openclaw security audit`: what is less safe than it could be, and the command that mends it.

mod config_findings;
mod file_findings;

use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use openclaw_chat::CommandContext;
use openclaw_doctor::{Check, CheckStatus};
use openclaw_fs::remove_foreign_access;
use openclaw_protocol::gateway::NodeDecision;
use openclaw_protocol::parts::whole_millis;
use openclaw_terminal::sanitize;
use serde_json::{Value, json};

use self::config_findings::find_in_config;
use self::file_findings::find_in_files;
use super::doctor;
use crate::args::security::{SecurityAction, SecurityArgs, SecurityAuditArgs};
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum AuditSeverity {
    Critical,
    Warning,
    Info,
}

/// Something that is less safe than it could be.
#[derive(Debug, Clone)]
struct AuditFinding {
    /// Its kind, e.g. `files.mode`.
    id: &'static str,
    severity: AuditSeverity,
    /// What is the matter, as a sentence without a full stop.
    title: String,
    /// The file, with the line where there is one, or the key.
    place: String,
    /// The command that mends it, or what to do.
    remedy: String,
    /// What `--fix` restricts to its owner.
    fixable_path: Option<std::path::PathBuf>,
}

impl AuditSeverity {
    fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warn",
            Self::Info => "info",
        }
    }
}

/// Runs `openclaw security`.
pub(crate) async fn run(context: &CommandContext, args: &SecurityArgs) -> io::Result<ExitReason> {
    let SecurityAction::Audit(args) = &args.action;
    let mut findings = find_in_files(context);
    findings.extend(find_in_config(context));
    if args.deep {
        findings.extend(find_on_server(context).await?);
        findings.extend(find_on_node(context).await);
    }
    let fixed = if args.fix { fix_modes(context, &mut findings) } else { Vec::new() };
    findings.sort_by_key(|finding| finding.severity);
    if args.json {
        write_json_answer(&context.printer, &audit_json(&findings, &fixed))?;
    } else {
        print_findings(context, args, &findings, &fixed)?;
    }
    let is_critical = findings.iter().any(|finding| finding.severity == AuditSeverity::Critical);
    Ok(if is_critical { ExitReason::Failed } else { ExitReason::Ok })
}

/// What the model server answers without a key.
async fn find_on_server(context: &CommandContext) -> io::Result<Vec<AuditFinding>> {
    let options = doctor::doctor_options(None, None, vec![Check::Exposure], None);
    let report = doctor::run_checks(context, &options, true).await?;
    let findings = report
        .findings
        .iter()
        .filter(|finding| finding.check == Check::Exposure && finding.status == CheckStatus::Fail);
    let findings = findings.map(|finding| AuditFinding {
        id: "server.exposure",
        severity: AuditSeverity::Critical,
        title: finding.evidence.clone(),
        place: report.base_url.clone().unwrap_or_default(),
        remedy: "`openclaw doctor --only exposure` says which option of the server mends it"
            .to_owned(),
        fixable_path: None,
    });
    Ok(findings.collect())
}

/// What the node on which commands run says about them.
async fn find_on_node(context: &CommandContext) -> Option<AuditFinding> {
    let runtime = context.runtime();
    let finding = |severity, title, place, remedy: &str| AuditFinding {
        id: "exec.node",
        severity,
        title,
        place,
        remedy: remedy.to_owned(),
        fixable_path: None,
    };
    let host = runtime.describe_node_host()?;
    match runtime.inspect_node(runtime.default_agent()).await {
        Err(problem) => Some(finding(
            AuditSeverity::Warning,
            format!("the node was not asked: {problem}"),
            host,
            "`openclaw nodes status` shows which nodes are connected",
        )),
        Ok(answer) if answer.sandbox.is_empty() => {
            let is_unasked = answer.decision == NodeDecision::Allow;
            let (severity, what) = if is_unasked {
                (AuditSeverity::Critical, "unasked and without a sandbox")
            } else {
                (AuditSeverity::Info, "without a sandbox")
            };
            Some(finding(
                severity,
                format!("commands run on the node {what}"),
                format!("the node {} ({})", answer.name, answer.node_id),
                "`openclaw config unset tools.exec.host` on that machine, and `openclaw sandbox \
                 explain` there",
            ))
        }
        Ok(answer) => Some(finding(
            AuditSeverity::Info,
            "commands run on the node in its sandbox".to_owned(),
            format!("the node {} ({})", answer.name, answer.node_id),
            "`openclaw sandbox explain` shows what it enforces",
        )),
    }
}

/// Restricts files to their owner, and removes those findings.
fn fix_modes(context: &CommandContext, findings: &mut Vec<AuditFinding>) -> Vec<String> {
    let mut fixed = Vec::new();
    findings.retain(|finding| {
        let Some(path) = &finding.fixable_path else { return true };
        match remove_foreign_access(path) {
            Ok(()) => {
                fixed.push(path.display().to_string());
                false
            }
            Err(error) => {
                let path = path.display();
                context
                    .printer
                    .print_warning(format_args!("failed to change the mode of {path}: {error}"));
                true
            }
        }
    });
    fixed
}

fn print_findings(
    context: &CommandContext,
    args: &SecurityAuditArgs,
    findings: &[AuditFinding],
    fixed: &[String],
) -> io::Result<()> {
    let printer = &context.printer;
    let write = |line: String| printer.write_answer_line(sanitize::escape_line(&line));
    for path in fixed {
        write(format!("fixed: only you can access {path} now"))?;
    }
    for AuditFinding { id, severity, title, place, remedy, .. } in findings {
        write(format!("{}: {title} [{id}]", severity.name()))?;
        write(format!("    at {place}"))?;
        write(format!("    {remedy}"))?;
    }
    let count = |wanted| findings.iter().filter(|finding| finding.severity == wanted).count();
    let [critical, warnings, infos] =
        [AuditSeverity::Critical, AuditSeverity::Warning, AuditSeverity::Info].map(count);
    write(format!("{critical} critical, {warnings} warnings, {infos} notes"))?;
    if !args.fix && findings.iter().any(|finding| finding.fixable_path.is_some()) {
        printer.print_hint("`openclaw security audit --fix` mends the modes of files.");
    }
    Ok(())
}

fn audit_json(findings: &[AuditFinding], fixed: &[String]) -> Value {
    let count = |wanted| findings.iter().filter(|finding| finding.severity == wanted).count();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let listed = findings.iter().map(|finding| {
        json!({
            "checkId": finding.id,
            "severity": finding.severity.name(),
            "title": finding.title,
            "detail": finding.place,
            "where": finding.place,
            "remediation": finding.remedy,
        })
    });
    json!({
        "ts": whole_millis(now),
        "summary": {
            "critical": count(AuditSeverity::Critical),
            "warn": count(AuditSeverity::Warning),
            "info": count(AuditSeverity::Info),
        },
        "findings": listed.collect::<Vec<_>>(),
        "fixed": fixed,
    })
}

/// A path for a command line of a shell.
fn quote_path(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}
