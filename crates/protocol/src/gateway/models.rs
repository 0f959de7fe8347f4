//! The models of a gateway: the method `models.list`.

use serde::{Deserialize, Serialize};

use crate::results::errors::ErrorReport;

/// The parameters of `models.list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ModelListParams {
    /// Whether the servers are asked which models they have; without it the models are those of the
    /// config.
    pub ask_servers: bool,
}

/// The result of `models.list`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ModelListResult {
    /// The model of the default agent; null when the config names none.
    pub primary: Option<String>,
    /// The models.
    pub models: Vec<ModelEntry>,
    /// Why servers could not be asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<ErrorReport>,
    /// What a person should know about the list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// A model that can be selected.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schema"), derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ModelEntry {
    /// The reference to select it by.
    pub id: String,
    /// The context window, in tokens; null when it is not known.
    pub context_window: Option<u32>,
    /// What it is to the config, such as `default`, `fallback#1` or `alias:NAME`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether it cannot be used, as far as is known without asking it something.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unavailable: bool,
}
