//! Checks of the setup, before a server is asked.

use std::time::Duration;

use openclaw_config::defaults::DISCOVERY_TIMEOUT_SECONDS;
use openclaw_config::{ProviderApi, Severity, ValueOrigin, env_vars};
use openclaw_core::{ModelError, ModelErrorKind, ModelRef};
use openclaw_models::{ResolvedProvider, SetupError, VLLM, default_vllm_address, provider_path};
use openclaw_provider::model_error;
use openclaw_providers_openai::{is_openai_hosted, list_models};
use openclaw_transport::{CallTimeouts, Client, ClientOptions, Endpoint, TimeLimit};

use crate::edit::ConfigEdit;
use crate::examination::{DoctorRun, DoctorTarget, uses_native_api};
use crate::probe::ServerProbe;
use crate::report::CheckOutcome;
use crate::wording::{error_with_causes, join_names};

impl DoctorRun<'_> {
    pub(crate) fn check_config(&mut self) -> CheckOutcome {
        let path = self.registry.app_paths().config_file().display().to_string();
        let loaded = self.registry.loaded_config();
        let of = |severity: Severity| {
            let all = loaded.diagnostics.iter();
            all.filter(move |problem| problem.severity == severity)
        };
        let (errors, warnings) = (of(Severity::Error).count(), of(Severity::Warning).count());
        let first = of(Severity::Error).chain(of(Severity::Warning)).next();
        let first = first.map(|problem| {
            let at = if problem.path.is_root() { path.clone() } else { problem.path.to_string() };
            format!(", the first: line {}, {at}: {}", problem.line, problem.message)
        });
        let first = first.unwrap_or_default();
        let outcome = match (loaded.exists, errors, warnings) {
            (_, 1.., _) => CheckOutcome::fail(format!("{path}: {errors} to fix{first}")),
            (_, 0, 1..) => CheckOutcome::pass(format!("{path}: {warnings} doubtful{first}")),
            (true, 0, 0) => return CheckOutcome::pass(format!("{path} has no problems")),
            (false, 0, 0) => {
                return CheckOutcome::pass(format!("there is none at {path}, which is fine"));
            }
        };
        outcome.with_config_advice("`openclaw config validate` shows each with its line")
    }

    pub(crate) async fn check_model(&mut self) -> CheckOutcome {
        let named = match &self.options.model {
            Some(name) => self.registry.parse_reference(name).map(Some),
            None => self.registry.primary_model(),
        };
        let named = match named {
            Ok(named) => named,
            Err(error) => return setup_error_outcome(&error),
        };
        let only = self.options.provider.as_deref();
        let named = named.filter(|named| only.is_none_or(|only| only == named.provider_id()));
        let ids = self.registry.provider_ids();
        let id = match (&named, only, ids.as_slice()) {
            (Some(named), _, _) => named.provider_id().to_owned(),
            (None, Some(only), _) => only.to_owned(),
            (None, None, [only]) => (*only).to_owned(),
            (None, None, []) => return self.check_unconfigured().await,
            (None, None, several) => {
                return CheckOutcome::fail(format!(
                    "no model is named, and there are several providers: {}",
                    join_names(several)
                ))
                .with_config_advice(
                    "set `agents.defaults.model.primary`, or name one with `--model`",
                );
            }
        };
        let model = named.as_ref().map(ModelRef::model_id);
        match self.registry.resolve_provider(&id, model) {
            Ok(provider) => self.select_target(provider, named),
            Err(_) if ids.is_empty() && id == VLLM => self.check_unconfigured().await,
            Err(error) => setup_error_outcome(&error),
        }
    }

    /// Selects the provider to examine.
    fn select_target(
        &mut self,
        provider: ResolvedProvider,
        named: Option<ModelRef>,
    ) -> CheckOutcome {
        let model = named.as_ref().map(|named| named.model_id().to_owned());
        let entry = provider.models.iter().find(|entry| Some(&entry.id) == model.as_ref());
        let api = entry.and_then(|entry| entry.api).unwrap_or(provider.api);
        let is_compatible = matches!(api, ProviderApi::OpenaiCompletions | ProviderApi::Ollama);
        if !is_compatible && !uses_native_api(api) {
            let key = provider_path(&provider.id).with_key("api");
            return CheckOutcome::fail(format!("`{key}` names an unsupported API"))
                .with_config_advice(format!(
                    "set `{key}` to `openai-completions`, `openai-responses`, `anthropic-messages` \
                     or `ollama`"
                ));
        }
        let options = self.registry.client_options(&provider);
        let mut probe = match ServerProbe::new(options, self.options.limit.clone()) {
            Ok(probe) => probe,
            Err(error) => {
                return CheckOutcome::fail(format!("failed to {}", error_with_causes(&error)));
            }
        };
        probe.model = model.unwrap_or_default();
        if is_openai_hosted(&provider.endpoint) {
            probe.max_tokens_field = "max_completion_tokens";
        }
        let source = match (&self.options.model, &named) {
            (Some(asked), Some(named)) if *asked == named.to_string() => "as asked for".to_owned(),
            (Some(asked), Some(_)) => format!("as `{asked}` stands for it"),
            (None, Some(_)) => {
                let (long, short) = ("agents.defaults.model.primary", "agents.defaults.model");
                let loaded = self.registry.loaded_config();
                let is_long = loaded.find_origin(long) != ValueOrigin::Default;
                format!("from {}", self.registry.value_source(if is_long { long } else { short }))
            }
            (_, None) => format!("the only provider is `{}`", provider.id),
        };
        let named_as = named.as_ref().map_or_else(
            || format!("no model is named; {source}"),
            |named| format!("`{named}`, {source}"),
        );
        let evidence =
            format!("{named_as}; {} from {}", provider.endpoint, provider.address_source);
        let is_configured = self.options.model.is_none();
        self.target = Some(DoctorTarget { provider, probe, named_model: named, is_configured });
        CheckOutcome::pass(evidence)
    }

    /// Without a configured provider: looks for a server at vLLM's default address, and explains
    /// the setup.
    async fn check_unconfigured(&mut self) -> CheckOutcome {
        let nothing = "no model is named and no server is known";
        let url = default_vllm_address(self.registry.env());
        let Ok(endpoint) = Endpoint::parse(&url) else {
            return CheckOutcome::fail(format!("{nothing}; `{url}` is no address"));
        };
        let begin = format!(
            "`openclaw setup` finds your server and writes the config; or set `{}` to any value to \
             use the server on {endpoint}",
            env_vars::VLLM_API_KEY
        );
        let ids = match self.list_base_models(&endpoint).await {
            Ok(ids) => ids,
            Err(error) if error.kind() == ModelErrorKind::Auth => {
                let evidence = format!("{nothing}, but a server at {endpoint} wants a key");
                return CheckOutcome::fail(evidence).with_config_advice(format!(
                    "set `{}` to the key that it was started with",
                    env_vars::VLLM_API_KEY
                ));
            }
            Err(_) => {
                return CheckOutcome::fail(format!("{nothing}, and nothing serves at {endpoint}"))
                    .with_server_advice("start one, e.g. `vllm serve MODEL`")
                    .with_config_advice(begin);
            }
        };
        let served: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
        let evidence =
            format!("{nothing}, but {endpoint} answers and serves {}", join_names(&served));
        let edit = ConfigEdit::set_base_url(VLLM, &endpoint.to_string());
        let mut outcome = CheckOutcome::fail(evidence).with_config_advice(format!(
            "set {edit}, or the variable `{}` to any value",
            env_vars::VLLM_API_KEY
        ));
        outcome.edits.push(edit);
        if let [only] = ids.as_slice()
            && ModelRef::new(VLLM, only).is_ok()
        {
            outcome.edits.push(ConfigEdit::set_primary(&format!("{VLLM}/{only}")));
        }
        outcome
    }

    /// Lists the models of a server that is not configured, without adapters.
    async fn list_base_models(&self, endpoint: &Endpoint) -> Result<Vec<String>, ModelError> {
        let wait = Duration::from_secs(DISCOVERY_TIMEOUT_SECONDS);
        let limit = TimeLimit { duration: wait, source: "the time for discovery".into() };
        let options = ClientOptions::new(endpoint.clone())
            .with_timeouts(CallTimeouts { total: Some(limit), ..CallTimeouts::default() })
            .with_user_agent(concat!("openclaw/", env!("CARGO_PKG_VERSION")));
        let client = Client::new(options);
        let client = client.map_err(|error| model_error(error, None))?;
        let served = list_models(&client).await?;
        let base = served.into_iter().filter(|model| model.parent.is_none());
        Ok(base.map(|model| model.id).collect())
    }
}

fn setup_error_outcome(error: &SetupError) -> CheckOutcome {
    let outcome = CheckOutcome::fail(format!("failed to {}", error_with_causes(error)));
    match error.hints().first() {
        Some(hint) => outcome.with_config_advice(hint.trim_end_matches('.')),
        None => outcome,
    }
}
