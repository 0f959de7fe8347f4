//! What `status` says about a service.

use openclaw_chat::CommandContext;
use openclaw_service::{ServiceState, read_installed_unit};
use serde_json::{Value, json};

use super::host::{config_dir, find_systemd};
use super::{ServiceKind, define_service};

/// What is known about a service, for `status`.
#[derive(Debug)]
pub(crate) struct ServiceReport {
    kind: ServiceKind,
    /// The text of its unit; `None` when it is not installed.
    unit: Option<String>,
    /// What systemd says, or why it says nothing.
    state: Result<ServiceState, String>,
    /// How the unit differs from what would be installed now.
    differences: Vec<String>,
}

impl ServiceReport {
    /// Asks about a service that would run the program with arguments.
    pub(crate) async fn ask(
        context: &CommandContext,
        kind: ServiceKind,
        words: Vec<String>,
    ) -> Self {
        let unit = config_dir(context)
            .and_then(|folder| read_installed_unit(&folder, kind.name()).ok().flatten());
        let state = match find_systemd(context) {
            Ok(systemd) => systemd.state(kind.name()).await,
            Err(error) => Err(error),
        };
        let state = state.map_err(|error| error.to_string());
        let wanted = define_service(context, kind, words).ok();
        let wanted = wanted.and_then(|definition| definition.to_systemd_unit().ok());
        let differences = match (&unit, &wanted) {
            (Some(unit), Some(wanted)) => compare_units(unit, wanted),
            _ => Vec::new(),
        };
        Self { kind, unit, state, differences }
    }

    /// The row of a table: what the service does.
    pub(crate) fn describe(&self) -> String {
        match (&self.unit, &self.state) {
            (None, _) => format!("not installed; `{}` does", self.kind.command("install")),
            (Some(_), Ok(state)) => {
                let pid = state.pid.map_or(String::new(), |pid| format!(", process {pid}"));
                let start = if state.is_enabled { "" } else { ", not started at login" };
                format!("{} ({}{pid}{start})", state.active, state.detail)
            }
            (Some(_), Err(error)) => format!("installed; failed to {error}"),
        }
    }

    /// Whether systemd runs it.
    pub(crate) fn is_active(&self) -> bool {
        self.unit.is_some() && self.state.as_ref().is_ok_and(|state| state.active == "active")
    }

    /// How the unit differs from this command's settings.
    pub(crate) fn differences(&self) -> &[String] {
        &self.differences
    }

    /// The command that makes the unit the same.
    pub(crate) fn remedy(&self) -> String {
        format!("{} --force", self.kind.command("install"))
    }

    /// The report as JSON.
    pub(crate) fn to_json(&self) -> Value {
        let command = self.unit.as_deref().and_then(|unit| find_line(unit, "ExecStart="));
        let runtime = match &self.state {
            Ok(state) => json!({
                "status": state.active, "detail": state.detail, "pid": state.pid,
                "statusText": state.status,
            }),
            Err(error) => json!({ "status": "unknown", "detail": format!("failed to {error}") }),
        };
        json!({
            "label": "systemd",
            "name": self.kind.name(),
            "loaded": self.state.as_ref().is_ok_and(|state| state.is_enabled),
            "installed": self.unit.is_some(),
            "command": command,
            "runtime": runtime,
            "configAudit": { "ok": self.differences.is_empty(), "issues": self.differences },
        })
    }
}

fn find_line<'a>(unit: &'a str, key: &str) -> Option<&'a str> {
    unit.lines().find_map(|line| line.strip_prefix(key))
}

/// How a unit differs from another one in what it runs and with which variables.
fn compare_units(unit: &str, wanted: &str) -> Vec<String> {
    let lines = |text: &str| -> Vec<String> {
        let is_meant = |line: &&str| {
            line.starts_with("ExecStart=")
                || line.starts_with("Environment=") && !line.starts_with("Environment=\"PATH=")
        };
        text.lines().filter(is_meant).map(str::to_owned).collect()
    };
    let (present, wanted) = (lines(unit), lines(wanted));
    let only = |some: &[String], others: &[String], text: &str| -> Vec<String> {
        some.iter()
            .filter(|line| !others.contains(line))
            .map(|line| format!("{text} {line}"))
            .collect()
    };
    let mut differences = only(&present, &wanted, "the service has");
    differences.extend(only(&wanted, &present, "this command would have"));
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_compared_by_what_they_run() {
        let unit = "ExecStart=\"/a\" \"run\"\nEnvironment=\"PATH=/bin\"\nRestartSec=5\n";
        assert_eq!(compare_units(unit, "ExecStart=\"/a\" \"run\"\nRestartSec=9\n"), [""; 0]);
        let other = "ExecStart=\"/b\" \"run\"\nEnvironment=\"OPENCLAW_STATE_DIR=/s\"\n";
        assert_eq!(
            compare_units(unit, other),
            [
                "the service has ExecStart=\"/a\" \"run\"",
                "this command would have ExecStart=\"/b\" \"run\"",
                "this command would have Environment=\"OPENCLAW_STATE_DIR=/s\"",
            ]
        );
    }
}
