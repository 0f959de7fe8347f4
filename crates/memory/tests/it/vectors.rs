//! Searching by meaning, as the model of letters has it.

use std::sync::atomic::Ordering;

use openclaw_memory::{EmbeddingOutcome, SearchMode};

use crate::lab::{Lab, LetterModel, found_paths, search};

#[tokio::test]
async fn a_passage_without_a_common_word_is_found_by_its_vector() {
    let lab = Lab::new();
    lab.write("memory/a.md", "listen");
    lab.write("memory/b.md", "quick brown fox jumps");
    let index = lab.index(Some(LetterModel::new()));
    let answer = search(&index, "silent").await;
    assert_eq!(answer.mode, SearchMode::Hybrid);
    assert_eq!(answer.keyword_reason, None);
    assert_eq!(answer.hits.first().map(|hit| hit.path.as_str()), Some("memory/a.md"), "{answer:?}");
    assert!(answer.hits[0].score > 0.6, "{answer:?}");
    assert_eq!(search(&lab.index(None), "silent").await.hits, []);
}

#[tokio::test]
async fn only_changed_texts_are_embedded_again() {
    let lab = Lab::new();
    lab.write("memory/a.md", "listen");
    lab.write("memory/b.md", "other words");
    let model = LetterModel::new();
    let index = lab.index(Some(model.clone()));
    search(&index, "silent").await;
    assert_eq!(model.take_texts(), 3, "two notes and the query");
    search(&index, "silent").await;
    assert_eq!(model.take_texts(), 1);
    lab.write("memory/b.md", "yet other words");
    std::fs::rename(lab.workspace().join("memory/a.md"), lab.workspace().join("memory/z.md"))
        .unwrap();
    assert_eq!(found_paths(&index, "silent").await.first().unwrap(), "memory/z.md");
    assert_eq!(model.take_texts(), 2, "the changed note and the query");
    // Another program, with the same file.
    search(&lab.index(Some(model.clone())), "silent").await;
    assert_eq!(model.take_texts(), 1);
    index.update(true).await.unwrap();
    search(&index, "silent").await;
    assert_eq!(model.take_texts(), 1, "made anew with the vectors that there are");
}

#[tokio::test]
async fn another_model_embeds_everything_again() {
    let lab = Lab::new();
    lab.write("memory/a.md", "listen");
    let model = LetterModel::new();
    let index = lab.index(Some(model.clone()));
    search(&index, "silent").await;
    for name in ["lab/other", "lab/wide"] {
        model.take_texts();
        model.rename(name);
        assert_eq!(found_paths(&index, "silent").await, ["memory/a.md"]);
        assert_eq!(model.take_texts(), 2, "{name}");
        assert_eq!(index.status().await.unwrap().embedding_model.as_deref(), Some(name));
    }
    assert_eq!(index.status().await.unwrap().dimension, Some(32));
}

#[tokio::test]
async fn without_a_working_model_words_are_used_and_it_is_not_asked_each_time() {
    let lab = Lab::new();
    lab.write("memory/a.md", "a zebra");
    let model = LetterModel::new();
    model.fail("connection refused");
    let index = lab.index(Some(model.clone()));
    for _ in 0..3 {
        let answer = search(&index, "zebra").await;
        assert_eq!((answer.mode, answer.hits.len()), (SearchMode::Keyword, 1));
        assert_eq!(answer.keyword_reason.as_deref(), Some("connection refused"));
    }
    assert_eq!(model.requests.load(Ordering::SeqCst), 1);
    let EmbeddingOutcome::Unavailable { reason } = index.embed_all().await.unwrap() else {
        panic!("it is asked by hand")
    };
    assert_eq!((reason.as_str(), model.requests.load(Ordering::SeqCst)), ("connection refused", 2));
}

#[tokio::test]
async fn a_search_embeds_a_part_and_the_command_all() {
    let lab = Lab::new();
    for n in 0..600 {
        lab.write(&format!("memory/{n}.md"), format!("note {n}"));
    }
    let model = LetterModel::new();
    let index = lab.index(Some(model.clone()));
    let answer = search(&index, "note 17").await;
    assert_eq!(answer.hits.first().unwrap().path, "memory/17.md");
    assert_eq!(index.status().await.unwrap().embedded_chunks, 512);
    let EmbeddingOutcome::Embedded { texts, .. } = index.embed_all().await.unwrap() else {
        panic!("there is a model")
    };
    assert_eq!((texts, index.status().await.unwrap().embedded_chunks), (88, 600));
}
