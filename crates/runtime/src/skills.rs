//! The skills of an agent: which there are, which it uses, and the variables of their commands.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use openclaw_config::{AppPaths, Config, Env, LoadedConfig, SkillEntryConfig};
use openclaw_exec_policy::{VariableRule, variable_rule};
use openclaw_skills::{
    MissingRequirements, SkillFile, SkillHost, SkillLimits, SkillProblem, SkillRoot, SkillScan,
    SkillSource, find_skills,
};
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::runtime::Runtime;

/// The folders of skills beneath a workspace, of which the later wins.
const WORKSPACE_FOLDERS: [(&str, SkillSource); 2] =
    [(".agents/skills", SkillSource::ProjectAgents), ("skills", SkillSource::Workspace)];

/// The operating system, as skills name it.
const PLATFORM: &str = if cfg!(target_os = "macos") { "darwin" } else { "linux" };

/// The skills of an agent in a workspace.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct AgentSkills {
    /// The skills, sorted by name.
    pub skills: Vec<AgentSkill>,
    /// Files and folders that cannot be used.
    pub problems: Vec<SkillProblem>,
    /// Skills that another of the same name replaces.
    pub replaced: Vec<SkillFile>,
}

/// A skill, and whether the agent uses it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AgentSkill {
    /// The skill.
    pub file: SkillFile,
    /// Whether the agent uses it.
    pub state: SkillState,
    /// What it needs and this machine does not have, whatever its state.
    pub missing: MissingRequirements,
}

/// Whether an agent uses a skill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SkillState {
    /// It does.
    Ready,
    /// The config disables it.
    Disabled,
    /// It is none of the skills that the config names for the agent.
    NotAllowed,
    /// Something that it needs is missing.
    Incomplete,
}

impl AgentSkills {
    /// The skills that the agent uses.
    pub fn ready(&self) -> impl Iterator<Item = &SkillFile> {
        let ready = self.skills.iter().filter(|skill| skill.state == SkillState::Ready);
        ready.map(|skill| &skill.file)
    }
}

impl Runtime {
    /// Finds the skills of an agent in a workspace.
    #[must_use]
    pub fn agent_skills(&self, agent: &str, workspace: &Path) -> AgentSkills {
        let loaded = self.models().loaded_config();
        let env = self.models().env();
        let roots = skill_roots(loaded.own_config(), self.models().app_paths(), env, workspace);
        let limits = loaded.config.skills.limits;
        let limits = SkillLimits {
            candidates_per_root: limits.candidates_per_root(),
            file_bytes: limits.skill_file_bytes(),
        };
        let SkillScan { skills, problems, replaced, .. } = find_skills(&roots, &limits);
        if skills.is_empty() {
            return AgentSkills { skills: Vec::new(), problems, replaced };
        }
        let allowed = loaded.config.allowed_skills(agent);
        let mut variables: BTreeSet<String> = env
            .iter_pairs()
            .filter(|(_, value)| !value.is_empty())
            .filter_map(|(name, _)| Some(name.to_str()?.to_owned()))
            .collect();
        let of_process = variables.clone();
        let skills = skills.into_iter().map(|file| {
            let entry = find_entry(loaded.own_config(), &file);
            variables.clone_from(&of_process);
            variables.extend(configured_variables(entry, &file, env));
            let host = SkillHost {
                platform: PLATFORM,
                search_path: env.get_os("PATH"),
                variables: &variables,
                has_config_value: &|key| has_config_value(loaded, key),
            };
            let missing = host.missing_requirements(&file.manifest);
            let is_named = |name: &String| {
                [file.manifest.name.as_str(), file.manifest.entry_name()].contains(&name.as_str())
            };
            // A project may disable a skill, but not enable what the user disabled.
            let is_enabled = [loaded.own_config(), &loaded.config]
                .iter()
                .all(|config| find_entry(config, &file).is_none_or(SkillEntryConfig::is_enabled));
            let state = if !is_enabled {
                SkillState::Disabled
            } else if allowed.is_some_and(|names| !names.iter().any(is_named))
                || !self.fence.allows_skill(is_named)
            {
                SkillState::NotAllowed
            } else if missing.is_empty() {
                SkillState::Ready
            } else {
                SkillState::Incomplete
            };
            AgentSkill { file, state, missing }
        });
        AgentSkills { skills: skills.collect(), problems, replaced }
    }

