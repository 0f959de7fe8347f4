//! The streams of the commands of a pipeline.

use std::io::{self, pipe};
use std::os::fd::OwnedFd;
use std::process::Stdio;

use crate::StreamRedirection;

/// What all commands of a pipeline write to, and the pipe between two of them.
pub(crate) struct PipelineStreams {
    stdout: OwnedFd,
    stderr: OwnedFd,
    /// The input of the next command; `None` for none.
    next_stdin: Option<OwnedFd>,
}

/// The streams of one command.
pub(crate) struct StageStreams {
    pub(crate) stdin: Stdio,
    pub(crate) stdout: Stdio,
    pub(crate) stderr: Stdio,
}

/// Where a stream goes; `None` discards it.
type Target = Option<OwnedFd>;

impl PipelineStreams {
    /// The streams of a pipeline that reads from `stdin`.
    pub(crate) fn new(stdin: Option<OwnedFd>, stdout: OwnedFd, stderr: OwnedFd) -> Self {
        Self { stdout, stderr, next_stdin: stdin }
    }

    /// The streams of the next command.
    pub(crate) fn next_stage(
        &mut self,
        redirections: &[StreamRedirection],
        is_last: bool,
    ) -> io::Result<StageStreams> {
        let mut stdin = self.next_stdin.take();
        let mut stdout: Target = Some(if is_last {
            self.stdout.try_clone()?
        } else {
            let (reader, writer) = pipe()?;
            self.next_stdin = Some(reader.into());
            writer.into()
        });
        let mut stderr: Target = Some(self.stderr.try_clone()?);
        for redirection in redirections {
            match redirection {
                StreamRedirection::StdinFromNull => stdin = None,
                StreamRedirection::StdoutToNull => stdout = None,
                StreamRedirection::StderrToNull => stderr = None,
                StreamRedirection::StderrToStdout => stderr = clone_target(&stdout)?,
                StreamRedirection::StdoutToStderr => stdout = clone_target(&stderr)?,
            }
        }
        let to_stdio = |target: Target| target.map_or_else(Stdio::null, Stdio::from);
        Ok(StageStreams {
            stdin: to_stdio(stdin),
            stdout: to_stdio(stdout),
            stderr: to_stdio(stderr),
        })
    }
}

fn clone_target(target: &Target) -> io::Result<Target> {
    target.as_ref().map(OwnedFd::try_clone).transpose()
}
