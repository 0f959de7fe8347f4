//! Who can read and change the files of the program.

use std::path::{Path, PathBuf};

use openclaw_chat::CommandContext;
use openclaw_config::defaults::AUTH_PROFILES_FILE_NAME;
use openclaw_fs::ForeignAccess;

use super::{AuditFinding, AuditSeverity, quote_path};

/// The most findings about files of one folder.
const MAX_LISTED_FILES: usize = 50;

/// Looks at the program's files, and at the folders of the skills that are used.
pub(super) fn find_in_files(context: &CommandContext) -> Vec<AuditFinding> {
    let models = &context.models;
    let (paths, config) = (models.app_paths(), &models.loaded_config().config);
    let state_dir = paths.state_dir();
    let mut secret = vec![paths.config_file().to_owned(), paths.env_file()];
    for agent in config.agent_ids() {
        let folders = config.agent_dirs(agent, paths, models.env()).into_iter();
        secret.extend(folders.map(|folder| folder.join(AUTH_PROFILES_FILE_NAME)));
    }
    secret.extend(files_of(&paths.sessions_file().with_file_name("")));
    secret.extend(files_of(&paths.history_dir()));
    secret.push(state_dir.join("exec-approvals.json"));
    secret.extend(files_of(&state_dir.join("trace")));
    secret.extend(files_of(&state_dir.join("credentials")));
    secret.sort_unstable();
    secret.dedup();
    let folders =
        [state_dir.to_owned(), paths.sessions_file().with_file_name(""), paths.history_dir()];
    let mut findings: Vec<AuditFinding> =
        folders.iter().chain(&secret).filter_map(|path| access_finding(path)).collect();
    let runtime = context.runtime();
    let workspace = config.resolve_workspace(paths, models.env()).ok();
    if let Some(workspace) = workspace {
        let skills = runtime.agent_skills(runtime.default_agent(), &workspace);
        findings.extend(skills.ready().filter_map(|skill| skill_finding(&skill.directory)));
        findings.extend(skills.problems.iter().map(|problem| AuditFinding {
            id: "skills.unusable",
            severity: AuditSeverity::Info,
            title: format!("a skill cannot be used: {}", problem.reason),
            place: problem.path.display().to_string(),
            remedy: "`openclaw skills check` lists all of them".to_owned(),
            fixable_path: None,
        }));
    }
    findings
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).take(MAX_LISTED_FILES).collect()
}

/// What others can do with a file of the program; `None` when nothing or when there is none.
fn access_finding(path: &Path) -> Option<AuditFinding> {
    let access = ForeignAccess::of_path(path).ok().flatten()?;
    let place = format!("{} (mode {:04o})", path.display(), access.mode);
    let fixed_mode = access.mode & 0o700;
    let quoted = quote_path(path);
    if access.is_foreign {
        return Some(AuditFinding {
            id: "files.owner",
            severity: AuditSeverity::Critical,
            title: "it belongs to another user, who can change what the program does".to_owned(),
            place,
            remedy: format!("`sudo chown \"$USER\" {quoted}`"),
            fixable_path: None,
        });
    }
    let (severity, title) = match (access.is_writable(), access.is_readable(), access.is_directory)
    {
        (true, ..) => (AuditSeverity::Critical, "other users can change it"),
        (_, true, false) => {
            (AuditSeverity::Critical, "other users can read it, and it may hold secrets")
        }
        (_, true, true) => (AuditSeverity::Warning, "other users can list its files"),
        _ => return None,
    };
    Some(AuditFinding {
        id: "files.mode",
        severity,
        title: title.to_owned(),
        place,
        remedy: format!("`chmod {fixed_mode:o} {quoted}`"),
        fixable_path: Some(path.to_owned()),
    })
}

/// A skill that others can change instructs the agent for them.
fn skill_finding(folder: &Path) -> Option<AuditFinding> {
    let of = |path: PathBuf| Some((ForeignAccess::of_path(&path).ok().flatten()?, path));
    let (access, path) = [folder.to_owned(), folder.join("SKILL.md")]
        .into_iter()
        .filter_map(of)
        .find(|(access, _)| access.is_writable() || access.is_foreign)?;
    let quoted = quote_path(&path);
    let remedy = if access.is_foreign {
        format!("`sudo chown \"$USER\" {quoted}`")
    } else {
        format!("`chmod go-w {quoted}`")
    };
    Some(AuditFinding {
        id: "skills.access",
        severity: AuditSeverity::Warning,
        title: "other users can change a skill, and so instruct the agent".to_owned(),
        place: format!("{} (mode {:04o})", path.display(), access.mode),
        remedy,
        fixable_path: None,
    })
}
