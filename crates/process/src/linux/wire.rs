//! The messages between this program and a supervisor: one JSON document a line, over a socket.
//!
//! The socket first carries a [`SupervisorRequest`] with the descriptors that it lists, then single
//! bytes: [`TERMINATE`] or [`KILL`]. The supervisor answers with [`SupervisorReport`]s. Both ends
//! are of the same program version, so the format may change at any time.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use serde::de::{DeserializeOwned, Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sandbox::SandboxPolicy;
use crate::{CommandEnd, PipelineStage, StreamRedirection, SurvivingProcess};

/// Asks for the end of all processes: SIGTERM, and SIGKILL after the grace period.
pub(crate) const TERMINATE: u8 = b't';
/// Asks for the immediate end of all processes. The end of the socket has the same effect.
pub(crate) const KILL: u8 = b'k';

/// What a supervisor is to start. With it come the descriptors of stdout and stderr, of the
/// directory, and of stdin if there is input.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SupervisorRequest {
    pub(crate) stages: Vec<StageRequest>,
    /// The complete environment of each command.
    pub(crate) env: Vec<(SystemText, SystemText)>,
    pub(crate) has_input: bool,
    /// Whether stdin is a terminal that becomes the controlling one.
    pub(crate) has_terminal: bool,
    pub(crate) grace_ms: u64,
    pub(crate) sandbox: Option<SandboxPolicy>,
}

/// One command of a pipeline.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StageRequest {
    pub(crate) program: SystemText,
    pub(crate) args: Vec<SystemText>,
    pub(crate) redirections: Vec<StreamRedirection>,
}

/// What a supervisor reports, in this order.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum SupervisorReport {
    /// All commands have been started; the process id of the first.
    Started { pid: i32 },
    /// The command with this index could not be started, and nothing runs.
    StartFailed {
        stage: usize,
        /// The system's error number; `None` when it refused before asking the system.
        errno: Option<i32>,
        message: String,
    },
    /// The sandbox could not be set up, and nothing was started.
    SandboxFailed { message: String },
    /// All commands have ended, the last of them like this.
    Ended(CommandEnd),
    /// Nothing is left but these; the last report.
    Finished { survivors: Vec<SurvivingProcess> },
}

/// A text of the system: any bytes, nearly always UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SystemText(pub(crate) OsString);

impl From<OsString> for SystemText {
    fn from(text: OsString) -> Self {
        Self(text)
    }
}

impl From<PipelineStage> for StageRequest {
    fn from(stage: PipelineStage) -> Self {
        let PipelineStage { program, args, redirections } = stage;
        let args = args.into_iter().map(SystemText).collect();
        Self { program: SystemText(program), args, redirections }
    }
}

/// Collects bytes until they are a line.
#[derive(Debug, Default)]
pub(crate) struct LineBuffer {
    pub(crate) bytes: Vec<u8>,
}

/// Writes a message as a line.
pub(crate) fn encode_message(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}

impl LineBuffer {
    /// Removes the first line and reads it; `None` when it isn't complete.
    pub(crate) fn take_message<T: DeserializeOwned>(&mut self) -> Option<io::Result<T>> {
        let end = self.bytes.iter().position(|byte| *byte == b'\n')?;
        let line: Vec<u8> = self.bytes.drain(..=end).collect();
        Some(serde_json::from_slice(&line).map_err(io::Error::from))
    }
}

impl Serialize for SystemText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.to_str() {
            Some(text) => serializer.serialize_str(text),
            None => serializer.collect_seq(self.0.as_bytes()),
        }
    }
}

impl<'de> Deserialize<'de> for SystemText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SystemTextVisitor;

        impl<'de> Visitor<'de> for SystemTextVisitor {
            type Value = SystemText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a sequence of bytes")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<SystemText, E> {
                Ok(SystemText(text.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut bytes: A) -> Result<SystemText, A::Error> {
                let mut text = Vec::new();
                while let Some(byte) = bytes.next_element()? {
                    text.push(byte);
                }
                Ok(SystemText(OsString::from_vec(text)))
            }
        }

        deserializer.deserialize_any(SystemTextVisitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_arrives_as_it_is(bytes: Vec<u8>) {
            let text = SystemText(OsString::from_vec(bytes));
            let mut buffer = LineBuffer { bytes: encode_message(&text).unwrap() };
            prop_assert_eq!(buffer.take_message::<SystemText>().unwrap().unwrap(), text);
            prop_assert!(buffer.bytes.is_empty());
        }
    }

    #[test]
    fn an_incomplete_line_waits_for_the_rest() {
        let mut buffer = LineBuffer { bytes: b"\"one\"\n\"tw".to_vec() };
        assert_eq!(buffer.take_message::<String>().unwrap().unwrap(), "one");
        assert!(buffer.take_message::<String>().is_none());
        buffer.bytes.extend_from_slice(b"o\"\nt");
        assert_eq!(buffer.take_message::<String>().unwrap().unwrap(), "two");
        assert_eq!(buffer.bytes, [TERMINATE]);
    }
}
