//! What tools changed is shown and undone, in a chat and by a command of its own.

use std::fs;

use serde_json::json;

use crate::servers::tiny;

const STEPS: &str = "write \"new text\" to kept.txt then write x to made/x.txt then run true";

#[tokio::test]
async fn a_command_undoes_the_files_of_the_last_turn_and_names_what_it_cannot() {
    let (_server, home) = tiny().await;
    home.put("kept.txt", "old\r\ntext");
    let _ = home.run(&["agent", "--yes", "-m", STEPS]).await.code(0);
    assert_eq!(home.get("kept.txt"), "new text");
    home.put("made/x.txt", "of the user");
    let refused = home.run(&["sessions", "undo", "--files", "--json"]).await.code(1);
    let refused = refused.says(&["nothing was changed", "`made/x.txt` was changed since"]);
    let value = refused.json();
    assert_eq!(value["undone"], json!(false));
    assert_eq!(value["conflicts"][0]["path"], json!("made/x.txt"));
    assert_eq!(home.get("kept.txt"), "new text");
    home.put("made/x.txt", "x");
    let undone = home.run(&["sessions", "undo", "--files", "--json"]).await.code(0);
    let value = undone.json();
    assert_eq!(
        (&value["restored"], &value["removed"]),
        (&json!(["kept.txt"]), &json!(["made/x.txt"]))
    );
    assert_eq!(value["commands"], json!(1));
    assert_eq!(home.get("kept.txt"), "old\r\ntext");
    assert_eq!(home.files(), ["kept.txt"]);
    let again = home.run(&["sessions", "undo", "--files"]).await.code(0);
    let _ = again.says(&["no file change of this session is left to undo"]);
}

#[tokio::test]
async fn a_chat_undoes_a_turn_with_its_files_and_shows_them_before() {
    let (_server, home) = tiny().await;
    home.put("kept.txt", "old\n");
    let input = format!("{STEPS}\n/diff\n/undo\n/undo\n");
    let ended = home.run_with_input(&["chat", "--yes"], &input).await.code(0);
    assert!(ended.stdout.contains("kept.txt  +1 -1\n"), "{ended:#?}");
    assert!(ended.stdout.contains("\n-old\n"), "{ended:#?}");
    let _ = ended.says(&[
        "the last turn is undone",
        "restored `kept.txt`",
        "removed `made/x.txt`",
        "1 command ran",
        "there is no turn to undo",
    ]);
    assert_eq!(home.get("kept.txt"), "old\n");
    assert_eq!(home.files(), ["kept.txt"]);
}

#[tokio::test]
async fn a_turn_can_be_undone_without_its_files_and_deleting_a_session_deletes_their_contents() {
    let (_server, home) = tiny().await;
    home.put("kept.txt", "old\n");
    let ended = home.run_with_input(&["chat", "--yes"], &format!("{STEPS}\n/undo keep\n")).await;
    let _ = ended.code(0).says(&["the last turn is undone", "files stay as they are"]);
    assert_eq!(home.get("kept.txt"), "new text");
    let changes = home.path().join(".openclaw/changes");
    assert_eq!(fs::read_dir(&changes).unwrap().count(), 1);
    let list = home.run(&["sessions", "--json"]).await.json();
    let id = list["sessions"][0]["sessionId"].as_str().unwrap().to_owned();
    let _ = home.run(&["sessions", "delete", &id, "--yes"]).await.code(0);
    assert_eq!(fs::read_dir(&changes).unwrap().count(), 0);
}
