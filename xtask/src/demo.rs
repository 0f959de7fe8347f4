//! Runs a live turn of the agent, with tools and a server, in a scratch home.

use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::interrupt;
use crate::lab::Place;
use crate::lab::vllm::{self, LabModel};
use crate::product::{Product, Scratch, config_text, with_v1};

/// Understood by the mock server's rules, and by a model as well.
const MESSAGE: &str = "write \"milk, bread, tea\" to shopping.txt then read shopping.txt then run \
                       wc -w shopping.txt";
/// The model of `--real`.
const REAL_MODEL: LabModel = LabModel::SmolLm2;
/// The most tokens that the small model may write.
const SMALL_ANSWER_TOKENS: u32 = 200;
const RESULT: &str = "shopping.txt";

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Use a real vLLM on this machine, installed and started if need be, with a small model that
    /// answers in English. A server that this starts is ended at the end.
    #[arg(long, conflicts_with = "server")]
    real: bool,
    /// Use the server at this address.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The model's id on that server; the first one that it lists otherwise.
    #[arg(long, value_name = "ID", requires = "server")]
    model: Option<String>,
    /// The key for that server.
    #[arg(long, default_value = "any-value", requires = "server")]
    key: String,
}

/// The server and model of the demo.
#[derive(Debug)]
struct Target {
    base_url: String,
    key: String,
    model: Option<String>,
}

/// A real server. One that was started for the demo is ended when this is dropped.
#[derive(Debug)]
struct RealServer {
    base_url: String,
    key: String,
    started: Option<Place>,
}

impl RealServer {
    fn start() -> Result<Self> {
        let place = vllm::place(REAL_MODEL.instance().as_deref())?;
        let is_running = place.running()?.is_some();
        let mut real = Self { base_url: String::new(), key: String::new(), started: None };
        real.started = (!is_running).then_some(place);
        let server = vllm::ensure(REAL_MODEL)?;
        real.base_url = server.base_url();
        real.key = server.key;
        Ok(real)
    }
}

impl Drop for RealServer {
    fn drop(&mut self) {
        match &self.started {
            None => println!(
                "\nthe server was running before and still is; end it with\n  \
                 cargo xtask vllm down --model smollm2"
            ),
            Some(place) => match place.down() {
                Ok(_) => println!("\nthe server that the demo started is ended"),
                Err(error) => eprintln!("the server that the demo started still runs: {error:#}"),
            },
        }
    }
}

/// Runs one turn and prints how to run one with the reader's own server.
pub(crate) fn run(demo: &Demo) -> Result<()> {
    let product = Product::build()?;
    if demo.real {
        // Ctrl-C ends the agent, and then the server.
        interrupt::watch()?;
    }
    // Keeps the servers alive until the function returns.
    let mut mock = None;
    let mut real = None;
    let target = if let Some(url) = &demo.server {
        Target { base_url: with_v1(url), key: demo.key.clone(), model: demo.model.clone() }
    } else if demo.real {
        let server = real.insert(RealServer::start()?);
        let model = Some(REAL_MODEL.name().to_owned());
        Target { base_url: server.base_url.clone(), key: server.key.clone(), model }
    } else {
        let mock = mock.insert(product.start_mock()?);
        Target { base_url: mock.base_url.clone(), key: demo.key.clone(), model: None }
    };
    let scratch = Scratch::new("demo", &target.base_url, &target.key)?;
    if demo.real {
        scratch.limit_answers(&target.base_url, REAL_MODEL.name(), SMALL_ANSWER_TOKENS)?;
    }
    let model = match target.model {
        Some(model) => format!("vllm/{model}"),
        None => first_model(&product, &scratch)?,
    };

    println!("server     {}", target.base_url);
    println!("model      {model}");
    println!("config     {}", scratch.config().display());
    println!("workspace  {}", scratch.workspace().display());
    println!("\n$ openclaw agent --yes --model {model} --message '{MESSAGE}'\n");
    let status = scratch
        .command(&product.openclaw)
        .args(["agent", "--yes", "--model", &model, "--message", MESSAGE, "--workspace"])
        .arg(scratch.workspace())
        .stdin(Stdio::null())
        .status()
        .context("failed to start openclaw")?;
    println!();
    match std::fs::read_to_string(scratch.workspace().join(RESULT)) {
        Ok(text) => println!("{RESULT} now holds: {}\n", text.trim_end()),
        Err(_) if demo.real => {
            println!("so small a model writes no {RESULT}; it and its server are real\n");
        }
        Err(_) => println!("{RESULT} was not written\n"),
    }
    print_next_steps();
    if !status.success() {
        bail!("openclaw ended with {status}");
    }
    Ok(())
}

fn first_model(product: &Product, scratch: &Scratch) -> Result<String> {
    let output = scratch
        .command(&product.openclaw)
        .args(["models", "list", "--provider", "vllm", "--plain"])
        .stderr(Stdio::inherit())
        .output()
        .context("failed to start openclaw")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let first = text.lines().next().map(str::to_owned);
    first.filter(|_| output.status.success()).context("the server lists no model; give --model")
}

fn print_next_steps() {
    println!("With your own vLLM on 127.0.0.1:8000:");
    println!("  export VLLM_API_KEY=your-key    # any value, if the server asks for none");
    println!("  openclaw models list --provider vllm");
    println!("  openclaw agent --model vllm/ID --message \"...\"");
    println!("On another host, in ~/.openclaw/openclaw.json:");
    print!("  {}", config_text("http://HOST:8000/v1"));
}
