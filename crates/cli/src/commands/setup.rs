//! `openclaw setup`: finds a server, tries a model of it, and writes the config.

mod new_config;
mod servers;

use std::io::{self, IsTerminal as _};

use openclaw_chat::{CommandContext, ask_at_terminal};
use openclaw_config::{Config, ConfigFile, env_vars};
use openclaw_doctor::{Check, CheckStatus, DoctorReport};
use openclaw_models::{ListedModel, ModelRegistry};

use self::new_config::ConfigPlan;
use self::servers::{ServerCandidate, candidates, print_failures};
use super::doctor;
use crate::args::setup::SetupArgs;
use crate::exit::ExitReason;

/// What the doctor tries with the chosen model.
const TRIED_CHECKS: [Check; 2] = [Check::Chat, Check::ToolsAuto];

pub(crate) async fn run(context: &CommandContext, args: &SetupArgs) -> io::Result<ExitReason> {
    let printer = &context.printer;
    if !args.original.given.is_empty() {
        let options: Vec<String> =
            args.original.given.iter().map(|name| format!("`--{name}`")).collect();
        let verb = if options.len() == 1 { "does" } else { "do" };
        printer.print_note(format_args!(
            "{} {verb} nothing here: no channel, service or hosted account is set up, and \
             `openclaw gateway` starts without setup; `openclaw setup --help` lists what does",
            options.join(", ")
        ));
    }
    if let Some(former) = context.models.app_paths().former_config(context.models.env()) {
        let config = context.models.app_paths().config_file().display();
        printer.print_note(format_args!(
            "there is a config of an older version: `cp {} {config}` takes it over",
            former.display()
        ));
    }
    super::models_status::print_former_state(context);
    let candidates = match candidates(args, context.models.env()) {
        Ok(candidates) => candidates,
        Err(problem) => {
            printer.print_error(problem);
            return Ok(ExitReason::Usage);
        }
    };
    let servers = registry_of(context, &candidates)?;
    let catalogue = servers.model_catalogue(None).await;
    let models: Vec<&ListedModel> =
        catalogue.models.iter().filter(|model| model.available).collect();
    if models.is_empty() {
        let exit = print_failures(printer, &candidates, &catalogue.failures);
        let has_servers = !context.models.loaded_config().config.models.providers.is_empty();
        if args.base_url.is_empty() && has_servers {
            printer.print_hint("`openclaw status --deep` asks the servers of the config.");
        }
        return Ok(exit);
    }
    let Some(model) = choose_model(context, args, &models).await? else {
        return Ok(ExitReason::Usage);
    };
    let provider = model.reference.provider_id();
    let Some(server) = candidates.iter().find(|server| server.provider == provider) else {
        return Ok(ExitReason::Failed);
    };
    printer.write_answer_line(format_args!("trying {} on {}", model.reference, server.base_url))?;
    let report = try_model(context, servers, &model.reference.to_string()).await?;
    if has_failed(&report, Check::Chat) || !has_run(&report, Check::Chat) {
        printer.print_error("the model does not answer, so nothing is written");
        return Ok(match doctor::exit_reason(&report) {
            ExitReason::Ok => ExitReason::Failed,
            exit => exit,
        });
    }
    if !has_passed(&report, Check::ToolsAuto) {
        printer.print_warning(
            "the model made no tool call: it answers, and an agent with it can neither read files \
             nor run commands until that is mended",
        );
    }
    let is_only = models.len() == 1;
    let address = report.base_url.clone().unwrap_or_else(|| server.base_url.clone());
    let server = ServerCandidate { base_url: address, ..server.clone() };
    let plan = ConfigPlan::new(&server, model, is_only, args.workspace.as_deref());
    save_plan(context, args, &plan).await
}

/// A registry of the candidates alone.
fn registry_of(
    context: &CommandContext,
    candidates: &[ServerCandidate],
) -> io::Result<ModelRegistry> {
    let models = &context.models;
    let loaded = Config::parse(&servers::config_text(candidates), models.env());
    let loaded = loaded.map_err(|error| io::Error::other(error.to_string()))?;
    let paths = models.app_paths().clone();
    Ok(ModelRegistry::new(loaded, paths, models.supervisor().clone()))
}

