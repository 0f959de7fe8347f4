//! Finds the programs of a plan, and what about them needs a person.

use std::collections::BTreeSet;

use crate::environment::is_settable;
use crate::escape::is_deceptive_char;
use crate::lexer::{CommandScript, ScriptPipeline, ShellRedirection};
use crate::lookup::{ProgramLocation, ProgramLookup, ResolvedProgram, file_name};
use crate::plan::{CommandConcern, FileOperand, PlanContext, PlannedCommand, PlannedPipeline};
use crate::program_class::{risk_of_arguments, risk_of_program};
use crate::wrapper::{EnvironmentChange, MAX_WRAPPERS, WrapperProblem, WrapperProgram};

/// Resolves every command of a script.
pub(crate) fn plan_script(
    script: CommandScript,
    context: &PlanContext,
    lookup: &dyn ProgramLookup,
) -> Vec<PlannedPipeline> {
    let planner = CommandPlanner { context, lookup };
    let plan_pipeline = |ScriptPipeline { condition, commands }| PlannedPipeline {
        condition,
        commands: commands
            .into_iter()
            .map(|command| planner.plan_command(command.words, command.redirections))
            .collect(),
    };
    let mut pipelines: Vec<_> = script.pipelines.into_iter().map(plan_pipeline).collect();
    let commands = || pipelines.iter().flat_map(|it| &it.commands);
    if commands().any(|it| it.concern.is_some()) {
        // Any command may hand a file to the one that runs it: `cat script | sh`. A command that is
        // not found may be one of the shell: `. script`.
        for command in pipelines.iter_mut().flat_map(|it| &mut it.commands) {
            command.operands =
                planner.identify_operands(command.target_argv(), command.target_start);
        }
    }
    pipelines
}

struct CommandPlanner<'a> {
    context: &'a PlanContext,
    lookup: &'a dyn ProgramLookup,
}

impl CommandPlanner<'_> {
    fn plan_command(
        &self,
        argv: Vec<String>,
        redirections: Vec<ShellRedirection>,
    ) -> PlannedCommand {
        let mut command = PlannedCommand {
            argv,
            redirections,
            program: None,
            target_start: 0,
            target: None,
            is_bare_name: false,
            inner_wrappers: Vec::new(),
            environment: Vec::new(),
            concern: None,
            operands: Vec::new(),
        };
        command.concern = self.resolve_command(&mut command).err();
        if command.concern.is_none()
            && command.argv.iter().any(|word| word.chars().any(is_hidden_char))
        {
            command.concern = Some(CommandConcern::InvisibleCharacter);
        }
        command
    }

    /// Finds the program within the wrappers; the error is what needs a person.
    fn resolve_command(&self, command: &mut PlannedCommand) -> Result<(), CommandConcern> {
        for depth in 0.. {
            let words = command.target_argv();
            let Some(word) = words.first().cloned() else { return Ok(()) };
            let program = self.lookup.resolve_program(&word, &self.context.directory);
            let wrapper = WrapperProgram::from_name(file_name(&word));
            let inner = wrapper.map(|wrapper| wrapper.find_command(words));
            command.target.clone_from(&program);
            command.is_bare_name = !word.contains('/');
            if depth == 0 {
                command.program.clone_from(&program);
            } else if inner.is_some() {
                command.inner_wrappers.extend(program.clone());
            }
            // The concerns of a program come before the question of what it wraps.
            let found = match program {
                None => Err(CommandConcern::NotFound { program: word.clone() }),
                Some(program) => check_program(&program),
            };
            let Some(inner) = inner else {
                found?;
                command.pin_target();
                return check_risk(command, &word);
            };
            found?;
            command.pin_target();
            let problem = |problem| CommandConcern::Wrapper { program: word.clone(), problem };
            let inner = inner.map_err(problem)?;
            if depth >= MAX_WRAPPERS {
                return Err(problem(WrapperProblem::TooDeep));
            }
            command.target_start += inner.start;
            let needs_person = |change: &EnvironmentChange| !is_settable(&change.name);
            let variable = inner.environment.iter().find(|change| needs_person(change));
            let variable = variable.map(|change| change.name.clone());
            command.environment.extend(inner.environment);
            if let Some(name) = variable {
                return Err(CommandConcern::Variable { name });
            }
        }
        Ok(())
    }

    /// The files that the arguments name, so that the plan changes when one of them does.
    fn identify_operands(&self, argv: &[String], start: usize) -> Vec<FileOperand> {
        let words = argv.iter().enumerate().skip(1);
        words.flat_map(|(index, word)| self.identify_files(word, start + index)).collect()
    }

    /// The files that a word or a text for a shell names.
    fn identify_files(&self, text: &str, index: usize) -> impl Iterator<Item = FileOperand> {
        paths_in_word(text).into_iter().filter_map(move |path| {
            let identity = self.lookup.identify_file(path, &self.context.directory)?;
            Some(FileOperand { index, path: path.to_owned(), identity })
        })
    }
}

