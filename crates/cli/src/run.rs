//! From arguments to an end.

use std::ffi::OsString;
use std::future::Future;
use std::io;

use clap::Parser;
use openclaw_config::{Env, Layers, LoadError, LoadOptions, Paths, env_vars};
use openclaw_runtime::Runtime;

use crate::args::prompt::PromptAction;
use crate::args::trace::TraceAction;
use crate::args::{Capability, Cli, Command, InferModelAction, ModelsAction};
use crate::commands::config::Place;
use crate::commands::{self, Context};
use crate::exit::Exit;
use crate::interrupt::unless_stopped;
use crate::printer::{Printer, Verbosity};
use crate::{diagnostic, log, report};

/// Runs the program with its arguments, the program's name first, and tells how it ended.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(commands::normalise(args)) {
        Ok(cli) => cli,
        Err(error) => {
            // A help text that nobody reads any more is no failure.
            let _ = error.print();
            if commands::lacks_message(&error) {
                let printer = Printer::new(Verbosity::Normal, true);
                printer.hint("`openclaw chat` is for talking, message by message.");
            }
            return if error.use_stderr() { Exit::Usage } else { Exit::Ok };
        }
    };
    let env = Env::from_process();
    let verbosity = match (cli.global.verbose, cli.global.quiet) {
        (true, _) => Verbosity::Verbose,
        (_, true) => Verbosity::Quiet,
        _ => Verbosity::Normal,
    };
    let plain = env.get(env_vars::NO_COLOR).is_some_and(|value| !value.is_empty());
    let printer = Printer::new(verbosity, plain);
    if let Some(level) = env.get(env_vars::OPENCLAW_LOG).filter(|level| !level.is_empty())
        && let Err(problem) = log::start(level)
    {
        printer.warning(problem);
    }
    match start(cli, env, printer) {
        Ok(exit) => exit,
        // Whoever read stdout has gone: nothing is left to be said.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Ok,
        Err(error) => {
            printer.error(format_args!("failed to write the answer: {error}"));
            Exit::Failed
        }
    }
}

fn start(cli: Cli, env: Env, printer: Printer) -> io::Result<Exit> {
    if let Some(refusal) = commands::unsupported(&cli.command) {
        printer.error(refusal);
        return Ok(Exit::Usage);
    }
    let paths = match Paths::new(&env, cli.global.config.as_deref()) {
        Ok(paths) => paths,
        Err(error) => {
            printer.error(format_args!("failed to {error}"));
            return Ok(Exit::Config);
        }
    };
    let is_config = matches!(cli.command, Command::Config(_));
    if is_config && !cli.global.set.is_empty() {
        printer.error("`--set` is for one run of the other commands");
        printer.hint("`openclaw config set KEY VALUE` changes the file.");
        return Ok(Exit::Usage);
    }
    let traces = commands::trace::is_asked_for(&cli.command);
    let start = Start { paths, env, printer, overrides: cli.global.set, traces };
    match cli.command {
        Command::Agent(args) => {
            start.with_config(|context| to_its_end(commands::agent::run(context, args)))
        }
        Command::Chat(mut args) => {
            args.plain |= start.env.get(env_vars::TERM) == Some("dumb");
            start.with_config(|context| to_its_end(crate::chat::run(context, args)))
        }
        // It loads the config itself, for it is also there to see to a broken one.
        Command::Config(args) => commands::config::run(start.place(), args),
        Command::Doctor(args) => start.with_config_or(
            |error| commands::doctor::broken(printer, &args, error),
            |context| in_runtime(printer, commands::doctor::run(context, &args)),
        ),
        Command::Infer(infer) => match infer.capability {
            Capability::Model(model) => match model.action {
                InferModelAction::Run(args) => start.with_config(|context| {
                    in_runtime(printer, commands::infer::run(context, args))
                }),
            },
        },
        Command::Prompt(prompt) => match prompt.action {
            PromptAction::Explain(args) => start.with_config(|context| {
                in_runtime(printer, commands::prompt_explain::run(context, args))
            }),
        },
        Command::Models(models) => match models.action {
            ModelsAction::List(args) => start.with_config(|context| {
                in_runtime(printer, commands::models_list::run(context, &args))
            }),
            ModelsAction::Probe(args) => start.with_config(|context| {
                in_runtime(printer, commands::models_probe::run(context, &args))
            }),
            ModelsAction::Reset(args) => {
                start.with_config(|context| commands::models_reset::run(context, &args))
            }
            ModelsAction::Status(args) => {
                start.with_config(|context| commands::models_status::run(context, &args))
            }
        },
        Command::Sessions(args) => {
            start.with_config(|context| commands::sessions::run(context, args))
        }
        Command::Trace(trace) => match trace.action {
            TraceAction::Replay(args) => start
                .with_config(|context| in_runtime(printer, commands::trace::replay(context, args))),
            action => start.with_config(|context| commands::trace::run(context, action)),
        },
    }
}