/// Chooses the model: the one that was named, the only one, the one that a person chooses, or else
/// the first. `None` when the named one is not there; the error is printed.
async fn choose_model<'m>(
    context: &CommandContext,
    args: &SetupArgs,
    models: &[&'m ListedModel],
) -> io::Result<Option<&'m ListedModel>> {
    let printer = &context.printer;
    if let Some(name) = &args.model {
        let is_named = |model: &&&ListedModel| {
            model.reference.model_id() == name || model.reference.to_string() == *name
        };
        let found = models.iter().find(is_named).copied();
        if found.is_none() {
            let names: Vec<&str> = models.iter().map(|model| model.reference.model_id()).collect();
            printer.print_error(format_args!("no server has the model `{name}`"));
            printer.print_hint(format_args!("There is: {}.", names.join(", ")));
        }
        return Ok(found);
    }
    for (index, model) in models.iter().enumerate() {
        let window =
            model.window.map_or_else(String::new, |(tokens, _)| format!(", {tokens} tokens"));
        printer.write_answer_line(format_args!("{:>3}  {}{window}", index + 1, model.reference))?;
    }
    let can_ask = !args.yes && io::stdin().is_terminal() && printer.stderr_is_terminal;
    if models.len() > 1 && can_ask {
        let question = "which model? [1]".to_owned();
        let line = ask_at_terminal(printer, question).await.unwrap_or_default();
        let number = line.trim().parse::<usize>().unwrap_or(1);
        let chosen = number.checked_sub(1).and_then(|index| models.get(index));
        if chosen.is_none() {
            printer.print_error(format_args!("there is no model {number}"));
        }
        return Ok(chosen.copied());
    }
    Ok(models.first().copied())
}

/// Tries a chat and a tool call; prints what came of it.
async fn try_model(
    context: &CommandContext,
    servers: ModelRegistry,
    model: &str,
) -> io::Result<DoctorReport> {
    let trial = CommandContext { printer: context.printer.clone(), models: servers, nodes: None };
    let options = doctor::doctor_options(Some(model.to_owned()), None, TRIED_CHECKS.to_vec(), None);
    let report = doctor::run_checks(&trial, &options, true).await?;
    for finding in &report.findings {
        if TRIED_CHECKS.contains(&finding.check) || finding.status == CheckStatus::Fail {
            trial.printer.write_styled_answer(&doctor::finding_lines(&trial.printer, finding))?;
        }
    }
    Ok(report)
}

/// Shows the config, asks where a person can answer, and writes it.
async fn save_plan(
    context: &CommandContext,
    args: &SetupArgs,
    plan: &ConfigPlan,
) -> io::Result<ExitReason> {
    let printer = &context.printer;
    let file = ConfigFile::from_paths(context.models.app_paths());
    let path = context.models.app_paths().config_file().display().to_string();
    printer.write_answer(&format!("\n{path}:\n{}", plan.summary_text()))?;
    let can_ask = io::stdin().is_terminal() && printer.stderr_is_terminal;
    if !args.yes && can_ask {
        let question = "write it? [Y/n]".to_owned();
        let line = ask_at_terminal(printer, question).await.unwrap_or_else(|| "n".to_owned());
        if !matches!(line.trim(), "" | "y" | "Y" | "yes") {
            printer.print_note("nothing is written");
            return Ok(ExitReason::Ok);
        }
    }
    let env = context.models.env();
    let saved = match file.read_text() {
        Ok(None) => file.replace_text(env, None, &plan.file_text()),
        _ => file.apply_edit(env, |document| plan.apply_to(document)),
    };
    if let Err(error) = saved {
        printer.print_error(format_args!("failed to {error}"));
        for cause in openclaw_runtime::error_causes(&error) {
            printer.print_indented(format_args!("cause: {cause}"));
        }
        return Ok(ExitReason::Config);
    }
    printer.write_answer(
        "\nThe config is written. Three things to try, in a folder of yours:\n  \
         openclaw agent \"What is in this folder?\"\n  \
         git diff | openclaw agent \"Review this\"\n  \
         openclaw chat\n",
    )?;
    if let Some(variable) = plan.key_variable().filter(|name| env.get(name).is_none()) {
        printer.print_warning(format_args!("{variable} is not set in this shell"));
    }
    if env.get(env_vars::OPENCLAW_MODEL).is_some() {
        printer.print_warning("OPENCLAW_MODEL is set, and wins over the model of the config");
    }
    Ok(ExitReason::Ok)
}

fn status_of(report: &DoctorReport, check: Check) -> Option<CheckStatus> {
    report.findings.iter().find(|finding| finding.check == check).map(|finding| finding.status)
}

fn has_failed(report: &DoctorReport, check: Check) -> bool {
    status_of(report, check) == Some(CheckStatus::Fail)
}

fn has_passed(report: &DoctorReport, check: Check) -> bool {
    status_of(report, check) == Some(CheckStatus::Pass)
}

fn has_run(report: &DoctorReport, check: Check) -> bool {
    !matches!(status_of(report, check), None | Some(CheckStatus::Skipped))
}
