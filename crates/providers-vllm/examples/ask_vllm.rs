//! Asks a mock server on loopback: `cargo run -p openclaw-providers-vllm --example ask_vllm`.

use std::error::Error;
use std::io::{self, Write as _};

use openclaw_mock_vllm::{MockVllm, ModelSpec, Turn};
use openclaw_providers_vllm::{ChatEvent, ChatModel as _, ChatRequest, StreamExt as _, VllmModel};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = MockVllm::builder().model(ModelSpec::new("tiny", 4096)).start().await?;
    server.push(Turn::pieces(["Light is ", "scattered."]));
    let url = format!("http://127.0.0.1:{}/v1", server.port());

    let model = VllmModel::connect(&url, None).await?;
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
