//! `edit`: a replacement within a file.

mod near_miss;
mod replacement;

use std::io::Read;

use async_trait::async_trait;
use openclaw_core::{Effect, InvalidArguments, Tool, ToolCall, ToolContext, ToolOutput, ToolSpec};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::arguments::{answer, decode, inside, spec};
use crate::edit::replacement::{Replacement, describe_lines};
use crate::workspace::{Entry, Problem, Refusal, Workspace};

/// The largest file that is edited, in bytes.
const MAX_BYTES: u64 = 16 << 20;

/// Replaces a text in a file of the workspace.
#[derive(Debug)]
pub(crate) struct Edit {
    workspace: Workspace,
    spec: ToolSpec,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Arguments {
    /// Relative to the workspace
    path: String,
    /// Exact text; must occur once unless `all`
    old_text: String,
    new_text: String,
    /// Replace every occurrence
    all: Option<bool>,
}

impl Edit {
    pub(crate) fn new(workspace: Workspace) -> Self {
        Self { workspace, spec: spec::<Arguments>("edit", "Replaces text in a file.") }
    }

    fn edit(&self, arguments: &Arguments) -> Result<ToolOutput, Refusal> {
        let path = self.workspace.resolve(&arguments.path)?;
        let refuse = |problem| Err(Refusal::new(path.text(), problem));
        let Entry::File(file, version) = self.workspace.open_entry(&path)? else {
            return refuse(Problem::Directory);
        };
        let mut bytes = Vec::new();
        // One more than is taken, to see that there is more.
        if let Err(error) = file.take(MAX_BYTES + 1).read_to_end(&mut bytes) {
            return refuse(error.into());
        }
        if bytes.len() as u64 > MAX_BYTES {
            return refuse(Problem::TooLarge(MAX_BYTES));
        }
        let Ok(content) = String::from_utf8(bytes) else {
            return refuse(Problem::NotText);
        };
        let all = arguments.all.unwrap_or(false);
        let (old, new) = (&arguments.old_text, &arguments.new_text);
        let replacement = match Replacement::find(&content, old, new, all) {
            Ok(replacement) => replacement,
            Err(problem) => {
                let text = format!("`{}` is not changed: {problem}", path.text());
                return Ok(ToolOutput::error(text));
            }
        };
        let (content, lines) = replacement.apply();
        let replaced = self.workspace.replace(&path, content.as_bytes(), Some(&version))?;
        let lines = describe_lines(&lines);
        let text = format!("changed `{}` at {lines}{}", path.text(), replaced.note());
        Ok(ToolOutput::ok(text).with_summary(lines))
    }
}

#[async_trait]
impl Tool for Edit {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn plan(&self, call: &ToolCall) -> Result<Effect, InvalidArguments> {
        let arguments: Arguments = decode(&self.spec, call)?;
        let path = inside(&self.spec, &self.workspace, &arguments.path)?;
        Ok(Effect::Write { path })
    }

    async fn call(&self, call: &ToolCall, _context: ToolContext<'_>) -> ToolOutput {
        answer(decode(&self.spec, call).map(|arguments| self.edit(&arguments)))
    }
}
