//! From arguments to an exit reason.

mod services;

use std::ffi::OsString;
use std::future::Future;
use std::io;
use std::sync::Arc;

use clap::Parser;
use clap::error::ErrorKind;
use openclaw_chat::{CommandContext, run_unless_interrupted};
use openclaw_config::{AppPaths, Env, LoadError, RunKind, env_vars};
use openclaw_terminal::{OutputPrinter, OutputVerbosity};
use tracing::level_filters::LevelFilter;

use crate::args::deferred::DeferredArgs;
use crate::args::prompt::PromptAction;
use crate::args::trace::TraceAction;
use crate::args::{Cli, CliCommand, InferCapability, InferModelAction, ModelsAction};
use crate::commands;
use crate::commands::config::ConfigCommandContext;
use crate::config_source::{ConfigSource, ConfigSourceError};
use crate::drop_in::DropInAction;
use crate::exit::ExitReason;
use crate::node_client::ClientNodes;
use crate::{diagnostic, drop_in, log};

/// Runs the program. The first argument is the program's name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitReason {
    let args = commands::normalise_args(args);
    let parsed = match Cli::try_parse_from(&args) {
        Err(error) if is_of_others(&error) => match drop_in::find_fallback(&args) {
            Some(DropInAction::Retry { args, notes }) => {
                let printer = OutputPrinter::new(OutputVerbosity::Normal, true);
                for note in notes {
                    printer.print_note(note);
                }
                Cli::try_parse_from(args)
            }
            Some(other) => return run_fallback(other),
            None => Err(error),
        },
        parsed => parsed,
    };
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => {
            // A help text that cannot be written, as to a closed pipe, is no failure.
            let _ = error.print();
            if commands::is_message_missing(&error) {
                let printer = OutputPrinter::new(OutputVerbosity::Normal, true);
                printer.print_hint(
                    "`openclaw agent \"What is in this folder?\"` runs one turn; `openclaw chat` is \
                     for talking, message by message.",
                );
            }
            if let Some(word) = commands::find_unknown_word(&error) {
                let printer = OutputPrinter::new(OutputVerbosity::Normal, true);
                printer.print_hint(format_args!(
                    "`openclaw agent \"{word} …\"` says it to an agent, `openclaw chat` begins a chat."
                ));
            }
            return if error.use_stderr() { ExitReason::Usage } else { ExitReason::Ok };
        }
    };
    let env = Env::from_process();
    let verbosity = match (cli.global.verbose, cli.global.quiet) {
        (true, _) => OutputVerbosity::Verbose,
        (_, true) => OutputVerbosity::Quiet,
        _ => OutputVerbosity::Normal,
    };
    let plain = env.get(env_vars::NO_COLOR).is_some_and(|value| !value.is_empty());
    let printer = OutputPrinter::new(verbosity, plain);
    let level = env.get(env_vars::OPENCLAW_LOG).filter(|level| !level.is_empty());
    let level = level.map(log::parse_level).transpose().unwrap_or_else(|problem| {
        printer.print_warning(problem);
        None
    });
    match dispatch_command(cli, env, &printer, level) {
        Ok(exit) => exit,
        // The reader of stdout has gone, so nothing is left to report.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitReason::Ok,
        Err(error) => {
            printer.print_error(format_args!("failed to write the answer: {error}"));
            ExitReason::Failed
        }
    }
}

/// Whether arguments may be those of the original.
fn is_of_others(error: &clap::Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument)
        || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        || error.kind() == ErrorKind::MissingSubcommand
}

