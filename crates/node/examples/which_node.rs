//! A node that says where its programs are and runs nothing: `which_node ws://127.0.0.1:18789 FOLDER`.
#![expect(clippy::print_stderr, reason = "an example prints")]

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use openclaw_device::{DeviceIdentity, DeviceTokenFile};
use openclaw_node::{
    ApprovalsChangeError, ApprovalsSnapshot, CommandSettings, NodeHost, NodeOptions, NodePolicy,
    ReconnectDelays,
};
use openclaw_process::SupervisorProgram;
use openclaw_tools::ExecOptions;
use serde_json::{Value, json};

/// Denies every command, because nothing judges them.
#[derive(Debug)]
struct DenyingPolicy;

impl NodePolicy for DenyingPolicy {
    fn reload_settings(&self) -> Result<u64, String> {
        Ok(1)
    }

    fn command_settings(&self, _: &str) -> Result<CommandSettings, String> {
        let supervisor = SupervisorProgram::this_program();
        let mut options = ExecOptions::new(Duration::from_secs(1), 1000, supervisor);
        options.environment = vec![("PATH".into(), "/usr/bin:/bin".into())];
        Ok(CommandSettings { options, sandbox: Vec::new() })
    }

    fn describe_policy(&self, _: &str) -> Value {
        json!({ "security": "deny" })
    }

    fn read_approvals(&self) -> ApprovalsSnapshot {
        ApprovalsSnapshot { path: String::new(), file: None, hash: None }
    }

    fn tighten_approvals(&self, _: &str, _: Option<&str>) -> Result<(), ApprovalsChangeError> {
        Err(ApprovalsChangeError::Refused("there is no such file".to_owned()))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(address), Some(folder)) = (args.next(), args.next().map(PathBuf::from)) else {
        return Err("usage: which_node ADDRESS FOLDER".into());
    };
    let options = NodeOptions {
        address: address.parse()?,
        identity: Arc::new(DeviceIdentity::load_or_create(folder.join("identity.json"))?),
        tokens: DeviceTokenFile::new(folder.join("tokens.json")),
        secret: None,
        display_name: Some("which".to_owned()),
        path_env: None,
        workspace: folder.clone(),
        folder,
        delays: ReconnectDelays {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(30),
            first_approval: Duration::from_secs(5),
            soon_period: Duration::from_mins(5),
            soon_approval: Duration::from_secs(10),
            longest_approval: Duration::from_mins(1),
        },
    };
    let node = NodeHost::open(options, Arc::new(DenyingPolicy), |report| eprintln!("{report:?}"))?;
    node.run().await?;
    Ok(())
}
