//! The server under `OPENCLAW_LIVE_VLLM`, as seen without the program under test.
#![expect(clippy::disallowed_methods, reason = "a variable says where the real server is")]

use std::env;
use std::sync::{Mutex, MutexGuard, PoisonError};

use openclaw_tests::Home;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

static ALONE: Mutex<()> = Mutex::new(());

/// A real server. Who holds this has it alone, so that what it counts is of one test.
#[derive(Debug)]
pub(crate) struct Lab {
    /// `HOST:PORT`.
    pub(crate) address: String,
    key: String,
    _alone: MutexGuard<'static, ()>,
}

/// A model as the server lists it.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) id: String,
    /// In tokens.
    pub(crate) window: u64,
}

/// The server, if there is one to test against; says so if not.
pub(crate) fn lab() -> Option<Lab> {
    let url = env::var("OPENCLAW_LIVE_VLLM").unwrap_or_default();
    if url.is_empty() {
        println!("skipped: OPENCLAW_LIVE_VLLM is not set");
        return None;
    }
    let address = url.trim_end_matches('/').trim_end_matches("/v1").strip_prefix("http://");
    let address = address.expect("OPENCLAW_LIVE_VLLM is like http://127.0.0.1:8000").to_owned();
    let key = env::var("OPENCLAW_LIVE_VLLM_KEY").unwrap_or_else(|_| "vllm-local".to_owned());
    // A test that failed leaves nothing behind that another would see.
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    Some(Lab { address, key, _alone: alone })
}

impl Lab {
    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// A home that finds the server by itself.
    pub(crate) fn home(&self) -> Home {
        Home::with_vllm(&self.base_url(), &self.key)
    }

    /// A home whose config has the server, or what stands before it, at `base_url`, and lets
    /// answers of `model` have `most` tokens.
    pub(crate) fn capped(&self, base_url: &str, model: &str, most: u64) -> Home {
        Home::new().env("VLLM_API_KEY", &self.key).config(&format!(
            "{{ models: {{ providers: {{ vllm: {{
               baseUrl: '{base_url}',
               apiKey: '${{VLLM_API_KEY}}',
               models: [{{ id: '{model}', maxTokens: {most} }}],
             }} }} }} }}"
        ))
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
