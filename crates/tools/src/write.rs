//! `write`: a whole file.

use async_trait::async_trait;
use openclaw_core::{Effect, InvalidArguments, Tool, ToolCall, ToolContext, ToolOutput, ToolSpec};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::arguments::{answer, decode, inside, spec};
use crate::workspace::{Refusal, Workspace};

/// Creates or replaces a file of the workspace.
#[derive(Debug)]
pub(crate) struct Write {
    workspace: Workspace,
    spec: ToolSpec,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// Relative to the workspace
    path: String,
    content: String,
}

impl Write {
    pub(crate) fn new(workspace: Workspace) -> Self {
        let description = "Creates or replaces a file, with the directories it needs.";
        Self { workspace, spec: spec::<Arguments>("write", description) }
    }

    fn write(&self, arguments: &Arguments) -> Result<ToolOutput, Refusal> {
        let path = self.workspace.resolve(&arguments.path)?;
        let replaced = self.workspace.replace(&path, arguments.content.as_bytes(), None)?;
        let bytes = arguments.content.len();
        let unit = if bytes == 1 { "byte" } else { "bytes" };
        let what = if replaced.created { "created" } else { "replaced" };
        let mut text = format!("{what} `{}`, {bytes} {unit}", path.text());
        text.push_str(replaced.note());
        Ok(ToolOutput::ok(text).with_summary(format!("wrote {bytes} {unit}")))
    }
}

#[async_trait]
impl Tool for Write {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn plan(&self, call: &ToolCall) -> Result<Effect, InvalidArguments> {
        let arguments: Arguments = decode(&self.spec, call)?;
        let path = inside(&self.spec, &self.workspace, &arguments.path)?;
        Ok(Effect::Write { path })
    }

    async fn call(&self, call: &ToolCall, _context: ToolContext<'_>) -> ToolOutput {
        answer(decode(&self.spec, call).map(|arguments| self.write(&arguments)))
    }
}
