//! What a node remembers: its gateway and its name, in `node.json` of the state folder.

use std::path::{Path, PathBuf};

use openclaw_client::GatewayAddress;
use openclaw_fs::StateFile;
use openclaw_protocol::gateway::DEFAULT_PORT;
use serde_json::{Map, Value, json};

use crate::args::node::NodeGatewayArgs;

/// The gateway of a node that was never told another.
const DEFAULT_HOST: &str = "127.0.0.1";

/// The version of the file.
const FILE_VERSION: u64 = 1;

/// The longest name of a machine that is read, in bytes.
const MAX_NAME_BYTES: u64 = 256;

/// The most characters of a name that is given, as gateways take it.
const MAX_NAME_CHARS: usize = 64;

/// Where a node keeps its files.
#[derive(Debug, Clone)]
pub(super) struct NodeFolder {
    state_dir: PathBuf,
    path: PathBuf,
}

/// What a node remembers. Unknown keys are kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct NodeSettings {
    fields: Map<String, Value>,
}

impl NodeFolder {
    pub(super) fn of_state(state_dir: &Path) -> Self {
        Self { state_dir: state_dir.to_owned(), path: state_dir.join("node") }
    }

    /// The folder of the ledger, the identity and the token.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn identity_file(&self) -> PathBuf {
        self.path.join("identity.json")
    }

    pub(super) fn tokens_file(&self) -> PathBuf {
        self.path.join("tokens.json")
    }

    fn settings_file(&self) -> PathBuf {
        self.state_dir.join("node.json")
    }
}

impl NodeSettings {
    /// Reads the file; nothing is remembered when there is none.
    ///
    /// # Errors
    /// Why it cannot be read, as a sentence with its remedy.
    pub(super) fn read_file(folder: &NodeFolder) -> Result<Self, String> {
        let path = folder.settings_file();
        let broken = |problem: String| {
            format!(
                "failed to read {}: {problem}. Correct it, or remove it and give `--host` and \
                 `--port` again",
                path.display()
            )
        };
        let text = StateFile::new(path.clone()).read_text().map_err(|it| broken(it.to_string()))?;
        let Some(text) = text else { return Ok(Self::default()) };
        let value: Value = serde_json::from_str(&text).map_err(|it| broken(it.to_string()))?;
        match value {
            Value::Object(fields) => Ok(Self { fields }),
            _ => Err(broken("it is no JSON object".to_owned())),
        }
    }

    /// The settings with those of the command line.
    ///
    /// # Errors
    /// Why an option cannot be used, as a sentence.
    pub(super) fn with_options(mut self, options: NodeGatewayArgs) -> Result<Self, String> {
        let NodeGatewayArgs { host, port, display_name } = options;
        if let Some(name) = &display_name {
            check_name(name)?;
        }
        let gateway = self.fields.entry("gateway").or_insert_with(|| json!({}));
        if !gateway.is_object() {
            *gateway = json!({});
        }
        if let Some(gateway) = gateway.as_object_mut() {
            if let Some(host) = host {
                gateway.insert("host".to_owned(), json!(host));
            }
            if let Some(port) = port {
                gateway.insert("port".to_owned(), json!(port));
            }
        }
        if let Some(name) = display_name {
            self.fields.insert("displayName".to_owned(), json!(name.trim()));
        }
        Ok(self)
    }

    /// The address of the gateway.
    ///
    /// # Errors
    /// Why there is none, as a sentence.
    pub(super) fn gateway_address(&self) -> Result<GatewayAddress, String> {
        let gateway = self.fields.get("gateway");
        let field = |key: &str| gateway.and_then(|gateway| gateway.get(key));
        let host = field("host").and_then(Value::as_str).unwrap_or(DEFAULT_HOST);
        let port = field("port").and_then(Value::as_u64).unwrap_or(u64::from(DEFAULT_PORT));
        if field("tls").and_then(Value::as_bool) == Some(true) {
            return Err("`gateway.tls` of `node.json` needs TLS, which is not supported; a tunnel \
                        such as `ssh -L 18789:127.0.0.1:18789 HOST` leads to the gateway of another \
                        machine"
                .to_owned());
        }
        let is_bare_v6 = host.parse::<std::net::Ipv6Addr>().is_ok();
        let host = if is_bare_v6 { format!("[{host}]") } else { host.to_owned() };
        format!("ws://{host}:{port}").parse().map_err(|error| format!("`--host`: {error}"))
    }

    /// The name for people.
    pub(super) fn display_name(&self) -> String {
        let own = self.fields.get("displayName").and_then(Value::as_str);
        let own = own.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
        own.unwrap_or_else(machine_name)
    }

