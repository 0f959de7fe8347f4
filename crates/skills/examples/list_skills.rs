//! Lists the skills of a folder and what this machine misses for each of them.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;

use openclaw_skills::{SkillHost, SkillLimits, SkillRoot, SkillSource, find_skills};

const MANIFEST: &str = "---
name: brew
description: Makes tea. Use when somebody is thirsty.
metadata: { openclaw: { requires: { bins: [kettle] } } }
---
Boil the water.
";

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    #[expect(clippy::disallowed_methods, reason = "the example makes its own skill")]
    {
        fs::create_dir(folder.path().join("brew"))?;
        fs::write(folder.path().join("brew/SKILL.md"), MANIFEST)?;
    }
    #[expect(clippy::disallowed_methods, reason = "a program knows its own environment")]
    let search_path = std::env::var_os("PATH");
    let host = SkillHost {
        platform: "linux",
        search_path: search_path.as_deref(),
        variables: &BTreeSet::new(),
        has_config_value: &|_key| false,
    };
    let root = SkillRoot::new(folder.path(), SkillSource::Managed);
    let scan = find_skills(&[root], &SkillLimits::default());
    for skill in &scan.skills {
        println!("{}: {}", skill.manifest.name, skill.manifest.description);
        println!("missing programs: {:?}", host.missing_requirements(&skill.manifest).bins);
    }
    for problem in &scan.problems {
        println!("{}: {}", problem.path.display(), problem.reason);
    }
    Ok(())
}
