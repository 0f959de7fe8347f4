//! Merges texts layer by layer.

use std::sync::Arc;

use super::project;
use crate::{
    alias,
    decode::{DecodeOutput, decode_accepted, decode_tree},
    diagnostic::Diagnostic,
    env::Env,
    layer::ConfigLayer,
    lint,
    loaded_config::LoadedConfig,
    sections::Config,
    text::Json5Document,
    tree::{ConfigSource, ConfigTree, LayerDocument, SourceName},
};

/// The layers so far, from the lowest precedence upwards.
pub(crate) struct LayerStack<'a> {
    env: &'a Env,
    /// The diagnostics of each text in the tree.
    diagnostics: Vec<Vec<Diagnostic>>,
    tree: Option<ConfigTree>,
    /// Whether there is a project file.
    has_project: bool,
    /// The tree without the project file, when there is one.
    own_tree: Option<ConfigTree>,
    /// The decoded tree, while it consists of a single text.
    config: Option<Config>,
    next_id: u32,
    broken_sources: Vec<BrokenSource>,
}

/// A text of which nothing is used.
struct BrokenSource {
    source: ConfigSource,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> LayerStack<'a> {
    pub(crate) fn new(env: &'a Env) -> Self {
        let (diagnostics, broken_sources) = (Vec::new(), Vec::new());
        Self {
            env,
            diagnostics,
            tree: None,
            has_project: false,
            own_tree: None,
            config: None,
            next_id: 0,
            broken_sources,
        }
    }

    /// Merges a text over the layers so far.
    pub(crate) fn add_layer(
        &mut self,
        layer: ConfigLayer,
        name: SourceName,
        document: Json5Document,
    ) {
        let Json5Document { text, mut root, duplicates } = document;
        let first_id = self.next_id;
        self.next_id = root.assign_ids(first_id);
        let DecodeOutput { value, diagnostics, secrets, references, mut ignored } =
            decode_tree(&root);
        let mut problems = duplicates;
        problems.extend(diagnostics);
        if layer == ConfigLayer::Project {
            problems.extend(project::restrict_keys(&root, &mut ignored, self.tree.as_ref()));
            self.has_project = true;
            self.own_tree.clone_from(&self.tree);
        }
        problems.extend(alias::report_aliases(&root, &ignored));
        let context = lint::LintContext { text: &text, secrets: &secrets, env: self.env };
        problems.extend(lint::lint_values(&root, &ignored, context));
        self.diagnostics.push(problems);
        let source = ConfigSource { layer, name, text, secrets, first_id };
        let document = LayerDocument { source, root, ignored, references };
        if self.has_project && layer != ConfigLayer::Project {
            match &mut self.own_tree {
                Some(tree) => tree.overlay_document(document.clone()),
                None => self.own_tree = Some(ConfigTree::new(document.clone())),
            }
        }
        if let Some(tree) = &mut self.tree {
            self.config = None;
            tree.overlay_document(document);
        } else {
            self.config = Some(value).filter(|_| layer != ConfigLayer::Project);
            self.tree = Some(ConfigTree::new(document));
        }
    }

    /// Adds the diagnostics of a text of which nothing is used.
    pub(crate) fn add_broken_source(
        &mut self,
        layer: ConfigLayer,
        name: SourceName,
        text: String,
        diagnostics: Vec<Diagnostic>,
    ) {
        let text: Arc<str> = text.into();
        let secrets = std::collections::BTreeSet::new();
        let source = ConfigSource { layer, name, text, secrets, first_id: u32::MAX };
        self.broken_sources.push(BrokenSource { source, diagnostics });
    }

    /// Merges the layers. The caller sets the config's path.
    pub(crate) fn into_loaded(mut self) -> LoadedConfig {
        let mut diagnostics = Vec::new();
        for BrokenSource { source, diagnostics: problems } in &mut self.broken_sources {
            source.finalize_diagnostics(problems);
            diagnostics.append(problems);
        }
        let config = match (&self.tree, self.config) {
            (_, Some(config)) => config,
            (Some(tree), None) => decode_accepted(&tree.root, tree.ignored.clone()),
            (None, None) => Config::default(),
        };
        let own_config = self.has_project.then(|| {
            let decode = |tree: ConfigTree| decode_accepted(&tree.root, tree.ignored);
            self.own_tree.map(decode).unwrap_or_default()
        });
        if let Some(tree) = &self.tree {
            for (source, problem) in lint::lint_config(tree, &config, self.env) {
                if let Some(problems) = self.diagnostics.get_mut(source) {
                    problems.push(problem);
                }
            }
            for (source, problems) in tree.sources.iter().zip(&mut self.diagnostics) {
                source.finalize_diagnostics(problems);
                diagnostics.append(problems);
            }
        }
        let broken_sources = self.broken_sources.into_iter().map(|broken| broken.source).collect();
        LoadedConfig {
            config,
            own_config,
            path: None,
            exists: false,
            diagnostics,
            tree: self.tree,
            broken_sources,
        }
    }
}
