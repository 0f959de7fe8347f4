//! Moves bytes between a command's pipes and the caller.

use std::convert::Infallible;
use std::future::pending;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;

use crate::capture::OutputCapture;
use crate::{CapturedOutput, OutputStream};

/// The most bytes of one read: the capacity of a pipe.
const READ_BYTES: usize = 64 * 1024;

/// Ctrl-D, which ends the input of a program that reads lines from a terminal.
const END_OF_TRANSMISSION: u8 = 4;

/// Our ends of a command's pipes; `None` once closed.
#[derive(Debug)]
pub(crate) struct CommandPipes {
    pub(crate) stdin: Option<CommandInput>,
    pub(crate) stdout: Option<pipe::Receiver>,
    pub(crate) stderr: Option<pipe::Receiver>,
}

/// The stdin of a command.
#[derive(Debug)]
pub(crate) struct CommandInput {
    pub(crate) sender: pipe::Sender,
    /// What is still to be written.
    pub(crate) bytes: Vec<u8>,
    /// Whether it ends after `bytes`.
    pub(crate) is_finished: bool,
    /// Whether it is a terminal, whose input ends by a control character.
    pub(crate) is_terminal: bool,
}

/// Reads both output streams as data arrives, and writes the input.
pub(crate) struct PipePump<F> {
    pipes: CommandPipes,
    stdout_buffer: Vec<u8>,
    stderr_buffer: Vec<u8>,
    capture: OutputCapture,
    on_output: F,
}

impl<F: FnMut(OutputStream, &[u8])> PipePump<F> {
    pub(crate) fn new(pipes: CommandPipes, output_bytes: usize, on_output: F) -> Self {
        Self {
            pipes,
            stdout_buffer: vec![0; READ_BYTES],
            stderr_buffer: vec![0; READ_BYTES],
            capture: OutputCapture::new(output_bytes),
            on_output,
        }
    }

    /// Moves bytes and never returns; meant for `select!`. Loses no data when dropped.
    pub(crate) async fn pump_forever(&mut self) -> Infallible {
        self.drain_output().await;
        pending().await
    }

    /// Moves bytes until some input is written, and returns how much. Loses no data when dropped.
    pub(crate) async fn pump_until_written(&mut self) -> usize {
        loop {
            match self.pump_once().await {
                MovedBytes::Input(count) => return count,
                MovedBytes::Output => {}
                MovedBytes::Nothing => pending().await,
            }
        }
    }

    /// Moves bytes until both output streams have ended. Loses no data when dropped.
    pub(crate) async fn drain_output(&mut self) {
        while self.pump_once().await != MovedBytes::Nothing {}
    }

    /// Adds input; without effect when the input has ended.
    pub(crate) fn add_input(&mut self, bytes: &[u8]) {
        if let Some(input) = self.pipes.stdin.as_mut().filter(|input| !input.is_finished) {
            input.bytes.extend_from_slice(bytes);
        }
    }

    /// Ends the input after what was added.
    pub(crate) fn finish_input(&mut self) {
        match &mut self.pipes.stdin {
            Some(input) if input.is_terminal => input.bytes.push(END_OF_TRANSMISSION),
            Some(input) => input.is_finished = true,
            None => {}
        }
    }

    /// Stops writing input.
    pub(crate) fn close_stdin(&mut self) {
        self.pipes.stdin = None;
    }

    pub(crate) fn into_output(self) -> CapturedOutput {
        self.capture.into_output()
    }

    /// Moves one chunk.
    async fn pump_once(&mut self) -> MovedBytes {
        let CommandPipes { stdin, stdout, stderr } = &mut self.pipes;
        if stdin.is_none() && stdout.is_none() && stderr.is_none() {
            return MovedBytes::Nothing;
        }
        let (stream, count) = tokio::select! {
            count = read_pipe(stdout.as_mut(), &mut self.stdout_buffer) => (OutputStream::Stdout, count),
            count = read_pipe(stderr.as_mut(), &mut self.stderr_buffer) => (OutputStream::Stderr, count),
            count = write_pipe(stdin.as_mut()) => {
                match stdin {
                    Some(input) if count > 0 => drop(input.bytes.drain(..count)),
                    _ => *stdin = None,
                }
                return MovedBytes::Input(count);
            }
        };
        let (pipe, buffer) = match stream {
            OutputStream::Stdout => (stdout, &self.stdout_buffer),
            OutputStream::Stderr => (stderr, &self.stderr_buffer),
        };
        match buffer.get(..count) {
            Some(bytes) if !bytes.is_empty() => {
                self.capture.push(bytes);
                (self.on_output)(stream, bytes);
            }
            _ => *pipe = None,
        }
        MovedBytes::Output
    }
}

/// What a step of a [`PipePump`] moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MovedBytes {
    /// So many bytes of input.
    Input(usize),
    /// Some output, or its end.
    Output,
    /// All streams have ended.
    Nothing,
}

/// Reads some bytes; 0 at the end of file or on an error. Waits forever on a closed pipe.
async fn read_pipe(pipe: Option<&mut pipe::Receiver>, buffer: &mut [u8]) -> usize {
    match pipe {
        Some(pipe) => pipe.read(buffer).await.unwrap_or(0),
        None => pending().await,
    }
}

/// Writes some of the input; 0 when it is finished or its reader is gone. Waits while there is none.
async fn write_pipe(input: Option<&mut CommandInput>) -> usize {
    match input {
        Some(CommandInput { bytes, is_finished: false, .. }) if bytes.is_empty() => pending().await,
        Some(CommandInput { sender, bytes, .. }) => sender.write(bytes).await.unwrap_or(0),
        None => pending().await,
    }
}
