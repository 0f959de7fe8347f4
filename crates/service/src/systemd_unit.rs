//! The unit of a service for systemd.

use std::fmt::Write as _;
use std::time::Duration;

use crate::{ServiceDefinition, ServiceError};

/// After a failure, the time until the next start.
const RESTART_DELAY: Duration = Duration::from_secs(5);

/// So many starts within a minute are the last ones.
const START_LIMIT: u32 = 5;

impl ServiceDefinition {
    /// The text of a unit of type `notify`: the program tells systemd when it is ready.
    ///
    /// # Errors
    /// When the program's path is not absolute, or a text has a control character.
    pub fn to_systemd_unit(&self) -> Result<String, ServiceError> {
        let words: Vec<String> =
            self.command_line()?.into_iter().map(|word| quote_word(word, true)).collect();
        let mut text = String::new();
        // Writing to a `String` cannot fail.
        let mut line = |line: &str| {
            let _ = writeln!(text, "{line}");
        };
        line("[Unit]");
        line(&format!("Description={}", self.description.replace('%', "%%")));
        line("Wants=network-online.target");
        line("After=network-online.target");
        line("StartLimitIntervalSec=60");
        line(&format!("StartLimitBurst={START_LIMIT}"));
        line("");
        line("[Service]");
        line("Type=notify");
        line("NotifyAccess=main");
        line(&format!("ExecStart={}", words.join(" ")));
        line("ExecReload=/bin/kill -HUP $MAINPID");
        for (name, value) in &self.environment {
            line(&format!("Environment={}", quote_word(&format!("{name}={value}"), false)));
        }
        match self.directory_text()? {
            Some(directory) => {
                line(&format!("WorkingDirectory={}", directory.replace('%', "%%")));
            }
            None => line("WorkingDirectory=~"),
        }
        line("Restart=always");
        line(&format!("RestartSec={}", RESTART_DELAY.as_secs()));
        if let Some(code) = self.final_exit_code {
            line(&format!("RestartPreventExitStatus={code}"));
        }
        line("SuccessExitStatus=0 143");
        line(&format!("TimeoutStartSec={}", self.start_timeout.as_secs()));
        line(&format!("TimeoutStopSec={}", self.stop_timeout.as_secs()));
        if let Some(watchdog) = self.watchdog {
            line(&format!("WatchdogSec={}", watchdog.as_secs()));
        }
        // The program ends its own commands when it is told to end; what is left is killed.
        line("KillMode=mixed");
        line("OOMPolicy=continue");
        line("");
        line("[Install]");
        line("WantedBy=default.target");
        Ok(text)
    }
}

/// Quotes a word, so that systemd takes it as it is. Variables are replaced in commands only.
fn quote_word(word: &str, is_command: bool) -> String {
    let mut quoted = String::with_capacity(word.len() + 2);
    quoted.push('"');
    for character in word.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '%' => quoted.push_str("%%"),
            '$' if is_command => quoted.push_str("$$"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_written_whole() {
        let mut service =
            ServiceDefinition::new("openclaw-gateway", "OpenClaw gateway", "/opt/open claw/bin");
        service.args = vec!["gateway".into(), "run".into(), r#"a"b\c $HOME 5%"#.into()];
        service.environment = vec![("OPENCLAW_STATE_DIR".into(), "/srv/a b/$x/%s".into())];
        service.watchdog = Some(Duration::from_mins(1));
        service.final_exit_code = Some(78);
        assert_eq!(
            service.to_systemd_unit().unwrap(),
            r#"[Unit]
Description=OpenClaw gateway
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=60
StartLimitBurst=5

[Service]
Type=notify
NotifyAccess=main
ExecStart="/opt/open claw/bin" "gateway" "run" "a\"b\\c $$HOME 5%%"
ExecReload=/bin/kill -HUP $MAINPID
Environment="OPENCLAW_STATE_DIR=/srv/a b/$x/%%s"
WorkingDirectory=~
Restart=always
RestartSec=5
RestartPreventExitStatus=78
SuccessExitStatus=0 143
TimeoutStartSec=30
TimeoutStopSec=30
WatchdogSec=60
KillMode=mixed
OOMPolicy=continue

[Install]
WantedBy=default.target
"#
        );
    }

    #[test]
    fn a_text_cannot_begin_a_line_of_its_own() {
        for text in ["a\nExecStartPre=/bin/id", "a\rb", "\u{0}", "a\u{85}b"] {
            let mut service = ServiceDefinition::new("s", "d", "/bin/s");
            service.args = vec![text.to_owned()];
            let mut other = ServiceDefinition::new("s", "d", "/bin/s");
            other.environment = vec![("A".to_owned(), text.to_owned())];
            let described = ServiceDefinition::new("s", text, "/bin/s");
            for service in [service, other, described] {
                let error = service.to_systemd_unit().unwrap_err();
                assert!(matches!(error, ServiceError::UnwritableText { .. }), "{text:?}");
            }
        }
        let relative = ServiceDefinition::new("s", "d", "bin/s").to_systemd_unit();
        assert!(matches!(relative, Err(ServiceError::RelativeProgram { .. })));
    }
}
