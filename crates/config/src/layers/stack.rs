//! Texts that are laid over each other one by one.

use std::sync::Arc;

use super::project;
use crate::{
    alias,
    decode::{Decoded, decode, decode_rest},
    diagnostic::Diagnostic,
    env::Env,
    layer::Layer,
    lint,
    loaded::Loaded,
    sections::Config,
    text::Document,
    tree::{Name, Sheet, Source, Tree},
};

/// The layers so far, from the weakest up.
pub(crate) struct Stack<'a> {
    env: &'a Env,
    /// The problems of each text that is in the tree.
    problems: Vec<Vec<Diagnostic>>,
    tree: Option<Tree>,
    /// What the tree says, while only one text is in it.
    config: Option<Config>,
    next_id: u32,
    broken: Vec<Broken>,
}

/// A text that nothing is used of.
struct Broken {
    source: Source,
    problems: Vec<Diagnostic>,
}

impl<'a> Stack<'a> {
    pub(crate) fn new(env: &'a Env) -> Self {
        let (problems, broken) = (Vec::new(), Vec::new());
        Self { env, problems, tree: None, config: None, next_id: 0, broken }
    }

    /// Lays a text over the layers so far.
    pub(crate) fn add(&mut self, layer: Layer, name: Name, document: Document) {
        let Document { text, mut root, duplicates } = document;
        let first = self.next_id;
        self.next_id = root.number_all(first);
        let Decoded { value, diagnostics, secrets, references, mut left_out } = decode(&root);
        let mut problems = duplicates;
        problems.extend(diagnostics);
        if layer == Layer::Project {
            problems.extend(project::restrict(&root, &mut left_out));
        }
        problems.extend(alias::notes(&root, &left_out));
        problems.extend(lint::values(&root, &left_out, (&text, &secrets, self.env)));
        self.problems.push(problems);
        let source = Source { layer, name, text, secrets, first };
        let sheet = Sheet { source, root, left_out, references };
        if let Some(tree) = &mut self.tree {
            self.config = None;
            tree.lay(sheet);
        } else {
            self.config = Some(value).filter(|_| layer != Layer::Project);
            self.tree = Some(Tree::new(sheet));
        }
    }

    /// Adds the problems of a text that nothing is used of.
    pub(crate) fn add_broken(&mut self, name: Name, text: String, problems: Vec<Diagnostic>) {
        let text: Arc<str> = text.into();
        let (layer, secrets) = (Layer::User, std::collections::BTreeSet::new());
        let source = Source { layer, name, text, secrets, first: u32::MAX };
        self.broken.push(Broken { source, problems });
    }

    /// Merges the layers. The config's own path is not known here.
    pub(crate) fn finish(mut self) -> Loaded {
        let mut diagnostics = Vec::new();
        for Broken { source, problems } in &mut self.broken {
            source.finish(problems);
            diagnostics.append(problems);
        }
        let config = match (&self.tree, self.config) {
            (_, Some(config)) => config,
            (Some(tree), None) => decode_rest(&tree.root, tree.left_out.clone()),
            (None, None) => Config::default(),
        };
        if let Some(tree) = &self.tree {
            for (source, problem) in lint::whole(tree, &config, self.env) {
                if let Some(problems) = self.problems.get_mut(source) {
                    problems.push(problem);
                }
            }
            for (source, problems) in tree.sources.iter().zip(&mut self.problems) {
                source.finish(problems);
                diagnostics.append(problems);
            }
        }
        let broken = self.broken.into_iter().map(|broken| broken.source).collect();
        Loaded { config, path: None, exists: false, diagnostics, tree: self.tree, broken }
    }
}
