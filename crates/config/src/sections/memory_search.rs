//! `memorySearch`: the search in the agent's notes.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Config;
use crate::{
    defaults::{MEMORY_CHUNK_OVERLAP, MEMORY_CHUNK_TOKENS, MEMORY_RESULTS, MEMORY_VECTOR_WEIGHT},
    secret::SecretInput,
    template::EnvString,
};

/// The most results of a search, whatever is set or asked for.
const MAX_RESULTS: u32 = 50;

/// The settings of the agent's memory.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct MemoryConfig {
    /// The search in the agent's notes, as `memorySearch`.
    pub search: MemorySearchConfig,
}

/// The search in the agent's notes: `MEMORY.md`, `USER.md` and the files below `memory/`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct MemorySearchConfig {
    /// Whether the agent can search its notes.
    #[schemars(extend("default" = true))]
    pub enabled: Option<bool>,
    /// The provider of the embedding model: an id of `models.providers`, `auto` for that of the
    /// agent's model, or `none` to search by words only.
    #[schemars(extend("default" = "auto"))]
    pub provider: Option<String>,
    /// The embedding model, by its id or as `provider/model-id`. Without it one that the server
    /// lists is used.
    pub model: Option<String>,
    /// A server for embeddings that is not in `models.providers`.
    pub remote: MemoryRemoteConfig,
    /// The results of a search.
    pub query: MemoryQueryConfig,
    /// How notes are split.
    pub chunking: MemoryChunkConfig,
    /// How the index is stored.
    pub store: MemoryStoreConfig,
}

/// A server for embeddings.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct MemoryRemoteConfig {
    /// The address of its API, such as `http://127.0.0.1:8001/v1`; `${VAR}` is replaced.
    pub base_url: Option<EnvString>,
    /// The key.
    pub api_key: Option<SecretInput>,
    /// Headers of each request, by name.
    pub headers: BTreeMap<String, SecretInput>,
}

/// The results of a search.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct MemoryQueryConfig {
    /// The most results; at most 50.
    #[schemars(extend("default" = MEMORY_RESULTS))]
    pub max_results: Option<NonZeroU32>,
    /// The least score of a result, from 0 to 1. Scores by words only are lower than those with an
    /// embedding model.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub min_score: Option<f64>,
    /// How words and meaning count together.
    pub hybrid: MemoryHybridConfig,
}

/// How words and meaning count together.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct MemoryHybridConfig {
    /// The weight of similarity in meaning.
    #[schemars(range(min = 0.0, max = 1.0), extend("default" = MEMORY_VECTOR_WEIGHT))]
    pub vector_weight: Option<f64>,
    /// The weight of common words. The default is what `vectorWeight` leaves.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub text_weight: Option<f64>,
}

/// How notes are split.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct MemoryChunkConfig {
    /// The most tokens of a chunk, estimated.
    #[schemars(extend("default" = MEMORY_CHUNK_TOKENS))]
    pub tokens: Option<NonZeroU32>,
    /// The tokens that a chunk has in common with the one before.
    #[schemars(extend("default" = MEMORY_CHUNK_OVERLAP))]
    pub overlap: Option<u32>,
}

/// How the index is stored.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct MemoryStoreConfig {
    /// The vectors.
    pub vector: MemoryVectorConfig,
}

/// The vectors of an index.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[non_exhaustive]
pub struct MemoryVectorConfig {
    /// Whether there are any; `false` searches by words only.
    #[schemars(extend("default" = true))]
    pub enabled: Option<bool>,
}