    /// Writes the file, with the id of the node, when something in it changes.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub(super) fn write_file(&self, folder: &NodeFolder, node_id: &str) -> Result<(), String> {
        let mut fields = self.fields.clone();
        fields.entry("version").or_insert_with(|| json!(FILE_VERSION));
        fields.insert("nodeId".to_owned(), json!(node_id));
        let text = serde_json::to_string_pretty(&Value::Object(fields)).unwrap_or_default();
        let text = format!("{text}\n");
        StateFile::new(folder.settings_file())
            .update_text(|old| {
                let is_same = matches!(&old, Ok(Some(old)) if *old == text);
                (!is_same).then_some(text)
            })
            .map_err(|error| format!("failed to {error}"))
    }
}

/// Refuses a name by which nobody could name the node.
fn check_name(name: &str) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err("`--display-name` is empty; without it the node has the name that is \
                    remembered, at first that of the machine"
            .to_owned());
    }
    if name.chars().any(char::is_control) || name.trim().chars().count() > MAX_NAME_CHARS {
        return Err(format!(
            "`--display-name` has {MAX_NAME_CHARS} characters at most, and no control character"
        ));
    }
    Ok(())
}

/// The name of this machine.
fn machine_name() -> String {
    let name = openclaw_fs::read_text(Path::new("/proc/sys/kernel/hostname"), MAX_NAME_BYTES);
    let name = name.unwrap_or_default().trim().to_owned();
    if name.is_empty() { "node".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(host: Option<&str>, port: Option<u16>, name: Option<&str>) -> NodeGatewayArgs {
        NodeGatewayArgs {
            host: host.map(str::to_owned),
            port,
            display_name: name.map(str::to_owned),
        }
    }

    #[test]
    fn what_was_told_once_is_remembered_with_what_others_wrote() {
        let state = tempfile::tempdir().unwrap();
        let folder = NodeFolder::of_state(state.path());
        let settings = NodeSettings::read_file(&folder).unwrap();
        let address =
            |settings: &NodeSettings| settings.clone().gateway_address().unwrap().to_string();
        assert_eq!(address(&settings), "ws://127.0.0.1:18789/");
        let told =
            settings.with_options(options(Some("::1"), Some(7), Some("server-node"))).unwrap();
        assert_eq!(address(&told), "ws://[::1]:7/");
        told.write_file(&folder, "id").unwrap();

        let read = NodeSettings::read_file(&folder).unwrap();
        assert_eq!((address(&read), read.display_name()), (address(&told), "server-node".into()));
        let other = read.with_options(options(None, Some(8), None)).unwrap();
        assert_eq!(address(&other), "ws://[::1]:8/");

        let file = StateFile::new(state.path().join("node.json"));
        let original = r#"{"version":1,"nodeId":"old","token":"t","displayName":"n",
            "gateway":{"host":"desk","port":1,"tls":false}}"#;
        file.update_text(|_| Some(original.to_owned())).unwrap();
        let read = NodeSettings::read_file(&folder).unwrap();
        let read = read.with_options(options(None, None, None)).unwrap();
        assert_eq!(address(&read), "ws://desk:1/");
        read.write_file(&folder, "id").unwrap();
        let kept = file.read_text().unwrap().unwrap();
        assert!(kept.contains("\"token\": \"t\"") && kept.contains("\"nodeId\": \"id\""), "{kept}");
    }

    #[test]
    fn what_cannot_be_used_is_told_and_left() {
        let state = tempfile::tempdir().unwrap();
        let folder = NodeFolder::of_state(state.path());
        let file = StateFile::new(state.path().join("node.json"));
        for text in ["", "[]", "{"] {
            file.update_text(|_| Some(text.to_owned())).unwrap();
            let problem = NodeSettings::read_file(&folder).unwrap_err();
            assert!(problem.contains("node.json") && problem.contains("--host"), "{problem}");
        }
        let told = |host: &str| {
            NodeSettings::default().with_options(options(Some(host), None, None)).unwrap()
        };
        assert!(told("a b").gateway_address().is_err());
        assert!(told("user@desk").gateway_address().is_err());
        let mut tls = told("desk");
        tls.fields.insert("gateway".to_owned(), json!({ "tls": true }));
        assert!(tls.gateway_address().unwrap_err().contains("ssh -L"));
        for name in ["", " \t", "a\u{7}b", &"x".repeat(65)] {
            let refused = NodeSettings::default().with_options(options(None, None, Some(name)));
            assert!(refused.unwrap_err().contains("--display-name"), "{name:?}");
        }
    }
}
