//! Changes of the config file that mend something.

use std::fmt;

use openclaw_config::{Change, ConfigFile, Document, EditError, KeyPath, NewValue, SaveError};
use serde_json::{Value, json};

use crate::Runtime;
use crate::setup::{Setup, provider_path};

/// A change of the config file that mends something; shown as `` `KEY` to VALUE ``.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    place: Place,
    path: KeyPath,
    value: Value,
}

/// Where a change is made, as far as the file decides it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// At the path.
    Key,
    /// Wherever the file names the primary model.
    Primary,
    /// In the entry of this model, which is made where there is none.
    Entry { id: String },
}

impl Edit {
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

    /// Sets the address of a provider.
    pub(super) fn base_url(provider: &str, url: &str) -> Self {
        Self { place: Place::Key, path: provider_path(provider).key("baseUrl"), value: json!(url) }
    }

    /// Sets the model that is used when none is named.
    pub(super) fn primary(reference: &str) -> Self {
        let path = KeyPath::root().key("agents").key("defaults").key("model").key("primary");
        Self { place: Place::Primary, path, value: json!(reference) }
    }

    /// Sets a key of a model's entry.
    pub(super) fn model(
        setup: &Setup,
        (provider, id): (&str, &str),
        keys: &[&str],
        value: Value,
    ) -> Self {
        let models = setup.loaded.config.provider(provider).map(|config| &config.models);
        let models = models.map(Vec::as_slice).unwrap_or_default();
        let at = models.iter().position(|model| model.id == id).unwrap_or(models.len());
        let entry = provider_path(provider).key("models").index(at);
        let path = keys.iter().fold(entry, |path, key| path.key(*key));
        Self { place: Place::Entry { id: id.to_owned() }, path, value }
    }

    fn apply(&self, document: &mut Document) -> Result<(), EditError> {
        match &self.place {
            Place::Key => document.set(&self.path, &self.value.clone().into()),
            Place::Primary => {
                let short = above(&self.path);
                let path = if document.has(&short) && !document.has(&self.path) {
                    // `model: "…"`, unless it is an object with fallbacks only.
                    if document.has(&short.clone().key("fallbacks")) { &self.path } else { &short }
                } else {
                    &self.path
                };
                document.set(path, &self.value.clone().into())
            }
            Place::Entry { id } => {
                let entry: KeyPath = self.path.segments().iter().take(5).cloned().collect();
                if !document.has(&entry) {
                    document.set(&entry, &NewValue::from(json!({ "id": id })))?;
                }
                document.set(&self.path, &self.value.clone().into())
            }
        }
    }
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` to `{}`", self.path, self.value)
    }
}

impl Runtime {
    /// Shows what changes of the config file would come to, and writes nothing.
    ///
    /// # Errors
    /// When the file cannot be read or a change cannot be made.
    pub fn preview_edits(&self, edits: &[Edit]) -> Result<Change, SaveError> {
        let setup = &self.connector.setup;
        ConfigFile::of(&setup.paths).preview(&setup.env, |document| apply(edits, document))
    }

    /// Makes changes of the config file.
    ///
    /// # Errors
    /// When the file cannot be read or written or a change cannot be made; it is then as it was.
    pub fn make_edits(&self, edits: &[Edit]) -> Result<Change, SaveError> {
        let setup = &self.connector.setup;
        ConfigFile::of(&setup.paths).edit(&setup.env, |document| apply(edits, document))
    }
}

fn apply(edits: &[Edit], document: &mut Document) -> Result<(), EditError> {
    edits.iter().try_for_each(|edit| edit.apply(document))
}

fn above(path: &KeyPath) -> KeyPath {
    let segments = path.segments();
    segments.iter().take(segments.len().saturating_sub(1)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(text: &str, edit: &Edit) -> String {
        let mut document = Document::parse(text).unwrap();
        edit.apply(&mut document).unwrap();
        document.text().to_owned()
    }

    #[test]
    fn the_primary_model_is_set_where_the_file_names_it() {
        let edit = Edit::primary("vllm/new");
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
        let path = provider_path("lab").key("models").index(0).key("contextWindow");
        let place = Place::Entry { id: "tiny".to_owned() };
        let edit = Edit { place, path, value: json!(4096) };
        let text = applied("{ models: { providers: { lab: { baseUrl: 'h:1' } } } }", &edit);
        assert!(text.contains("tiny") && text.contains("contextWindow: 4096"), "{text}");
        let old = "{ models: { providers: { lab: { models: [{ id: 'a', contextWindow: 1 }] } } } }";
        assert_eq!(applied(old, &edit), old.replace("contextWindow: 1", "contextWindow: 4096"));
    }
}
