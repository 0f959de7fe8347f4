//! Compares two versions of the file: whether the newer one lets a command run that the older one
//! would not, or would not without a question.

use super::{ANY_AGENT, AllowlistEntry, ApprovalsFile};
use crate::policy::{AskMode, ExecPolicy, SecurityLevel};

impl ApprovalsFile {
    /// What lets a command run under this file that would not run under `former`, or only after a
    /// question; `None` when this file is as strict or stricter. `configs` are the policies of an
    /// agent that the files are applied to.
    #[must_use]
    pub fn find_widening(
        &self,
        former: &Self,
        configs: impl Fn(&str) -> Vec<ExecPolicy>,
    ) -> Option<String> {
        if self.other != former.other {
            return Some("a key that is not known here".to_owned());
        }
        let named = self.agents.keys().chain(former.agents.keys());
        // The others have the settings of the section for all.
        named.map(String::as_str).chain([ANY_AGENT]).find_map(|agent| {
            let widening = self.find_agent_widening(former, agent, &configs(agent))?;
            Some(format!("{widening} of agent `{}`", agent.escape_default()))
        })
    }

    fn find_agent_widening(
        &self,
        former: &Self,
        agent: &str,
        configs: &[ExecPolicy],
    ) -> Option<&'static str> {
        let effective = |file: &Self, config: &ExecPolicy| {
            ExecPolicy::stricter_of(config.clone(), file.agent_policy(agent, config))
        };
        let wider_setting = configs.iter().find_map(|config| {
            find_wider_setting(&effective(former, config), &effective(self, config))
        });
        let skills =
            |file: &Self| file.agent_sections(agent).find_map(|section| section.auto_allow_skills);
        let unknown = |file: &Self| -> Vec<_> {
            file.agent_sections(agent).map(|section| section.other.clone()).collect()
        };
        let is_covered =
            |entry: &AllowlistEntry| former.agent_allowlist(agent).any(|known| known.covers(entry));
        match wider_setting {
            Some(setting) => Some(setting),
            None if skills(self) == Some(true) && skills(former) != Some(true) => {
                Some("`autoAllowSkills`")
            }
            None if !self.agent_allowlist(agent).all(is_covered) => {
                Some("an entry of the allowlist")
            }
            None if has_other_keys(&unknown(self)) && unknown(self) != unknown(former) => {
                Some("a key that is not known here")
            }
            None => None,
        }
    }
}

fn has_other_keys(others: &[serde_json::Map<String, serde_json::Value>]) -> bool {
    others.iter().any(|other| !other.is_empty())
}

/// The setting of a newer policy that is wider than that of a former one.
fn find_wider_setting(former: &ExecPolicy, newer: &ExecPolicy) -> Option<&'static str> {
    // What the allowlist misses is denied without a question; whoever answers it could allow it.
    let would_ask_instead = former.security == SecurityLevel::Allowlist
        && former.ask == AskMode::Off
        && newer.ask != AskMode::Off;
    if newer.security > former.security {
        Some("`security`")
    } else if newer.security == SecurityLevel::Deny {
        None
    } else if newer.ask < former.ask || would_ask_instead {
        Some("`ask`")
    } else if newer.ask_fallback > former.ask_fallback {
        Some("`askFallback`")
    } else {
        None
    }
}

impl AllowlistEntry {
    /// Whether this entry allows all that the other one does, by its text.
    fn covers(&self, other: &Self) -> bool {
        let ends_no_later = match (self.expires_at_ms(), other.expires_at_ms()) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(other)) => other <= own,
        };
        self.pattern == other.pattern
            && (self.arg_pattern.is_none() || self.arg_pattern == other.arg_pattern)
            && (self.source == other.source)
            && ends_no_later
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> ApprovalsFile {
        ApprovalsFile::from_bytes(format!("{{\"version\": 1, {text}}}").as_bytes()).unwrap()
    }

    fn find_widening(former: &str, newer: &str, config: (SecurityLevel, AskMode)) -> bool {
        let policy = ExecPolicy::new(config.0, config.1);
        file(newer).find_widening(&file(former), |_| vec![policy.clone()]).is_some()
    }

    #[test]
    fn only_what_lets_more_run_is_wider() {
        let full = (SecurityLevel::Full, AskMode::Off);
        let list = (SecurityLevel::Allowlist, AskMode::Off);
        let asking = (SecurityLevel::Allowlist, AskMode::OnMiss);
        let entry = r#""agents": {"main": {"allowlist": [{"pattern": "/bin/ls"}]}}"#;
        let other = r#""agents": {"main": {"allowlist": [{"pattern": "/bin/cat"}]}}"#;
        let exact =
            r#""agents": {"main": {"allowlist": [{"pattern": "/bin/ls", "argPattern": "^-l$"}]}}"#;
        let for_all = r#""agents": {"*": {"allowlist": [{"pattern": "/bin/ls"}]}}"#;
        let none = r#""agents": {}"#;
        let deny = r#""defaults": {"security": "deny"}"#;
        let off = r#""defaults": {"ask": "off"}"#;
        let always = r#""defaults": {"ask": "always"}"#;
        for (former, newer, config, expected) in [
            (none, deny, full, false),
            (deny, none, full, true),
            (none, r#""defaults": {"security": "full"}"#, full, false),
            (none, r#""defaults": {"security": "full"}"#, list, false),
            (none, always, full, false),
            (always, off, full, true),
            // A question is what a gateway could answer by itself.
            (none, always, list, true),
            (none, always, asking, false),
            (none, r#""defaults": {"ask": "always", "security": "deny"}"#, list, false),
            (none, entry, list, true),
            (entry, none, list, false),
            (entry, other, list, true),
            (entry, exact, list, false),
            (exact, entry, list, true),
            (for_all, entry, list, false),
            (entry, for_all, list, true),
            (none, r#""defaults": {"autoAllowSkills": true}"#, list, true),
            (r#""agents": {"a": {"security": "deny"}}"#, none, full, true),
            (none, r#""agents": {"a": {"security": "deny"}}"#, full, false),
            (
                deny,
                r#""defaults": {"security": "deny"}, "agents": {"a": {"security": "full"}}"#,
                full,
                true,
            ),
            (none, r#""new": 1"#, full, true),
        ] {
            assert_eq!(find_widening(former, newer, config), expected, "{former} -> {newer}");
        }
    }

    #[test]
    fn a_later_end_is_wider() {
        let until = |end: &str| {
            format!(r#""agents": {{"a": {{"allowlist": [{{"pattern": "/bin/ls"{end}}}]}}}}"#)
        };
        let list = (SecurityLevel::Allowlist, AskMode::Off);
        let [never, early, late] =
            ["", r#", "expiresAtMs": 5"#, r#", "expiresAtMs": 9"#].map(until);
        for (former, newer, expected) in [
            (&never, &early, false),
            (&early, &never, true),
            (&early, &late, true),
            (&late, &early, false),
        ] {
            assert_eq!(find_widening(former, newer, list), expected, "{former} -> {newer}");
        }
    }
}
