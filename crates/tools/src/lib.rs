//! The built-in tools of an `OpenClaw` agent: read, write, edit and exec.
//!
//! [`core_tools`] makes them for a [`Workspace`], an opened directory. They guarantee:
//!
//! - Files are opened beneath that directory by the kernel (`openat2` with `RESOLVE_BENEATH` and
//!   `RESOLVE_NO_MAGICLINKS`), never through a joined path: neither `..`, nor a symbolic link, nor
//!   a directory swapped for one in the middle of a call leads outside. Symbolic links that stay
//!   inside are followed for reading and refused for writing.
//! - Only regular files are read and written; pipes, sockets and devices are refused unopened.
//! - A file is written completely or not at all: a temporary file beside it is renamed over it.
//!   Other hard links of the file keep the old content, and a hard link into the workspace can be
//!   read: the kernel cannot tell it from any other file.
//! - The output of every tool is bounded in size.
//! - The file tools run on the calling thread: the files are small and local, and another thread
//!   would cost more than the work.
//! - `exec` is not confined to the workspace: it runs a shell. `openclaw-process` ends every
//!   process that the command started together with the call.

#[cfg(not(target_os = "linux"))]
compile_error!("openclaw-tools opens files with openat2, which only Linux has");

mod arguments;
mod edit;
mod exec;
mod outputs;
mod read;
mod toolset;
mod workspace;
mod write;

pub use exec::ExecOptions;
pub use outputs::WorkspaceOutputStore;
pub use toolset::core_tools;
pub use workspace::{Workspace, WorkspaceError};
