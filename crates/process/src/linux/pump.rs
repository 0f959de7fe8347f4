//! Moves bytes between a command's pipes and the caller.

use std::convert::Infallible;
use std::future::pending;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;

use crate::capture::OutputCapture;
use crate::{CapturedOutput, OutputStream};

/// The most bytes of one read: the capacity of a pipe.
const READ_BYTES: usize = 64 * 1024;

/// Our ends of a command's pipes; `None` once closed.
#[derive(Debug)]
pub(crate) struct CommandPipes {
    /// The command's stdin, with the bytes to write.
    pub(crate) stdin: Option<(pipe::Sender, Vec<u8>)>,
    pub(crate) stdout: Option<pipe::Receiver>,
    pub(crate) stderr: Option<pipe::Receiver>,
}

/// Reads both output streams as data arrives, and writes the input.
pub(crate) struct PipePump<F> {
    pipes: CommandPipes,
    written_bytes: usize,
    stdout_buffer: Vec<u8>,
    stderr_buffer: Vec<u8>,
    capture: OutputCapture,
    on_output: F,
}

impl<F: FnMut(OutputStream, &[u8])> PipePump<F> {
    pub(crate) fn new(pipes: CommandPipes, output_bytes: usize, on_output: F) -> Self {
        Self {
            pipes,
            written_bytes: 0,
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

    /// Moves bytes until both output streams have ended. Loses no data when dropped.
    pub(crate) async fn drain_output(&mut self) {
        while self.pump_once().await {}
    }

    /// Stops writing input.
    pub(crate) fn close_stdin(&mut self) {
        self.pipes.stdin = None;
    }

    pub(crate) fn into_output(self) -> CapturedOutput {
        self.capture.into_output()
    }

    /// Moves one chunk; returns false when nothing is left to move.
    async fn pump_once(&mut self) -> bool {
        let CommandPipes { stdin, stdout, stderr } = &mut self.pipes;
        if stdin.is_none() && stdout.is_none() && stderr.is_none() {
            return false;
        }
        let (stream, count) = tokio::select! {
            count = read_pipe(stdout.as_mut(), &mut self.stdout_buffer) => (OutputStream::Stdout, count),
            count = read_pipe(stderr.as_mut(), &mut self.stderr_buffer) => (OutputStream::Stderr, count),
            count = write_pipe(stdin.as_mut(), self.written_bytes) => {
                self.written_bytes += count;
                if count == 0 {
                    *stdin = None;
                }
                return true;
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
        true
    }
}

/// Reads some bytes; 0 at the end of file or on an error. Waits forever on a closed pipe.
async fn read_pipe(pipe: Option<&mut pipe::Receiver>, buffer: &mut [u8]) -> usize {
    match pipe {
        Some(pipe) => pipe.read(buffer).await.unwrap_or(0),
        None => pending().await,
    }
}

/// Writes some of the bytes from `start` on; 0 when all are written or the reader is gone.
async fn write_pipe(input: Option<&mut (pipe::Sender, Vec<u8>)>, start: usize) -> usize {
    match input {
        Some((pipe, bytes)) => {
            pipe.write(bytes.get(start..).unwrap_or_default()).await.unwrap_or(0)
        }
        None => pending().await,
    }
}
