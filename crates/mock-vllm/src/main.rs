//! `mock-vllm`: the server as a program, for demos and benches.

use std::env;
use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use openclaw_mock_vllm::{Brain, MockVllm, ModelSpec, Pace, Reply};

const USAGE: &str = "usage: mock-vllm [--port N] [--model ID] [--window N] [--api-key KEY]
                 [--tokens-per-second N] [--prompt-tokens-per-second N] [--script FILE.json]

Serves a mock of vLLM on 127.0.0.1 until it is killed, and prints one line when ready.
Without a script it understands: write TEXT to PATH, read PATH, run COMMAND,
replace OLD with NEW in PATH, joined by ` then `, and: reply exactly: TEXT";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        let _ = writeln!(io::stdout(), "{USAGE}");
        return ExitCode::SUCCESS;
    }
    match Settings::parse(&arguments).and_then(serve) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "mock-vllm: {error}");
            ExitCode::from(if matches!(error, Failure::Usage(_)) { 2 } else { 1 })
        }
    }
}

struct Settings {
    port: u16,
    model: String,
    window: u32,
    api_key: Option<String>,
    pace: Pace,
    brain: Brain,
}

#[derive(Debug)]
enum Failure {
    Usage(String),
    Script { file: String, fault: String },
    Io(io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(fault) => write!(f, "{fault}\n{USAGE}"),
            Self::Script { file, fault } => write!(f, "{file}: {fault}"),
            Self::Io(error) => write!(f, "failed to serve: {error}"),
        }
    }
}

impl Settings {
    fn parse(arguments: &[String]) -> Result<Self, Failure> {
        let mut settings = Self {
            port: 0,
            model: "tiny".to_owned(),
            window: 4096,
            api_key: None,
            pace: Pace::default(),
            brain: Brain::Rules,
        };
        let mut arguments = arguments.iter();
        while let Some(name) = arguments.next() {
            let Some(value) = arguments.next() else {
                return Err(Failure::Usage(format!("`{name}` is unknown or lacks its value")));
            };
            match name.as_str() {
                "--port" => settings.port = number(name, value)?,
                "--model" => settings.model.clone_from(value),
                "--window" => settings.window = number(name, value)?,
                "--api-key" => settings.api_key = Some(value.clone()),
                "--tokens-per-second" => {
                    settings.pace.per_chunk = period(name, value)?;
                }
                "--prompt-tokens-per-second" => {
                    settings.pace.per_prompt_token = period(name, value)?;
                }
                "--script" => settings.brain = Brain::Script(read_script(value)?),
                _ => return Err(Failure::Usage(format!("`{name}` is unknown"))),
            }
        }
        Ok(settings)
    }
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, Failure> {
    value.parse().map_err(|_| Failure::Usage(format!("`{name}` takes a number, not `{value}`")))
}

/// The time for one of so many a second; none at all for 0.
fn period(name: &str, rate: &str) -> Result<Duration, Failure> {
    Ok(Duration::from_secs(1).checked_div(number(name, rate)?).unwrap_or_default())
}

fn read_script(file: &str) -> Result<Vec<Reply>, Failure> {
    let fault = |fault: String| Failure::Script { file: file.to_owned(), fault };
    let text = std::fs::read_to_string(file).map_err(|error| fault(error.to_string()))?;
    Reply::list_from_json(&text).map_err(|error| fault(error.to_string()))
}

fn serve(settings: Settings) -> Result<(), Failure> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Io)?;
    runtime.block_on(async {
        let mut builder = MockVllm::builder()
            .model(ModelSpec::new(settings.model, settings.window))
            .brain(settings.brain)
            .pace(settings.pace)
            .port(settings.port)
            .record_requests(false);
        if let Some(key) = settings.api_key {
            builder = builder.api_key(key);
        }
        let server = builder.start().await.map_err(Failure::Io)?;
        let mut out = io::stdout();
        writeln!(out, "listening on {}", server.base_url()).map_err(Failure::Io)?;
        out.flush().map_err(Failure::Io)?;
        std::future::pending().await
    })
}
