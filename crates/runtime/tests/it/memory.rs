//! The memory of an agent: which tools it is offered, and which embedding model is used.

use std::fs;
use std::sync::{Arc, Mutex};

use openclaw_mock_vllm::MockVllm;
use openclaw_runtime::{EmbeddingOutcome, MemoryQuery, SearchMode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::lab::Lab;

/// A server with an embedding model that counts letters and refuses texts of more than 600 bytes.
struct EmbeddingServer {
    base_url: String,
    /// The requests: paths and bodies.
    requests: Arc<Mutex<Vec<(String, Value)>>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for EmbeddingServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl EmbeddingServer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let requests = Arc::<Mutex<Vec<_>>>::default();
        let record = Arc::clone(&requests);
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                answer(stream, &record).await;
            }
        });
        Self { base_url, requests, serving }
    }

    fn inputs(&self) -> Vec<Value> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .filter(|(path, _)| path.ends_with("embeddings"))
            .map(|it| it.1.clone())
            .collect()
    }
}

async fn answer(mut stream: TcpStream, record: &Mutex<Vec<(String, Value)>>) {
    let mut seen = Vec::new();
    let (path, body) = loop {
        if stream.read_buf(&mut seen).await.unwrap_or(0) == 0 {
            return;
        }
        let text = String::from_utf8_lossy(&seen).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().unwrap())
        });
        if body.len() >= length.unwrap_or(0) {
            break (head.split(' ').nth(1).unwrap().to_owned(), body.to_owned());
        }
    };
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    record.lock().unwrap().push((path.clone(), body.clone()));
    let (status, answer) = match path.as_str() {
        "/v1/models" => {
            let card = |id: &str| json!({"id": id, "object": "model"});
            ("200 OK", json!({"data": [card("chatty-8b"), card("nomic-embed-text")]}))
        }
        "/v1/embeddings" => {
            let texts: Vec<&str> =
                body["input"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
            if texts.iter().any(|text| text.len() > 600) {
                ("400 Bad Request", json!({"error": {"message": "maximum context length"}}))
            } else {
                let data =
                    texts.iter().enumerate().rev().map(
                        |(index, text)| json!({"index": index, "embedding": count_letters(text)}),
                    );
                ("200 OK", json!({"data": data.collect::<Vec<_>>()}))
            }
        }
        _ => ("404 Not Found", json!({"detail": "Not Found"})),
    };
    let answer = answer.to_string();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n",
        answer.len()
    );
    let _ = stream.write_all((head + &answer).as_bytes()).await;
}

fn count_letters(text: &str) -> Vec<f64> {
    let mut counts = vec![0.01; 26];
    for letter in text.bytes().filter(u8::is_ascii_alphabetic) {
        counts[usize::from(letter.to_ascii_lowercase() - b'a')] += 1.0;
    }
    counts
}

#[expect(clippy::disallowed_methods, reason = "nobody reads the file meanwhile")]
fn write_note(lab: &Lab, path: &str, text: &str) {
    let path = lab.state().join("workspace").join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn query(text: &str) -> MemoryQuery {
    MemoryQuery { text: text.to_owned(), max_results: 5, min_score: None, vector_share: 0.7 }
}

fn lab_with(server: &MockVllm, search: &str) -> Lab {
    let config = format!(
        r#"{{ models: {{ providers: {{ lab: {{ baseUrl: "{}" }} }} }},
             agents: {{ defaults: {{ model: "lab/tiny", memorySearch: {{ {search} }} }} }} }}"#,
        server.base_url()
    );
    Lab::new(&config, &[])
}

#[tokio::test]
async fn a_server_for_embeddings_is_used_by_its_address_and_its_model_found() {
    let server = MockVllm::builder().start().await.unwrap();
    let embeddings = EmbeddingServer::start().await;
    let remote = format!("remote: {{ baseUrl: '{}' }}", embeddings.base_url);
    let lab = lab_with(&server, &remote);
    write_note(&lab, "memory/a.md", "listen");
    write_note(&lab, "memory/b.md", "quick brown fox");
    write_note(&lab, "memory/long.md", &"many words in a line ".repeat(60));
    let memory = lab.runtime.agent_memory("main").unwrap();
    let answer = memory.index.search(query("silent")).await.unwrap();
    assert_eq!((answer.mode, answer.keyword_reason), (SearchMode::Hybrid, None));
    assert_eq!(answer.hits[0].path, "memory/a.md", "{:?}", answer.hits);
    let status = memory.index.status().await.unwrap();
    assert_eq!(status.embedded_chunks, status.chunks, "the long text was cut");
    assert_eq!(status.embedding_model.unwrap(), "memory-search/nomic-embed-text");
    let before = embeddings.inputs().len();
    memory.index.search(query("silent")).await.unwrap();
    let inputs = embeddings.inputs();
    assert_eq!(inputs.len(), before + 1);
    assert_eq!(inputs[before]["input"], json!(["silent"]), "only the query is embedded again");
    let asked = server.requests();
    assert!(asked.is_empty(), "the server of the chat was not asked: {asked:?}");
}

