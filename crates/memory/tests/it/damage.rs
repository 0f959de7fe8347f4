//! Index files that are damaged, of another form, or gone.

use crate::lab::{Lab, LetterModel, found_paths, search, write_file};

#[tokio::test]
async fn a_damaged_index_is_made_anew() {
    let lab = Lab::new();
    for n in 0..50 {
        lab.write(&format!("memory/{n}.md"), format!("zebra {n} {}", "words ".repeat(200)));
    }
    for (name, damage) in [
        ("no database", Damage::Replace(b"this is no database, but a long enough text".repeat(99))),
        ("empty", Damage::Replace(Vec::new())),
        ("cut", Damage::Cut),
        ("overwritten", Damage::Overwrite),
    ] {
        {
            let index = lab.index(Some(LetterModel::new()));
            assert_eq!(found_paths(&index, "zebra").await.len(), 6, "{name}");
            // Closes the file and its log.
        }
        let path = lab.index_path();
        let mut bytes = std::fs::read(&path).unwrap();
        match damage {
            Damage::Replace(other) => bytes = other,
            Damage::Cut => bytes.truncate(bytes.len() / 2 + 100),
            Damage::Overwrite => bytes[5000..].fill(0xA5),
        }
        write_file(&path, &bytes);
        let index = lab.index(Some(LetterModel::new()));
        assert_eq!(found_paths(&index, "zebra").await.len(), 6, "{name}");
        assert_eq!(found_paths(&index, "zebra 17").await.first().unwrap(), "memory/17.md");
    }
}

enum Damage {
    Replace(Vec<u8>),
    Cut,
    Overwrite,
}

#[tokio::test]
async fn an_index_of_another_version_is_made_anew() {
    let lab = Lab::new();
    lab.write("memory/a.md", "zebra");
    search(&lab.index(None), "zebra").await;
    let connection = rusqlite::Connection::open(lab.index_path()).unwrap();
    connection
        .execute_batch("DROP TABLE chunk; CREATE TABLE chunk (x); PRAGMA user_version = 99;")
        .unwrap();
    drop(connection);
    assert_eq!(found_paths(&lab.index(None), "zebra").await, ["memory/a.md"]);
}

#[tokio::test]
async fn an_index_that_is_removed_under_an_open_one_is_made_anew() {
    let lab = Lab::new();
    lab.write("memory/a.md", "zebra");
    let index = lab.index(None);
    search(&index, "zebra").await;
    std::fs::remove_dir_all(lab.folder.path().join("state")).unwrap();
    assert_eq!(found_paths(&index, "zebra").await, ["memory/a.md"]);
    assert!(lab.index_path().exists());
}

#[tokio::test]
async fn an_index_that_cannot_be_made_is_an_error_with_its_path() {
    let lab = Lab::new();
    lab.write("memory/a.md", "zebra");
    write_file(&lab.folder.path().join("state"), b"a file where the folder should be");
    let error = lab.index(None).search(crate::lab::query("zebra")).await.unwrap_err();
    assert!(error.to_string().contains("state/memory"), "{error}");
}
