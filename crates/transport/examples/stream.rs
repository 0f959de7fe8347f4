//! Streams one chat completion and prints its text as it arrives.
//!
//! `cargo run -p openclaw-transport --example stream -- http://127.0.0.1:8000 MODEL "Say hi."`

use std::error::Error;
use std::io::{self, Write};

use futures_util::StreamExt;
use openclaw_transport::wire::{ChatChunk, ChatCompletionRequest, ChatMessage};
use openclaw_transport::{Client, ClientOptions, Endpoint, StreamEvent};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = |name| arguments.next().ok_or(format!("the argument {name} is missing"));
    let client = Client::new(ClientOptions::new(Endpoint::parse(&argument("BASE_URL")?)?))?;
    let request = ChatCompletionRequest {
        model: argument("MODEL")?.into(),
        stream: true,
        stream_options: None,
        max_tokens: None,
        max_completion_tokens: None,
        tools: None,
        tool_choice: None,
        store: None,
        prompt_cache_key: None,
        messages: vec![ChatMessage::User { content: argument("PROMPT")?.into() }],
    };
    let url = client.endpoint().api_url("chat/completions");
    let mut events = client.post_stream(url, serde_json::to_vec(&request)?.into()).await?;
    let mut out = io::stdout().lock();
    while let Some(event) = events.next().await {
        match event? {
            StreamEvent::Data(data) if data == "[DONE]" => break,
            StreamEvent::Data(data) => {
                let chunk: ChatChunk = serde_json::from_str(&data)?;
                let texts = chunk.choices.into_iter().filter_map(|choice| choice.delta.content);
                out.write_all(texts.collect::<String>().as_bytes())?;
                out.flush()?;
            }
            StreamEvent::Error(text) => return Err(text.into()),
            StreamEvent::Stray(_) | StreamEvent::Comment => {}
        }
    }
    writeln!(out)?;
    Ok(())
}
