//! `openclaw memory`: the index of the agents' notes.

use std::fmt::Display;
use std::io;

use openclaw_chat::CommandContext;
use openclaw_runtime::{
    AgentMemory, AgentSetupErrorKind, EmbeddingOutcome, IndexStatus, MemoryError, MemoryHit,
    MemoryQuery, SearchMode, UpdateReport, error_causes,
};
use openclaw_terminal::sanitize;
use serde_json::{Value, json};

use crate::args::memory::{MemoryAction, MemoryIndexArgs, MemorySearchArgs, MemoryStatusArgs};
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

/// Runs `openclaw memory`.
pub(crate) async fn run(context: &CommandContext, action: MemoryAction) -> io::Result<ExitReason> {
    let command = MemoryCommand { context };
    match action {
        MemoryAction::Status(args) => command.show_status(&args).await,
        MemoryAction::Search(args) => command.search(args).await,
        MemoryAction::Index(args) => command.update(&args).await,
    }
}

struct MemoryCommand<'a> {
    context: &'a CommandContext,
}

/// What is shown of the memory of an agent.
struct MemoryReport {
    memory: AgentMemory,
    status: IndexStatus,
    /// The embedding model of the server, or why there is none; `None` when it was not asked.
    model: Option<Result<String, String>>,
    update: Option<UpdateReport>,
}

impl MemoryCommand<'_> {
    fn write(&self, line: impl Display) -> io::Result<()> {
        self.context.printer.write_answer_line(sanitize::escape_line(&line.to_string()))
    }

    /// The memory of an agent; an error that is already printed when it cannot be opened.
    fn open_memory(&self, agent: &str) -> Result<AgentMemory, ExitReason> {
        let printer = &self.context.printer;
        self.context.runtime().agent_memory(agent).map_err(|error| {
            let mut text = error.to_string();
            for cause in error_causes(&error) {
                text.push_str(": ");
                text.push_str(&cause);
            }
            printer.print_error(format_args!("failed to {text}"));
            for hint in error.hints() {
                printer.print_hint(format_args!("{hint}"));
            }
            match error.kind() {
                AgentSetupErrorKind::UnknownAgent => ExitReason::Usage,
                _ => ExitReason::Config,
            }
        })
    }

    fn chosen_agents(&self, agent: Option<&str>) -> Vec<String> {
        let config = &self.context.models.loaded_config().config;
        match agent {
            Some(agent) => vec![agent.to_owned()],
            None => config.agent_ids().into_iter().map(str::to_owned).collect(),
        }
    }

    fn report_failure(&self, error: &MemoryError) -> ExitReason {
        let mut text = error.to_string();
        for cause in error_causes(error) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        self.context.printer.print_error(format_args!("failed to {text}"));
        ExitReason::Failed
    }

    async fn show_status(&self, args: &MemoryStatusArgs) -> io::Result<ExitReason> {
        let mut reports = Vec::new();
        for agent in self.chosen_agents(args.agent.as_deref()) {
            let memory = match self.open_memory(&agent) {
                Ok(memory) => memory,
                Err(exit) => return Ok(exit),
            };
            match read_report(memory, args.index, args.deep).await {
                Ok(report) => reports.push(report),
                Err(error) => return Ok(self.report_failure(&error)),
            }
        }
        if args.json {
            let answer: Vec<Value> = reports.iter().map(report_json).collect();
            write_json_answer(&self.context.printer, &answer)?;
            return Ok(ExitReason::Ok);
        }
        for report in &reports {
            self.write_report(report)?;
        }
        Ok(ExitReason::Ok)
    }

    fn write_report(&self, report: &MemoryReport) -> io::Result<()> {
        let MemoryReport { memory, status, model, update } = report;
        let off = if memory.is_enabled { "" } else { " (the agent is not offered the search)" };
        self.write(format_args!("agent {}{off}", memory.agent))?;
        self.write(format_args!("  notes: {} in {}", status.notes, memory.workspace.display()))?;
        self.write(format_args!("  chunks: {}", status.chunks))?;
        let vectors = match (&status.embedding_model, status.dimension) {
            (Some(model), Some(dimension)) => {
                format!("{} by {model}, of {dimension} numbers", status.embedded_chunks)
            }
            _ => "none".to_owned(),
        };
        self.write(format_args!("  vectors: {vectors}"))?;
        match model {
            Some(Ok(model)) => self.write(format_args!("  embedding model: {model}"))?,
            Some(Err(reason)) => {
                self.write(format_args!("  embedding model: none, so words are searched"))?;
                self.write(format_args!("    {reason}"))?;
            }
            None => {}
        }
        self.write(format_args!("  index: {}", status.path.display()))?;
        for path in &status.truncated {
            self.write(format_args!("  {path} is too long: only its beginning is searched"))?;
        }
        for path in update.iter().flat_map(|update| &update.unread) {
            self.write(format_args!("  {path} cannot be read"))?;
        }
        Ok(())
    }

    async fn search(&self, args: MemorySearchArgs) -> io::Result<ExitReason> {
        let printer = &self.context.printer;
        let runtime = self.context.runtime();
        let agent = args.agent.as_deref().unwrap_or(runtime.default_agent());
        let memory = match self.open_memory(agent) {
            Ok(memory) => memory,
            Err(exit) => return Ok(exit),
        };
        let text = args.words.or(args.query).unwrap_or_default();
        let query = MemoryQuery {
            text,
            max_results: args.max_results.unwrap_or(memory.limits.max_results),
            min_score: args.min_score.or(memory.limits.min_score),
            vector_share: memory.limits.vector_share,
        };
        let answer = match memory.index.search(query).await {
            Ok(answer) => answer,
            Err(error) => return Ok(self.report_failure(&error)),
        };
        if args.json {
            let results: Vec<Value> = answer.hits.iter().map(hit_json).collect();
            let answer = json!({"mode": answer.mode.as_str(), "results": results});
            write_json_answer(printer, &answer)?;
            return Ok(ExitReason::Ok);
        }
        if answer.hits.is_empty() {
            printer.print_note(format_args!("no note fits"));
        }
        for hit in &answer.hits {
            let last = hit.first_line + hit.line_count.saturating_sub(1);
            self.write(format_args!("{:.3}  {}:{}-{last}", hit.score, hit.path, hit.first_line))?;
            for line in hit.snippet.lines() {
                self.write(format_args!("    {line}"))?;
            }
        }
        if answer.mode == SearchMode::Keyword
            && let Some(reason) = &answer.keyword_reason
        {
            printer.print_note(format_args!("words were searched, not meaning: {reason}"));
        }
        Ok(ExitReason::Ok)
    }

    async fn update(&self, args: &MemoryIndexArgs) -> io::Result<ExitReason> {
        let mut answers = Vec::new();
        for agent in self.chosen_agents(args.agent.as_deref()) {
            let memory = match self.open_memory(&agent) {
                Ok(memory) => memory,
                Err(exit) => return Ok(exit),
            };
            let updated = match memory.index.update(args.force).await {
                Ok(updated) => updated,
                Err(error) => return Ok(self.report_failure(&error)),
            };
            let embedded = match memory.index.embed_all().await {
                Ok(embedded) => embedded,
                Err(error) => return Ok(self.report_failure(&error)),
            };
            if args.json {
                answers.push(update_json(&agent, &updated, &embedded));
                continue;
            }
            let UpdateReport { notes, changed, removed, unread, .. } = &updated;
            let vectors = match &embedded {
                EmbeddingOutcome::Embedded { model, texts } => {
                    format!("{texts} new vectors by {model}")
                }
                EmbeddingOutcome::Unavailable { reason } => format!("no vectors: {reason}"),
                _ => String::new(),
            };
            self.write(format_args!(
                "agent {agent}: {notes} notes, {changed} read, {removed} removed; {vectors}"
            ))?;
            for path in unread {
                self.write(format_args!("  {path} cannot be read"))?;
            }
        }
        if args.json {
            write_json_answer(&self.context.printer, &answers)?;
        }
        Ok(ExitReason::Ok)
    }
}

