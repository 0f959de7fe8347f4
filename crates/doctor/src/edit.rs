//! Edits of the config file that repair something.

use std::fmt;

use openclaw_config::{ConfigDocument, EditError, KeyPath, LoadedConfig, NewValue};
use serde_json::{Value, json};

use openclaw_models::provider_path;

/// An edit of the config file that repairs something; displayed as `` `KEY` to VALUE ``.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigEdit {
    target: EditTarget,
    path: KeyPath,
    value: Value,
}

/// Where the edit goes; some targets depend on how the file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
enum EditTarget {
    /// The path itself.
    Key,
    /// Where the file names the primary model.
    PrimaryModel,
    /// The entry of this model, which is created if missing.
    ModelEntry { id: String },
}

impl ConfigEdit {
    /// The key.
    #[must_use]
    pub fn path(&self) -> &KeyPath {
        &self.path
    }

    /// The new value.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Sets the base URL of a provider.
    pub(crate) fn set_base_url(provider: &str, url: &str) -> Self {
        Self {
            target: EditTarget::Key,
            path: provider_path(provider).with_key("baseUrl"),
            value: json!(url),
        }
    }

    /// Sets the primary model.
    pub(crate) fn set_primary(reference: &str) -> Self {
        let path = KeyPath::root()
            .with_key("agents")
            .with_key("defaults")
            .with_key("model")
            .with_key("primary");
        Self { target: EditTarget::PrimaryModel, path, value: json!(reference) }
    }

    /// Sets a key of a model's entry.
    pub(crate) fn set_model_key(
        loaded: &LoadedConfig,
        provider: &str,
        id: &str,
        keys: &[&str],
        value: Value,
    ) -> Self {
        let models = loaded.config.find_provider(provider).map(|config| &config.models);
        let models = models.map(Vec::as_slice).unwrap_or_default();
        let at = models.iter().position(|model| model.id == id).unwrap_or(models.len());
        let entry = provider_path(provider).with_key("models").with_index(at);
        let path = keys.iter().fold(entry, |path, key| path.with_key(*key));
        Self { target: EditTarget::ModelEntry { id: id.to_owned() }, path, value }
    }

    fn apply_to(&self, document: &mut ConfigDocument) -> Result<(), EditError> {
        match &self.target {
            EditTarget::Key => document.set_value(&self.path, &self.value.clone().into()),
            EditTarget::PrimaryModel => {
                let short = parent_path(&self.path);
                let path = if document.contains_path(&short) && !document.contains_path(&self.path)
                {
                    // `model: "…"`, unless it is an object with fallbacks only.
                    if document.contains_path(&short.clone().with_key("fallbacks")) {
                        &self.path
                    } else {
                        &short
                    }
                } else {
                    &self.path
                };
                document.set_value(path, &self.value.clone().into())
            }
            EditTarget::ModelEntry { id } => {
                let entry: KeyPath = self.path.segments().iter().take(5).cloned().collect();
                if !document.contains_path(&entry) {
                    document.set_value(&entry, &NewValue::from(json!({ "id": id })))?;
                }
                document.set_value(&self.path, &self.value.clone().into())
            }
        }
    }
}

impl fmt::Display for ConfigEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` to `{}`", self.path, self.value)
    }
}

/// Makes the edits in a document, in order.
pub(crate) fn apply_edits(
    edits: &[ConfigEdit],
    document: &mut ConfigDocument,
) -> Result<(), EditError> {
    edits.iter().try_for_each(|edit| edit.apply_to(document))
}

fn parent_path(path: &KeyPath) -> KeyPath {
    let segments = path.segments();
    segments.iter().take(segments.len().saturating_sub(1)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(text: &str, edit: &ConfigEdit) -> String {
        let mut document = ConfigDocument::parse(text).unwrap();
        edit.apply_to(&mut document).unwrap();
        document.text().to_owned()
    }

    #[test]
    fn the_primary_model_is_set_where_the_file_names_it() {
        let edit = ConfigEdit::set_primary("vllm/new");
        let short = applied("{ agents: { defaults: { model: 'vllm/old' } } }", &edit);
        assert_eq!(short, "{ agents: { defaults: { model: 'vllm/new' } } }");
        let long = applied("{ agents: { defaults: { model: { primary: 'x/y' } } } }", &edit);
        assert_eq!(long, "{ agents: { defaults: { model: { primary: 'vllm/new' } } } }");
        let other = applied("{ agents: { defaults: { model: { fallbacks: [] } } } }", &edit);
        assert!(other.contains("primary: 'vllm/new'") || other.contains("primary: \"vllm/new\""));
        assert!(applied("{}", &edit).contains("primary"));
    }

    #[test]
    fn an_entry_is_made_where_a_model_has_none() {
        let path = provider_path("lab").with_key("models").with_index(0).with_key("contextWindow");
        let place = EditTarget::ModelEntry { id: "tiny".to_owned() };
        let edit = ConfigEdit { target: place, path, value: json!(4096) };
        let text = applied("{ models: { providers: { lab: { baseUrl: 'h:1' } } } }", &edit);
        assert!(text.contains("tiny") && text.contains("contextWindow: 4096"), "{text}");
        let old = "{ models: { providers: { lab: { models: [{ id: 'a', contextWindow: 1 }] } } } }";
        assert_eq!(applied(old, &edit), old.replace("contextWindow: 1", "contextWindow: 4096"));
    }
}
