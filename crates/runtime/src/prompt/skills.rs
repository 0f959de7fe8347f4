//! What the prompt says about skills: the name and the description of each. The model loads the
//! instructions with the tool `skill`.

use std::fmt::Write;

use openclaw_config::SkillLimitsConfig;
use openclaw_skills::SkillFile;

use super::PromptProfile;

/// The most characters of a description.
const MAX_DESCRIPTION_CHARS: usize = 300;

/// Renders the skills as a section of the prompt, up to the limits; empty without skills.
pub(crate) fn render_section<'s>(
    skills: impl Iterator<Item = &'s SkillFile>,
    profile: PromptProfile,
    limits: SkillLimitsConfig,
) -> String {
    let most_chars = match profile {
        PromptProfile::Default => 8_000,
        PromptProfile::Lean => 1_500,
    };
    let of = |set: Option<u32>| set.map(|set| usize::try_from(set).unwrap_or(usize::MAX));
    let most_chars = of(limits.max_skills_prompt_chars).unwrap_or(most_chars);
    let most = of(limits.max_skills_in_prompt).unwrap_or(usize::MAX);
    let skills: Vec<&SkillFile> = skills.filter(|skill| skill.manifest.is_for_model).collect();
    if skills.is_empty() {
        return String::new();
    }
    let mut text = String::from(
        "There are skills: instructions for particular tasks. Where one fits, load it with `skill` \
         before you begin, and do as it says.",
    );
    for (n, skill) in skills.iter().enumerate() {
        let description = shorten_description(&skill.manifest.description);
        let line = format!("\n- {}: {description}", skill.manifest.name);
        if n == most || text.chars().count() + line.chars().count() > most_chars {
            let rest = skills.len() - n;
            // Writing to a string cannot fail.
            let _ = write!(text, "\n- {rest} more, which `skill` without a name lists");
            break;
        }
        text.push_str(&line);
    }
    text
}

fn shorten_description(text: &str) -> String {
    match text.char_indices().nth(MAX_DESCRIPTION_CHARS) {
        Some((end, _)) => format!("{}…", text.split_at(end).0),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Write;

    use super::*;
    use crate::skills::find_in_workspace;

    #[test]
    fn the_prompt_has_a_line_for_each_skill_up_to_its_limits() {
        let directory = tempfile::tempdir().unwrap();
        for n in 0..20 {
            let folder = directory.path().join(format!("skills/s{n}"));
            fs::create_dir_all(&folder).unwrap();
            let mut file = File::create(folder.join("SKILL.md")).unwrap();
            let extra = if n == 3 { "disable-model-invocation: true\n" } else { "" };
            let text =
                format!("---\nname: s{n}\ndescription: {}\n{extra}---\nBody", "d".repeat(400));
            file.write_all(text.as_bytes()).unwrap();
        }
        let skills = find_in_workspace(directory.path());
        let render = |profile, limits| render_section(skills.iter(), profile, limits);
        let none = SkillLimitsConfig::default();
        let full = render(PromptProfile::Default, none);
        assert_eq!(full.matches("\n- s").count(), 19);
        assert!(full.ends_with('…') && !full.contains("Body") && !full.contains("s3:"), "{full}");
        let lean = render(PromptProfile::Lean, none);
        assert!(
            lean.len() < 1_600 && lean.ends_with("which `skill` without a name lists"),
            "{lean}"
        );
        let mut limits = none;
        limits.max_skills_in_prompt = Some(2);
        let two = render(PromptProfile::Default, limits);
        assert!(two.ends_with("\n- 17 more, which `skill` without a name lists"), "{two}");
        limits.max_skills_prompt_chars = Some(0);
        assert!(
            render(PromptProfile::Default, limits)
                .ends_with("\n- 19 more, which `skill` without a name lists")
        );
        assert_eq!(render_section([].iter(), PromptProfile::Lean, none), "");
    }
}
