//! What only the server can tell.

use super::warning;
use crate::{Segment, diagnostic::Diagnostic, loaded::Loaded, path::KeyPath};

impl Loaded {
    /// Compares the configured window of a model, named as `provider/model-id` or by its alias,
    /// with the one that its server has; absent when it fits or is not configured.
    #[must_use]
    pub fn lint_live(&self, model: &str, server_window: u32) -> Option<Diagnostic> {
        let reference = self.config.model_of_alias(model).unwrap_or(model);
        let (id, model) = reference.split_once('/')?;
        let configured = self.config.provider(id)?.model(model)?.context_window?.get();
        if configured <= server_window {
            return None;
        }
        let tree = self.tree.as_ref()?;
        let path = self.window_of(id, model)?;
        let (_, node) = tree.find(&path)?;
        let message = format!(
            "{configured} tokens are more than the {server_window} that the server has: it \
             refuses what is longer"
        );
        let help = format!("set {server_window}, or remove it to have what the server says");
        let found = warning(node.span, path, message, help);
        let mut found = vec![found];
        tree.sources.get(tree.source_of(node))?.finish(&mut found);
        found.pop()
    }

    /// The place of a model's window in the tree, which may hold elements that are left out.
    fn window_of(&self, id: &str, model: &str) -> Option<KeyPath> {
        let tree = self.tree.as_ref()?;
        let mut place = None;
        tree.root.select("models.providers.*.models.*.id", &tree.left_out, &mut |path, _, node| {
            let is_of = matches!(path.segments().get(2), Some(Segment::Key(key)) if key == id);
            if is_of && place.is_none() && node.text() == Some(model) {
                let above = path.segments().split_last().map(|(_, above)| above);
                place = above.map(|above| above.iter().cloned().collect::<KeyPath>());
            }
        });
        place.map(|model| model.key("contextWindow"))
    }
}
