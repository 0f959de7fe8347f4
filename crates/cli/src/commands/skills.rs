//! `openclaw skills`: which skills there are, and what each misses.

use std::fmt::Display;
use std::io;
use std::path::PathBuf;

use openclaw_chat::CommandContext;
use openclaw_runtime::{AgentSkill, AgentSkills, MissingRequirements, SkillState};
use openclaw_terminal::sanitize;
use serde_json::{Value, json};

use crate::args::skills::{SkillsAction, SkillsArgs, SkillsCommonArgs, SkillsListArgs};
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;
use crate::table::format_table;

/// The longest description in the list, in characters.
const MAX_LISTED_CHARS: usize = 80;

/// Runs `openclaw skills`.
pub(crate) fn run(context: &CommandContext, args: SkillsArgs) -> io::Result<ExitReason> {
    match args.action.unwrap_or(SkillsAction::List(args.list)) {
        SkillsAction::List(args) => with_skills(context, &args.common, |view| view.list(&args)),
        SkillsAction::Show(args) => {
            with_skills(context, &args.common, |view| view.show(&args.name, args.common.json))
        }
        SkillsAction::Check(args) => {
            with_skills(context, &args.common, |view| view.check(args.common.json))
        }
    }
}

/// The skills of an agent, to be shown.
struct SkillsView<'a> {
    context: &'a CommandContext,
    workspace: PathBuf,
    skills: AgentSkills,
}

fn with_skills(
    context: &CommandContext,
    args: &SkillsCommonArgs,
    show: impl FnOnce(&SkillsView<'_>) -> io::Result<ExitReason>,
) -> io::Result<ExitReason> {
    let runtime = context.runtime();
    let agent = args.agent.as_deref().unwrap_or(runtime.default_agent());
    if let Err(error) = runtime.check_agent(agent) {
        context.printer.print_error(format_args!("failed to {error}"));
        for hint in error.hints() {
            context.printer.print_hint(format_args!("{hint}"));
        }
        return Ok(ExitReason::Usage);
    }
    let models = &context.models;
    let config = models.loaded_config().config.for_agent(agent);
    let workspace = match config.resolve_workspace(models.app_paths(), models.env()) {
        Ok(workspace) => std::path::absolute(workspace)?,
        Err(error) => {
            context.printer.print_error(format_args!("failed to find the workspace: {error}"));
            return Ok(ExitReason::Config);
        }
    };
    let skills = runtime.agent_skills(agent, &workspace);
    show(&SkillsView { context, workspace, skills })
}

impl SkillsView<'_> {
    fn write(&self, line: impl Display) -> io::Result<()> {
        self.context.printer.write_answer_line(sanitize::escape_line(&line.to_string()))
    }

    fn list(&self, args: &SkillsListArgs) -> io::Result<ExitReason> {
        let is_wanted = |skill: &&AgentSkill| !args.eligible || skill.state == SkillState::Ready;
        let listed: Vec<&AgentSkill> = self.skills.skills.iter().filter(is_wanted).collect();
        if args.common.json {
            let skills: Vec<Value> = listed.iter().map(|skill| skill_json(skill)).collect();
            let answer = json!({
                "workspaceDir": self.workspace,
                "managedSkillsDir": self.context.models.app_paths().skills_dir(),
                "skills": skills,
                "problems": self.problems_json(),
            });
            write_json_answer(&self.context.printer, &answer)?;
            return Ok(ExitReason::Ok);
        }
        if listed.is_empty() {
            self.context.printer.print_note(format_args!(
                "no skills are found: a skill is a folder with a `SKILL.md` in {} or {}",
                self.workspace.join("skills").display(),
                self.context.models.app_paths().skills_dir().display()
            ));
        } else {
            let head = ["Skill", "State", "Description", "Source"].map(str::to_owned);
            let rows: Vec<[String; 4]> =
                std::iter::once(head).chain(listed.iter().map(|skill| table_row(skill))).collect();
            self.context.printer.write_answer(&format_table(&rows))?;
        }
        if !self.skills.problems.is_empty() {
            self.context.printer.print_note(format_args!(
                "{} more cannot be used: `openclaw skills check` says why",
                self.skills.problems.len()
            ));
        }
        Ok(ExitReason::Ok)
    }

    fn show(&self, name: &str, json: bool) -> io::Result<ExitReason> {
        let is_named = |skill: &&AgentSkill| {
            let manifest = &skill.file.manifest;
            manifest.name.eq_ignore_ascii_case(name) || manifest.entry_name() == name
        };
        let Some(skill) = self.skills.skills.iter().find(is_named) else {
            self.context.printer.print_error(format_args!(
                "failed to find a skill {name:?}: there is none in the folders of skills"
            ));
            self.context.printer.print_hint("`openclaw skills list` lists those there are, and `openclaw skills check` those that cannot be used.");
            return Ok(ExitReason::Usage);
        };
        let manifest = &skill.file.manifest;
        if json {
            let needs = &manifest.requirements;
            let mut answer = skill_json(skill);
            if let Some(fields) = answer.as_object_mut() {
                fields.insert(
                    "requirements".to_owned(),
                    json!({
                        "bins": needs.bins, "anyBins": needs.any_bins, "env": needs.env,
                        "config": needs.config, "os": needs.os,
                    }),
                );
                fields.insert("notes".to_owned(), json!(manifest.notes));
            }
            write_json_answer(&self.context.printer, &answer)?;
            return Ok(ExitReason::Ok);
        }
        self.write(format_args!("{}: {}", manifest.name, manifest.description))?;
        self.write(format_args!("file: {}", skill.file.file().display()))?;
        self.write(format_args!("source: {}", skill.file.source.name()))?;
        self.write(format_args!("state: {}", state_text(skill)))?;
        if let Some(page) = &manifest.homepage {
            self.write(format_args!("homepage: {page}"))?;
        }
        if !manifest.is_for_model {
            self.write("the model is not told about it: `disable-model-invocation` is set")?;
        }
        if let Some(remedy) = remedy(skill) {
            self.write(remedy)?;
        }
        for note in &manifest.notes {
            self.write(format_args!("note: {note}"))?;
        }
        Ok(ExitReason::Ok)
    }

    fn check(&self, json: bool) -> io::Result<ExitReason> {
        let of_state = |state| self.skills.skills.iter().filter(move |skill| skill.state == state);
        let names = |state| -> Vec<&str> {
            of_state(state).map(|skill| skill.file.manifest.name.as_str()).collect()
        };
        let [ready, disabled, blocked] =
            [SkillState::Ready, SkillState::Disabled, SkillState::NotAllowed].map(names);
        if json {
            let incomplete = of_state(SkillState::Incomplete).map(|skill| {
                json!({"name": skill.file.manifest.name, "missing": missing_json(&skill.missing)})
            });
            let incomplete: Vec<Value> = incomplete.collect();
            let answer = json!({
                "summary": {
                    "total": self.skills.skills.len(), "eligible": ready.len(),
                    "disabled": disabled.len(), "blocked": blocked.len(),
                    "missingRequirements": incomplete.len(),
                    "problems": self.skills.problems.len(),
                },
                "eligible": ready, "disabled": disabled, "blocked": blocked,
                "missingRequirements": incomplete, "problems": self.problems_json(),
            });
            write_json_answer(&self.context.printer, &answer)?;
            return Ok(ExitReason::Ok);
        }
        self.write(format_args!(
            "{} skills: {} ready, {} disabled, {} not for this agent, {} with something missing; \
             {} files cannot be used",
            self.skills.skills.len(),
            ready.len(),
            disabled.len(),
            blocked.len(),
            of_state(SkillState::Incomplete).count(),
            self.skills.problems.len()
        ))?;
        for problem in &self.skills.problems {
            self.write(format_args!("✗ {}: {}", problem.path.display(), problem.reason))?;
        }
        for skill in of_state(SkillState::Incomplete) {
            self.write(format_args!("△ {}: missing {}", skill.file.manifest.name, skill.missing))?;
        }
        for file in &self.skills.replaced {
            let name = &file.manifest.name;
            self.write(format_args!(
                "· {} is not used: another folder has `{name}` too",
                file.file().display()
            ))?;
        }
        for skill in &self.skills.skills {
            for note in &skill.file.manifest.notes {
                self.write(format_args!("· {}: {note}", skill.file.file().display()))?;
            }
        }
        Ok(ExitReason::Ok)
    }

    fn problems_json(&self) -> Vec<Value> {
        let problems = self.skills.problems.iter();
        problems
            .map(|problem| {
                json!({
                    "path": problem.path, "source": problem.source.name(),
                    "reason": problem.reason,
                })
            })
            .collect()
    }
}

