//! Selects a model with its fallbacks, and connects them.

use std::sync::Arc;

use openclaw_core::{ChatModel, ModelRef};

use crate::builtin::VLLM;
use crate::catalogue::ListedModel;
use crate::chain::{FallbackChain, ModelConnection};
use crate::egress::EgressGuard;
use crate::error::{
    ConnectError, SetupError, SetupErrorKind, empty_list_error, no_provider_error,
    several_models_error,
};
use crate::registry::ModelRegistry;
use crate::wait::retry_until_available;

impl ModelRegistry {
    /// Connects a model, by reference or alias, with its fallbacks. Without a name, connects the
    /// primary model, or else the only model that the servers list. With
    /// [`ModelRegistry::with_wait_policy`], waits until the first of them is available.
    ///
    /// # Errors
    /// When no model is named and none can be selected, when the name is not a reference or alias,
    /// and when neither the model nor a fallback can be connected.
    pub async fn connect_model(&self, name: Option<&str>) -> Result<ModelConnection, ConnectError> {
        let connected = match &self.wait_policy {
            None => self.connect_model_once(name).await,
            Some(wait) => {
                let provider = self.resolve_model(name);
                let provider = provider.as_ref().map_or(VLLM, ModelRef::provider_id);
                let poll = self.connector.setup.poll_interval(provider);
                retry_until_available(wait, poll, || self.connect_model_once(name)).await
            }
        };
        let warnings = self.connector.state_warnings.take_all();
        match connected {
            Ok(mut connection) => {
                connection.report.warnings.extend(warnings);
                Ok(connection)
            }
            // An error has no warnings of its own.
            Err(error) => Err(warnings.into_iter().fold(error, ConnectError::with_hint)),
        }
    }

    /// Connects one model, without fallbacks and without waiting for a busy server. Nothing is
    /// asked about egress, so only requests without a conversation may be sent to it. Warnings
    /// about the setup are dropped.
    ///
    /// # Errors
    /// When the model cannot be connected.
    pub async fn connect_single_model(
        &self,
        reference: &ModelRef,
    ) -> Result<Arc<dyn ChatModel>, ConnectError> {
        let mut warnings = Vec::new();
        self.connector.connect_model(reference, false, &mut warnings).await
    }

    async fn connect_model_once(
        &self,
        name: Option<&str>,
    ) -> Result<ModelConnection, ConnectError> {
        let setup = &self.connector.setup;
        let configured = self.primary_model().map_err(ConnectError::Setup)?;
        let first = match name {
            Some(name) => Some(self.parse_reference(name).map_err(ConnectError::Setup)?),
            None => configured.clone(),
        };
        let first = match first {
            Some(first) => first,
            None => self.only_model().await?,
        };
        let fallbacks = setup.loaded.config.fallback_models(&setup.env).map_err(|error| {
            ConnectError::Setup(
                SetupError::new(
                    SetupErrorKind::InvalidReference,
                    "use agents.defaults.model.fallbacks",
                )
                .with_source(error),
            )
        })?;
        let named = self.models_named_by_user(name.is_some() || configured.is_none(), &first)?;
        let mut references = vec![first];
        for fallback in fallbacks {
            let fallback = self.parse_reference(&fallback).map_err(ConnectError::Setup)?;
            if !references.contains(&fallback) && !self.is_strict {
                references.push(fallback);
            }
        }
        let mut connector = self.connector.clone();
        connector.egress = EgressGuard::from_config(setup, named, self.consent.clone());
        FallbackChain::connect_first(connector, references).await
    }

