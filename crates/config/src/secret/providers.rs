//! Follows references to `secrets.providers`.

use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::{
    SecretError, SecretErrorKind, SecretReferenceKind,
    input::{SecretCommand, SecretForm, SecretInput, SecretLocator, SecretRequest},
};
use crate::{
    defaults::SECRET_COMMAND_SECONDS,
    env::Env,
    sections::{SecretFileMode, SecretProviderConfig, SecretsConfig},
};

/// The id of the one secret of a file with `mode: "singleValue"`.
const SINGLE_VALUE_ID: &str = "value";

/// The name of a provider that a reference need not name.
const DEFAULT_PROVIDER: &str = "default";

impl SecretLocator {
    fn provider_name<'s>(&'s self, secrets: &'s SecretsConfig) -> &'s str {
        let named = self.provider.as_deref().or(match self.kind {
            SecretReferenceKind::Env => secrets.defaults.env.as_deref(),
            SecretReferenceKind::File => secrets.defaults.file.as_deref(),
            SecretReferenceKind::Exec => secrets.defaults.exec.as_deref(),
        });
        named.unwrap_or(DEFAULT_PROVIDER)
    }

    pub(super) fn missing_provider_error(&self) -> SecretError {
        let name = self.provider.as_deref().unwrap_or(DEFAULT_PROVIDER);
        let what = format!("find the secret provider `{name}`: `secrets.providers` has none");
        SecretError::new(SecretErrorKind::Provider, what)
    }
}

impl SecretInput {
    /// Replaces a reference to one of `secrets.providers` by the place of the secret. A reference
    /// without such a provider stays as it is.
    pub(crate) fn follow_reference(&mut self, secrets: &SecretsConfig, env: &Env) {
        let SecretForm::Stored(locator) = &self.0 else { return };
        let name = locator.provider_name(secrets);
        let Some(provider) = secrets.providers.get(name) else { return };
        self.0 = locate_secret(locator, name, provider, env).unwrap_or_else(|problem| {
            SecretForm::Unusable(format!("use the secret provider `{name}`: {problem}"))
        });
    }
}

/// The place of a secret, or what is wrong with its provider.
fn locate_secret(
    locator: &SecretLocator,
    name: &str,
    provider: &SecretProviderConfig,
    env: &Env,
) -> Result<SecretForm, String> {
    if provider.source != Some(locator.kind) {
        return Err(format!("`secrets.providers.{name}.source` is another than the reference's"));
    }
    let id = locator.id.clone();
    match locator.kind {
        SecretReferenceKind::Env => {
            let is_allowed = provider.allowlist.is_empty() || provider.allowlist.contains(&id);
            let problem = || format!("its `allowlist` does not have `{id}`");
            if is_allowed { Ok(SecretForm::Env(id)) } else { Err(problem()) }
        }
        SecretReferenceKind::File => {
            let path = provider.path.clone().ok_or("it has no `path`")?;
            let path = path.resolve_variables(env).map_err(|error| error.to_string())?;
            let pointer = match provider.mode {
                Some(SecretFileMode::SingleValue) if id != SINGLE_VALUE_ID => {
                    return Err(format!("the id of its one secret is `{SINGLE_VALUE_ID}`"));
                }
                Some(SecretFileMode::SingleValue) => None,
                _ if id.starts_with('/') => Some(id),
                _ => {
                    return Err(format!("the id `{id}` is no JSON pointer, such as `/models/key`"));
                }
            };
            Ok(SecretForm::File { path, pointer })
        }
        SecretReferenceKind::Exec => {
            let program = provider.command.clone().ok_or("it has no `command`")?;
            let milliseconds = provider.timeout_ms.map(Duration::from_millis);
            let variables = provider.env.iter().map(|(name, value)| {
                let value = value.resolve_secret(env).map_err(|error| error.to_string())?;
                Ok((name.clone(), value.value.expose_secret().to_owned()))
            });
            Ok(SecretForm::Command(Box::new(SecretCommand {
                words: std::iter::once(program).chain(provider.args.iter().cloned()).collect(),
                request: Some(SecretRequest {
                    provider: name.to_owned(),
                    id,
                    json_only: provider.json_only.unwrap_or(true),
                }),
                time_limit: milliseconds.unwrap_or(Duration::from_secs(SECRET_COMMAND_SECONDS)),
                passed_variables: provider.pass_env.clone(),
                variables: variables.collect::<Result<_, String>>()?,
                trusted_dirs: provider.trusted_dirs.clone(),
                allows_symlink: provider.allow_symlink_command.unwrap_or(false),
                allows_insecure_path: provider.allow_insecure_path.unwrap_or(false),
            })))
        }
    }
}
