//! What is saved, what is refused, and what a killed save leaves.

mod killed;
mod restored;

use std::{
    fs::{self, File},
    io::Write as _,
    path::PathBuf,
    thread,
    time::Duration,
};

use tempfile::TempDir;

use super::{ConfigFile, SaveError, acquire_lock, history};
use crate::{AppPaths, ConfigChange, ConfigDocument, EditError, Env, LoadError, NewValue};

pub(super) struct SavedHome {
    folder: TempDir,
}

pub(super) const TEXT: &str = "{\n  // mine\n  gateway: { port: 1000 },\n}\n";

impl SavedHome {
    pub(super) fn with(text: &str) -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap() };
        home.put(text);
        home
    }

    pub(super) fn put(&self, text: &str) {
        File::create(self.path()).unwrap().write_all(text.as_bytes()).unwrap();
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("openclaw.json")
    }

    pub(super) fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    pub(super) fn file(&self) -> ConfigFile {
        let env = Env::from_pairs([("OPENCLAW_STATE_DIR", self.folder.path())]);
        ConfigFile::from_paths(&AppPaths::new(&env, None).unwrap())
    }

    pub(super) fn load(&self) -> crate::LoadedConfig {
        let env = Env::from_pairs([("OPENCLAW_STATE_DIR", self.folder.path())]);
        crate::Config::load(&AppPaths::new(&env, None).unwrap(), &env).unwrap()
    }

    pub(super) fn set(&self, path: &str, value: &str) -> Result<ConfigChange, SaveError> {
        self.file().apply_edit(&Env::default(), set(path, value))
    }

    /// The names in the folder other than the config file, sorted.
    pub(super) fn others(&self) -> Vec<String> {
        names(self.folder.path().to_owned())
    }

    pub(super) fn versions(&self) -> Vec<String> {
        let folder = self.folder.path().join(history::HISTORY_FOLDER);
        let names = names(folder.clone()).into_iter();
        names.map(|name| fs::read_to_string(folder.join(name)).unwrap()).collect()
    }
}

fn names(folder: PathBuf) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name != "openclaw.json").collect();
    names.sort();
    names
}

pub(super) fn set(
    path: &str,
    value: &str,
) -> impl FnOnce(&mut ConfigDocument) -> Result<(), EditError> {
    move |document| {
        let path = document.parse_path(path).unwrap();
        document.set_value(&path, &NewValue::parse(value).unwrap())
    }
}

#[test]
fn an_edit_is_saved_and_the_old_text_kept() {
    let home = SavedHome::with(TEXT);
    let change = home.set("gateway.port", "2000").unwrap();
    assert_eq!(home.text(), TEXT.replace("1000", "2000"));
    assert_eq!((change.before.as_deref(), change.after), (Some(TEXT), home.text()));
    assert_eq!(home.versions(), [TEXT]);
    assert_eq!(home.others(), [".openclaw.json.lock", "config-history"]);
}

#[test]
fn the_last_five_versions_are_kept() {
    let home = SavedHome::with(TEXT);
    for port in 1..=8 {
        home.set("gateway.port", &port.to_string()).unwrap();
    }
    let expected: Vec<_> = (3..=7).map(|port| TEXT.replace("1000", &port.to_string())).collect();
    assert_eq!(home.versions(), expected);
    home.set("gateway.port", "8").unwrap();
    assert_eq!(home.versions(), expected, "nothing changed, nothing is kept");
}

#[test]
fn what_is_refused_changes_nothing() {
    let home = SavedHome::with(TEXT);
    let refused = |path, value| {
        let error = home.set(path, value).unwrap_err();
        assert_eq!(
            (home.text().as_str(), home.others()),
            (TEXT, vec![".openclaw.json.lock".to_owned()])
        );
        error
    };
    let diagnostics = |path, value| match refused(path, value) {
        SaveError::Invalid { diagnostics, .. } => {
            diagnostics.iter().map(|found| found.path.to_string()).collect::<Vec<_>>()
        }
        other => panic!("{other}"),
    };
    assert_eq!(diagnostics("gateway.port", "'x'"), ["gateway.port"]);
    assert_eq!(diagnostics("gateway.prot", "1"), ["gateway.prot"]);
    assert_eq!(diagnostics("models.providers.v", "{api: 1, apis: 2}").len(), 2);
    assert!(matches!(refused("gateway.port.x", "1"), SaveError::Edit(_)));
}

#[test]
fn what_was_wrong_before_is_no_obstacle() {
    let home = SavedHome::with("{ gateway: { port: 'x', prot: 1 } }");
    home.set("gateway.bind", "'loopback'").unwrap();
    assert_eq!(home.text(), "{ gateway: { port: 'x', prot: 1, bind: 'loopback' } }");
    home.set("gateway.port", "1").unwrap();
}

