//! The sandbox of the commands of one agent: its temporary folder, the guarded files, and what the
//! model is told when it refused something.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::exec::guard::{
    CommitRecord, FileGuard, FinishedRun, GuardFailure, GuardedRun, GuardedTree,
};
use crate::workspace::ToolWrites;
use openclaw_core::ToolOutput;
use openclaw_exec_policy::CommandPlan;
use openclaw_fs::{LinklessDirectory, create_private_dir};
use openclaw_process::sandbox::{RootAccess, SandboxPolicy, hidden_paths};

/// How long the end of an agent waits for the search after its last command.
const MAX_END_WAIT: Duration = Duration::from_mins(1);

/// Texts of programs that were refused something by the system.
const REFUSALS: &[&str] = &[
    "permission denied",
    "operation not permitted",
    "permissionerror",
    "eacces",
    "eperm",
    "could not resolve",
    "couldn't resolve",
    "name resolution",
    "name or service not known",
    "network is unreachable",
    "failed to connect",
    "unable to connect",
    "connection error",
    "invalid cross-device link",
];

/// Commands of Git that check out a commit. Others may apply what a command prepared: a patch, a
/// stash, or changes that wait for the end of a merge or rebase.
const CHECKOUT_COMMANDS: &[&str] = &["checkout", "switch", "reset", "worktree"];
/// Commands of Git that change no file.
const READING_COMMANDS: &[&str] = &["status", "log", "branch", "fetch", "rev-parse"];
/// Options of these commands that make Git run and change nothing else.
const PLAIN_OPTIONS: &[&str] = &[
    "--",
    "-",
    "-b",
    "-B",
    "-d",
    "-f",
    "-q",
    "-s",
    "-v",
    "--all",
    "--detach",
    "--force",
    "--hard",
    "--keep",
    "--mixed",
    "--no-track",
    "--oneline",
    "--orphan",
    "--progress",
    "--prune",
    "--quiet",
    "--recurse-submodules",
    "--short",
    "--soft",
    "--tags",
    "--track",
    "--verbose",
];
const READING_PROGRAMS: &[&str] =
    &["cat", "echo", "grep", "head", "ls", "pwd", "tail", "true", "wc"];

/// The sandbox of the commands of one agent.
#[derive(Debug)]
pub(crate) struct ExecSandbox {
    policy: SandboxPolicy,
    /// Made for the first command, removed with the agent.
    temp_dir: Mutex<Option<TemporaryFolder>>,
    guard: OnceLock<FileGuard>,
    /// What other tools write meanwhile.
    writes: Arc<ToolWrites>,
    /// The commits that commands have made.
    commits: CommitRecord,
}

impl ExecSandbox {
    pub(crate) fn new(
        mut policy: SandboxPolicy,
        writes: &Arc<ToolWrites>,
        commits: CommitRecord,
    ) -> Self {
        // Resolved once, before any command could put a link in the way.
        let paths = policy.roots.iter_mut().map(|root| &mut root.path);
        for path in paths.chain([&mut policy.workspace]) {
            if let Ok(resolved) = fs::canonicalize(&*path) {
                *path = resolved;
            }
        }
        Self {
            policy,
            temp_dir: Mutex::default(),
            guard: OnceLock::new(),
            writes: Arc::clone(writes),
            commits,
        }
    }

    /// The policy of the next command, whose temporary folder exists.
    ///
    /// # Errors
    /// When the folder cannot be made.
    fn prepare_policy(&self) -> io::Result<SandboxPolicy> {
        let mut temp_dir = self.temp_dir.lock().unwrap_or_else(PoisonError::into_inner);
        if !temp_dir.as_ref().is_some_and(|folder| folder.path.is_dir()) {
            *temp_dir = Some(TemporaryFolder::create(&std::env::temp_dir())?);
        }
        let path = temp_dir.as_ref().map(|folder| folder.path.clone());
        let mut policy = self.policy.clone();
        policy.temp_dir = path;
        Ok(policy)
    }

    /// Watches the guarded files while a command runs; `None` when it can change none.
    fn begin_run(&self, changes_branch: bool) -> Result<Option<GuardedRun>, GuardFailure> {
        if !self.policy.profile.allows_writes() {
            return Ok(None);
        }
        let guard = self.guard.get_or_init(|| {
            let trees = find_guarded_trees(&self.policy);
            FileGuard::new(trees, &self.writes, self.commits.clone())
        });
        guard.begin_run(changes_branch).map(Some)
    }

