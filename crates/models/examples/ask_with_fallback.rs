//! Asks a model of a config. Its server is down, so the fallback answers.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use futures_util::StreamExt;
use openclaw_config::{AppPaths, Config, Env};
use openclaw_core::{ChatEvent, ChatModel, ChatRequest};
use openclaw_mock_vllm::MockVllm;
use openclaw_models::{ModelRegistry, SupervisorProgram};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = MockVllm::builder().start().await?;
    let state = tempfile::tempdir()?;
    let env = Env::from_pairs([("OPENCLAW_STATE_DIR", state.path().display().to_string())]);
    let config = format!(
        r#"{{
            agents: {{ defaults: {{ model: {{ primary: "down/tiny", fallbacks: ["up/tiny"] }} }} }},
            models: {{ providers: {{
                down: {{ baseUrl: "http://127.0.0.1:9/v1" }}, up: {{ baseUrl: "{}" }},
            }} }},
        }}"#,
        server.base_url()
    );
    let loaded = Config::parse(&config, &env)?;
    let paths = AppPaths::new(&env, None)?;
    let models = ModelRegistry::new(loaded, paths, SupervisorProgram::this_program());
    let connection = models.connect_model(None).await?;
    for attempt in &connection.report.attempts {
        println!("{}: failed to {}", attempt.reference, attempt.problem);
    }
    println!("{} answers:", connection.model.model_info().reference);
    let request = ChatRequest::from_user_message("What is the capital of France?");
    let mut events = connection.model.stream_chat(request).await?;
    while let Some(event) = events.next().await {
        if let ChatEvent::TextDelta(text) = event? {
            print!("{text}");
        }
    }
    println!();
    Ok(())
}
