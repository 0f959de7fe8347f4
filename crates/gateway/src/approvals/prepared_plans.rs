//! What nodes said that they would run.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::PendingApprovals;
use crate::grants::ClientGrant;
use crate::runs::unix_millis;

/// The most prepared commands that are remembered.
const MAX_PREPARED: usize = 128;

/// The most bytes of one.
const MAX_PREPARED_BYTES: usize = 262_144;

/// The most prepared commands of one client.
const MAX_PREPARED_OF_CLIENT: usize = 32;

/// What decides about what a command does.
const COMMAND_FIELDS: [&str; 6] = ["command", "rawCommand", "cwd", "env", "agentId", "sessionKey"];

/// What nodes said that they would run, the oldest first.
#[derive(Debug, Default)]
pub(super) struct PreparedPlans(VecDeque<PreparedPlan>);

#[derive(Debug, Clone)]
pub(super) struct PreparedPlan {
    /// Who asked the node.
    asker: ApprovalRequester,
    pub(super) node_id: String,
    pub(super) plan_hash: String,
    pub(super) plan: Value,
    /// The [`COMMAND_FIELDS`] that were asked for.
    pub(super) fields: Map<String, Value>,
    /// Why the node's own policy asks.
    reason: Option<String>,
}

/// Who asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApprovalRequester {
    pub(super) device: Option<String>,
    pub(super) is_owner: bool,
}

impl PendingApprovals {
    /// Remembers what a node said that it would run, with what it was asked for.
    pub(crate) fn record_plan(
        &self,
        node_id: &str,
        asker: &ClientGrant,
        params: &Value,
        result: &Value,
    ) {
        let (Some(plan), Some(fields)) = (result.get("plan"), params.as_object()) else { return };
        let prepared = PreparedPlan {
            asker: ApprovalRequester::new(asker),
            node_id: node_id.to_owned(),
            plan_hash: hash_of_plan(plan),
            plan: plan.clone(),
            fields: command_fields(fields),
            reason: result.get("reason").and_then(Value::as_str).map(str::to_owned),
        };
        if prepared.byte_count() > MAX_PREPARED_BYTES {
            return;
        }
        self.lock().prepared.add(prepared);
    }
}

impl PreparedPlans {
    /// A plan that a node made: the one that the client itself had made, or that of another client.
    pub(super) fn find(
        &self,
        node_id: &str,
        plan_hash: &str,
        asker: &ApprovalRequester,
    ) -> Option<&PreparedPlan> {
        let is_meant = |it: &&PreparedPlan| it.node_id == node_id && it.plan_hash == plan_hash;
        let own = self.0.iter().filter(is_meant).find(|it| it.asker == *asker);
        own.or_else(|| self.0.iter().find(is_meant))
    }

    /// Adds a plan. The oldest one of a client with too many makes room, or of the client with the
    /// most of them.
    fn add(&mut self, prepared: PreparedPlan) {
        let plans = &mut self.0;
        plans.retain(|known| {
            known.asker != prepared.asker
                || known.node_id != prepared.node_id
                || known.plan_hash != prepared.plan_hash
        });
        let count_of =
            |asker: &ApprovalRequester| plans.iter().filter(|it| it.asker == *asker).count();
        let crowded = if count_of(&prepared.asker) >= MAX_PREPARED_OF_CLIENT {
            Some(prepared.asker.clone())
        } else if plans.len() >= MAX_PREPARED {
            let fullest = plans.iter().max_by_key(|it| count_of(&it.asker));
            fullest.map(|fullest| fullest.asker.clone())
        } else {
            None
        };
        if let Some(crowded) = crowded
            && let Some(oldest) = plans.iter().position(|it| it.asker == crowded)
        {
            plans.remove(oldest);
        }
        plans.push_back(prepared);
    }
}

impl PreparedPlan {
    fn byte_count(&self) -> usize {
        self.plan.to_string().len()
            + Value::Object(self.fields.clone()).to_string().len()
            + self.reason.as_ref().map_or(0, String::len)
    }