#[test]
fn a_broken_file_is_left_alone() {
    let home = SavedHome::with("{ gateway: ");
    let SaveError::Load(error) = home.set("gateway.port", "1").unwrap_err() else { panic!() };
    assert!(matches!(&error, LoadError::Broken { path: Some(path), .. } if *path == home.path()));
    assert!(error.diagnostics()[0].file.is_some());
    assert_eq!(home.text(), "{ gateway: ");
}

#[test]
fn keys_that_nobody_asked_to_remove_are_not_lost() {
    let home = SavedHome::with("{ a: 1, agents: { defaults: { model: 'vllm/a' } }, gateway: {} }");
    let error = home.file().apply_edit(&Env::default(), |document| {
        *document = ConfigDocument::parse("{ gateway: { port: 1 } }").unwrap();
        Ok(())
    });
    let SaveError::KeysLost { keys } = error.unwrap_err() else { panic!() };
    let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
    assert_eq!(keys, ["a", "agents"]);
    let unset = home.file().apply_edit(&Env::default(), |document| {
        document.unset_value(&"agents".parse().unwrap())?;
        document.unset_value(&"a".parse().unwrap())
    });
    assert_eq!(unset.unwrap().after, "{ gateway: {} }");
}

#[test]
fn a_preview_writes_nothing() {
    let home = SavedHome::with(TEXT);
    let change = home.file().preview_edit(&Env::default(), set("gateway.port", "2000")).unwrap();
    assert_eq!(change.after, TEXT.replace("1000", "2000"));
    assert_eq!((home.text().as_str(), home.others()), (TEXT, vec![]));
}

#[test]
fn a_whole_text_replaces_the_one_it_was_made_from() {
    let home = SavedHome::with(TEXT);
    let env = Env::default();
    let replace = |before, text| home.file().replace_text(&env, Some(before), text);
    assert!(matches!(replace("{}", "{ }"), Err(SaveError::Changed { .. })));
    assert!(matches!(replace(TEXT, ""), Err(SaveError::InvalidText(_))));
    let error = replace(TEXT, "{gateway: 1}").unwrap_err();
    assert!(matches!(error, SaveError::Invalid { .. }));
    let text = error.to_string();
    assert!(text.contains("at line 1, column 11: `gateway`: "), "{text}");
    assert_eq!(home.text(), TEXT);
    replace(TEXT, "{}").unwrap();
    assert_eq!((home.text().as_str(), home.versions()), ("{}", vec![TEXT.to_owned()]));
}

#[test]
fn many_at_once_lose_nothing() {
    let home = SavedHome::with("{ models: { providers: {} } }");
    thread::scope(|scope| {
        for writer in 0..4 {
            let home = &home;
            scope.spawn(move || {
                for n in 0..5 {
                    let path = format!("models.providers.p{writer}x{n}.baseUrl");
                    home.set(&path, "'http://127.0.0.1:1/v1'").unwrap();
                }
            });
        }
    });
    let loaded = crate::Config::parse(&home.text(), &Env::default()).unwrap();
    assert_eq!(loaded.config.models.providers.len(), 20);
}

#[test]
fn whoever_holds_the_lock_is_not_waited_for_without_end() {
    let home = SavedHome::with(TEXT);
    let held = acquire_lock(&home.path(), Duration::ZERO).unwrap();
    let error = acquire_lock(&home.path(), Duration::from_millis(1)).unwrap_err();
    assert!(matches!(error, SaveError::Locked { .. }));
    drop(held);
    home.set("gateway.port", "1").unwrap();
}

#[cfg(unix)]
#[test]
fn modes_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let home = SavedHome::with(TEXT);
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o640)).unwrap();
    home.set("gateway.port", "1").unwrap();
    assert_eq!(mode(&home.path()), 0o640);

    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("dotfiles.json5");
    fs::rename(home.path(), &target).unwrap();
    symlink(&target, home.path()).unwrap();
    let change = home.set("gateway.port", "2").unwrap();
    assert_eq!(change.path, target);
    assert!(fs::symlink_metadata(home.path()).unwrap().is_symlink());
    assert_eq!(home.text(), fs::read_to_string(&target).unwrap());

    fs::remove_file(&target).unwrap();
    home.set("gateway.port", "3").unwrap();
    assert_eq!(
        (mode(&target), home.text()),
        (0o600, "{\n  \"gateway\": {\n    \"port\": 3\n  }\n}\n".to_owned())
    );
}