    /// Adds to a result what was undone and what the sandbox may have refused.
    fn complete_output(&self, mut output: ToolOutput, finished: &FinishedRun) -> ToolOutput {
        let text = output.text.to_lowercase();
        if output.is_error && REFUSALS.iter().any(|refusal| text.contains(refusal)) {
            output.text = format!("{}\n{}", output.text.trim_end(), self.describe_limits());
        }
        output.is_error |= !finished.is_held;
        if let Some(undone) = &finished.told {
            output.text = format!("{}\n{undone}", output.text.trim_end());
            let summary = output.summary.unwrap_or_default();
            let count = undone.matches("[undone: ").count();
            output.summary = Some(match count {
                0 => summary,
                count => format!("{summary}, {count} changes of guarded files undone"),
            });
        }
        output
    }

    /// What the sandbox forbids, in one sentence for the model.
    fn describe_limits(&self) -> String {
        let profile = self.policy.profile;
        let writes = if profile.allows_writes() {
            "writes only in the workspace and in `$TMPDIR`"
        } else {
            "writes only in `$TMPDIR`"
        };
        let network = if profile.allows_network() { "" } else { ", has no network" };
        format!(
            "[the command ran in a sandbox, where it {writes}{network}, and reads no keys; \
             `host: \"gateway\"` runs it outside, if the user allows that]"
        )
    }
}

impl Drop for ExecSandbox {
    fn drop(&mut self) {
        // What the last command changed is undone before the program ends.
        if let Some(guard) = self.guard.get() {
            guard.wait_for_searches(MAX_END_WAIT);
        }
    }
}

/// The trees in which commands can change guarded files: the workspace and the writable roots. One in
/// another is guarded by itself.
fn find_guarded_trees(policy: &SandboxPolicy) -> Vec<GuardedTree> {
    let roots = policy.roots.iter().filter(|root| root.access == RootAccess::Write);
    let mut paths = vec![policy.workspace.clone()];
    paths.extend(roots.map(|root| root.path.clone()));
    let workspace = &policy.workspace;
    paths.sort_unstable();
    paths.dedup();
    let mut skipped = hidden_paths(policy);
    skipped.extend(paths.iter().cloned());
    skipped.extend(policy.temp_dir.iter().cloned());
    let homes: Vec<PathBuf> =
        policy.home_dirs.iter().filter_map(|home| fs::canonicalize(home).ok()).collect();
    let trees = paths.iter().filter_map(|path| {
        let beneath = skipped.iter().filter_map(|other| other.strip_prefix(path).ok());
        Some(GuardedTree {
            directory: LinklessDirectory::open(path).ok()?,
            path: path.clone(),
            is_workspace: path == workspace,
            homes: homes.clone(),
            skipped: beneath.filter(|it| !it.as_os_str().is_empty()).map(Path::to_owned).collect(),
        })
    });
    trees.collect()
}

/// The sandbox of one command.
#[derive(Debug)]
pub(crate) struct JobSandbox {
    /// What the command may do.
    pub(crate) policy: SandboxPolicy,
    sandbox: Arc<ExecSandbox>,
    changes_branch: bool,
}

impl JobSandbox {
    /// Prepares the sandbox of a command; without a plan it counts as one that may do anything.
    ///
    /// # Errors
    /// When there is no temporary folder for it.
    pub(crate) fn prepare(
        sandbox: &Arc<ExecSandbox>,
        plan: Option<&CommandPlan>,
    ) -> io::Result<Self> {
        Ok(Self {
            policy: sandbox.prepare_policy()?,
            sandbox: Arc::clone(sandbox),
            changes_branch: plan.is_some_and(changes_branch),
        })
    }