    /// The whole command with the variables that it is given, which can change what it does.
    fn command_text(&self) -> String {
        let variables = self.fields.get("env").and_then(Value::as_object).into_iter().flatten();
        let variables =
            variables.map(|(name, value)| format!("{}={} ", name.escape_debug(), value));
        let command = self.plan.get("commandText").and_then(Value::as_str).unwrap_or_default();
        variables.chain([command.to_owned()]).collect()
    }

    pub(super) fn describe(&self, id: &str, limit: Duration) -> Value {
        let now = unix_millis(SystemTime::now());
        let limit = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        json!({
            "id": id,
            "request": {
                "host": "node",
                "nodeId": self.node_id,
                "command": self.command_text(),
                "env": self.fields.get("env"),
                "reason": self.reason,
                "cwd": self.plan.get("cwd"),
                "tool": "exec",
                "systemRunPlan": self.plan,
                "canAllowAlways": false,
                "agentId": self.plan.get("agentId"),
                "sessionKey": self.plan.get("sessionKey"),
            },
            "createdAtMs": now,
            "expiresAtMs": now.saturating_add(limit),
        })
    }
}

impl ApprovalRequester {
    pub(super) fn new(grant: &ClientGrant) -> Self {
        Self { device: grant.device.clone(), is_owner: grant.is_owner }
    }
}

/// The hash that a plan is known by: the one that the node put into it, else that of its fields
/// without those that are `null`, which a client may have left out.
pub(super) fn hash_of_plan(plan: &Value) -> String {
    if let Some(hash) = plan.get("planHash").and_then(Value::as_str).filter(|it| !it.is_empty()) {
        return hash.to_owned();
    }
    let fields = plan.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let fields: BTreeMap<_, _> = fields.collect();
    let digest = Sha256::digest(json!(fields).to_string());
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The fields that decide about what a command does; one that is `null` is absent.
pub(super) fn command_fields(params: &Map<String, Value>) -> Map<String, Value> {
    let fields = COMMAND_FIELDS.into_iter().filter_map(|field| {
        let value = params.get(field).filter(|value| !value.is_null())?;
        Some((field.to_owned(), value.clone()))
    });
    fields.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(asker: &str, hash: usize) -> PreparedPlan {
        PreparedPlan {
            asker: ApprovalRequester { device: Some(asker.to_owned()), is_owner: false },
            node_id: "node".to_owned(),
            plan_hash: hash.to_string(),
            plan: json!({}),
            fields: Map::new(),
            reason: None,
        }
    }

    #[test]
    fn a_plan_without_a_hash_is_known_by_its_fields() {
        let whole =
            json!({ "argv": ["ls"], "agentId": null, "policySnapshot": { "b": 1, "a": 2 } });
        let sent = json!({ "policySnapshot": { "a": 2, "b": 1 }, "argv": ["ls"] });
        assert_eq!(hash_of_plan(&whole), hash_of_plan(&sent));
        let other = json!({ "policySnapshot": { "a": 2, "b": 1 }, "argv": ["rm"] });
        assert_ne!(hash_of_plan(&other), hash_of_plan(&sent));
        assert_eq!(hash_of_plan(&json!({ "planHash": "x", "argv": ["rm"] })), "x");
    }

    #[test]
    fn no_client_pushes_out_the_plans_of_another_one() {
        let mut plans = PreparedPlans::default();
        plans.add(plan("honest", 0));
        for hash in 1..500 {
            plans.add(plan("greedy", hash));
        }
        for client in 0..200 {
            plans.add(plan("greedy", 1000 + client));
            plans.add(plan(&format!("greedy-{}", client % 4), client));
        }
        assert!(plans.0.len() <= MAX_PREPARED);
        let honest = plan("honest", 0).asker;
        assert!(plans.find("node", "0", &honest).is_some_and(|found| found.asker == honest));
    }
}
