#![doc = include_str!("../README.md")]

mod catalogue;
mod front_matter;
mod host;
mod manifest;

pub use catalogue::{
    SkillFile, SkillLimits, SkillProblem, SkillRoot, SkillScan, SkillSource, find_skills,
};
pub use front_matter::ManifestError;
pub use host::{MissingRequirements, SkillHost};
pub use manifest::{SkillManifest, SkillRequirements, parse_manifest};
