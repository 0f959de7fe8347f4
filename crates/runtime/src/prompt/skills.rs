//! Skills: instructions in `skills/NAME/SKILL.md` of the workspace. The prompt lists each with one
//! line; the model reads the file when a task calls for it.

use std::fmt::Write;

use openclaw_tools::Workspace;

use super::PromptProfile;

/// The most bytes that are read of a skill's file to list it.
const MAX_READ_BYTES: u64 = 8 << 10;

/// The most characters of a description.
const MAX_DESCRIPTION_CHARS: usize = 300;

/// A skill as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Skill {
    pub(crate) name: String,
    pub(crate) description: String,
    /// Relative to the workspace.
    pub(crate) path: String,
}

/// Reads the skills of a workspace, ordered by folder name.
pub(crate) fn read_skills(workspace: &Workspace) -> Vec<Skill> {
    let folders = workspace.list_names("skills").into_iter();
    let skills = folders.filter(|name| !name.starts_with('.')).filter_map(|folder| {
        let path = format!("skills/{folder}/SKILL.md");
        let text = workspace.read_text(&path, MAX_READ_BYTES).ok().flatten()?;
        let (name, description) = parse_front_matter(&text);
        let name = name.unwrap_or(folder);
        Some(Skill { name: to_one_line(&name), description: to_one_line(&description?), path })
    });
    skills.collect()
}

/// Renders the skills as a section of the prompt, up to the profile's limit; empty without skills.
pub(crate) fn render_section(skills: &[Skill], profile: PromptProfile) -> String {
    let most = match profile {
        PromptProfile::Default => 8_000,
        PromptProfile::Lean => 1_500,
    };
    if skills.is_empty() {
        return String::new();
    }
    let mut text = String::from(
        "The workspace has these skills. Where one fits the task, `read` its file first and do as \
         it says.",
    );
    for (n, Skill { name, description, path }) in skills.iter().enumerate() {
        let line = format!("\n- {name}: {description} ({path})");
        if text.len() + line.len() > most {
            let rest = skills.len() - n;
            // Writing to a string cannot fail.
            let _ = write!(text, "\n- {rest} more in `skills/`");
            break;
        }
        text.push_str(&line);
    }
    text
}

/// Reads the name and the description from a skill's front matter: lines between two `---`. Other
/// keys are ignored. A value may be quoted or continue on indented lines.
fn parse_front_matter(text: &str) -> (Option<String>, Option<String>) {
    let mut values: [Option<String>; 2] = [None, None];
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    if lines.next().map(str::trim_end) != Some("---") {
        return (None, None);
    }
    let mut open: Option<&mut String> = None;
    let [name, description] = &mut values;
    let mut slots = [("name:", Some(name)), ("description:", Some(description))];
    for line in lines.take_while(|line| line.trim_end() != "---") {
        if line.starts_with([' ', '\t']) {
            if let Some(value) = &mut open {
                value.push(' ');
                value.push_str(line.trim());
            }
            continue;
        }
        open = None;
        for (key, slot) in &mut slots {
            if let Some(value) = line.strip_prefix(*key)
                && let Some(slot) = slot.take()
            {
                let value = value.trim();
                let is_block = matches!(value, ">" | ">-" | "|" | "|-");
                open = Some(slot.insert(if is_block { String::new() } else { value.to_owned() }));
                break;
            }
        }
    }
    let [name, description] = values;
    let clean = |value: Option<String>| {
        value.as_deref().map(strip_quotes).filter(|value| !value.is_empty())
    };
    (clean(name), clean(description))
}

fn strip_quotes(value: &str) -> String {
    let value = value.trim();
    let inner =
        ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    inner.unwrap_or(value).to_owned()
}

/// Joins a text to one line and truncates it.
fn to_one_line(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_DESCRIPTION_CHARS) {
        Some((end, _)) => format!("{}…", line.split_at(end).0),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Write;

    use super::*;

    #[test]
    fn a_skill_is_a_line_and_its_file() {
        let directory = tempfile::tempdir().unwrap();
        let write = |folder: &str, text: &str| {
            let folder = directory.path().join("skills").join(folder);
            fs::create_dir_all(&folder).unwrap();
            let mut file = File::create(folder.join("SKILL.md")).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        };
        write("b", "---\nname: \"Bee\"\ndescription: >-\n  Makes\n  honey.\nother: x\n---\nBody");
        write("a", "---\ndescription: 'Does a'\nname: first\nname: second\n---\n");
        write("plain", "No head.\nname: x\ndescription: y\n");
        write("mute", "---\nname: mute\n---\n");
        write(".hidden", "---\nname: h\ndescription: h\n---\n");
        let skills = read_skills(&Workspace::open(directory.path()).unwrap());
        let listed: Vec<_> =
            skills.iter().map(|s| (s.name.as_str(), s.description.as_str())).collect();
        assert_eq!(listed, [("first", "Does a"), ("Bee", "Makes honey.")]);
        let shown = render_section(&skills, PromptProfile::Default);
        assert!(shown.ends_with("\n- Bee: Makes honey. (skills/b/SKILL.md)"), "{shown}");
        assert_eq!(render_section(&[], PromptProfile::Lean), "");
    }

    #[test]
    fn what_a_profile_has_no_room_for_is_counted() {
        let skill = |n: usize| Skill {
            name: format!("s{n}"),
            description: "d".repeat(200),
            path: format!("skills/s{n}/SKILL.md"),
        };
        let skills: Vec<_> = (0..20).map(skill).collect();
        let lean = render_section(&skills, PromptProfile::Lean);
        assert!(lean.len() < 1_600 && lean.contains(" more in `skills/`"), "{lean}");
        assert!(!render_section(&skills, PromptProfile::Default).contains("more in"));
    }
}