fn table_row(skill: &AgentSkill) -> [String; 4] {
    let manifest = &skill.file.manifest;
    let description = match manifest.description.char_indices().nth(MAX_LISTED_CHARS) {
        Some((end, _)) => format!("{}…", manifest.description.split_at(end).0),
        None => manifest.description.clone(),
    };
    [manifest.name.clone(), state_text(skill), description, skill.file.source.name().to_owned()]
}

fn state_text(skill: &AgentSkill) -> String {
    match skill.state {
        SkillState::Ready => "ready".to_owned(),
        SkillState::Disabled => "disabled".to_owned(),
        SkillState::NotAllowed => "not for this agent".to_owned(),
        _ => format!("missing {}", skill.missing),
    }
}

/// What makes a skill ready; `None` when it is.
fn remedy(skill: &AgentSkill) -> Option<String> {
    let name = skill.file.manifest.entry_name();
    match skill.state {
        SkillState::Ready => None,
        SkillState::Disabled => Some(format!(
            "`openclaw config set 'skills.entries.\"{name}\".enabled' true` enables it."
        )),
        SkillState::NotAllowed => Some(
            "The key `skills` of the agent, or `agents.defaults.skills`, must name it.".to_owned(),
        ),
        _ => {
            let variable = skill.missing.env.first()?;
            Some(format!(
                "`openclaw config set 'skills.entries.\"{name}\".env.{variable}' VALUE` sets the \
                 variable for its commands."
            ))
        }
    }
}

fn missing_json(missing: &MissingRequirements) -> Value {
    json!({
        "bins": missing.bins, "anyBins": missing.any_bins, "env": missing.env,
        "config": missing.config, "os": missing.os,
    })
}

/// A skill for programs, in the original's shape with additional fields.
fn skill_json(skill: &AgentSkill) -> Value {
    let manifest = &skill.file.manifest;
    json!({
        "name": manifest.name,
        "description": manifest.description,
        "emoji": manifest.emoji,
        "homepage": manifest.homepage,
        "source": skill.file.source.name(),
        "bundled": false,
        "filePath": skill.file.file(),
        "baseDir": skill.file.directory,
        "skillKey": manifest.entry_name(),
        "primaryEnv": manifest.primary_variable,
        "always": manifest.is_always_ready,
        "eligible": skill.state == SkillState::Ready,
        "disabled": skill.state == SkillState::Disabled,
        "blockedByAllowlist": skill.state == SkillState::NotAllowed,
        "modelVisible": skill.state == SkillState::Ready && manifest.is_for_model,
        "missing": missing_json(&skill.missing),
    })
}
