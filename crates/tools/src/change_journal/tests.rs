//! Undoing restores exactly what there was, whatever tools did and wherever the program was killed.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::Duration;

use openclaw_core::{Tool, ToolArguments, ToolCall, ToolCallId, ToolContext, ToolName, ToolOutput};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{ExecOptions, Workspace, core_tools};

/// A workspace whose changes are recorded.
struct RecordedWorkspace {
    home: tempfile::TempDir,
    journal: Arc<ChangeJournal>,
    tools: Vec<Arc<dyn Tool>>,
}

impl RecordedWorkspace {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("ws")).unwrap();
        let journal = Arc::new(ChangeJournal::new(home.path().join("state/changes/s1")));
        let workspace = Workspace::open(&home.path().join("ws")).unwrap();
        let workspace = workspace.with_change_journal(Arc::clone(&journal));
        let exec = ExecOptions {
            time_limit: Duration::from_mins(1),
            max_output_bytes: 10_000,
            environment: vec![("PATH".into(), "/usr/bin:/bin".into())],
            judge: None,
            commit_record: None,
            background: None,
            node: None,
            sandbox: None,
            // The command need not run for the record to have it.
            supervisor: openclaw_process::SupervisorProgram::new("/bin/false", [""]),
        };
        let tools = core_tools(workspace, exec);
        let this = Self { home, journal, tools };
        this.journal.begin_turn().unwrap();
        this
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join("ws").join(name)
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::File::create(self.path(name)).unwrap().write_all(content.as_ref()).unwrap();
    }

    fn call(&self, name: &str, arguments: Value) -> ToolOutput {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        let call = ToolCall {
            id: ToolCallId::from_number(1),
            name: ToolName::new(name).unwrap(),
            arguments: ToolArguments::from(arguments),
        };
        let tool = self.tools.iter().find(|tool| tool.spec().name.as_str() == name).unwrap();
        let context = ToolContext {
            time_limit: None,
            max_output_bytes: 50_000,
            takes_images: false,
            progress: &(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        match tool.plan_call(&call) {
            Ok(planned) => runtime.block_on(planned.run(context)),
            Err(error) => ToolOutput::from_error(error.to_string()),
        }
    }

    fn write(&self, path: &str, content: &str) {
        let output = self.call("write", json!({"path": path, "content": content}));
        assert!(!output.is_error, "{}", output.text);
    }

    /// Everything in the workspace: directories without content.
    fn snapshot(&self) -> BTreeMap<PathBuf, Option<(u32, Vec<u8>)>> {
        let mut found = BTreeMap::new();
        let mut pending = vec![self.path("")];
        while let Some(folder) = pending.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let mode = fs::metadata(&path).unwrap().permissions().mode();
                if path.is_dir() {
                    pending.push(path.clone());
                    found.insert(path, None);
                } else {
                    let content = fs::read(&path).unwrap();
                    found.insert(path, Some((mode, content)));
                }
            }
        }
        found
    }

    fn undo(&self) -> Result<UndoReport, UndoError> {
        // As another process would, which has no state of this one.
        let journal = ChangeJournal::new(self.home.path().join("state/changes/s1"));
        let turn = journal.last_turn()?.unwrap();
        let report = journal.undo_turn(&turn)?;
        journal.retract_turn(&turn)?;
        Ok(report)
    }

    fn conflicts(&self) -> Vec<String> {
        match self.undo() {
            Err(UndoError::Conflicts(conflicts)) => {
                conflicts.iter().map(ToString::to_string).collect()
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn created_changed_and_executable_files_are_as_before() {
    let recorded = RecordedWorkspace::new();
    recorded.put("run.sh", "\u{feff}#!/bin/sh\r\necho a\r\n");
    fs::set_permissions(recorded.path("run.sh"), fs::Permissions::from_mode(0o750)).unwrap();
    recorded.put("latin", b"caf\xe9");
    let before = recorded.snapshot();
    recorded.write("new/deep/file", "1");
    recorded.write("new/deep/file", "2");
    recorded.write("new/other", "3");
    let edit = json!({"path": "run.sh", "old_text": "echo a\n", "new_text": "echo b\n"});
    assert!(!recorded.call("edit", edit).is_error);
    recorded.write("latin", "text");
    assert!(fs::read_to_string(recorded.path("run.sh")).unwrap().contains("echo b\r\n"));
    recorded.call("exec", json!({"command": "true"}));
    let turn = recorded.journal.last_turn().unwrap().unwrap();
    let diffs = recorded.journal.describe_turn(&turn);
    assert_eq!(diffs.len(), 4);
    assert_eq!(
        (diffs[0].path.as_str(), diffs[0].diff.as_str()),
        ("new/deep/file", "@@ -0,0 +1 @@\n+2\n\\ No newline at end of file\n")
    );
    assert!(diffs[3].diff.is_empty() && diffs[3].is_truncated, "no text before");
    let report = recorded.undo().unwrap();
    assert_eq!(report.restored, ["run.sh", "latin"]);
    assert_eq!(report.removed, ["new/deep/file", "new/other"]);
    assert_eq!(report.commands, 1);
    assert_eq!(recorded.snapshot(), before);
}

#[test]
fn the_kept_contents_are_private() {
    let recorded = RecordedWorkspace::new();
    recorded.put("a", "secret");
    recorded.write("a", "x");
    let mut pending = vec![recorded.home.path().join("state")];
    while let Some(path) = pending.pop() {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
        if path.is_dir() {
            pending.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
}

#[test]
fn a_file_that_changed_since_is_named_and_nothing_is_undone() {
    let recorded = RecordedWorkspace::new();
    for name in ["a", "b", "c", "d", "e"] {
        recorded.put(name, "old");
        recorded.write(name, "new");
    }
    recorded.write("made", "new");
    recorded.put("b", "of the user");
    fs::remove_file(recorded.path("c")).unwrap();
    fs::remove_file(recorded.path("d")).unwrap();
    std::os::unix::fs::symlink("a", recorded.path("d")).unwrap();
    recorded.put("made", "of the user");
    recorded.put("e", "old");
    let after = recorded.snapshot();
    assert_eq!(
        recorded.conflicts(),
        [
            "`b` was changed since",
            "`c` was removed since",
            "`d` is a symbolic link since",
            "`made` was changed since"
        ]
    );
    assert_eq!(recorded.snapshot(), after);
    // Once they are as the turn left them, it can be undone.
    fs::remove_file(recorded.path("d")).unwrap();
    fs::remove_file(recorded.path("made")).unwrap();
    for name in ["b", "c", "d"] {
        recorded.put(name, "new");
    }
    assert_eq!(recorded.undo().unwrap().restored, ["a", "b", "c", "d"]);
}

#[test]
fn a_write_that_was_refused_keeps_no_other_change_from_being_undone() {
    let recorded = RecordedWorkspace::new();
    recorded.put("a", "old");
    std::os::unix::fs::symlink("a", recorded.path("link")).unwrap();
    fs::create_dir(recorded.path("folder")).unwrap();
    recorded.write("a", "new");
    for name in ["link", "folder"] {
        assert!(recorded.call("write", json!({"path": name, "content": "new"})).is_error);
    }
    assert_eq!(recorded.undo().unwrap().restored, ["a"]);
}

#[test]
fn a_directory_swapped_for_a_link_is_not_written_through() {
    let recorded = RecordedWorkspace::new();
    recorded.put("dir/a", "old");
    recorded.write("dir/a", "new");
    fs::rename(recorded.path("dir"), recorded.path("other")).unwrap();
    std::os::unix::fs::symlink("other", recorded.path("dir")).unwrap();
    assert_eq!(recorded.conflicts(), ["`dir/a` is reached through a symbolic link since"]);
}

#[test]
fn turns_are_undone_one_after_the_other() {
    let recorded = RecordedWorkspace::new();
    assert_eq!(recorded.journal.last_turn().unwrap(), None);
    recorded.write("a", "1");
    recorded.journal.begin_turn().unwrap();
    recorded.journal.begin_turn().unwrap();
    recorded.write("a", "2");
    let texts = || fs::read_to_string(recorded.path("a"));
    assert_eq!(recorded.undo().unwrap().restored, ["a"]);
    assert_eq!(texts().unwrap(), "1");
    assert_eq!(recorded.undo().unwrap(), UndoReport::default(), "that turn changed nothing");
    assert_eq!(recorded.undo().unwrap().removed, ["a"]);
    assert!(texts().is_err());
    assert_eq!(recorded.journal.last_turn_with_changes().unwrap(), None);
}

#[test]
fn files_alone_are_undone_once_and_the_turn_stays() {
    let recorded = RecordedWorkspace::new();
    recorded.write("a", "1");
    let turn = recorded.journal.last_turn_with_changes().unwrap().unwrap();
    recorded.journal.undo_turn(&turn).unwrap();
    assert_eq!(recorded.journal.last_turn_with_changes().unwrap(), None);
    assert!(recorded.journal.last_turn().unwrap().unwrap().files().is_empty());
}

#[test]
fn a_kill_at_any_byte_of_the_record_loses_no_change_that_was_made() {
    let recorded = RecordedWorkspace::new();
    recorded.put("a", "old");
    recorded.write("a", "new");
    let record = recorded.home.path().join("state/changes/s1/changes.jsonl");
    let whole = fs::read(&record).unwrap();
    recorded.write("b", "new");
    let longer = fs::read(&record).unwrap();
    for length in whole.len()..longer.len() {
        // Killed while the change of `b` was recorded, so before it was made.
        recorded.put("a", "new");
        let _ = fs::remove_file(recorded.path("b"));
        fs::File::create(&record).unwrap().write_all(&longer[..length]).unwrap();
        let report = recorded.undo().unwrap();
        assert_eq!(report.restored, ["a"], "{length}");
        assert_eq!(fs::read_to_string(recorded.path("a")).unwrap(), "old");
        // What comes next is not joined to the line that was cut off.
        let journal = ChangeJournal::new(record.parent().unwrap().to_owned());
        journal.begin_turn().unwrap();
        journal.record_command().unwrap();
        assert_eq!(journal.last_turn().unwrap().unwrap().commands, 1, "{length}");
    }
}

#[test]
fn contents_that_are_damaged_or_too_large_are_reported() {
    let recorded = RecordedWorkspace::new();
    recorded.put("a", "old");
    recorded.put("large", vec![b'x'; (16 << 20) + 1]);
    recorded.write("a", "new");
    recorded.write("large", "new");
    let hash = record::hash_content(b"old");
    let blob = recorded.home.path().join("state/changes/s1/contents").join(hash);
    fs::File::create(&blob).unwrap().write_all(b"ol").unwrap();
    assert_eq!(
        recorded.conflicts(),
        [
            "`a` cannot be restored: its content is not kept any more",
            "`large` cannot be restored, because it was larger than 16 MiB or could not be read",
        ]
    );
}

#[test]
fn a_change_that_cannot_be_recorded_is_not_made() {
    let recorded = RecordedWorkspace::new();
    recorded.put("a", "old");
    fs::create_dir_all(recorded.home.path().join("state")).unwrap();
    fs::File::create(recorded.home.path().join("state/changes")).unwrap();
    let output = recorded.call("write", json!({"path": "a", "content": "new"}));
    assert!(output.is_error && output.text.contains("cannot be kept"), "{}", output.text);
    assert_eq!(fs::read_to_string(recorded.path("a")).unwrap(), "old");
}

#[test]
fn old_journals_are_pruned_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("changes");
    for name in ["a", "b", "kept"] {
        let journal = ChangeJournal::new(folder.join(name));
        journal.begin_turn().unwrap();
        let change = FileChangeRecord {
            root: "/".into(),
            path: "x".into(),
            shown: "x".to_owned(),
            before: FileBefore::Content { hash: record::hash_content(name.as_bytes()) },
            after: String::new(),
            directories: Vec::new(),
        };
        journal.record_change(change, Some(name.as_bytes())).unwrap();
    }
    fs::create_dir(folder.join("foreign")).unwrap();
    fs::File::create(folder.join("a/foreign")).unwrap();
    let kept = folder.join("kept");
    let day = Duration::from_hours(24);
    prune_change_journals(&folder, &kept, day, 1 << 20).unwrap();
    assert!(folder.join("a/changes.jsonl").exists());
    prune_change_journals(&folder, &kept, Duration::ZERO, 1 << 20).unwrap();
    let mut names: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["a", "foreign", "kept"]);
    assert!(folder.join("a/foreign").exists() && !folder.join("a/changes.jsonl").exists());
    prune_change_journals(&home.path().join("none"), &kept, day, 0).unwrap();
}

fn step() -> impl Strategy<Value = (&'static str, usize, String)> {
    let content =
        prop_oneof!["[ab\n]{0,6}", any::<String>(), Just("\u{feff}a\r\nb\r\n".to_owned())];
    (prop::sample::select(vec!["write", "edit", "turn"]), 0..4_usize, content)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn undoing_restores_any_sequence_byte_for_byte(steps in prop::collection::vec(step(), 0..12)) {
        let recorded = RecordedWorkspace::new();
        recorded.put("a", b"a\r\nb\r\n");
        recorded.put("dir/b", b"\xff\xfe not text");
        recorded.put("x", b"");
        let names = ["a", "dir/b", "dir/new/c", "d"];
        let mut snapshots = vec![recorded.snapshot()];
        recorded.write("x", "recorded from the first turn on");
        for (action, name, content) in &steps {
            let path = names[*name];
            match *action {
                "write" => {
                    recorded.call("write", json!({"path": path, "content": content}));
                }
                "edit" => {
                    let edit = json!({"path": path, "old_text": "a", "new_text": content, "all": true});
                    recorded.call("edit", edit);
                }
                _ => {
                    snapshots.push(recorded.snapshot());
                    recorded.journal.begin_turn().unwrap();
                }
            }
        }
        while let Some(before) = snapshots.pop() {
            recorded.undo().unwrap();
            prop_assert_eq!(recorded.snapshot(), before);
        }
    }
}
