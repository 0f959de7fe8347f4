//! The task of a service for the Windows Task Scheduler.

use crate::launchd::escape_xml;
use crate::{ServiceDefinition, ServiceError};

impl ServiceDefinition {
    /// The XML of a task that starts when the user logs in and again when it fails. A task has no
    /// variables of its own, so [`environment`](Self::environment) must be empty.
    ///
    /// # Errors
    /// When the program's path is not absolute, there are variables, or a text has a control
    /// character.
    pub fn to_windows_task(&self) -> Result<String, ServiceError> {
        let words = self.command_line()?;
        if let Some((name, _)) = self.environment.first() {
            let text = format!("the variable {name}");
            return Err(ServiceError::UnwritableText { text });
        }
        let (program, args) = words.split_first().unwrap_or((&"", &[]));
        let arguments: Vec<String> = args.iter().map(|word| quote_argument(word)).collect();
        let directory = self.directory_text()?.map_or(String::new(), |directory| {
            format!("\n      <WorkingDirectory>{}</WorkingDirectory>", escape_xml(directory))
        });
        Ok(format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>{description}</Description>
  </RegistrationInfo>
  <Triggers>
    <LogonTrigger>
      <Enabled>true</Enabled>
    </LogonTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>5</Count>
    </RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{program}</Command>
      <Arguments>{arguments}</Arguments>{directory}
    </Exec>
  </Actions>
</Task>
"#,
            description = escape_xml(&self.description),
            program = escape_xml(program),
            arguments = escape_xml(&arguments.join(" ")),
        ))
    }
}

/// Quotes an argument for the command line of Windows, which each program splits by itself: a
/// backslash counts only before a quotation mark.
fn quote_argument(word: &str) -> String {
    let mut quoted = String::from("\"");
    let mut backslashes = 0;
    for character in word.chars() {
        match character {
            '\\' => backslashes += 1,
            '"' => {
                quoted.extend(std::iter::repeat_n('\\', backslashes * 2 + 1));
                quoted.push('"');
                backslashes = 0;
            }
            other => {
                quoted.extend(std::iter::repeat_n('\\', backslashes));
                quoted.push(other);
                backslashes = 0;
            }
        }
    }
    quoted.extend(std::iter::repeat_n('\\', backslashes * 2));
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_split_again_into_the_same_words() {
        for (word, quoted) in [
            ("a b", r#""a b""#),
            (r"C:\a\", r#""C:\a\\""#),
            (r#"a"b"#, r#""a\"b""#),
            (r#"a\"b"#, r#""a\\\"b""#),
            ("", r#""""#),
        ] {
            assert_eq!(quote_argument(word), quoted);
        }
    }

    #[test]
    fn a_task_has_its_command_and_no_variables() {
        let mut service = ServiceDefinition::new("s", "OpenClaw <gateway>", "/openclaw.exe");
        service.args = vec!["gateway".into(), "run".into()];
        let text = service.to_windows_task().unwrap();
        assert!(text.contains("<Description>OpenClaw &lt;gateway&gt;</Description>"), "{text}");
        assert!(text.contains("<Command>/openclaw.exe</Command>"), "{text}");
        let arguments = "<Arguments>&quot;gateway&quot; &quot;run&quot;</Arguments>";
        assert!(text.contains(arguments), "{text}");
        service.environment = vec![("A".into(), "b".into())];
        assert!(service.to_windows_task().is_err());
    }
}
