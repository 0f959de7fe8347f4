//! The tools of an agent, in the order in which they are offered.

use std::sync::Arc;

use openclaw_core::{
    InvalidToolArguments, PlannedToolCall, Tool, ToolCall, ToolEffect, ToolName, ToolSpec,
};
use strsim::levenshtein;

use crate::DuplicateToolError;

/// The most tool names that the error for an unknown tool lists.
const MAX_LISTED_NAMES: usize = 20;

/// Tools sorted by name, with their specs as they go into every request.
#[derive(Debug)]
pub(crate) struct ToolRegistry {
    tools: Vec<Arc<dyn Tool>>,
    specs: Arc<[ToolSpec]>,
}

impl ToolRegistry {
    pub(crate) fn new(tools: Vec<Arc<dyn Tool>>) -> Result<Self, DuplicateToolError> {
        // Each spec is read once, so that a tool whose spec changes cannot change the cached
        // prefix.
        let mut pairs: Vec<_> = tools.into_iter().map(|tool| (tool.spec().clone(), tool)).collect();
        pairs.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        let (specs, tools): (Vec<ToolSpec>, Vec<_>) = pairs.into_iter().unzip();
        for (spec, next) in specs.iter().zip(specs.iter().skip(1)) {
            if spec.name == next.name {
                return Err(DuplicateToolError { name: spec.name.clone() });
            }
        }
        Ok(Self { tools, specs: specs.into() })
    }

    /// The specs, sorted by name; the same in every request.
    pub(crate) fn tool_specs(&self) -> &Arc<[ToolSpec]> {
        &self.specs
    }

    /// Plans a call; `None` when there is no such tool.
    pub(crate) fn plan_call(
        &self,
        call: &ToolCall,
    ) -> Option<Result<Box<dyn PlannedToolCall>, InvalidToolArguments>> {
        Some(self.tools.get(self.find_index(&call.name)?)?.plan_call(call))
    }

    /// The effect that a call would have; `None` when it cannot run.
    pub(crate) fn planned_effect(&self, call: &ToolCall) -> Option<ToolEffect> {
        Some(self.plan_call(call)?.ok()?.effect().clone())
    }

    pub(crate) fn find_spec(&self, name: &ToolName) -> Option<&ToolSpec> {
        self.specs.get(self.find_index(name)?)
    }

    fn find_index(&self, name: &ToolName) -> Option<usize> {
        self.specs.binary_search_by(|spec| spec.name.cmp(name)).ok()
    }

    /// Lists the offered tools for the model, with the most similar name first.
    pub(crate) fn describe_unknown_tool(&self, name: &ToolName) -> String {
        if self.specs.is_empty() {
            return format!("there is no tool `{name}`, and no tools are offered");
        }
        let mut names: Vec<&str> = self.specs.iter().map(|spec| spec.name.as_str()).collect();
        let unknown_name = name.as_str().to_ascii_lowercase();
        names.sort_by_cached_key(|offered| {
            levenshtein(&unknown_name, &offered.to_ascii_lowercase())
        });
        let more = names.len().saturating_sub(MAX_LISTED_NAMES);
        names.truncate(MAX_LISTED_NAMES);
        let list = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        format!("there is no tool `{name}`; the tools are {list}{more}")
    }
}