/// Ends a command of the original that the program does not have.
fn run_fallback(fallback: DropInAction) -> ExitReason {
    let printer = OutputPrinter::new(OutputVerbosity::Normal, true);
    match fallback {
        DropInAction::Note(note) => {
            printer.print_note(note);
            ExitReason::Ok
        }
        DropInAction::EmptyList { json, note } => {
            printer.print_note(note);
            json.map_or(Ok(()), |json| printer.write_answer_line(json))
                .map_or(ExitReason::Failed, |()| ExitReason::Ok)
        }
        DropInAction::Refuse(reason) => {
            printer.print_error(reason);
            ExitReason::Usage
        }
        DropInAction::Native { command, words, notes } => {
            for note in notes {
                printer.print_note(note);
            }
            let env = Env::from_process();
            let Ok(paths) = AppPaths::new(&env, None) else {
                printer.print_error("failed to find the home folder: HOME is not set");
                return ExitReason::Config;
            };
            let paths = paths.in_current_project(&env);
            let context = ConfigCommandContext { printer: &printer, paths: &paths, env: &env };
            commands::native::run(context, command, &words).unwrap_or_else(|error| {
                if error.kind() == io::ErrorKind::BrokenPipe {
                    return ExitReason::Ok;
                }
                printer.print_error(format_args!("failed to write the answer: {error}"));
                ExitReason::Failed
            })
        }
        DropInAction::Retry { .. } => ExitReason::Usage,
    }
}

fn dispatch_command(
    cli: Cli,
    env: Env,
    printer: &OutputPrinter,
    stderr_level: Option<LevelFilter>,
) -> io::Result<ExitReason> {
    if let Some(note) = commands::note_on_original_option(&cli.command) {
        printer.print_note(note);
    }
    let paths = match AppPaths::new(&env, cli.global.config.as_deref()) {
        // A gateway and its nodes belong to no folder.
        Ok(paths)
            if matches!(
                cli.command,
                CliCommand::Gateway(_)
                    | CliCommand::Devices(_)
                    | CliCommand::Node(_)
                    | CliCommand::Nodes(_)
            ) =>
        {
            paths
        }
        Ok(paths) => paths.in_current_project(&env),
        Err(error) => {
            printer.print_error(format_args!("failed to {error}"));
            return Ok(ExitReason::Config);
        }
    };
    let is_config = matches!(cli.command, CliCommand::Config(_));
    if is_config && !cli.global.set.is_empty() {
        printer.print_error("`--set` is for one run of the other commands");
        printer.print_hint("`openclaw config set KEY VALUE` changes the file.");
        return Ok(ExitReason::Usage);
    }
    let startup = StartupContext {
        source: ConfigSource {
            paths,
            env,
            overrides: cli.global.set,
            trace_requested: commands::trace::is_trace_requested(&cli.command),
        },
        printer,
        stderr_level,
        logged_command: log::logged_command(&cli.command),
        tells_config_problems: matches!(cli.command, CliCommand::Doctor(_)),
    };
    startup.run_command(cli.command)
}

/// What is known before the config is loaded.
struct StartupContext<'p> {
    source: ConfigSource,
    printer: &'p OutputPrinter,
    /// The level from which events go to stderr; `None` for none.
    stderr_level: Option<LevelFilter>,
    /// The command's name in the log in the state folder; `None` for a command that logs nothing.
    logged_command: Option<&'static str>,
    /// Whether every problem of the config is told, instead of their number.
    tells_config_problems: bool,
}

