//! Merges texts layer by layer.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use secrecy::ExposeSecret as _;

use super::project;
use crate::{
    alias,
    decode::{DecodeOutput, decode_accepted, decode_tree},
    diagnostic::Diagnostic,
    env::Env,
    former_keys,
    layer::ConfigLayer,
    lint,
    loaded_config::LoadedConfig,
    sections::{Config, EnvConfig},
    text::Json5Document,
    tree::{ConfigSource, ConfigTree, LayerDocument, SourceName},
};

/// The layers so far, from the lowest precedence upwards.
pub(crate) struct LayerStack {
    /// The environment, with the variables of the `env` of each text so far.
    env: Env,
    /// The names of those variables.
    config_variables: BTreeSet<String>,
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

impl LayerStack {
    pub(crate) fn new(env: Env) -> Self {
        let (diagnostics, broken_sources) = (Vec::new(), Vec::new());
        Self {
            env,
            config_variables: BTreeSet::new(),
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
        let former = former_keys::adopt_former_keys(&mut root);
        let first_id = self.next_id;
        self.next_id = root.assign_ids(first_id);
        let DecodeOutput::<Config> { value, diagnostics, secrets, references, mut ignored } =
            decode_tree(&root);
        let mut problems = duplicates;
        problems.extend(former);
        problems.extend(diagnostics);
        if layer == ConfigLayer::Project {
            problems.extend(project::restrict_keys(&root, &mut ignored, self.tree.as_ref()));
            self.has_project = true;
            self.own_tree.clone_from(&self.tree);
        }
        if layer != ConfigLayer::Project {
            self.add_variables(&value.env, &name);
        }
        problems.extend(alias::report_aliases(&root, &ignored));
        let context = lint::LintContext { text: &text, secrets: &secrets, env: &self.env };
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

    /// Adds the variables of a text's `env`. Those of a `.env` file win over them.
    fn add_variables(&mut self, config: &EnvConfig, source: &SourceName) {
        let keyed = |prefix: &'static str, (name, value)| (prefix, name, value);
        let vars = config.vars.iter().map(|pair| keyed("env.vars", pair));
        for (prefix, name, value) in vars.chain(config.values.iter().map(|pair| keyed("env", pair)))
        {
            let is_from_file =
                self.env.added_origin(name).is_some() && !self.config_variables.contains(name);
            // A value whose own variable is not set is as if it were not there.
            let Ok(secret) = value.resolve_secret(&self.env) else { continue };
            if is_from_file {
                continue;
            }
            let origin = match source {
                SourceName::File(path) => format!("{prefix}.{name} in {}", file_name(path)),
                _ => format!("{prefix}.{name}"),
            };
            self.env.add_variable(name, secret.value.expose_secret(), &origin);
            self.config_variables.insert(name.clone());
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
        let secrets = BTreeSet::new();
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
        let follow = |mut config: Config| {
            config.follow_secret_references(&self.env);
            config
        };
        let config = follow(config);
        let own_config = self.has_project.then(|| {
            let decode = |tree: ConfigTree| decode_accepted(&tree.root, tree.ignored);
            follow(self.own_tree.map(decode).unwrap_or_default())
        });
        if let Some(tree) = &self.tree {
            for (source, problem) in lint::lint_config(tree, &config, &self.env) {
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
            env: self.env,
        }
    }
}

/// The name of a file without its folder.
fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).display().to_string()
}
