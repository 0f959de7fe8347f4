//! The built-in tools of an `OpenClaw` agent: read, write, edit and exec.
//!
//! [`core_tools`] makes them over a [`Workspace`], an opened directory. What holds:
//!
//! - Files are opened beneath that directory by the kernel (`openat2` with `RESOLVE_BENEATH` and
//!   `RESOLVE_NO_MAGICLINKS`), never through a joined path: neither `..`, nor a symbolic link, nor
//!   a directory swapped for one in the middle of a call leads outside. Symbolic links that stay
//!   inside are followed for reading and refused for writing.
//! - Only regular files are read and written; pipes, sockets and devices are refused unopened.
//! - A file is written whole or not at all: a temporary file beside it is renamed over it. Where
//!   the file has other hard links, those keep the old content, and reading through a hard link
//!   reads what it links to: the kernel cannot tell such a file from any other.
//! - Whatever a tool returns is bounded in size.
//! - The file tools do their work within the call, on the calling thread: the files are small and
//!   local, and handing each call to another thread would cost more than it.
//! - `exec` is not confined to the workspace: it runs a shell, and `openclaw-process` ends with
//!   the call whatever the command started.

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