    /// The variables that the config sets for the skills that an agent uses, and what cannot be set.
    pub(crate) fn skill_variables(
        &self,
        skills: &AgentSkills,
    ) -> (Vec<(OsString, OsString)>, Vec<String>) {
        let models = self.models();
        let config = models.loaded_config().own_config();
        let (mut variables, mut warnings) = (Vec::new(), Vec::new());
        for file in skills.ready() {
            let Some(entry) = find_entry(config, file) else { continue };
            let name = file.manifest.entry_name();
            let primary = file.manifest.primary_variable.iter().zip(&entry.api_key);
            let primary = primary.map(|(variable, key)| (variable, key, "apiKey".to_owned()));
            let others = entry
                .env
                .iter()
                .map(|(variable, value)| (variable, value, format!("env.{variable}")));
            for (variable, secret, key) in primary.chain(others) {
                let key = format!("skills.entries.{name}.{key}");
                if variable_rule(variable) == VariableRule::Forbidden {
                    warnings.push(format!(
                        "`{key}` is not given to commands: the variable {variable} decides which \
                         code programs load or where they find their settings"
                    ));
                    continue;
                }
                if secret.is_blank() {
                    continue;
                }
                match models.resolve_secret(secret, &key) {
                    Ok(value) => {
                        variables
                            .retain(|(known, _): &(OsString, OsString)| known != variable.as_str());
                        variables.push((variable.into(), value.value.expose_secret().into()));
                    }
                    Err(error) => warnings.push(format!("failed to {error}")),
                }
            }
        }
        (variables, warnings)
    }
}

/// The folders of skills, of which the later wins. A project's own config names none.
fn skill_roots(config: &Config, paths: &AppPaths, env: &Env, workspace: &Path) -> Vec<SkillRoot> {
    let extra = config.extra_skill_folders(env).unwrap_or_default();
    let own = |folder: PathBuf, source| SkillRoot::new(folder, source);
    let mut roots: Vec<SkillRoot> =
        extra.into_iter().map(|folder| own(folder, SkillSource::Extra)).collect();
    roots.push(own(paths.skills_dir(), SkillSource::Managed));
    roots.extend(
        AppPaths::personal_skills_dir(env).map(|folder| own(folder, SkillSource::Personal)),
    );
    let in_workspace = WORKSPACE_FOLDERS
        .map(|(folder, source)| SkillRoot::in_workspace(workspace, folder, source));
    roots.extend(in_workspace.into_iter().filter(|root| root.path().exists()));
    roots
}

/// The entry of a skill in the config.
fn find_entry<'c>(config: &'c Config, file: &SkillFile) -> Option<&'c SkillEntryConfig> {
    let find = |name: &str| config.skills.find_entry(name);
    let (own, general) = (find(file.manifest.entry_name()), find(&file.manifest.name));
    // Whichever of the names switches the skill off, it is off.
    general.filter(|entry| !entry.is_enabled()).or(own).or(general)
}

/// The names of the variables that the config has a value for.
fn configured_variables<'a>(
    entry: Option<&'a SkillEntryConfig>,
    file: &'a SkillFile,
    env: &'a Env,
) -> impl Iterator<Item = String> + 'a {
    let has_value = |secret: &openclaw_config::SecretInput| {
        !secret.is_blank() && !secret.names_unset_variable(env)
    };
    entry.into_iter().flat_map(move |entry| {
        let primary = file.manifest.primary_variable.iter();
        let primary = primary.filter(move |_| entry.api_key.as_ref().is_some_and(has_value));
        let others = entry.env.iter().filter(move |(_, value)| has_value(value));
        primary.cloned().chain(others.map(|(name, _)| name.clone()))
    })
}

/// Whether a key of the config is set, and to something that is not false, null, zero or empty.
fn has_config_value(loaded: &LoadedConfig, key: &str) -> bool {
    let Ok(path) = key.parse() else { return false };
    match loaded.redacted_json(&path, loaded.env()) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(_) => true,
    }
}

/// A line about the skills that cannot be used; `None` when there are none.
pub(crate) fn unusable_skills_warning(skills: &AgentSkills) -> Option<String> {
    match skills.problems.len() {
        0 => None,
        1 => Some("1 skill cannot be used: `openclaw skills check` says why".to_owned()),
        count => Some(format!("{count} skills cannot be used: `openclaw skills check` says why")),
    }
}

/// The skills of a workspace, for tests of the prompt.
#[cfg(test)]
pub(crate) fn find_in_workspace(workspace: &Path) -> Vec<SkillFile> {
    let roots = WORKSPACE_FOLDERS
        .map(|(folder, source)| SkillRoot::in_workspace(workspace, folder, source));
    find_skills(&roots, &SkillLimits::default()).skills
}
