//! Files beside the config that restrict what runs, and who may write the config.

use std::path::{Path, PathBuf};

use openclaw_fs::{ForeignWriter, foreign_writer};

use crate::{
    defaults::STATE_DIR_NAME,
    diagnostic::{Diagnostic, DiagnosticKind, Severity, TextSpan},
    env::Env,
    loaded_config::LoadedConfig,
    paths::{AppPaths, home_dir},
    sections::ExecSecurity,
};

/// The original's file of commands that may run without a question.
const APPROVALS_FILE_NAME: &str = "exec-approvals.json";

/// Reports an approvals file outside the state folder, which is not acted on, unless no command
/// runs anyway.
pub(super) fn report_approvals_file(loaded: &mut LoadedConfig, paths: &AppPaths, env: &Env) {
    if loaded.config.tools.exec.security() == ExecSecurity::Deny {
        return;
    }
    // The one in the state folder is acted on.
    let home_folder = home_dir(env).map(|home| home.join(STATE_DIR_NAME));
    let other_folder = home_folder.filter(|folder| folder != paths.state_dir());
    for file in other_folder.iter().map(|folder| folder.join(APPROVALS_FILE_NAME)) {
        // A link to nowhere counts too: somebody meant a file to be there.
        if std::fs::symlink_metadata(&file).is_ok() {
            let message = format!(
                "{} restricts which commands may run, and it is not acted on: `agent` and `chat` do \
                 not start while it is there",
                file.display()
            );
            let help = "move the file away and say in `tools.exec` what may run, or set \
                        `tools.exec.security` to \"deny\"";
            let found = Diagnostic::new(Severity::Warning, TextSpan::default(), message)
                .with_kind(DiagnosticKind::UnheldRestriction)
                .with_help(Some(help.to_owned()));
            loaded.diagnostics.push(Diagnostic { span: None, ..found });
        }
    }
}

/// Reports config files and a state folder that others than the user can change.
pub(super) fn report_shared_files(loaded: &mut LoadedConfig, paths: &AppPaths) {
    let system = paths.system_config().into_iter();
    let user = [paths.config_file().to_owned(), paths.state_dir().to_owned()];
    for (path, may_be_root) in system.map(|path| (path, true)).chain(user.map(|path| (path, false)))
    {
        let Some(problem) = describe_foreign_writer(&path, may_be_root) else { continue };
        let message =
            format!("{} {problem}: they can change what this program does", path.display());
        let help = format!("make it yours alone, as with `chmod go-w {}`", path.display());
        let found =
            Diagnostic::new(Severity::Warning, TextSpan::default(), message).with_help(Some(help));
        loaded.diagnostics.push(Diagnostic { span: None, ..found });
    }
}

/// Why a project file may not be trusted; `None` when only the user, or root, can have written it.
pub(super) fn project_file_problem(path: &Path) -> Option<String> {
    let folder = path.parent().map(PathBuf::from);
    let places = std::iter::once(path.to_owned()).chain(folder);
    places.into_iter().find_map(|place| {
        describe_foreign_writer(&place, true)
            .map(|problem| format!("{} {problem}", place.display()))
    })
}

pub(super) fn describe_foreign_writer(path: &Path, trusts_root: bool) -> Option<&'static str> {
    foreign_writer(path, trusts_root).map(|writer| match writer {
        ForeignWriter::Owner => "belongs to another user",
        _ => "can be written by every user",
    })
}
