//! Runs what a call of `exec` asked for, in the foreground or in the background.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;

use openclaw_core::ToolOutput;
use openclaw_exec_policy::{PlannedPipeline, RunCondition};
use openclaw_process::{
    CommandEnd, CommandHandle, CommandLimits, CommandResult, CommandSpec, OutputStream,
    PipelineSpec, PipelineStage, ProcessError, StdinSource, SupervisorProgram, WorkDir,
    run_controlled,
};

use crate::exec::command_runs::CommandRun;
use crate::exec::guard::{FinishedRun, GuardFailure};
use crate::exec::report::{Utf8StreamDecoder, format_process_error, format_results};
use crate::exec::review::pipeline_stages;
use crate::exec::sandbox::JobSandbox;

/// A command that is ready to run.
#[derive(Debug)]
pub(super) struct CommandJob {
    pub(super) steps: JobSteps,
    pub(super) directory: OwnedFd,
    pub(super) environment: Vec<(OsString, OsString)>,
    pub(super) limits: CommandLimits,
    pub(super) supervisor: SupervisorProgram,
    /// `None` for a command that may do all that its user may.
    pub(super) sandbox: Option<JobSandbox>,
    pub(super) input: JobInput,
}

/// What a job reads from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobInput {
    /// Nothing.
    None,
    /// What is written to it later.
    Written,
    /// A terminal, which it also writes to.
    Terminal,
}

/// What a job runs.
#[derive(Debug)]
pub(super) enum JobSteps {
    /// A text, by a shell.
    Shell(String),
    /// A program with its arguments.
    Argv(Vec<String>),
    /// Planned programs, without a shell.
    Pipelines(Vec<PlannedPipeline>),
}

/// How a job ended.
#[derive(Debug)]
pub(super) struct JobEnd {
    /// The result of each pipeline that ran.
    pub(super) results: Result<Vec<CommandResult>, JobFailure>,
    /// What the guard of the sandbox found.
    pub(super) finished: FinishedRun,
}

/// Why a job did not run.
#[derive(Debug)]
pub(super) enum JobFailure {
    /// The guard of the sandbox could not begin.
    Guard(GuardFailure),
    /// The directory cannot be used.
    Directory(io::Error),
    /// A command cannot be started or watched.
    Process(ProcessError),
}

/// What gets the output of a job as text, as it comes.
pub(super) type OutputSink<'a> = &'a mut (dyn FnMut(OutputStream, &str) + Send);

impl CommandJob {
    /// Runs the command to its end. Its output goes to `run` as it comes, and with its end to the
    /// result.
    pub(super) async fn run(self, handle: &mut CommandHandle, run: &CommandRun) -> ToolOutput {
        let JobEnd { results, finished } =
            self.run_to_end(handle, &mut |_, text| run.push_output(text)).await;
        let output = match results {
            Ok(results) => format_results(&results),
            Err(JobFailure::Guard(failure)) => {
                return ToolOutput::from_error(format!(
                    "not run: {failure}; until then no command runs in the sandbox. \
                     `host: \"gateway\"` runs it outside, if the user allows that"
                ))
                .with_summary("not run: the sandbox cannot protect the workspace");
            }
            Err(JobFailure::Directory(error)) => {
                ToolOutput::from_error(format!("not run: failed to open the directory: {error}"))
                    .with_summary("not run")
            }
            Err(JobFailure::Process(error)) => format_process_error(&error),
        };
        let Some(sandbox) = &self.sandbox else { return output };
        if let Some(told) = &finished.told {
            run.push_output(&format!("{told}\n"));
        }
        sandbox.complete_output(output, &finished)
    }