/// What is known before the config is read.
struct Start {
    paths: Paths,
    env: Env,
    printer: Printer,
    /// `KEY=VALUE`, in the order given.
    overrides: Vec<String>,
    /// Whether what is said to and by the servers is kept, whatever the config says.
    traces: bool,
}

impl Start {
    fn place(&self) -> Place<'_> {
        Place { printer: self.printer, paths: &self.paths, env: &self.env }
    }

    /// Loads the config for a command that needs one, and says what is wrong with it.
    fn with_config(self, run: impl FnOnce(&Context) -> io::Result<Exit>) -> io::Result<Exit> {
        self.with_config_or(|_| Ok(()), run)
    }

    /// The same, with something to do besides when the config is broken.
    fn with_config_or(
        self,
        broken: impl FnOnce(&LoadError) -> io::Result<()>,
        run: impl FnOnce(&Context) -> io::Result<Exit>,
    ) -> io::Result<Exit> {
        let Self { paths, env, printer, overrides, traces } = self;
        let mut options = LoadOptions::new(&paths, &env);
        for text in &overrides {
            let parts =
                text.split_once('=').and_then(|(key, value)| Some((key.parse().ok()?, value)));
            let Some((key, value)) = parts else {
                printer.error(format_args!("`--set {text}` is not KEY=VALUE"));
                printer.hint("For example: `--set agents.defaults.timeoutSeconds=600`.");
                return Ok(Exit::Usage);
            };
            options = options.set(key, value, "--set");
        }
        if let Some(key) = traces.then(|| "diagnostics.trace.enabled".parse().ok()).flatten() {
            options = options.set(key, "true", "--trace");
        }
        let loaded = match Layers::load(&options) {
            Ok(loaded) => loaded,
            Err(error) => {
                diagnostic::print_broken(printer, &error);
                broken(&error)?;
                return Ok(Exit::Config);
            }
        };
        diagnostic::print(printer, &loaded);
        let context = Context { printer, runtime: Runtime::new(loaded, paths, env) };
        let end = run(&context);
        context.end_trace(end.as_ref().ok().copied());
        end
    }
}

/// Runs asynchronous work until it is done or stopped.
fn in_runtime(printer: Printer, work: impl Future<Output = io::Result<Exit>>) -> io::Result<Exit> {
    to_its_end(async {
        unless_stopped(work).await.unwrap_or_else(|| {
            printer.note("stopped");
            Ok(Exit::Interrupted)
        })
    })
}

/// Runs asynchronous work that sees to being stopped itself.
fn to_its_end(work: impl Future<Output = io::Result<Exit>>) -> io::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let end = runtime.block_on(work);
    // A question on the terminal may still wait for an answer that nobody needs any more.
    runtime.shutdown_background();
    end
}

/// Writes why no model is at hand, and tells the end that it leads to.
pub(crate) fn print_connect_error(
    printer: Printer,
    error: &openclaw_runtime::ConnectError,
) -> Exit {
    match error {
        openclaw_runtime::ConnectError::Model(error) => report::print(printer, error),
        openclaw_runtime::ConnectError::Setup(setup) => {
            printer.error(format_args!("failed to {setup}"));
            report::print_causes(printer, setup);
            for hint in setup.hints() {
                printer.hint(hint);
            }
        }
    }
    Exit::of_connect_error(error)
}
