//! Serves the agents of a config on a free port, asks the gateway whether it lives, and ends it.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;
use std::process::ExitCode;

use openclaw_config::{AppPaths, Config, Env};
use openclaw_gateway::{GatewayServer, GatewaySettings};
use openclaw_mock_vllm::MockVllm;
use openclaw_models::{ModelRegistry, SupervisorProgram};
use openclaw_process::run_requested_supervisor;
use openclaw_runtime::Runtime;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // Commands of the agents run under a supervisor: this program, started a second time.
    if let Some(exit_code) = run_requested_supervisor(std::env::args_os()) {
        return Ok(exit_code);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve())?;
    Ok(ExitCode::SUCCESS)
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let server = MockVllm::builder().start().await?;
    let state = tempfile::tempdir()?;
    let env = Env::from_pairs([("OPENCLAW_STATE_DIR", state.path().display().to_string())]);
    let config = format!(
        r#"{{ models: {{ providers: {{ lab: {{ baseUrl: "{}" }} }} }} }}"#,
        server.base_url()
    );
    let loaded = Config::parse(&config, &env)?;
    let models =
        ModelRegistry::new(loaded, AppPaths::new(&env, None)?, SupervisorProgram::this_program());
    let token = "a-token-of-at-least-sixteen".to_owned().into();
    let settings = GatewaySettings::for_loopback(state.path(), 0, token);
    let gateway = GatewayServer::bind(Runtime::new(models), settings).await?;
    let (address, handle) = (gateway.local_address(), gateway.handle());
    let serving = tokio::spawn(gateway.run());

    let mut connection = TcpStream::connect(address).await?;
    let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    connection.write_all(request.as_bytes()).await?;
    let mut response = String::new();
    connection.read_to_string(&mut response).await?;
    println!("{response}");

    handle.shut_down();
    serving.await?;
    Ok(())
}
