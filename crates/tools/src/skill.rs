//! `skill`: loads the instructions of a skill.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use openclaw_core::{
    InvalidToolArguments, PlannedToolCall, Tool, ToolCall, ToolConcurrency, ToolContext,
    ToolEffect, ToolOutput, ToolSpec,
};
use openclaw_skills::SkillFile;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::arguments::{decode_arguments, tool_spec};

/// The text that stands for a skill's folder in its instructions.
const FOLDER_PLACEHOLDER: &str = "{baseDir}";

/// Loads skills.
#[derive(Debug)]
pub struct SkillTool {
    skills: Arc<[SkillFile]>,
    spec: ToolSpec,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SkillArguments {
    /// Its name; without one, lists all
    name: Option<String>,
    /// Another file of its folder
    file: Option<String>,
}

/// A call of `skill` with its skill found.
#[derive(Debug)]
enum SkillCall {
    List(Arc<[SkillFile]>, ToolEffect),
    Load { skill: Box<SkillFile>, file: Option<PathBuf>, effect: ToolEffect },
}

impl SkillTool {
    /// Makes the tool for these skills, sorted by name.
    #[must_use]
    pub fn new(skills: Vec<SkillFile>) -> Self {
        let description = "Loads the instructions of a skill.";
        Self { skills: skills.into(), spec: tool_spec::<SkillArguments>("skill", description) }
    }

    fn find_skill(&self, name: &str) -> Result<&SkillFile, InvalidToolArguments> {
        let name = name.trim();
        let is_named = |skill: &&SkillFile| skill.manifest.name.eq_ignore_ascii_case(name);
        self.skills.iter().find(is_named).ok_or_else(|| {
            let closest = self
                .skills
                .iter()
                .map(|skill| skill.manifest.name.as_str())
                .max_by(|a, b| strsim::jaro(a, name).total_cmp(&strsim::jaro(b, name)));
            let closest =
                closest.map_or_else(String::new, |name| format!("; the closest is `{name}`"));
            InvalidToolArguments {
                tool: self.spec.name.clone(),
                problem: format!("`name`: there is no such skill{closest}"),
            }
        })
    }
}

impl Tool for SkillTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn plan_call(&self, call: &ToolCall) -> Result<Box<dyn PlannedToolCall>, InvalidToolArguments> {
        let SkillArguments { name, file } = decode_arguments(&self.spec, call)?;
        let Some(name) = name.filter(|name| !name.trim().is_empty()) else {
            let effect = ToolEffect::Read { path: "skills".to_owned() };
            return Ok(Box::new(SkillCall::List(Arc::clone(&self.skills), effect)));
        };
        let skill = Box::new(self.find_skill(&name)?.clone());
        let file = file.filter(|file| !file.is_empty()).map(PathBuf::from);
        let path = file.as_ref().map_or_else(|| skill.file(), |file| skill.directory.join(file));
        let effect = ToolEffect::Read { path: path.display().to_string() };
        Ok(Box::new(SkillCall::Load { skill, file, effect }))
    }
}

#[async_trait]
impl PlannedToolCall for SkillCall {
    fn effect(&self) -> &ToolEffect {
        match self {
            Self::List(_, effect) | Self::Load { effect, .. } => effect,
        }
    }

    fn concurrency(&self) -> ToolConcurrency {
        ToolConcurrency::Shared
    }

    async fn run(self: Box<Self>, _context: ToolContext<'_>) -> ToolOutput {
        match *self {
            Self::List(skills, _) => list_skills(&skills),
            Self::Load { skill, file, .. } => load_skill(&skill, file),
        }
    }
}

fn list_skills(skills: &[SkillFile]) -> ToolOutput {
    let mut text = String::new();
    for skill in skills {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}: {}", skill.manifest.name, skill.manifest.description);
    }
    ToolOutput::from_text(text).with_summary(format!("{} skills", skills.len()))
}

fn load_skill(skill: &SkillFile, file: Option<PathBuf>) -> ToolOutput {
    let folder = skill.directory.display().to_string();
    let is_main = file.is_none();
    match skill.read_text(file.as_deref()) {
        Ok(text) => {
            let lines = text.lines().count();
            let text = if is_main {
                let text = text.replace(FOLDER_PLACEHOLDER, &folder);
                format!(
                    "[The folder of this skill is {folder}; `file` reads its other files.]\n{text}"
                )
            } else {
                text
            };
            ToolOutput::from_text(text).with_summary(format!("{lines} lines"))
        }
        Err(error) => {
            let path = file.unwrap_or_else(|| "SKILL.md".into());
            let path = path.display();
            ToolOutput::from_error(format!("`{path}` of this skill cannot be read: {error}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::path::Path;

    use openclaw_core::{ToolArguments, ToolCallId, ToolName};
    use openclaw_skills::{SkillLimits, SkillRoot, SkillSource, find_skills};

    use super::*;

    fn put(folder: &Path, name: &str, text: &str) {
        fs::create_dir_all(folder).unwrap();
        fs::File::create(folder.join(name)).unwrap().write_all(text.as_bytes()).unwrap();
    }

    async fn call(tool: &SkillTool, arguments: &str) -> Result<ToolOutput, InvalidToolArguments> {
        let call = ToolCall {
            id: ToolCallId::new("c1").unwrap(),
            name: ToolName::from_model("skill"),
            arguments: ToolArguments::parse_json(arguments).unwrap(),
        };
        let context = ToolContext {
            time_limit: None,
            max_output_bytes: 10_000,
            takes_images: false,
            progress: &(),
        };
        Ok(tool.plan_call(&call)?.run(context).await)
    }

    #[tokio::test]
    async fn a_skill_is_loaded_by_name_with_the_files_of_its_folder_and_no_others() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("tea");
        put(
            &folder,
            "SKILL.md",
            "---\nname: tea\ndescription: Makes tea.\n---\nRun {baseDir}/boil.",
        );
        put(&folder, "notes.md", "{baseDir}");
        put(home.path(), "secret", "s");
        let root = SkillRoot::new(home.path().to_owned(), SkillSource::Managed);
        let tool = SkillTool::new(find_skills(&[root], &SkillLimits::default()).skills);
        let loaded = call(&tool, r#"{"name": "Tea"}"#).await.unwrap();
        let expected = format!("Run {}/boil.", folder.display());
        assert!(loaded.text.ends_with(&expected) && !loaded.is_error, "{}", loaded.text);
        let notes = call(&tool, r#"{"name": "tea", "file": "notes.md"}"#).await.unwrap();
        assert_eq!(notes.text, "{baseDir}");
        let listed = call(&tool, "{}").await.unwrap();
        assert_eq!(listed.text, "tea: Makes tea.\n");
        for file in ["../secret", "/etc/passwd", "none"] {
            let text = format!(r#"{{"name": "tea", "file": "{file}"}}"#);
            assert!(call(&tool, &text).await.unwrap().is_error, "{file}");
        }
        let problem = call(&tool, r#"{"name": "te"}"#).await.unwrap_err().problem;
        assert!(problem.contains("the closest is `tea`"), "{problem}");
    }
}
