//! Large outputs are saved for `read`, in a bounded number.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use openclaw_core::ToolOutputStore;
use openclaw_tools::{Workspace, WorkspaceOutputStore};
use serde_json::json;

use crate::support::{Fixture, call};

fn outputs(fixture: &Fixture) -> Vec<String> {
    let names = fs::read_dir(fixture.path(".openclaw/outputs")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != ".gitignore").collect();
    names.sort();
    names
}

fn kept(fixture: &Fixture) -> WorkspaceOutputStore {
    WorkspaceOutputStore::new(Workspace::open(&fixture.path(".")).unwrap())
}

#[tokio::test]
async fn an_output_is_read_back_part_by_part() {
    let fixture = Fixture::new();
    let text: String = (1..=9_000).map(|n| "line ".to_owned() + &n.to_string() + "\n").collect();
    let exec = call("exec", json!({"command": "seq 9000"}));
    let place = kept(&fixture).store_output(&exec, &text).unwrap();
    assert_eq!(place, kept(&fixture).store_output(&exec, &text).unwrap());
    let names = outputs(&fixture);
    assert_eq!(names.len(), 1);
    let path = format!(".openclaw/outputs/{}", names[0]);
    assert_eq!(place, format!("in `{path}`; `read` shows any part of it"));
    let arguments = json!({"path": path, "offset": 8_000, "limit": 2});
    let part = fixture.call("read", arguments).await;
    assert!(part.text.starts_with("line 8000\nline 8001\n[999 more lines"), "{}", part.text);
    assert_eq!(fixture.text(".openclaw/outputs/.gitignore"), "*\n");
}

#[test]
fn only_the_latest_outputs_are_kept() {
    let fixture = Fixture::new();
    let spill = kept(&fixture);
    for number in 0..70 {
        spill.store_output(&call("exec", json!({})), &format!("output {number}")).unwrap();
    }
    let names = outputs(&fixture);
    assert_eq!(names.len(), 64);
    let texts: Vec<String> =
        names.iter().map(|name| fixture.text(&format!(".openclaw/outputs/{name}"))).collect();
    assert!(texts.contains(&"output 69".to_owned()) && !texts.contains(&"output 0".to_owned()));
}

#[test]
fn an_output_is_for_its_owner_only_and_what_somebody_else_put_there_stays() {
    let fixture = Fixture::new();
    let spill = kept(&fixture);
    spill.store_output(&call("exec", json!({})), "output 0").unwrap();
    let path = fixture.path(&format!(".openclaw/outputs/{}", outputs(&fixture)[0]));
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    // One of an older version is taken back.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    spill.store_output(&call("exec", json!({})), "output 0").unwrap();
    assert_eq!(mode(), 0o600);
    let foreign = ["notes-0123456789abcdef.txt", "exec-fedcba9876543210.txt", "notes.txt"];
    for name in foreign {
        fixture.put(&format!(".openclaw/outputs/{name}"), "of the user");
    }
    for number in 1..70 {
        spill.store_output(&call("exec", json!({})), &format!("output {number}")).unwrap();
    }
    let names = outputs(&fixture);
    assert!(foreign.iter().all(|name| names.contains(&(*name).to_owned())), "{names:?}");
    assert!(!path.exists(), "the oldest output is removed all the same");
}

#[test]
fn a_folder_that_leads_outside_is_not_written_through() {
    let fixture = Fixture::new();
    std::os::unix::fs::symlink(fixture.outside(), fixture.path(".openclaw")).unwrap();
    let error = kept(&fixture).store_output(&call("exec", json!({})), "x").unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("outside"));
    fixture.assert_outside_untouched();
}
