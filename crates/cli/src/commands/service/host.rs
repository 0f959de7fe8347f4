//! What a service needs to know about this machine and its user.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use openclaw_chat::CommandContext;
use openclaw_config::{Env, env_vars};
use openclaw_models::SupervisorProgram;
use openclaw_service::{ServiceError, SystemdHost, SystemdUser};

/// The variables of this program that say where its files are.
const PATH_VARIABLES: [&str; 3] =
    [env_vars::OPENCLAW_CONFIG_PATH, env_vars::OPENCLAW_STATE_DIR, env_vars::OPENCLAW_HOME];

/// The variables with which the programs of systemd find the user's systemd.
const BUS_VARIABLES: [&str; 1] = ["DBUS_SESSION_BUS_ADDRESS"];

fn env(context: &CommandContext) -> &Env {
    context.models.loaded_config().env()
}

/// Whether another supervisor owns the program.
pub(super) fn is_supervised_elsewhere(context: &CommandContext) -> bool {
    env(context).get(env_vars::OPENCLAW_SUPERVISOR_MODE) == Some("external")
}

/// The user's configuration directory.
pub(super) fn config_dir(context: &CommandContext) -> Option<PathBuf> {
    let env = env(context);
    let named = env.get_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    named.or_else(|| Some(Path::new(env.get_os(env_vars::HOME)?).join(".config")))
}

/// Finds the user's systemd.
pub(super) fn find_systemd(context: &CommandContext) -> Result<SystemdUser, ServiceError> {
    let env = env(context);
    let no_home = || ServiceError::NoUserManager { missing: PathBuf::from("HOME") };
    let runtime_dir = env.get_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let pairs = env.iter_pairs().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let mut environment = openclaw_process::base_environment(pairs);
    for name in BUS_VARIABLES {
        environment.extend(env.get_os(name).map(|value| (name.into(), value.to_owned())));
    }
    SystemdUser::find(SystemdHost {
        run_dir: PathBuf::from("/run"),
        config_dir: config_dir(context).ok_or_else(no_home)?,
        runtime_dir: runtime_dir.filter(|path| path.is_absolute()),
        uid: std::fs::metadata("/proc/self").map_or(0, |metadata| metadata.uid()),
        environment,
        supervisor: SupervisorProgram::this_program(),
    })
}

/// The variables of the service: where its files are, and where its commands find programs. None
/// holds a key.
pub(super) fn service_environment(context: &CommandContext) -> Vec<(String, String)> {
    let env = env(context);
    let mut variables = Vec::new();
    for name in PATH_VARIABLES {
        let value = env.get(name).filter(|value| !value.is_empty());
        variables.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }
    let path = env.get("PATH").unwrap_or_default();
    let folders: Vec<&str> = path.split(':').filter(|folder| folder.starts_with('/')).collect();
    if !folders.is_empty() {
        variables.push(("PATH".to_owned(), folders.join(":")));
    }
    variables
}
