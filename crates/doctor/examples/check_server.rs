//! Checks a config and its server, and prints each finding as it is made.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use openclaw_config::{AppPaths, Config, Env};
use openclaw_doctor::{Doctor, DoctorOptions};
use openclaw_mock_vllm::MockVllm;
use openclaw_models::{ModelRegistry, SupervisorProgram};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = MockVllm::builder().start().await?;
    let state = tempfile::tempdir()?;
    let env = Env::from_pairs([("OPENCLAW_STATE_DIR", state.path().display().to_string())]);
    let config = format!(
        r#"{{ models: {{ providers: {{ lab: {{ baseUrl: "{}" }} }} }} }}"#,
        server.base_url()
    );
    let loaded = Config::parse(&config, &env)?;
    let paths = AppPaths::new(&env, None)?;
    let models = ModelRegistry::new(loaded, paths, SupervisorProgram::this_program());
    let report = Doctor::new(models)
        .run_checks(&DoctorOptions::default(), |_, finding| {
            println!("{} {}: {}", finding.status.name(), finding.check.id(), finding.evidence);
        })
        .await;
    for edit in report.config_edits() {
        println!("set {edit}");
    }
    Ok(())
}