    /// The models that the user's own config names, the primary model first. What only a project
    /// file names is not among them, so that no repository sends a conversation elsewhere. `first`
    /// takes the place of a primary model that is not set, when the user selected it.
    pub(crate) fn models_named_by_user(
        &self,
        is_first_selected: bool,
        first: &ModelRef,
    ) -> Result<Vec<ModelRef>, ConnectError> {
        let setup = &self.connector.setup;
        let own = setup.loaded.own_config();
        let texts = own
            .primary_model(&setup.env)
            .and_then(|primary| Ok((primary, own.fallback_models(&setup.env)?)));
        let (primary, fallbacks) = texts.map_err(|error| {
            let message = "use agents.defaults.model";
            let kind = SetupErrorKind::InvalidReference;
            ConnectError::Setup(SetupError::new(kind, message).with_source(error))
        })?;
        let parse = |text: String| self.parse_reference(&text).map_err(ConnectError::Setup);
        let primary = match primary {
            Some(text) => Some(parse(text)?),
            None => is_first_selected.then(|| first.clone()),
        };
        let fallbacks = fallbacks.into_iter().map(parse);
        primary.into_iter().map(Ok).chain(fallbacks).collect()
    }

    /// Returns the only model that the servers list, not counting adapters.
    async fn only_model(&self) -> Result<ModelRef, ConnectError> {
        let catalogue = self.list_models(None).await;
        let is_known_now = |model: &ListedModel| model.parent.is_none() && model.age.is_none();
        let mut models = catalogue.models.into_iter().filter(is_known_now);
        match (models.next(), models.next(), catalogue.failures.into_iter().next()) {
            (Some(only), None, _) => Ok(only.reference),
            (None, _, Some(failure)) => Err(failure.error),
            (None, _, None) if self.connector.setup.provider_ids().is_empty() => {
                Err(no_provider_error())
            }
            (None, _, None) => Err(empty_list_error()),
            (Some(first), _, _) => Err(several_models_error(&first.reference)),
        }
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the files of a test need no atomic writer")]
mod tests {
    use openclaw_config::{AppPaths, ConfigLoader, Env, LoadOptions};

    use openclaw_process::SupervisorProgram;

    use super::*;

    const PROVIDERS: &str = "models: { providers: {
        far: { baseUrl: 'http://models.example/v1', models: [{ id: 'm' }, { id: 'n' }] },
        near: { baseUrl: 'http://127.0.0.1:9/v1', models: [{ id: 'm' }] } } }";

    /// The models that count as named when a user and a project write these defaults of agents.
    fn named_models(user: &str, project: &str, is_first_selected: bool) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        let checkout = root.path().join("checkout");
        std::fs::create_dir_all(checkout.join(".openclaw")).unwrap();
        std::fs::create_dir_all(root.path().join("state")).unwrap();
        let user = format!("{{ agents: {{ defaults: {{ {user} }} }}, {PROVIDERS} }}");
        let project = format!("{{ agents: {{ defaults: {{ {project} }} }} }}");
        std::fs::write(root.path().join("state/openclaw.json"), user).unwrap();
        std::fs::write(checkout.join(".openclaw/openclaw.json5"), project).unwrap();
        let env = Env::from_pairs([("OPENCLAW_STATE_DIR", root.path().join("state"))]);
        let paths = AppPaths::new(&env, None).unwrap().with_system_dir("/nonexistent");
        let options = LoadOptions::new(&paths, &env).with_project_dir(Some(checkout));
        let loaded = ConfigLoader::load(&options).unwrap();
        let registry = ModelRegistry::new(loaded, paths, SupervisorProgram::this_program());
        let first = "far/first".parse().unwrap();
        let named = registry.models_named_by_user(is_first_selected, &first).unwrap();
        named.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_only_a_project_names_is_not_named_for_egress() {
        for (user, project, selected, expected) in [
            ("", "model: 'far/m'", false, &[][..]),
            ("model: 'near/m'", "model: 'far/m'", false, &["near/m"]),
            ("model: 'near/m'", "model: { fallbacks: ['far/m'] }", false, &["near/m"]),
            ("model: { fallbacks: ['far/n'] }", "model: 'far/m'", false, &["far/n"]),
            ("", "model: 'far/m'", true, &["far/first"]),
            ("model: 'far/m'", "", false, &["far/m"]),
            (
                "models: { 'near/m': { alias: 'mine' } }, model: 'mine'",
                "models: { 'far/m': { alias: 'mine' } }",
                false,
                &["near/m"],
            ),
        ] {
            assert_eq!(named_models(user, project, selected), expected, "{user} {project}");
        }
    }
}