/// The files that a text for a shell names, with the working directory and the variables of the
/// request in the place of their names. What else a shell makes of its words is not known.
pub(crate) fn find_files_in_text(
    text: &str,
    context: &PlanContext,
    lookup: &dyn ProgramLookup,
) -> Vec<FileOperand> {
    let planner = CommandPlanner { context, lookup };
    let variables = context.environment.iter().map(|(name, value)| (name.as_str(), value));
    let directory = std::iter::once(("PWD", &context.directory));
    let mut expanded = text.to_owned();
    for (name, value) in directory.chain(variables) {
        for reference in [format!("${{{name}}}"), format!("${name}")] {
            if expanded.contains(&reference) {
                expanded = expanded.replace(&reference, value);
            }
        }
    }
    planner.identify_files(&expanded, 0).collect()
}

/// What may be a path in an argument: the whole, the value of an option (`--file=x`, `-fx`), and the
/// words of a text for a shell.
fn paths_in_word(word: &str) -> BTreeSet<&str> {
    let is_separator = |char: char| char.is_whitespace() || ";|&()<>{}'\"`=,@".contains(char);
    let mut paths: BTreeSet<&str> = word.split(is_separator).collect();
    paths.insert(word);
    paths.extend(word.split_once('=').map(|(_, value)| value));
    if let Some(cluster) = word.strip_prefix('-') {
        let mut chars = cluster.chars();
        chars.next();
        paths.insert(chars.as_str());
    }
    paths.retain(|path| !path.is_empty() && !path.starts_with('-'));
    paths
}

fn is_hidden_char(char: char) -> bool {
    is_deceptive_char(char) && !matches!(char, '\n' | '\t')
}

fn check_program(program: &ResolvedProgram) -> Result<(), CommandConcern> {
    if program.location == ProgramLocation::AgentWritable {
        return Err(CommandConcern::AgentWritable { path: program.path.clone() });
    }
    Ok(())
}

/// Looks at every name of the target: as written, as found, and behind symbolic links.
fn check_risk(command: &PlannedCommand, word: &str) -> Result<(), CommandConcern> {
    let name = file_name(word);
    let mut names = vec![name];
    if let Some(program) = &command.target {
        names.push(file_name(&program.path));
        let real_name = file_name(&program.real_path);
        // One file with many commands in it, each of which is called by the name of its link.
        let is_multiplexer = matches!(real_name, "busybox" | "toybox" | "coreutils");
        if !is_multiplexer || real_name == name {
            names.push(real_name);
        }
    }
    names.dedup();
    let arguments = command.target_argv().get(1..).unwrap_or_default();
    for name in names {
        if let Some(risk) = risk_of_program(name).or_else(|| risk_of_arguments(name, arguments)) {
            return Err(CommandConcern::RiskyProgram { program: name.to_owned(), risk });
        }
    }
    Ok(())
}
