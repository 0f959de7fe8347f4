//! The tools that a request offers.

use std::sync::Arc;

use openclaw_core::{ToolName, ToolSpec};

use crate::schema::ArgumentSchema;

/// Namespaces that models write before a tool's name.
const NAMESPACES: [&str; 4] = ["functions.", "functions:", "default_api.", "default_api:"];

/// The tools that a request offers.
#[derive(Debug, Clone)]
pub(crate) struct OfferedTools(Arc<[ToolSpec]>);

impl OfferedTools {
    /// Wraps the tools; `None` when there are none.
    pub(crate) fn new(tools: Arc<[ToolSpec]>) -> Option<Self> {
        (!tools.is_empty()).then_some(Self(tools))
    }

    /// The names of the tools.
    pub(crate) fn names(&self) -> impl Iterator<Item = &ToolName> {
        self.0.iter().map(|tool| &tool.name)
    }

    /// The schema of a tool's arguments.
    pub(crate) fn argument_schema(&self, name: &ToolName) -> ArgumentSchema<'_> {
        let tool = self.0.iter().find(|tool| tool.name == *name);
        tool.map_or_else(ArgumentSchema::default, |tool| ArgumentSchema::new(&tool.parameters))
    }

    /// The offered tool that a name means: by itself, or without its namespace and the number
    /// behind it.
    pub(super) fn find_tool(&self, written: &str) -> Option<&ToolName> {
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let unnumbered = written.rsplit_once(':').filter(|(_, number)| is_number(number));
        let name = unnumbered.map_or(written, |(name, _)| name);
        let bare = NAMESPACES.iter().find_map(|namespace| name.strip_prefix(namespace));
        let own_namespace = name.split_once('.').filter(|(first, last)| first == last);
        [Some(written), Some(name), bare, own_namespace.map(|(name, _)| name)]
            .into_iter()
            .flatten()
            .find_map(|name| self.0.iter().map(|tool| &tool.name).find(|it| it.as_str() == name))
    }

    /// Whether the name of an offered tool, with or without a namespace, may begin like this.
    pub(super) fn has_name_prefix(&self, prefix: &str) -> bool {
        let is_namespace = NAMESPACES.iter().any(|namespace| namespace.starts_with(prefix));
        let bare = NAMESPACES.iter().find_map(|namespace| prefix.strip_prefix(namespace));
        let names = || self.0.iter().map(|tool| tool.name.as_str());
        is_namespace
            || [Some(prefix), bare].into_iter().flatten().any(|prefix| {
                let (name, suffix) =
                    prefix.split_at(prefix.find([':', '.']).unwrap_or(prefix.len()));
                names().any(|tool| tool.starts_with(prefix) || (tool == name && !suffix.is_empty()))
            })
    }
}