impl StartupContext<'_> {
    fn config_context(&self) -> ConfigCommandContext<'_> {
        ConfigCommandContext {
            printer: self.printer,
            paths: &self.source.paths,
            env: &self.source.env,
        }
    }

    fn run_command(self, command: CliCommand) -> io::Result<ExitReason> {
        let printer = self.printer;
        match command {
            CliCommand::Agent(DeferredArgs(args)) => self
                .run_checked(args.started_agent().run_kind(), |context| {
                    run_to_completion(commands::agent::run(context, args))
                }),
            CliCommand::Chat(DeferredArgs(mut args)) => {
                args.plain |= self.source.env.get(env_vars::TERM) == Some("dumb");
                self.run_checked(RunKind::Agent { id: args.agent.id.as_deref() }, |context| {
                    run_to_completion(commands::chat::run(context, &args))
                })
            }
            // `config` loads the file itself, because it must also work on a broken one.
            CliCommand::Config(DeferredArgs(args)) => {
                commands::config::run(self.config_context(), args)
            }
            CliCommand::Doctor(DeferredArgs(args)) => self.run_with_config_or(
                None,
                |error| commands::doctor::report_broken_config(printer, &args, error),
                |context| run_interruptible(printer, commands::doctor::run(context, &args)),
            ),
            CliCommand::Setup(DeferredArgs(args)) => self.run_with_config(|context| {
                run_interruptible(printer, commands::setup::run(context, &args))
            }),
            CliCommand::Infer(DeferredArgs(infer)) => match infer.capability {
                InferCapability::Model(model) => match model.action {
                    InferModelAction::Run(args) => self
                        .run_checked(RunKind::ModelCall, |context| {
                            run_interruptible(printer, commands::infer::run(context, args))
                        }),
                },
            },
            CliCommand::Prompt(DeferredArgs(prompt)) => match prompt.action {
                PromptAction::Explain(args) => self.run_with_config(|context| {
                    run_interruptible(printer, commands::prompt_explain::run(context, args))
                }),
            },
            CliCommand::Gateway(DeferredArgs(args)) => self.run_gateway(args),
            CliCommand::Devices(DeferredArgs(args)) => self.run_devices(args),
            CliCommand::Node(DeferredArgs(args)) => self.run_node(args),
            CliCommand::Nodes(DeferredArgs(args)) => self.run_nodes(args),
            CliCommand::Logs(DeferredArgs(args)) => self
                .run_with_config(|context| run_to_completion(commands::logs::run(context, &args))),
            CliCommand::Models(DeferredArgs(models)) => self.run_models(models.action),
            CliCommand::Approvals(DeferredArgs(args)) => self.run_with_config(|context| {
                commands::exec_policy::run_approvals(context, &args.action)
            }),
            CliCommand::ExecPolicy(DeferredArgs(args)) => self.run_with_config(|context| {
                run_interruptible(printer, commands::exec_policy::run(context, &args.action))
            }),
            CliCommand::Security(DeferredArgs(args)) => self.run_with_config(|context| {
                run_interruptible(printer, commands::security::run(context, &args))
            }),
            CliCommand::Sandbox(DeferredArgs(args)) => self.run_with_config(|context| {
                run_interruptible(printer, commands::sandbox::run(context, &args.action))
            }),
            CliCommand::Sessions(DeferredArgs(args)) => {
                self.run_with_config(|context| commands::sessions::run(context, args))
            }
            CliCommand::Skills(DeferredArgs(args)) => {
                self.run_with_config(|context| commands::skills::run(context, args))
            }
            CliCommand::Memory(DeferredArgs(args)) => self.run_with_config(|context| {
                run_interruptible(printer, commands::memory::run(context, args.action))
            }),
            CliCommand::Cron(DeferredArgs(args)) => self.run_with_config(|context| {
                run_interruptible(printer, commands::cron::run(context, args.action))
            }),
            CliCommand::Status(DeferredArgs(args)) => self.run_with_config(|context| {
                run_interruptible(printer, commands::status::run(context, &args))
            }),
            CliCommand::Trace(DeferredArgs(trace)) => match trace.action {
                TraceAction::Replay(args) => self.run_with_config(|context| {
                    run_interruptible(printer, commands::trace::replay_exchange(context, args))
                }),
                action => self.run_with_config(|context| commands::trace::run(context, action)),
            },
        }
    }

    fn run_models(self, action: ModelsAction) -> io::Result<ExitReason> {
        let printer = self.printer;
        match action {
            ModelsAction::List(args) => self.run_with_config(|context| {
                run_interruptible(printer, commands::models_list::run(context, &args))
            }),
            ModelsAction::Probe(args) => self.run_with_config(|context| {
                run_interruptible(printer, commands::models_probe::run(context, &args))
            }),
            ModelsAction::Import(args) => {
                self.run_with_config(|context| commands::models_import::run(context, &args))
            }
            ModelsAction::Reset(args) => {
                self.run_with_config(|context| commands::models_reset::run(context, &args))
            }
            ModelsAction::Status(args) => self.run_with_config(|context| {
                run_interruptible(printer, commands::models_status::run(context, &args))
            }),
        }
    }

    /// Loads the config and runs a command with it; prints what is wrong with the config.
    fn run_with_config(
        self,
        run: impl FnOnce(&CommandContext) -> io::Result<ExitReason>,
    ) -> io::Result<ExitReason> {
        self.run_with_config_or(None, |_| Ok(()), run)
    }

    /// Like `run_with_config`, but runs nothing while a restriction in the config would not hold.
    fn run_checked(
        self,
        kind: RunKind<'_>,
        run: impl FnOnce(&CommandContext) -> io::Result<ExitReason>,
    ) -> io::Result<ExitReason> {
        self.run_with_config_or(Some(kind), |_| Ok(()), run)
    }

    /// Like `run_with_config`, with a handler for a broken config. With a `kind`, runs nothing while
    /// a restriction in the config would not hold.
    fn run_with_config_or(
        self,
        kind: Option<RunKind<'_>>,
        on_broken_config: impl FnOnce(&LoadError) -> io::Result<()>,
        run: impl FnOnce(&CommandContext) -> io::Result<ExitReason>,
    ) -> io::Result<ExitReason> {
        let Self { source, printer, tells_config_problems, .. } = self;
        let loaded = match source.load() {
            Ok(loaded) => loaded,
            Err(ConfigSourceError::Override(text)) => {
                printer.print_error(format_args!("`--set {text}` is not KEY=VALUE"));
                printer.print_hint("For example: `--set agents.defaults.timeoutSeconds=600`.");
                return Ok(ExitReason::Usage);
            }
            Err(ConfigSourceError::Load(error)) => {
                diagnostic::print_load_error(printer, &error);
                on_broken_config(&error)?;
                return Ok(ExitReason::Config);
            }
        };
        let blockers = kind.map(|kind| loaded.start_blockers(kind)).unwrap_or_default();
        if tells_config_problems {
            diagnostic::print_config_problems(printer, &loaded, &blockers);
        } else {
            diagnostic::summarise_config_problems(printer, &loaded, &blockers);
        }
        if !loaded.unusable_overrides().is_empty() {
            printer.print_error("a value given for this run cannot be used");
            return Ok(ExitReason::Usage);
        }
        if !blockers.is_empty() {
            diagnostic::print_start_refusal(printer);
            return Ok(ExitReason::Config);
        }
        let models = source.create_models(loaded);
        let printer =
            log::start_program_log(printer, &models, self.logged_command, self.stderr_level);
        let nodes = ClientNodes::new(&models, &printer);
        let context = CommandContext { printer, models, nodes: Some(Arc::new(nodes)) };
        let end = run(&context);
        commands::finish_trace(&context, end.as_ref().ok().copied());
        end
    }
}

/// Runs asynchronous work until it finishes or is interrupted.
fn run_interruptible(
    printer: &OutputPrinter,
    work: impl Future<Output = io::Result<ExitReason>>,
) -> io::Result<ExitReason> {
    run_to_completion(async {
        run_unless_interrupted(work).await.unwrap_or_else(|| {
            printer.print_note("stopped");
            Ok(ExitReason::Interrupted)
        })
    })
}

/// Runs asynchronous work that handles interrupts itself.
fn run_to_completion(work: impl Future<Output = io::Result<ExitReason>>) -> io::Result<ExitReason> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let end = runtime.block_on(work);
    // A blocked read of stdin, for a question nobody waits for, must not delay the exit.
    runtime.shutdown_background();
    end
}
