//! The property list of a service for launchd.

use std::fmt::Write as _;

use crate::{ServiceDefinition, ServiceError};

impl ServiceDefinition {
    /// The text of a launchd agent with a label, e.g. `ai.openclaw.gateway`, whose output goes to a
    /// file. It is started when the user logs in, and again when it fails.
    ///
    /// # Errors
    /// When the program's path is not absolute, or a text has a control character.
    pub fn to_launchd_agent(&self, label: &str, log_file: &str) -> Result<String, ServiceError> {
        let words = self.command_line()?;
        let mut text = String::from(concat!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
            "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" ",
            "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n",
            "<plist version=\"1.0\">\n<dict>\n",
        ));
        // Writing to a `String` cannot fail.
        let mut pair = |key: &str, value: &str| {
            let _ = writeln!(text, "  <key>{key}</key>\n  {value}");
        };
        let string = |value: &str| format!("<string>{}</string>", escape_xml(value));
        pair("Label", &string(label));
        let mut arguments = String::new();
        for word in words {
            arguments.push_str("\n    ");
            arguments.push_str(&string(word));
        }
        pair("ProgramArguments", &format!("<array>{arguments}\n  </array>"));
        if !self.environment.is_empty() {
            let mut variables = String::new();
            for (name, value) in &self.environment {
                let name = escape_xml(name);
                let _ = write!(variables, "\n    <key>{name}</key>\n    {}", string(value));
            }
            pair("EnvironmentVariables", &format!("<dict>{variables}\n  </dict>"));
        }
        if let Some(directory) = self.directory_text()? {
            pair("WorkingDirectory", &string(directory));
        }
        pair("RunAtLoad", "<true/>");
        pair("KeepAlive", "<dict>\n    <key>SuccessfulExit</key>\n    <false/>\n  </dict>");
        pair("ThrottleInterval", "<integer>5</integer>");
        pair("ExitTimeOut", &format!("<integer>{}</integer>", self.stop_timeout.as_secs()));
        pair("ProcessType", "<string>Interactive</string>");
        pair("StandardOutPath", &string(log_file));
        pair("StandardErrorPath", &string(log_file));
        text.push_str("</dict>\n</plist>\n");
        Ok(text)
    }
}

/// Escapes what has a meaning in XML.
pub(crate) fn escape_xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_written_whole() {
        let mut service =
            ServiceDefinition::new("openclaw-gateway", "d", "/usr/local/bin/openclaw");
        service.args = vec!["gateway".into(), "run".into(), "a<b>&\"c\"".into()];
        service.environment = vec![("OPENCLAW_STATE_DIR".into(), "/Library/a".into())];
        let text = service.to_launchd_agent("ai.openclaw.gateway", "/Library/a/log").unwrap();
        assert_eq!(
            text,
            r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>ai.openclaw.gateway</string>
  <key>ProgramArguments</key>
  <array>
    <string>/usr/local/bin/openclaw</string>
    <string>gateway</string>
    <string>run</string>
    <string>a&lt;b&gt;&amp;&quot;c&quot;</string>
  </array>
  <key>EnvironmentVariables</key>
  <dict>
    <key>OPENCLAW_STATE_DIR</key>
    <string>/Library/a</string>
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>5</integer>
  <key>ExitTimeOut</key>
  <integer>30</integer>
  <key>ProcessType</key>
  <string>Interactive</string>
  <key>StandardOutPath</key>
  <string>/Library/a/log</string>
  <key>StandardErrorPath</key>
  <string>/Library/a/log</string>
</dict>
</plist>
"#
        );
    }
}
