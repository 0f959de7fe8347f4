//! Lints that need the server's answer.

use super::new_warning;
use crate::{PathSegment, diagnostic::Diagnostic, loaded_config::LoadedConfig, path::KeyPath};

impl LoadedConfig {
    /// Compares the configured context window of a model, in tokens, with the one that its server
    /// reports. `model` is `provider/model-id` or an alias. Returns `None` when the window fits or
    /// is not configured.
    #[must_use]
    pub fn lint_context_window(&self, model: &str, served_window: u32) -> Option<Diagnostic> {
        let reference = self.config.resolve_alias(model).unwrap_or(model);
        let (id, model) = reference.split_once('/')?;
        let configured = self.config.find_provider(id)?.find_model(model)?.context_window?.get();
        if configured <= served_window {
            return None;
        }
        let tree = self.tree.as_ref()?;
        let path = self.context_window_path(id, model)?;
        let (_, node) = tree.find_node(&path)?;
        let message = format!(
            "{configured} tokens are more than the {served_window} that the server has: it \
             refuses what is longer"
        );
        let help = format!("set {served_window}, or remove it to have what the server says");
        let found = new_warning(node.span, path, message, help);
        let mut found = vec![found];
        tree.sources.get(tree.source_index(node))?.finalize_diagnostics(&mut found);
        found.pop()
    }

    /// The path of a model's window in the tree. Indexes there count ignored elements too.
    fn context_window_path(&self, id: &str, model: &str) -> Option<KeyPath> {
        let tree = self.tree.as_ref()?;
        let mut model_path = None;
        tree.root.select_matching(
            "models.providers.*.models.*.id",
            &tree.ignored,
            &mut |path, _, node| {
                let is_same_provider =
                    matches!(path.segments().get(2), Some(PathSegment::Key(key)) if key == id);
                if is_same_provider && model_path.is_none() && node.as_text() == Some(model) {
                    let above = path.segments().split_last().map(|(_, above)| above);
                    model_path = above.map(|above| above.iter().cloned().collect::<KeyPath>());
                }
            },
        );
        model_path.map(|model| model.with_key("contextWindow"))
    }
}
