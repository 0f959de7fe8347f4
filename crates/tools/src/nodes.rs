//! The nodes of a gateway: other machines that run commands for its agents.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use openclaw_core::ProgressSink;
use openclaw_protocol::gateway::{NodeEntry, NodeError};
use serde_json::Value;
use thiserror::Error;

/// How long a node may take for a command that only looks something up.
pub(crate) const LOOKUP_TIMEOUT: Duration = Duration::from_secs(30);

/// Invokes commands of nodes, through the gateway that they are connected to.
#[async_trait]
pub trait NodeInvoker: Send + Sync + Debug {
    /// The nodes that the gateway knows, whether or not they are connected.
    ///
    /// # Errors
    /// When the gateway cannot be asked.
    async fn list_nodes(&self) -> Result<Vec<NodeEntry>, NodeCallError>;

    /// Invokes a command of a node and waits for its result. Output of the command goes to
    /// `progress` as it comes. Dropping the future cancels the command on the node. Nothing that
    /// was sent is sent again.
    ///
    /// # Errors
    /// When the node cannot be reached, refuses the command, fails, or does not answer.
    async fn invoke_command(
        &self,
        invocation: NodeInvocation,
        progress: &dyn ProgressSink,
    ) -> Result<Value, NodeCallError>;

    /// Whether a node is paired, as far as that is known without asking.
    fn has_nodes(&self) -> bool {
        false
    }
}

/// A command of a node with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeInvocation {
    /// The node.
    pub node_id: String,
    /// The command, e.g. `system.run`.
    pub command: &'static str,
    /// Its parameters. Those of `system.run` say whether a person approved it.
    pub params: Value,
    /// How long its result is waited for.
    pub time_limit: Duration,
    /// Unique for each invocation.
    pub idempotency_key: String,
    /// The session for which it is done, if there is one.
    pub session_key: Option<String>,
}

/// Why a command of a node has no result.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NodeCallError {
    /// It was not sent to the node.
    #[error("{reason}")]
    NotSent {
        /// Why, as a sentence without a full stop.
        reason: String,
    },
    /// The node answered with an error.
    #[error("{}", .0.message)]
    Failed(NodeError),
    /// It was sent to the node, and no answer came: it may have run.
    #[error("{reason}")]
    OutcomeUnknown {
        /// What happened, as a sentence without a full stop.
        reason: String,
    },
}

impl NodeInvocation {
    /// A command that only looks something up, with a time limit of 30 seconds.
    ///
    /// # Errors
    /// When the system has no randomness for its key.
    pub fn lookup(
        node_id: &str,
        command: &'static str,
        params: Value,
    ) -> Result<Self, NodeCallError> {
        Ok(Self {
            node_id: node_id.to_owned(),
            command,
            params,
            time_limit: LOOKUP_TIMEOUT,
            idempotency_key: unique_key()?,
            session_key: None,
        })
    }
}

impl NodeCallError {
    /// The error of a command that was not sent.
    pub fn not_sent(reason: impl Into<String>) -> Self {
        Self::NotSent { reason: reason.into() }
    }
}

/// A key that no other invocation has, in any process.
///
/// # Errors
/// When the system has no randomness. Nothing is sent then: a node answers a key that it knows with
/// the result of the other command.
pub(crate) fn unique_key() -> Result<String, NodeCallError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        NodeCallError::not_sent(format!("failed to make a key for the command: {error}"))
    })?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// Finds the node that is called `wanted`, by its id or its display name; without a name the only
/// one that there is.
///
/// # Errors
/// When there is none or there are several; the text names them and says what to do.
pub fn choose_node<'a>(
    nodes: &'a [NodeEntry],
    wanted: Option<&str>,
) -> Result<&'a NodeEntry, String> {
    let known: Vec<&NodeEntry> =
        nodes.iter().filter(|node| node.paired || node.connected).collect();
    if known.is_empty() {
        return Err("the gateway has no node; `openclaw node run` on the other machine connects \
                    it, and `openclaw devices approve` on this one lets it in"
            .to_owned());
    }
    let candidates: Vec<&NodeEntry> = match wanted {
        Some(name) => match known.iter().find(|node| node.node_id == name) {
            Some(node) => vec![*node],
            None => known.iter().copied().filter(|node| node.is_named(name)).collect(),
        },
        None => known.clone(),
    };
    match (candidates.as_slice(), wanted) {
        ([node], _) => Ok(node),
        ([], Some(name)) => Err(format!(
            "no node is called `{}`; there is {}",
            name.escape_debug(),
            list_names(&known)
        )),
        (several, Some(name)) => Err(format!(
            "{} nodes are called `{}`; name one by its id: {}",
            several.len(),
            name.escape_debug(),
            list_names(several)
        )),
        (several, None) => Err(format!(
            "there are {} nodes, and none is chosen: {}",
            several.len(),
            list_names(several)
        )),
    }
}

/// What a person calls a node: its display name, else its id.
#[must_use]
pub fn node_name(node: &NodeEntry) -> &str {
    node.display_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(&node.node_id)
}

fn list_names(nodes: &[&NodeEntry]) -> String {
    let describe = |node: &&NodeEntry| {
        let (name, id) = (node_name(node).escape_debug(), node.node_id.escape_debug());
        if node_name(node) == node.node_id { format!("`{id}`") } else { format!("`{name}` ({id})") }
    };
    nodes.iter().map(describe).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: &str, name: Option<&str>) -> NodeEntry {
        let mut node = NodeEntry::default();
        id.clone_into(&mut node.node_id);
        node.display_name = name.map(str::to_owned);
        node.paired = true;
        node
    }

    #[test]
    fn a_node_is_found_by_id_or_name_and_never_guessed() {
        let nodes = [
            node("a1", Some("server-node")),
            node("b2", Some("twin")),
            node("c3", Some("twin")),
            node("twin", None),
            node("d4", Some("a1")),
        ];
        let find = |wanted| choose_node(&nodes, wanted).map(|node| node.node_id.as_str());
        assert_eq!(find(Some("server-node")), Ok("a1"));
        // An id counts before a name.
        assert_eq!(find(Some("a1")), Ok("a1"));
        assert_eq!(find(Some("twin")), Ok("twin"));
        assert!(find(Some("Server-Node")).unwrap_err().contains("`server-node` (a1), `twin` (b2)"));
        assert!(find(None).unwrap_err().starts_with("there are 5 nodes, and none is chosen"));
        let twins = [node("b2", Some("twin")), node("c3", Some("twin"))];
        let error = choose_node(&twins, Some("twin")).unwrap_err();
        assert_eq!(
            error,
            "2 nodes are called `twin`; name one by its id: `twin` (b2), `twin` (c3)"
        );
        assert_eq!(choose_node(&twins[..1], None).map(|node| node.node_id.as_str()), Ok("b2"));
        // One that only asked to be let in is none.
        let mut stranger = node("e5", Some("evil"));
        stranger.paired = false;
        assert!(choose_node(&[stranger], Some("evil")).unwrap_err().contains("has no node"));
    }

    #[test]
    fn keys_are_unique() {
        let [one, two] = [unique_key().unwrap(), unique_key().unwrap()];
        assert_ne!(one, two);
        assert!(one.len() == 32 && one.bytes().all(|byte| byte.is_ascii_hexdigit()), "{one}");
    }
}
