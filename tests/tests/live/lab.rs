//! The servers under `OPENCLAW_LIVE_*`, as seen without the program under test.
#![expect(clippy::disallowed_methods, reason = "variables say where the real servers are")]

use std::env;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use openclaw_tests::Home;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

static ALONE: Mutex<()> = Mutex::new(());

/// A real server. Who holds this has all of them alone, so that what they count is of one test.
#[derive(Debug)]
pub(crate) struct Lab {
    /// The id of its provider in a config.
    provider: &'static str,
    /// `HOST:PORT`.
    pub(crate) address: String,
    pub(crate) key: String,
    _alone: MutexGuard<'static, ()>,
}

/// A model as the server lists it.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) id: String,
    /// In tokens.
    pub(crate) window: u64,
}

/// The vLLM server, if there is one to test against; says so if not.
pub(crate) fn lab() -> Option<Lab> {
    find("vllm", "OPENCLAW_LIVE_VLLM", "vllm-local")
}

/// The `LiteLLM` proxy in front of that server, if there is one; says so if not.
pub(crate) fn litellm() -> Option<Lab> {
    find("litellm", "OPENCLAW_LIVE_LITELLM", "sk-litellm-local")
}

/// The llama.cpp server, if there is one; says so if not.
pub(crate) fn llama() -> Option<Lab> {
    find("llamacpp", "OPENCLAW_LIVE_LLAMA", "llama-local")
}

/// The Python in whose environment vLLM and the OpenAI SDK are; says so if there is none.
pub(crate) fn python() -> Option<String> {
    let python = env::var("OPENCLAW_LIVE_PYTHON").unwrap_or_default();
    if python.is_empty() {
        println!("skipped: OPENCLAW_LIVE_PYTHON is not set; `cargo xtask live` sets it");
        return None;
    }
    Some(python)
}

/// A vLLM of one's own, not started yet, and the program that starts and ends it.
pub(crate) fn own() -> Option<(String, Lab)> {
    let program = env::var("OPENCLAW_LIVE_XTASK").unwrap_or_default();
    if program.is_empty() {
        println!("skipped: OPENCLAW_LIVE_XTASK is not set; `cargo xtask live` sets it");
        return None;
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (address, key) = (free.to_string(), "vllm-of-ones-own".to_owned());
    Some((program, Lab { provider: "vllm", address, key, _alone: alone() }))
}

/// Notes a measured figure for whoever runs the tests, `cargo xtask live` for one.
pub(crate) fn measured(name: &str, value: &str) {
    println!("{name}: {value}");
    let Ok(path) = env::var("OPENCLAW_LIVE_FIGURES") else { return };
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    writeln!(file, "{name}\t{value}").unwrap();
}

fn find(provider: &'static str, variable: &str, usual_key: &str) -> Option<Lab> {
    let url = env::var(variable).unwrap_or_default();
    if url.is_empty() {
        println!("skipped: {variable} is not set");
        return None;
    }
    let address = url.trim_end_matches('/').trim_end_matches("/v1").strip_prefix("http://");
    let address = address.expect("the variable is like http://127.0.0.1:8000").to_owned();
    let key = env::var(format!("{variable}_KEY")).unwrap_or_else(|_| usual_key.to_owned());
    Some(Lab { provider, address, key, _alone: alone() })
}

/// A test that failed leaves nothing behind that another would see.
fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lab {
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// A home whose config has the server, or what stands before it, at `base_url`, and `more`
    /// fields of its provider.
    pub(crate) fn configured(&self, base_url: &str, more: &str) -> Home {
        let provider = self.provider;
        Home::new().env("LAB_KEY", &self.key).config(&format!(
            "{{ models: {{ providers: {{ {provider}: {{
               baseUrl: '{base_url}', apiKey: '${{LAB_KEY}}', {more}
             }} }} }} }}"
        ))
    }

    /// A home that finds a vLLM by itself.
    pub(crate) fn home(&self) -> Home {
        Home::with_vllm(&self.base_url(), &self.key)
    }

    /// As [`Lab::configured`], and answers of `model` have `most` tokens at the most.
    pub(crate) fn capped(&self, base_url: &str, model: &str, most: u64) -> Home {
        self.configured(base_url, &format!("models: [{{ id: '{model}', maxTokens: {most} }}]"))
    }

    /// The first model that the server lists.
    pub(crate) async fn served(&self) -> Served {
        let list: Value = serde_json::from_str(&self.get("/v1/models").await).unwrap();
        let model = &list["data"][0];
        let id = model["id"].as_str().unwrap().to_owned();
        Served { id, window: model["max_model_len"].as_u64().unwrap() }
    }

    /// A number from `/metrics`, summed over its labels.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").await;
        let is_of = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with('{'));
        let lines = text.lines().filter(is_of);
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
    }

    /// The body under a path.
    async fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let request = format!(
            "GET {path} HTTP/1.0\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
            self.address, self.key
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(" 200 "), "{path}: {head}");
        body.to_owned()
    }
}