#[tokio::test]
async fn a_provider_and_a_model_can_be_named() {
    let server = MockVllm::builder().start().await.unwrap();
    let embeddings = EmbeddingServer::start().await;
    for search in ["model: 'emb/my-model'", "provider: 'emb', model: 'my-model'"] {
        let config = format!(
            r#"{{ models: {{ providers: {{ lab: {{ baseUrl: "{}" }}, emb: {{ baseUrl: "{}" }} }} }},
                 agents: {{ defaults: {{ model: "lab/tiny", memorySearch: {{ {search} }} }} }} }}"#,
            server.base_url(),
            embeddings.base_url,
        );
        let lab = Lab::new(&config, &[]);
        write_note(&lab, "MEMORY.md", "listen");
        let memory = lab.runtime.agent_memory("main").unwrap();
        let EmbeddingOutcome::Embedded { model, .. } = memory.index.embed_all().await.unwrap()
        else {
            panic!("{search}")
        };
        assert_eq!(model, "emb/my-model");
        assert_eq!(memory.index.search(query("silent")).await.unwrap().mode, SearchMode::Hybrid);
    }
    assert!(embeddings.inputs().iter().all(|body| body["model"] == "my-model"));
}

#[tokio::test]
async fn without_an_embedding_model_words_are_searched_and_the_reason_is_known() {
    let server = MockVllm::builder().start().await.unwrap();
    for (search, reason) in [
        ("", "lists none"),
        ("provider: 'none'", "switched off"),
        ("store: { vector: { enabled: false } }", "switched off"),
        ("provider: 'gemini'", "gemini"),
        ("model: 'tiny'", "404"),
    ] {
        let lab = lab_with(&server, search);
        write_note(&lab, "MEMORY.md", "a zebra");
        let memory = lab.runtime.agent_memory("main").unwrap();
        let answer = memory.index.search(query("zebra")).await.unwrap();
        assert_eq!((answer.mode, answer.hits.len()), (SearchMode::Keyword, 1), "{search}");
        let told = answer.keyword_reason.unwrap();
        assert!(told.contains(reason), "{search}: {told}");
    }
}

#[tokio::test]
async fn a_hosted_server_that_is_not_named_gets_no_note() {
    let server = MockVllm::builder().start().await.unwrap();
    let config = format!(
        r#"{{ models: {{ egress: "local-only", providers: {{ lab: {{ baseUrl: "{}" }},
               far: {{ baseUrl: "https://embeddings.example/v1" }} }} }},
             agents: {{ defaults: {{ model: "lab/tiny",
               memorySearch: {{ provider: "far" }} }} }} }}"#,
        server.base_url()
    );
    let lab = Lab::new(&config, &[]);
    write_note(&lab, "MEMORY.md", "a zebra");
    let memory = lab.runtime.agent_memory("main").unwrap();
    let answer = memory.index.search(query("zebra")).await.unwrap();
    assert_eq!((answer.mode, answer.hits.len()), (SearchMode::Keyword, 1));
}

#[tokio::test]
async fn no_private_file_is_a_note_and_each_agent_has_its_own() {
    let server = MockVllm::builder().start().await.unwrap();
    let config = format!(
        r#"{{ models: {{ providers: {{ lab: {{ baseUrl: "{}" }} }} }},
             agents: {{ defaults: {{ model: "lab/tiny" }}, entries: {{
               other: {{ workspace: "~/other" }}, off: {{ memorySearch: {{ enabled: false }} }} }} }} }}"#,
        server.base_url()
    );
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("other")).unwrap();
    let lab = Lab::new(&config, &[("HOME", home.path().to_str().unwrap())]);
    write_note(&lab, "MEMORY.md", "a zebra");
    // Another name of a file of the program.
    let own = lab.state().join("sessions.md");
    fs::copy(lab.state().join("workspace/MEMORY.md"), &own).unwrap();
    fs::create_dir_all(lab.state().join("workspace/memory")).unwrap();
    fs::hard_link(&own, lab.state().join("workspace/memory/own.md")).unwrap();
    let found = |agent: &'static str| {
        let memory = lab.runtime.agent_memory(agent).unwrap();
        async move {
            let hits = memory.index.search(query("zebra")).await.unwrap().hits;
            (memory.is_enabled, hits.into_iter().map(|hit| hit.path).collect::<Vec<_>>())
        }
    };
    assert_eq!(found("main").await, (true, vec!["MEMORY.md".to_owned()]));
    assert_eq!(found("other").await, (true, Vec::new()));
    assert!(!found("off").await.0);
    assert!(lab.runtime.agent_memory("nobody").is_err());
}