impl MemorySearchConfig {
    /// Whether the agent can search its notes.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.enabled.unwrap_or(true)
    }

    /// Whether an embedding model is used, if there is one.
    #[must_use]
    pub fn uses_vectors(&self) -> bool {
        self.store.vector.enabled.unwrap_or(true) && self.provider.as_deref() != Some("none")
    }

    /// The most results of a search.
    #[must_use]
    pub fn max_results(&self) -> u32 {
        self.query.max_results.map_or(MEMORY_RESULTS, NonZeroU32::get).min(MAX_RESULTS)
    }

    /// How much meaning counts against words, from 0 to 1.
    #[must_use]
    pub fn vector_share(&self) -> f64 {
        let MemoryHybridConfig { vector_weight, text_weight } = self.query.hybrid;
        let vector = vector_weight
            .unwrap_or_else(|| text_weight.map_or(MEMORY_VECTOR_WEIGHT, |text| 1.0 - text));
        let sum = vector + text_weight.unwrap_or(1.0 - vector);
        if sum > 0.0 { (vector / sum).clamp(0.0, 1.0) } else { MEMORY_VECTOR_WEIGHT }
    }

    /// The most tokens of a chunk.
    #[must_use]
    pub fn chunk_tokens(&self) -> u32 {
        self.chunking.tokens.map_or(MEMORY_CHUNK_TOKENS, NonZeroU32::get)
    }

    /// The tokens that a chunk has in common with the one before.
    #[must_use]
    pub fn chunk_overlap(&self) -> u32 {
        self.chunking.overlap.unwrap_or(MEMORY_CHUNK_OVERLAP)
    }

    /// These settings, with those of `general` where there are none. Of `remote`, whose key belongs
    /// to its address, all or nothing is taken over.
    fn or(self, general: &Self) -> Self {
        let remote =
            if self.remote.base_url.is_some() { self.remote } else { general.remote.clone() };
        let hybrid = self.query.hybrid;
        let has_weights = hybrid.vector_weight.is_some() || hybrid.text_weight.is_some();
        Self {
            enabled: self.enabled.or(general.enabled),
            // A model belongs to its provider.
            model: match (&self.provider, self.model) {
                (None, None) => general.model.clone(),
                (_, own) => own,
            },
            provider: self.provider.or_else(|| general.provider.clone()),
            remote,
            query: MemoryQueryConfig {
                max_results: self.query.max_results.or(general.query.max_results),
                min_score: self.query.min_score.or(general.query.min_score),
                hybrid: if has_weights { hybrid } else { general.query.hybrid },
            },
            chunking: MemoryChunkConfig {
                tokens: self.chunking.tokens.or(general.chunking.tokens),
                overlap: self.chunking.overlap.or(general.chunking.overlap),
            },
            store: MemoryStoreConfig {
                vector: MemoryVectorConfig {
                    enabled: self.store.vector.enabled.or(general.store.vector.enabled),
                },
            },
        }
    }
}

impl Config {
    /// The settings of an agent's search in its notes: those of its entry, else those of
    /// `memory.search`, else those of `agents.defaults.memorySearch`.
    #[must_use]
    pub fn memory_search(&self, agent: &str) -> MemorySearchConfig {
        let general = self.memory.search.clone().or(&self.agents.defaults.memory_search);
        let entries: Vec<_> = self.agent_entries(agent).collect();
        // The first one wins.
        entries.into_iter().rev().fold(general, |general, entry| {
            entry.memory.search.clone().or(&entry.memory_search).or(&general)
        })
    }

    /// All settings of searches in notes.
    pub(super) fn memory_searches_mut(&mut self) -> impl Iterator<Item = &mut MemorySearchConfig> {
        let Self { agents, memory, .. } = self;
        let entries = agents.entries.entries_mut().chain(agents.list.iter_mut());
        let own = entries.flat_map(|entry| [&mut entry.memory_search, &mut entry.memory.search]);
        own.chain([&mut agents.defaults.memory_search, &mut memory.search])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Env;

    fn search_of(text: &str, agent: &str) -> MemorySearchConfig {
        Config::parse(text, &Env::default()).unwrap().config.memory_search(agent)
    }

    #[test]
    fn an_entry_is_before_the_general_settings() {
        let text = "{ agents: {
            defaults: { memorySearch: { model: 'm', provider: 'p', query: { maxResults: 9, minScore: 0.5 } } },
            entries: { dev: { memorySearch: { enabled: false, query: { maxResults: 3 } } },
                ops: { memory: { search: { provider: 'none' } } } } },
            memory: { search: { chunking: { tokens: 100 } } } }";
        let main = search_of(text, "main");
        assert!(main.is_enabled() && main.uses_vectors());
        assert_eq!((main.max_results(), main.query.min_score), (9, Some(0.5)));
        assert_eq!((main.chunk_tokens(), main.chunk_overlap()), (100, MEMORY_CHUNK_OVERLAP));
        let dev = search_of(text, "dev");
        assert!(!dev.is_enabled());
        assert_eq!((dev.max_results(), dev.model.as_deref()), (3, Some("m")));
        let ops = search_of(text, "ops");
        assert!(!ops.uses_vectors());
        assert_eq!(ops.model, None, "the model is another provider's");
    }

    #[test]
    fn weights_count_in_proportion() {
        for (hybrid, expected) in [
            ("{}", 0.7),
            ("{ vectorWeight: 0.4 }", 0.4),
            ("{ textWeight: 0.4 }", 0.6),
            ("{ vectorWeight: 0.5, textWeight: 0.5 }", 0.5),
            ("{ vectorWeight: 0.2, textWeight: 0.6 }", 0.25),
            ("{ vectorWeight: 0, textWeight: 0 }", 0.7),
        ] {
            let text = format!("{{ memory: {{ search: {{ query: {{ hybrid: {hybrid} }} }} }} }}");
            let share = search_of(&text, "main").vector_share();
            assert!((share - expected).abs() < 1e-9, "{hybrid}: {share}");
        }
    }

    #[test]
    fn nothing_set_is_everything_on() {
        let search = search_of("{}", "main");
        assert!(search.is_enabled() && search.uses_vectors());
        assert_eq!(search.max_results(), MEMORY_RESULTS);
        let most = search_of("{ memory: { search: { query: { maxResults: 9999 } } } }", "main");
        assert_eq!(most.max_results(), MAX_RESULTS);
    }
}
