//! Runs a live turn of the agent, with tools and a server, in a scratch home.

use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::lab::vllm;
use crate::product::{Product, Scratch, config_text, with_v1};

/// Understood by the mock server's rules, and by a model as well.
const MESSAGE: &str = "write \"milk, bread, tea\" to shopping.txt then read shopping.txt then run \
                       wc -w shopping.txt";
/// The most tokens that a random model may write.
const NOISE_TOKENS: u32 = 80;
const RESULT: &str = "shopping.txt";

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Use a real vLLM on this machine, installed and started if need be; its model is random, so
    /// it answers noise.
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

/// Runs one turn and prints how to run one with the reader's own server.
pub(crate) fn run(demo: &Demo) -> Result<()> {
    let product = Product::build()?;
    // Keeps the mock server alive until the function returns.
    let mut mock = None;
    let target = if let Some(url) = &demo.server {
        Target { base_url: with_v1(url), key: demo.key.clone(), model: demo.model.clone() }
    } else if demo.real {
        let server = vllm::ensure()?;
        let model = Some(vllm::MODEL.to_owned());
        Target { base_url: server.base_url(), key: server.key, model }
    } else {
        let mock = mock.insert(product.start_mock()?);
        Target { base_url: mock.base_url.clone(), key: demo.key.clone(), model: None }
    };
    let scratch = Scratch::new("demo", &target.base_url, &target.key)?;
    if demo.real {
        scratch.limit_answers(&target.base_url, vllm::MODEL, NOISE_TOKENS)?;
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
        Err(_) if demo.real => println!("a random model writes no {RESULT}; its server is real\n"),
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