    /// Runs the command to its end.
    pub(super) async fn run_to_end(
        &self,
        handle: &mut CommandHandle,
        output: OutputSink<'_>,
    ) -> JobEnd {
        let nothing_found = FinishedRun { told: None, is_held: true };
        let guarded = match &self.sandbox {
            None => Ok(None),
            Some(sandbox) => sandbox.begin_run().await,
        };
        let guarded = match guarded {
            Ok(guarded) => guarded,
            Err(failure) => {
                let results = Err(JobFailure::Guard(failure));
                return JobEnd { results, finished: nothing_found };
            }
        };
        let results = self.run_steps(handle, output).await;
        let finished = match guarded {
            Some(guarded) => guarded.finish_elsewhere().await,
            None => nothing_found,
        };
        JobEnd { results, finished }
    }

    async fn run_steps(
        &self,
        handle: &mut CommandHandle,
        output: OutputSink<'_>,
    ) -> Result<Vec<CommandResult>, JobFailure> {
        let stages = match &self.steps {
            JobSteps::Pipelines(pipelines) => {
                return self.run_pipelines(pipelines, handle, output).await;
            }
            JobSteps::Shell(text) => {
                PipelineSpec::from(CommandSpec::shell_command(text, self.supervisor.clone())).stages
            }
            JobSteps::Argv(words) => {
                let mut words = words.iter().map(OsString::from);
                let program = words.next().unwrap_or_default();
                vec![PipelineStage { program, args: words.collect(), redirections: Vec::new() }]
            }
        };
        Ok(vec![self.run_stages(stages, self.limits, handle, output).await?])
    }

    /// Runs the planned pipelines one after another, each when its condition holds.
    async fn run_pipelines(
        &self,
        pipelines: &[PlannedPipeline],
        handle: &mut CommandHandle,
        output: OutputSink<'_>,
    ) -> Result<Vec<CommandResult>, JobFailure> {
        let mut limits = self.limits;
        let mut results: Vec<CommandResult> = Vec::new();
        for pipeline in pipelines {
            let succeeded = results.last().is_none_or(|result| result.end == CommandEnd::Exited(0));
            let is_due = match pipeline.condition {
                RunCondition::Always => true,
                RunCondition::AfterSuccess => succeeded,
                RunCondition::AfterFailure => !succeeded,
            };
            if !is_due {
                continue;
            }
            let Some(stages) = pipeline_stages(pipeline) else { break };
            let result = self.run_stages(stages, limits, handle, &mut *output).await?;
            let is_over = matches!(result.end, CommandEnd::TimedOut(_) | CommandEnd::Stopped);
            let kept_bytes = result.output.head.len() + result.output.tail.len();
            limits.max_output_bytes = limits.max_output_bytes.saturating_sub(kept_bytes);
            limits.time_limit =
                limits.time_limit.map(|limit| limit.saturating_sub(result.duration));
            results.push(result);
            if is_over {
                break;
            }
        }
        Ok(results)
    }

    /// Runs one pipeline in the directory and the environment of the job.
    async fn run_stages(
        &self,
        stages: Vec<PipelineStage>,
        limits: CommandLimits,
        handle: &mut CommandHandle,
        output: OutputSink<'_>,
    ) -> Result<CommandResult, JobFailure> {
        let directory = self.directory.try_clone().map_err(JobFailure::Directory)?;
        let spec = PipelineSpec {
            stages,
            directory: WorkDir::Descriptor(directory),
            env: self.environment.clone(),
            stdin: match self.input {
                JobInput::None => StdinSource::Null,
                JobInput::Written => StdinSource::Controlled,
                JobInput::Terminal => StdinSource::Terminal { columns: 120, rows: 40 },
            },
            supervisor: self.supervisor.clone(),
            sandbox: self.sandbox.as_ref().map(|sandbox| sandbox.policy.clone()),
        };
        let (mut stdout_decoder, mut stderr_decoder) =
            (Utf8StreamDecoder::default(), Utf8StreamDecoder::default());
        run_controlled(spec, limits, handle, |stream, bytes| {
            let decoder = if stream == OutputStream::Stdout {
                &mut stdout_decoder
            } else {
                &mut stderr_decoder
            };
            let text = decoder.decode_chunk(bytes);
            if !text.is_empty() {
                output(stream, &text);
            }
        })
        .await
        .map_err(JobFailure::Process)
    }
}
