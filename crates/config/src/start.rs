//! Which problems of a config keep a command from starting.

use crate::{
    decode::suggestion::resembles_default,
    diagnostic::{Diagnostic, DiagnosticKind, Severity},
    layer::ConfigLayer,
    loaded_config::LoadedConfig,
    pattern::{PathRelation, PathSegmentRef, to_segment_refs},
    restrictions::{EGRESS_SECTIONS, FENCED_SECTIONS, relation_to_sections},
    sections::is_same_agent,
};

/// The sections whose unknown keys are looked at for the names of restrictions. The others belong
/// to parts that run no tool and send nothing.
const RELEVANT_SECTIONS: &[&str] =
    &["agents", "models", "tools", "approvals", "secrets", "env", "skills"];

/// What a command does with a config.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunKind<'a> {
    /// It sends text to a model and runs no tool.
    ModelCall,
    /// It runs an agent with its tools.
    Agent {
        /// The agent's id. `None` when it is not known yet: the entries of agents do not count.
        id: Option<&'a str>,
    },
    /// It runs the default agent with its tools.
    DefaultAgent,
}

impl LoadedConfig {
    /// The problems that keep a command from starting: a restriction that the user wrote and that
    /// would not hold.
    ///
    /// These are restrictions that are not acted on, and values that are not used because they are
    /// invalid, misspelt, written twice or in an unreadable file, where they may restrict.
    #[must_use]
    pub fn start_blockers(&self, run: RunKind<'_>) -> Vec<&Diagnostic> {
        self.diagnostics.iter().filter(|found| self.is_blocker(found, run)).collect()
    }

    /// The problems of values that were set on purpose for this run, by an option or an environment
    /// variable, and that cannot be used.
    #[must_use]
    pub fn unusable_overrides(&self) -> Vec<&Diagnostic> {
        let is_unusable = |found: &&Diagnostic| {
            matches!(found.layer, ConfigLayer::Environment | ConfigLayer::CommandLine)
                && (found.severity == Severity::Error
                    || matches!(
                        found.kind,
                        DiagnosticKind::InvalidValue
                            | DiagnosticKind::UnknownKey
                            | DiagnosticKind::UnknownRestriction
                            | DiagnosticKind::UnheldRestriction
                            | DiagnosticKind::UnheldEgressRestriction
                    ))
        };
        self.diagnostics.iter().filter(is_unusable).collect()
    }

    fn is_blocker(&self, found: &Diagnostic, run: RunKind<'_>) -> bool {
        // A project may set nothing that restricts.
        if found.layer == ConfigLayer::Project {
            return false;
        }
        if found.kind == DiagnosticKind::UnusableAgentId {
            return run != RunKind::ModelCall;
        }
        let steps = to_segment_refs(&found.path);
        let run = match run {
            RunKind::DefaultAgent => RunKind::Agent { id: Some(self.config.default_agent()) },
            other => other,
        };
        let sections = match run {
            RunKind::ModelCall => EGRESS_SECTIONS,
            RunKind::Agent { id } if self.is_of_other_agent(&steps, id) => return false,
            RunKind::Agent { .. } | RunKind::DefaultAgent => FENCED_SECTIONS,
        };
        let relation = relation_to_sections(sections, &steps);
        match found.kind {
            DiagnosticKind::General | DiagnosticKind::UnusableAgentId => false,
            DiagnosticKind::UnusedText
            | DiagnosticKind::Truncated
            | DiagnosticKind::UnheldEgressRestriction => true,
            DiagnosticKind::InvalidValue | DiagnosticKind::DuplicateKey => {
                relation != PathRelation::Disjoint
            }
            DiagnosticKind::UnknownKey => {
                matches!(relation, PathRelation::Equal | PathRelation::Descendant)
            }
            DiagnosticKind::UnknownRestriction => {
                run != RunKind::ModelCall && is_relevant(&steps)
                    || matches!(relation, PathRelation::Equal | PathRelation::Descendant)
            }
            DiagnosticKind::UnheldRestriction => run != RunKind::ModelCall,
        }
    }

    /// Whether a path is below the entry of an agent that does not run.
    fn is_of_other_agent(&self, steps: &[PathSegmentRef<'_>], id: Option<&str>) -> bool {
        let is_other = |name: &str| id.is_none_or(|id| !is_same_agent(name, id));
        match steps {
            // Which agent is the default one concerns them all.
            [PathSegmentRef::Key("agents"), _, _, PathSegmentRef::Key(key)]
                if resembles_default(key) =>
            {
                false
            }
            [
                PathSegmentRef::Key("agents"),
                PathSegmentRef::Key("entries"),
                PathSegmentRef::Key(name),
                ..,
            ] => is_other(name),
            [
                PathSegmentRef::Key("agents"),
                PathSegmentRef::Key("list"),
                PathSegmentRef::Index(index),
                ..,
            ] => self.list_entry_id(*index).is_some_and(is_other),
            _ => false,
        }
    }

    fn list_entry_id(&self, index: usize) -> Option<&str> {
        let tree = self.tree.as_ref()?;
        let path = format!("agents.list[{index}].id").parse().ok()?;
        tree.find_node(&path)?.1.as_text()
    }
}

/// Whether an unknown key may have been meant as a restriction of an agent: it is at the top level
/// or in a section that an agent uses.
fn is_relevant(steps: &[PathSegmentRef<'_>]) -> bool {
    match steps {
        [_] => true,
        [PathSegmentRef::Key(section), ..] => RELEVANT_SECTIONS.contains(section),
        _ => false,
    }
}
