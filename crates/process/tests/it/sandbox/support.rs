//! A home directory with a workspace beside what must stay out of reach.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use openclaw_process::sandbox::{SandboxPolicy, SandboxProfile};
use tempfile::TempDir;

/// The newest version of Landlock of each try; `None` is all that the kernel has.
pub(crate) const ABI_CAPS: [Option<u8>; 5] = [None, Some(4), Some(3), Some(2), Some(1)];

/// What no command may read.
pub(crate) const SECRET: &str = "canary-93fe";

pub(crate) struct SandboxHome {
    directory: TempDir,
    pub(crate) policy: SandboxPolicy,
}

/// How a command ended and what it printed.
#[derive(Debug)]
pub(crate) struct CommandRun {
    pub(crate) succeeded: bool,
    pub(crate) text: String,
}

impl SandboxHome {
    pub(crate) fn new(cap: Option<u8>) -> Self {
        // Not in `/tmp`, which is hidden as a whole.
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let home = fs::canonicalize(directory.path()).unwrap();
        for folder in [".ssh", ".openclaw", ".openclaw/workspace", "project", "other", "tmp"] {
            fs::create_dir(home.join(folder)).unwrap();
        }
        for file in [".ssh/id", ".openclaw/openclaw.json", ".netrc"] {
            save(&home.join(file), SECRET);
        }
        save(&home.join("other/file"), "other");
        save(&home.join("project/file"), "inside");
        let mut policy = SandboxPolicy::new(SandboxProfile::Workspace, &home.join("project"));
        policy.private_paths = vec![home.join(".openclaw")];
        policy.home_dirs = vec![home.clone()];
        policy.temp_dir = Some(home.join("tmp"));
        policy.max_landlock_abi = cap;
        Self { directory, policy }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        fs::canonicalize(self.directory.path()).unwrap().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs a shell script in the workspace; `H` is the home directory.
    pub(crate) fn shell(&self, script: &str) -> CommandRun {
        self.run(&["/bin/sh", "-c", script])
    }

    /// Runs a Python script in the workspace.
    pub(crate) fn python(&self, script: &str) -> CommandRun {
        self.run(&["python3", "-c", script])
    }

    pub(crate) fn run(&self, argv: &[&str]) -> CommandRun {
        // Examples are built beside the tests.
        let tests = std::env::current_exe().unwrap();
        let launcher = tests.parent().and_then(Path::parent).unwrap();
        let launcher = launcher.join("examples/run_sandboxed");
        #[expect(clippy::disallowed_methods, reason = "starts the example")]
        let output: Output = Command::new(&launcher)
            .arg(serde_json::to_string(&self.policy).unwrap())
            .args(argv)
            .current_dir(self.path("project"))
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("H", self.path(""))
            .env("TMPDIR", self.path("tmp"))
            .output()
            .unwrap_or_else(|error| panic!("{}: {error}", launcher.display()));
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        CommandRun { succeeded: output.status.success(), text }
    }

    /// Runs a script for each version of Landlock, and asserts that it fails and prints no secret.
    pub(crate) fn assert_denied_everywhere(script: &str) {
        for cap in ABI_CAPS {
            let home = Self::new(cap);
            let ran = home.shell(script);
            assert!(!ran.succeeded, "{script} with {cap:?}: {}", ran.text);
            assert!(!ran.text.contains(SECRET), "{script} with {cap:?}: {}", ran.text);
            home.assert_untouched(script);
        }
    }

    /// Asserts that nothing outside of the workspace was created, changed or removed.
    pub(crate) fn assert_untouched(&self, script: &str) {
        for file in [".ssh/id", ".openclaw/openclaw.json", ".netrc"] {
            assert_eq!(self.text(file), SECRET, "{script}");
        }
        assert_eq!(self.text("other/file"), "other", "{script}");
        let mut names: Vec<_> = ["", ".ssh", ".openclaw", "other"]
            .iter()
            .flat_map(|folder| fs::read_dir(self.path(folder)).unwrap())
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let expected = [
            ".netrc",
            ".openclaw",
            ".ssh",
            "file",
            "id",
            "openclaw.json",
            "other",
            "project",
            "tmp",
            "workspace",
        ];
        assert_eq!(names, expected, "{script}");
    }
}

pub(crate) fn save(path: &Path, content: &str) {
    use std::io::Write;
    fs::File::create(path).unwrap().write_all(content.as_bytes()).unwrap();
}