    /// Watches the guarded files while the command runs.
    ///
    /// # Errors
    /// When what it may change could not be found and undone.
    pub(crate) async fn begin_run(&self) -> Result<Option<GuardedRun>, GuardFailure> {
        let (sandbox, changes_branch) = (Arc::clone(&self.sandbox), self.changes_branch);
        // A large tree takes long. A run that nobody waits for any more is finished at once.
        let begun = tokio::task::spawn_blocking(move || sandbox.begin_run(changes_branch));
        match begun.await {
            Ok(begun) => begun,
            Err(error) => match error.try_into_panic() {
                Ok(payload) => std::panic::resume_unwind(payload),
                // The runtime shuts down and drops this future too.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// See [`ExecSandbox::complete_output`].
    pub(crate) fn complete_output(&self, output: ToolOutput, finished: &FinishedRun) -> ToolOutput {
        self.sandbox.complete_output(output, finished)
    }
}

/// A folder that only this user enters. It is removed when dropped.
#[derive(Debug)]
struct TemporaryFolder {
    path: PathBuf,
}

impl TemporaryFolder {
    fn create(parent: &Path) -> io::Result<Self> {
        static FOLDERS: AtomicU64 = AtomicU64::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let folder = parent.join(format!("openclaw-{}-{now:x}-{number}", std::process::id()));
        // One that somebody else made beforehand, or a link, is not used.
        if folder.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        create_private_dir(&folder)?;
        let path = fs::canonicalize(folder)?;
        Ok(Self { path })
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What is left in a temporary folder is removed with it, sooner or later.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// The environment of a command with this temporary folder.
pub(crate) fn with_temp_dir(
    environment: &[(OsString, OsString)],
    policy: &SandboxPolicy,
) -> Vec<(OsString, OsString)> {
    let others = environment.iter().filter(|(name, _)| name != "TMPDIR").cloned();
    let temp_dir = policy.temp_dir.iter().map(|path| ("TMPDIR".into(), path.clone().into()));
    others.chain(temp_dir).collect()
}

/// Whether a plan does nothing but check out one commit of a repository, so that versioned files
/// change with it.
fn changes_branch(plan: &CommandPlan) -> bool {
    // Many variables make Git run other programs.
    let has_variables = !plan.context().environment.is_empty()
        || plan.commands().any(|command| !command.environment.is_empty());
    let kinds: Option<Vec<bool>> = plan
        .commands()
        .map(|command| {
            let words: Vec<&str> = command.argv.iter().map(String::as_str).collect();
            is_branch_change(&words)
        })
        .collect();
    // A second one could take files of another commit.
    let is_one = |kinds: Vec<bool>| kinds.into_iter().filter(|it| *it).count() == 1;
    !has_variables && kinds.is_some_and(is_one)
}

/// Whether a command checks out a commit and runs nothing else; `None` when it may do more.
fn is_branch_change(words: &[&str]) -> Option<bool> {
    match words {
        ["git", subcommand, arguments @ ..] if !subcommand.starts_with('-') => {
            let is_plain = |word: &&str| {
                let option = word.split('=').next().unwrap_or(word);
                let is_switch = *subcommand == "switch" && matches!(option, "-c" | "-C");
                // Addresses with `::` name a program.
                !word.contains("::")
                    && (!word.starts_with('-') || is_switch || PLAIN_OPTIONS.contains(&option))
            };
            let is_checkout = CHECKOUT_COMMANDS.contains(subcommand);
            let is_known = is_checkout || READING_COMMANDS.contains(subcommand);
            (is_known && arguments.iter().all(is_plain)).then_some(is_checkout)
        }
        [program, ..] if READING_PROGRAMS.contains(program) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_commands_that_run_nothing_else_change_the_branch() {
        for (command, expected) in [
            ("git checkout -q main", Some(true)),
            ("git switch -c topic", Some(true)),
            ("git reset -q --hard HEAD~1", Some(true)),
            ("git worktree add -q tree", Some(true)),
            ("git status", Some(false)),
            ("git fetch -q origin", Some(false)),
            ("git checkout -m main", None),
            ("git stash pop", None),
            ("git restore --source=evil AGENTS.md", None),
            ("git merge topic", None),
            ("git rebase --continue", None),
            ("git rebase --abort", None),
            ("git pull -q", None),
            ("git fetch --upload-pack evil", None),
            ("git fetch ext::evil", None),
            ("git log --output=AGENTS.md", None),
            ("git clone -q x", None),
            ("git apply evil.patch", None),
            ("git am evil.patch", None),
            ("git -c core.hooksPath=evil checkout x", None),
            ("cat file", Some(false)),
            ("sh evil", None),
        ] {
            let words: Vec<&str> = command.split(' ').collect();
            assert_eq!(is_branch_change(&words), expected, "{command}");
        }
    }
}
