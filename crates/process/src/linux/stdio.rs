//! The streams of the commands of a pipeline.

use std::io::{self, PipeReader, PipeWriter, pipe};
use std::process::Stdio;

use crate::StreamRedirection;

/// The pipes that all commands of a pipeline write to, and the one between two of them.
pub(crate) struct PipelineStreams {
    stdout: PipeWriter,
    stderr: PipeWriter,
    /// The output of the command before.
    previous: Option<PipeReader>,
}

/// The streams of one command.
pub(crate) struct StageStreams {
    /// `None` when nothing is changed about the input of the first command.
    pub(crate) stdin: Option<Stdio>,
    pub(crate) stdout: Stdio,
    pub(crate) stderr: Stdio,
}

/// Where a stream goes; `None` discards it.
type Target = Option<PipeWriter>;

impl PipelineStreams {
    /// Makes the streams, and returns our ends: of stdout and of stderr.
    pub(crate) fn open() -> io::Result<(Self, OutputEnds)> {
        let (stdout_end, stdout) = pipe()?;
        let (stderr_end, stderr) = pipe()?;
        let ends = OutputEnds { stdout: stdout_end, stderr: stderr_end };
        Ok((Self { stdout, stderr, previous: None }, ends))
    }

    /// The streams of the next command.
    pub(crate) fn next_stage(
        &mut self,
        redirections: &[StreamRedirection],
        is_last: bool,
    ) -> io::Result<StageStreams> {
        let mut stdin = self.previous.take().map(Stdio::from);
        let mut stdout: Target = Some(if is_last {
            self.stdout.try_clone()?
        } else {
            let (reader, writer) = pipe()?;
            self.previous = Some(reader);
            writer
        });
        let mut stderr: Target = Some(self.stderr.try_clone()?);
        for redirection in redirections {
            match redirection {
                StreamRedirection::StdinFromNull => stdin = Some(Stdio::null()),
                StreamRedirection::StdoutToNull => stdout = None,
                StreamRedirection::StderrToNull => stderr = None,
                StreamRedirection::StderrToStdout => stderr = clone_target(&stdout)?,
                StreamRedirection::StdoutToStderr => stdout = clone_target(&stderr)?,
            }
        }
        let to_stdio = |target: Target| target.map_or_else(Stdio::null, Stdio::from);
        Ok(StageStreams { stdin, stdout: to_stdio(stdout), stderr: to_stdio(stderr) })
    }
}

/// Our ends of the pipes that a pipeline writes to.
pub(crate) struct OutputEnds {
    pub(crate) stdout: PipeReader,
    pub(crate) stderr: PipeReader,
}

fn clone_target(target: &Target) -> io::Result<Target> {
    target.as_ref().map(PipeWriter::try_clone).transpose()
}
