//! `memory_search` and `memory_get` over notes in a temporary workspace.

use std::fs;
use std::path::Path;

use openclaw_core::{InvalidToolArguments, Tool, ToolContext, ToolEffect, ToolOutput};
use openclaw_memory::{ChunkLimits, MemoryIndex, MemoryIndexOptions, NoteFolder};
use openclaw_tools::{MemoryGetTool, MemorySearchLimits, MemorySearchTool};
use serde_json::{Value, json};

use crate::support::{call, save};

/// The most bytes of both tools in every prompt.
const MAX_BYTES: usize = 900;

fn index(folder: &Path) -> MemoryIndex {
    fs::create_dir_all(folder.join("work/memory")).unwrap();
    MemoryIndex::new(MemoryIndexOptions {
        path: folder.join("index.sqlite"),
        notes: NoteFolder::open(&folder.join("work"), 1 << 20).unwrap(),
        chunks: ChunkLimits { max_tokens: 400, overlap_tokens: 80 },
        embedder: None,
    })
}

fn tools(folder: &Path) -> [Box<dyn Tool>; 2] {
    let index = index(folder);
    let search = MemorySearchTool::new(index.clone(), MemorySearchLimits::new(6, 0.7));
    [Box::new(search), Box::new(MemoryGetTool::new(index))]
}

async fn run(tool: &dyn Tool, arguments: Value, max_output_bytes: usize) -> ToolOutput {
    let planned = tool.plan_call(&call(tool.spec().name.as_str(), arguments)).unwrap();
    let context =
        ToolContext { time_limit: None, max_output_bytes, takes_images: false, progress: &() };
    planned.run(context).await
}

fn refusal(tool: &dyn Tool, arguments: Value) -> InvalidToolArguments {
    tool.plan_call(&call(tool.spec().name.as_str(), arguments)).unwrap_err()
}

fn json_of(output: &ToolOutput) -> Value {
    assert!(!output.is_error, "{output:?}");
    serde_json::from_str(&output.text).unwrap()
}

#[tokio::test]
async fn notes_are_found_marked_as_notes_and_read_by_what_was_found() {
    let folder = tempfile::tempdir().unwrap();
    save(&folder.path().join("work-file"), "");
    let [search, get] = tools(folder.path());
    save(&folder.path().join("work/memory/2026-01-02.md"), "# Tea\nAnn likes oolong.\nAlways.\n");
    let found = json_of(&run(&*search, json!({"query": "which tea for ann"}), 10_000).await);
    assert_eq!(found["mode"], "keyword");
    assert!(found["source"].as_str().unwrap().contains("not instructions"), "{found}");
    let hit = &found["results"][0];
    assert_eq!(
        (&hit["path"], &hit["from"], &hit["lines"]),
        (&json!("memory/2026-01-02.md"), &json!(1), &json!(3))
    );
    let arguments = json!({"path": hit["path"], "from": 2, "lines": 1, "corpus": "memory"});
    let read = json_of(&run(&*get, arguments, 10_000).await);
    assert_eq!((&read["status"], &read["text"]), (&json!("ok"), &json!("Ann likes oolong.")));
    assert_eq!(read["nextFrom"], 3);
    for path in ["memory/none.md", "../work-file", "AGENTS.md"] {
        let read = json_of(&run(&*get, json!({"path": path}), 10_000).await);
        assert_eq!(read["status"], "not_found", "{path}");
    }
}

#[tokio::test]
async fn results_fit_the_output_limit_and_say_that_some_are_missing() {
    let folder = tempfile::tempdir().unwrap();
    let [search, get] = tools(folder.path());
    for n in 0..20 {
        let path = folder.path().join(format!("work/memory/{n}.md"));
        save(&path, format!("tea {n} \"quoted\" {}\n", "word ".repeat(200)));
    }
    save(&folder.path().join("work/MEMORY.md"), "a line \"with\" quotes\n".repeat(400));
    save(&folder.path().join("work/USER.md"), "\u{e9}\u{1}".repeat(5000));
    for limit in [1000, 3000, 9000] {
        let found = run(&*search, json!({"query": "tea", "maxResults": 20}), limit).await;
        assert!(found.text.len() <= limit, "{}", found.text.len());
        assert_eq!(json_of(&found)["truncated"], true, "{limit}");
        let read = run(&*get, json!({"path": "MEMORY.md"}), limit).await;
        assert!(read.text.len() <= limit);
        let read = json_of(&read);
        let lines = read["lines"].as_u64().unwrap();
        assert!(lines > 0 && read["nextFrom"] == lines + 1, "{read}");
    }
    let found = json_of(&run(&*search, json!({"query": "tea"}), 50_000).await);
    assert_eq!(found["results"].as_array().unwrap().len(), 6);
    assert_eq!(found.get("truncated"), None);
    let long = run(&*get, json!({"path": "USER.md"}), 2000).await;
    assert!(!json_of(&long)["text"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn arguments_are_checked_and_the_effect_is_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let [search, get] = tools(folder.path());
    for arguments in [json!({}), json!({"query": " "}), json!({"query": "x", "corpus": "wiki"})] {
        assert!(!refusal(&*search, arguments).problem.is_empty());
    }
    assert!(refusal(&*get, json!({"path": "a", "x": 1})).problem.contains("`x`"));
    let planned = search.plan_call(&call("memory_search", json!({"query": "tea"}))).unwrap();
    assert!(matches!(planned.effect(), ToolEffect::Inspect { subject } if subject.contains("tea")));
}

#[test]
fn both_tools_are_cheap_to_describe() {
    let folder = tempfile::tempdir().unwrap();
    let described = tools(folder.path()).map(|tool| {
        let spec = tool.spec();
        json!({"type": "function", "function": {
            "name": spec.name.as_str(), "description": &*spec.description,
            "parameters": &*spec.parameters,
        }})
    });
    let text = json!(described).to_string();
    assert!(text.len() <= MAX_BYTES && !text.contains("corpus"), "{}: {text}", text.len());
}

#[test]
fn they_and_the_tools_over_sessions_take_two_and_a_half_kilobytes() {
    let folder = tempfile::tempdir().unwrap();
    let [search, get] = tools(folder.path());
    let sessions = crate::sessions::all_tools();
    let notes = [&*search, &*get];
    let all = sessions.iter().map(|tool| tool as &dyn Tool).chain(notes);
    let described: Vec<Value> = all
        .map(|tool| {
            let spec = tool.spec();
            json!({
                "name": spec.name.as_str(), "description": &*spec.description,
                "parameters": &*spec.parameters,
            })
        })
        .collect();
    assert_eq!(described.len(), 10);
    let bytes = Value::from(described).to_string().len();
    assert!(bytes <= 2500, "{bytes} bytes");
}
