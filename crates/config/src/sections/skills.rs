//! `skills`: where skills are, which are used, and the variables of their commands.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{secret::SecretInput, template::EnvString};

/// The most folders that are looked at in one folder of skills.
const CANDIDATES_PER_ROOT: u32 = 300;

/// The most bytes of a `SKILL.md`.
const SKILL_FILE_BYTES: u64 = 256_000;

/// Skills: instructions for particular tasks, which the model loads when it needs them.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct SkillsConfig {
    /// Settings of single skills, by name.
    pub entries: BTreeMap<String, SkillEntryConfig>,
    /// Where skills are looked for.
    pub load: SkillLoadConfig,
    /// Limits of what is read and sent.
    pub limits: SkillLimitsConfig,
}

/// Settings of one skill.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct SkillEntryConfig {
    /// Whether the skill is used.
    #[schemars(extend("default" = true))]
    pub enabled: Option<bool>,
    /// The value of the variable that the skill names as its primary one. Commands of agents that
    /// use the skill get it.
    pub api_key: Option<SecretInput>,
    /// Variables that commands of agents that use the skill get, by name.
    pub env: BTreeMap<String, SecretInput>,
}

/// Where skills are looked for, besides the workspace, the state folder and `~/.agents/skills`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct SkillLoadConfig {
    /// More folders of skills; `~` and `${VAR}` are replaced. A skill elsewhere with the same name
    /// wins.
    pub extra_dirs: Vec<EnvString>,
}

/// Limits of what is read of skills and sent to the model.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct SkillLimitsConfig {
    /// The most folders that are looked at in one folder of skills.
    #[schemars(range(min = 1), extend("default" = CANDIDATES_PER_ROOT))]
    pub max_candidates_per_root: Option<u32>,
    /// The most skills that the model is told about.
    pub max_skills_in_prompt: Option<u32>,
    /// The most characters of what the model is told about all skills. The default is 8,000, or
    /// 1,500 in lean mode.
    pub max_skills_prompt_chars: Option<u32>,
    /// The most bytes of a `SKILL.md`; a larger one is not used.
    #[schemars(extend("default" = SKILL_FILE_BYTES))]
    pub max_skill_file_bytes: Option<u64>,
}

impl SkillsConfig {
    /// The settings of a skill; case and outer blanks do not matter. One that switches the skill off
    /// wins.
    #[must_use]
    pub fn find_entry(&self, name: &str) -> Option<&SkillEntryConfig> {
        let is_named = |key: &str| key.trim().eq_ignore_ascii_case(name.trim());
        let named = || self.entries.iter().filter(|(key, _)| is_named(key)).map(|(_, entry)| entry);
        named().find(|entry| !entry.is_enabled()).or_else(|| {
            // An exact name is meant more than one in another case.
            self.entries.get(name).or_else(|| named().next())
        })
    }
}

impl SkillEntryConfig {
    /// Whether the skill is used.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled.unwrap_or(true)
    }
}

impl SkillLimitsConfig {
    /// The most folders that are looked at in one folder of skills.
    #[must_use]
    pub fn candidates_per_root(self) -> usize {
        let set = self.max_candidates_per_root.unwrap_or(CANDIDATES_PER_ROOT).max(1);
        usize::try_from(set).unwrap_or(usize::MAX)
    }

    /// The most bytes of a `SKILL.md`.
    #[must_use]
    pub fn skill_file_bytes(self) -> u64 {
        self.max_skill_file_bytes.unwrap_or(SKILL_FILE_BYTES)
    }
}
