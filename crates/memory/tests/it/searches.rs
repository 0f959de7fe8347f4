//! Searching by words.

use openclaw_memory::SearchMode;

use crate::lab::{Lab, found_paths, query, search};

#[tokio::test]
async fn words_find_passages_with_their_lines_and_a_score() {
    let lab = Lab::new();
    lab.write("MEMORY.md", "# Facts\n\nThe printer is a Brother HL-1110.\nIt is in the cellar.\n");
    lab.write("memory/2026-01-05.md", "Talked about the garden.\n");
    let index = lab.index(None);
    let answer = search(&index, "which printer?").await;
    assert_eq!(answer.mode, SearchMode::Keyword);
    let [hit] = answer.hits.as_slice() else { panic!("{answer:?}") };
    assert_eq!((hit.path.as_str(), hit.first_line, hit.line_count), ("MEMORY.md", 1, 4));
    assert!(hit.snippet.contains("Brother HL-1110"), "{hit:?}");
    assert!(hit.score > 0.0 && hit.score <= 1.0, "{hit:?}");
    assert_eq!(found_paths(&index, "hl 1110").await, ["MEMORY.md"]);
    assert_eq!(found_paths(&index, "nothing like that").await, [""; 0]);
    assert_eq!(found_paths(&index, "").await, [""; 0]);
    assert_eq!(found_paths(&index, "\" OR ( * NEAR").await, [""; 0]);
}

#[tokio::test]
async fn the_passage_with_more_of_the_words_is_first() {
    let lab = Lab::new();
    lab.write("memory/a.md", "The dentist moved the appointment.\n");
    lab.write("memory/b.md", "The dentist is Dr. Roth, in Linden Street.\n");
    lab.write("memory/c.md", "Linden trees.\n");
    let index = lab.index(None);
    let paths = found_paths(&index, "dentist linden street").await;
    assert_eq!(paths.first().map(String::as_str), Some("memory/b.md"), "{paths:?}");
    assert_eq!(paths.len(), 3);
}

#[tokio::test]
async fn a_word_finds_others_that_begin_with_it_and_those_with_accents() {
    let lab = Lab::new();
    lab.write("MEMORY.md", "Die Kaffeemaschine braucht Entkalker. Der Müller kommt.\n");
    let index = lab.index(None);
    for text in ["kaffee", "ENTKALKER", "muller", "Müller"] {
        assert_eq!(found_paths(&index, text).await, ["MEMORY.md"], "{text}");
    }
}

#[tokio::test]
async fn scripts_without_spaces_are_found_by_any_word() {
    let lab = Lab::new();
    lab.write("memory/zh.md", "明天下午三点和张伟在北京开会。\n");
    lab.write("memory/ja.md", "プリンターは地下室にあります。\n");
    lab.write("memory/ko.md", "서울에서 회의가 있습니다.\n");
    lab.write("memory/th.md", "ประชุมที่กรุงเทพ\n");
    let index = lab.index(None);
    for (text, path) in [
        ("北京", "memory/zh.md"),
        ("张伟开会", "memory/zh.md"),
        ("伟", "memory/zh.md"),
        ("会", "memory/zh.md"),
        ("プリンター", "memory/ja.md"),
        ("地下室", "memory/ja.md"),
        ("회의", "memory/ko.md"),
        ("กรุงเทพ", "memory/th.md"),
    ] {
        assert_eq!(found_paths(&index, text).await, [path], "{text}");
    }
    assert_eq!(found_paths(&index, "上海").await, [""; 0]);
}

#[tokio::test]
async fn results_are_limited_and_do_not_repeat_lines() {
    let lab = Lab::new();
    let lines = (0..400).map(|n| format!("entry {n}: watered the tomatoes\n"));
    let long = lines.collect::<Vec<_>>().concat();
    lab.write("memory/long.md", long);
    for n in 0..9 {
        lab.write(&format!("memory/{n}.md"), "tomatoes\n");
    }
    let index = lab.index(None);
    let answer = index.search(query("tomatoes")).await.unwrap();
    assert_eq!(answer.hits.len(), 6);
    let mut all = query("tomatoes");
    all.max_results = 100;
    let answer = index.search(all.clone()).await.unwrap();
    let mut lines: Vec<_> =
        answer.hits.iter().filter(|hit| hit.path.ends_with("long.md")).collect();
    lines.sort_by_key(|hit| hit.first_line);
    for pair in lines.windows(2) {
        assert!(pair[0].first_line + pair[0].line_count <= pair[1].first_line, "{pair:?}");
    }
    assert!(answer.hits.iter().all(|hit| hit.snippet.len() <= 700));
    all.min_score = Some(2.0);
    assert!(index.search(all).await.unwrap().hits.is_empty());
}
