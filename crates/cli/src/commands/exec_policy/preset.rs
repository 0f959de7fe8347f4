//! The named policies of `openclaw exec-policy preset`.

use std::io;

use openclaw_chat::CommandContext;
use openclaw_protocol::results::exec_policy::PresetReport;

/// A named policy of commands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PolicyPreset {
    pub(super) name: &'static str,
    description: &'static str,
    pub(super) security: &'static str,
    pub(super) ask: &'static str,
}

/// The presets, the strictest first. Their names are those of the original.
pub(super) const PRESETS: [PolicyPreset; 3] = [
    PolicyPreset { name: "deny-all", description: "no command runs", security: "deny", ask: "off" },
    PolicyPreset {
        name: "cautious",
        description: "programs on the allowlist run, a person is asked about others",
        security: "allowlist",
        ask: "on-miss",
    },
    PolicyPreset {
        name: "yolo",
        description: "every command runs without a question",
        security: "full",
        ask: "off",
    },
];

/// The presets for `--json`.
pub(super) fn report_presets() -> Vec<PresetReport> {
    let report = |preset: &PolicyPreset| PresetReport {
        name: preset.name.to_owned(),
        description: preset.description.to_owned(),
        security: preset.security.to_owned(),
        ask: preset.ask.to_owned(),
    };
    PRESETS.iter().map(report).collect()
}

/// Writes what each preset sets and means.
pub(super) fn write_presets(context: &CommandContext) -> io::Result<()> {
    for PolicyPreset { name, description, security, ask } in &PRESETS {
        context.printer.write_answer_line(format_args!(
            "preset {name}: security {security}, ask {ask} ({description})"
        ))?;
    }
    Ok(())
}
