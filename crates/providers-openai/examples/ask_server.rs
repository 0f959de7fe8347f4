//! Asks a mock server on loopback: `cargo run -p openclaw-providers-openai --example ask_server`.

use std::error::Error;
use std::io::{self, Write as _};

use futures_util::StreamExt as _;
use openclaw_core::{ChatEvent, ChatModel as _, ChatRequest, ModelInfo};
use openclaw_mock_vllm::{MockVllm, ModelSpec, Turn};
use openclaw_providers_openai::{OpenAiModel, list_models};
use openclaw_transport::{Client, ClientOptions, Endpoint};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = MockVllm::builder().model(ModelSpec::new("tiny", 4096)).start().await?;
    server.push(Turn::pieces(["Light is ", "scattered."]));
    let url = format!("http://127.0.0.1:{}/v1", server.port());

    let client = Client::new(ClientOptions::new(Endpoint::parse(&url)?))?;
    let models = list_models(&client).await?;
    let first = models.first().ok_or("the server serves no model")?;
    let reference = format!("mock/{}", first.id).parse()?;
    let info = ModelInfo::new(reference, first.context_window.unwrap_or(4096));
    let model = OpenAiModel::new(client, info);
    let request = ChatRequest::from_user_message("Why is the sky blue?");
    let mut answer = model.stream_chat(request).await?;
    let mut out = io::stdout();
    while let Some(event) = answer.next().await {
        match event? {
            ChatEvent::TextDelta(text) => write!(out, "{text}")?,
            ChatEvent::Finished { usage: Some(usage), .. } => {
                writeln!(out, " ({} prompt tokens)", usage.input_tokens)?;
            }
            _ => {}
        }
    }
    server.stop().await;
    Ok(())
}
