#![doc = include_str!("../README.md")]

mod definition;
mod error;
mod launchd;
mod notifier;
mod systemd_unit;
mod systemd_user;
mod windows_task;

pub use definition::ServiceDefinition;
pub use error::ServiceError;
pub use notifier::ServiceNotifier;
pub use systemd_user::{ServiceState, ServiceVerb, SystemdHost, SystemdUser, read_installed_unit};