async fn read_report(
    memory: AgentMemory,
    updates: bool,
    asks_server: bool,
) -> Result<MemoryReport, MemoryError> {
    let mut update = None;
    let mut model = None;
    if updates {
        update = Some(memory.index.update(false).await?);
        model = Some(match memory.index.embed_all().await? {
            EmbeddingOutcome::Embedded { model, .. } => Ok(model),
            EmbeddingOutcome::Unavailable { reason } => Err(reason),
            _ => Err(String::new()),
        });
    } else if asks_server {
        model = Some(memory.index.find_model().await);
    }
    let status = memory.index.status().await?;
    Ok(MemoryReport { memory, status, model, update })
}

/// In the original's shape, with additional fields.
fn report_json(report: &MemoryReport) -> Value {
    let MemoryReport { memory, status, model, update } = report;
    let is_ok = model.as_ref().map(Result::is_ok);
    json!({
        "agentId": memory.agent,
        "status": {
            "enabled": memory.is_enabled,
            "files": status.notes,
            "chunks": status.chunks,
            "dirty": status.embedding_model.is_some() && status.embedded_chunks < status.chunks,
            "workspaceDir": memory.workspace,
            "dbPath": status.path,
            "model": status.embedding_model,
            "sources": ["memory"],
            "fts": {"enabled": true, "available": true},
            "vector": {
                "chunks": status.embedded_chunks,
                "dims": status.dimension,
            },
            "truncated": status.truncated,
        },
        "embeddingProbe": is_ok.map(|is_ok| json!({
            "ok": is_ok,
            "model": model.as_ref().and_then(|model| model.as_ref().ok()),
            "error": model.as_ref().and_then(|model| model.as_ref().err()),
        })),
        "unread": update.as_ref().map(|update| &update.unread),
    })
}

fn hit_json(hit: &MemoryHit) -> Value {
    json!({
        "path": hit.path,
        "startLine": hit.first_line,
        "endLine": hit.first_line + hit.line_count.saturating_sub(1),
        "score": (f64::from(hit.score) * 1000.0).round() / 1000.0,
        "snippet": hit.snippet,
        "source": "memory",
    })
}

fn update_json(agent: &str, updated: &UpdateReport, embedded: &EmbeddingOutcome) -> Value {
    let (model, texts, reason) = match embedded {
        EmbeddingOutcome::Embedded { model, texts } => (Some(model), *texts, None),
        EmbeddingOutcome::Unavailable { reason } => (None, 0, Some(reason)),
        _ => (None, 0, None),
    };
    json!({
        "agentId": agent, "files": updated.notes, "changed": updated.changed,
        "removed": updated.removed, "unread": updated.unread,
        "model": model, "embedded": texts, "keywordReason": reason,
    })
}
