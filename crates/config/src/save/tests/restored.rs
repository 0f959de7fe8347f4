//! What the kept versions hold, and what restoring one does.

use std::{fs, path::Path};

use super::{SavedHome, TEXT};
use crate::{Env, SaveError};

const WITH_KEYS: &str = "{
  // the house
  models: { providers: {
    a: { baseUrl: 'http://a/v1', apiKey: 'CANARY-a', headers: { 'X-Auth': 'CANARY-h' } },
    b: { baseUrl: 'http://me:CANARY-u@b/v1', apiKey: '${B_KEY}' },
  } },
  gateway: { port: 1000, auth: { token: \"CANARY-t\" } },
  channels: { telegram: { botToken: 'CANARY-c' } },
  strange: { ky: 'CANARY-s' },
}
";

fn canaries(text: &str) -> usize {
    text.matches("CANARY").count()
}

fn every_file_below(folder: &Path) -> String {
    let mut texts = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        texts.push_str(&fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    texts
}

#[test]
fn a_kept_version_has_no_key_and_restoring_it_brings_each_back() {
    let home = SavedHome::with(WITH_KEYS);
    home.set("gateway.port", "2000").unwrap();
    let [version] = home.versions().try_into().unwrap();
    assert_eq!(canaries(&version), 0, "{version}");
    assert!(version.contains("// the house") && version.contains("'${B_KEY}'"), "{version}");
    let preview = home.file().preview_restore(&Env::default(), None).unwrap();
    assert_eq!(preview.before.as_deref(), Some(home.text().as_str()));
    let change = home.file().restore_version(&Env::default(), None).unwrap();
    assert_eq!(change.after, home.text());
    let plain = |text: &str| text.replace('"', "'");
    assert_eq!(plain(&home.text()), plain(WITH_KEYS));
    assert_eq!(home.versions().len(), 2);
    assert_eq!(canaries(&home.versions().concat()), 0);
}

#[test]
fn a_version_that_was_kept_with_keys_loses_them_at_the_next_change() {
    let home = SavedHome::with(WITH_KEYS);
    home.set("gateway.port", "2000").unwrap();
    let version = home.file().kept_versions().unwrap().pop().unwrap();
    fs::OpenOptions::new().write(true).truncate(true).open(&version.path).unwrap();
    let mut file = fs::OpenOptions::new().write(true).open(&version.path).unwrap();
    std::io::Write::write_all(&mut file, WITH_KEYS.as_bytes()).unwrap();
    home.set("gateway.port", "3000").unwrap();
    assert_eq!(canaries(&every_file_below(version.path.parent().unwrap())), 0);
}

#[test]
fn a_version_is_not_restored_without_a_key_that_it_had() {
    let home = SavedHome::with(WITH_KEYS);
    home.file()
        .apply_edit(&Env::default(), |document| {
            document.unset_with_parents(&"models.providers.a".parse().unwrap())
        })
        .unwrap();
    let text = home.text();
    let error = home.file().restore_version(&Env::default(), Some(1)).unwrap_err();
    let SaveError::SecretsNotKept { keys } = &error else { panic!("{error}") };
    let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
    assert_eq!(keys, ["models.providers.a.apiKey", "models.providers.a.headers.X-Auth"], "{error}");
    assert_eq!(home.text(), text);
    home.set("models.providers.a.apiKey", "'CANARY-new'").unwrap();
    home.set("models.providers.a.headers[\"X-Auth\"]", "'CANARY-h'").unwrap();
    home.file().restore_version(&Env::default(), Some(1)).unwrap();
    let expected = WITH_KEYS.replace("'CANARY-a'", "'CANARY-new'").replace('"', "'");
    assert_eq!(home.text().replace('"', "'"), expected, "the key that is valid now");
}

#[test]
fn a_key_that_a_version_does_not_have_is_not_lost_by_restoring_it() {
    let home = SavedHome::with(TEXT);
    home.set("models.providers.c.apiKey", "'CANARY'").unwrap();
    let text = home.text();
    let error = home.file().restore_version(&Env::default(), None).unwrap_err();
    assert!(matches!(&error, SaveError::SecretsLost { keys } if keys.len() == 1), "{error}");
    assert!(error.to_string().contains("models.providers.c.apiKey"), "{error}");
    assert_eq!(home.text(), text);
}

#[test]
fn a_version_is_restored_over_a_broken_file_with_the_keys_that_were_last_read() {
    let home = SavedHome::with(WITH_KEYS);
    home.set("gateway.port", "2000").unwrap();
    assert!(!home.load().is_last_good());
    home.put("{ models: { providers: ");
    home.file().restore_version(&Env::default(), None).unwrap();
    assert_eq!(home.text().replace('"', "'"), WITH_KEYS.replace('"', "'"));
}

#[test]
fn a_version_that_is_not_kept_is_told_with_those_that_are() {
    let home = SavedHome::with(TEXT);
    let error = home.file().restore_version(&Env::default(), None).unwrap_err();
    assert!(error.to_string().contains("none is kept yet"), "{error}");
    home.set("gateway.port", "2").unwrap();
    let error = home.file().restore_version(&Env::default(), Some(7)).unwrap_err();
    assert_eq!(error.to_string(), "restore version 7: the kept versions are 1");
}
