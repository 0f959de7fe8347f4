//! Keys in the `auth-profiles.json` of an agent, in the format of the original.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{ResolvedSecret, SecretInput, SecretSource};
use crate::{
    defaults::AUTH_PROFILES_FILE_NAME,
    env::Env,
    sections::{AuthConfig, SecretsConfig},
};

/// The largest file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// The profiles of one agent, in the order of the files and of each file.
///
/// `Debug` shows no key.
#[derive(Clone, Default)]
pub struct AuthProfileStore {
    profiles: Vec<AuthProfile>,
    /// What is wrong with the files, without any of their text.
    problems: Vec<String>,
}

#[derive(Clone)]
struct AuthProfile {
    id: String,
    provider: String,
    key: SecretInput,
    path: PathBuf,
}

impl AuthProfileStore {
    /// Reads the profiles of the folders of agents, e.g. `~/.openclaw/agents/main/agent`. Those of
    /// an earlier folder win.
    #[must_use]
    pub fn read_folders(folders: &[PathBuf], secrets: &SecretsConfig, env: &Env) -> Self {
        let mut store = Self::default();
        for folder in folders {
            let path = folder.join(AUTH_PROFILES_FILE_NAME);
            match openclaw_fs::read_text(&path, MAX_FILE_BYTES) {
                Ok(text) => store.add_text(&text, &path, secrets, env),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => store.problems.push(format!("read {}: {error}", path.display())),
            }
        }
        store
    }

    /// What is wrong with the files; each fits "failed to {…}".
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// The key for a provider: that of the first profile in `auth.order` that has one, else of the
    /// first profile in the files.
    #[must_use]
    pub fn find_key(&self, provider: &str, auth: &AuthConfig, env: &Env) -> Option<ResolvedSecret> {
        let ordered = auth.order.get(provider).into_iter().flatten();
        let named = ordered.filter_map(|id| self.profiles.iter().find(|profile| profile.id == *id));
        let is_for = |profile: &&AuthProfile| {
            let configured = auth.profiles.get(&profile.id);
            let of = configured.and_then(|config| config.provider.as_deref());
            of.unwrap_or(&profile.provider).eq_ignore_ascii_case(provider)
        };
        let profiles = named.chain(self.profiles.iter()).filter(is_for);
        let mut keys = profiles.filter_map(|profile| {
            let value = profile.key.resolve_secret(env).ok()?.value;
            let AuthProfile { id, path, .. } = profile.clone();
            Some(ResolvedSecret { value, source: SecretSource::Profile { id, path } })
        });
        keys.next()
    }

    /// The ids of the profiles of a provider, in the order of the files.
    pub fn profile_ids<'s>(&'s self, provider: &'s str) -> impl Iterator<Item = &'s str> {
        let own = self.profiles.iter().filter(move |profile| profile.provider == provider);
        own.map(|profile| profile.id.as_str())
    }

    /// The ids of the providers that have a profile, without repetition.
    #[must_use]
    pub fn provider_ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = Vec::new();
        for profile in &self.profiles {
            if !ids.contains(&profile.provider.as_str()) {
                ids.push(&profile.provider);
            }
        }
        ids
    }

    fn add_text(&mut self, text: &str, path: &Path, secrets: &SecretsConfig, env: &Env) {
        let json: Value = match serde_json::from_str(text) {
            Ok(json) => json,
            // The parser's own message could quote a key.
            Err(error) => {
                let place = format!("line {}, column {}", error.line(), error.column());
                return self.problems.push(format!("read {}: no JSON at {place}", path.display()));
            }
        };
        let profiles = json.get("profiles").and_then(Value::as_object);
        for (id, profile) in profiles.into_iter().flatten() {
            let of = |key: &str| profile.get(key).and_then(Value::as_str);
            let Some(provider) = of("provider").or_else(|| Some(id.split_once(':')?.0)) else {
                continue;
            };
            let [plain, reference] = match of("type").or(of("mode")) {
                Some("api_key") | None => ["key", "keyRef"],
                Some("token") => ["token", "tokenRef"],
                Some(_) => continue,
            };
            let key = of(plain).filter(|key| !key.is_empty()).map(SecretInput::from_text);
            let key = key.or_else(|| {
                let mut key = SecretInput::from_json(profile.get(reference)?)?;
                key.follow_reference(secrets, env);
                Some(key)
            });
            let Some(key) = key else { continue };
            self.profiles.push(AuthProfile {
                id: id.clone(),
                provider: provider.to_owned(),
                key,
                path: path.to_owned(),
            });
        }
    }
}

impl fmt::Debug for AuthProfileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.profiles.iter().map(|profile| &profile.id)).finish()
    }
}
