//! What the config exposes, allows and holds.

use std::net::IpAddr;

use openclaw_chat::CommandContext;
use openclaw_config::{
    EgressPolicy, ExecAsk, ExecSecurity, GatewayAuthMode, GatewayBind, KeyEffect, KeyPath,
    LoadedConfig, RunKind, TailscaleMode, ValueOrigin,
};
use openclaw_runtime::{CommandPolicy, WidePattern};
use serde_json::Value;

use super::{AuditFinding, AuditSeverity};

/// The shortest token of the gateway that cannot be guessed, in characters.
const MIN_TOKEN_CHARS: usize = 24;

/// Keys that switch a protection off when they are true.
const DANGEROUS_FLAGS: &[&str] = &[
    "gateway.controlUi.allowInsecureAuth",
    "gateway.controlUi.dangerouslyDisableDeviceAuth",
    "gateway.controlUi.dangerouslyAllowHostHeaderOriginFallback",
    "tools.elevated.enabled",
    "tools.exec.applyPatch.allowOutsideWorkspace",
    "hooks.gmail.allowUnsafeExternalContent",
];

/// Collects the findings of one config.
struct ConfigAudit<'a> {
    context: &'a CommandContext,
    loaded: &'a LoadedConfig,
    findings: Vec<AuditFinding>,
}

/// Looks at the config.
pub(super) fn find_in_config(context: &CommandContext) -> Vec<AuditFinding> {
    let loaded = context.models.loaded_config();
    let mut audit = ConfigAudit { context, loaded, findings: Vec::new() };
    audit.check_restrictions();
    audit.check_gateway();
    audit.check_flags();
    audit.check_commands();
    audit.check_egress();
    audit.check_literal_secrets();
    audit.findings
}

impl ConfigAudit<'_> {
    fn add(&mut self, id: &'static str, severity: AuditSeverity, key: &str, texts: (&str, String)) {
        let place = match self.loaded.find_origin(key) {
            ValueOrigin::Default => format!("{key} (default)"),
            origin => origin.to_string(),
        };
        let (title, remedy) = texts;
        self.findings.push(AuditFinding {
            id,
            severity,
            title: title.to_owned(),
            place,
            remedy,
            fixable_path: None,
        });
    }

    /// Restrictions that would not hold.
    fn check_restrictions(&mut self) {
        for agent in self.loaded.config.agent_ids() {
            for blocker in self.loaded.start_blockers(RunKind::Agent { id: Some(agent) }) {
                let text = blocker.to_string();
                if self.findings.iter().any(|known| known.title == text) {
                    continue;
                }
                self.findings.push(AuditFinding {
                    id: "config.restriction",
                    severity: AuditSeverity::Critical,
                    title: text,
                    place: "the config".to_owned(),
                    remedy:
                        "`openclaw config validate` says how to mend it; no agent starts until then"
                            .to_owned(),
                    fixable_path: None,
                });
            }
        }
    }

    fn check_gateway(&mut self) {
        let gateway = &self.loaded.config.gateway;
        let has_auth = match gateway.auth.mode() {
            GatewayAuthMode::None => false,
            GatewayAuthMode::Password => gateway.auth.password.is_some(),
            GatewayAuthMode::TrustedProxy => true,
            GatewayAuthMode::Token => gateway.auth.token().is_some(),
        };
        let is_open = match gateway.bind() {
            // On the tailnet it does not listen by itself.
            GatewayBind::Loopback | GatewayBind::Auto | GatewayBind::Tailnet => false,
            GatewayBind::Lan => true,
            GatewayBind::Custom => {
                let host = gateway.custom_bind_host.as_deref().unwrap_or_default();
                host.parse::<IpAddr>().is_ok_and(|address| !address.is_loopback())
            }
        };
        let remedy = "`openclaw config set gateway.bind loopback`";
        if is_open && !has_auth {
            let title =
                "the gateway would listen on the network without a key, so it does not start";
            let remedy = format!("{remedy}, or set `gateway.auth.token`");
            self.add("gateway.exposure", AuditSeverity::Critical, "gateway.bind", (title, remedy));
        } else if is_open {
            let texts = ("the gateway listens on the network", remedy.to_owned());
            self.add("gateway.exposure", AuditSeverity::Warning, "gateway.bind", texts);
        } else if gateway.auth.mode == Some(GatewayAuthMode::None) {
            self.add(
                "gateway.auth",
                AuditSeverity::Warning,
                "gateway.auth.mode",
                (
                    "every program of this machine may use the gateway",
                    "`openclaw config set gateway.auth.mode token`".to_owned(),
                ),
            );
        }
        if gateway.tailscale.mode() == TailscaleMode::Funnel {
            let texts = (
                "the gateway would be on the internet; it does not start with this",
                "`openclaw config set gateway.tailscale.mode off`".to_owned(),
            );
            let key = "gateway.tailscale.mode";
            self.add("gateway.exposure", AuditSeverity::Critical, key, texts);
        }
        let token = gateway.auth.token.as_ref();
        let token = token
            .and_then(|token| self.context.models.resolve_secret(token, "gateway.auth.token").ok());
        let is_short = token.is_some_and(|token| token.char_count() < MIN_TOKEN_CHARS);
        if is_short {
            self.add(
                "gateway.token",
                AuditSeverity::Warning,
                "gateway.auth.token",
                (
                    "the token of the gateway is short enough to be guessed",
                    "`openclaw config set gateway.auth.token \"$(openssl rand -hex 24)\"`"
                        .to_owned(),
                ),
            );
        }
    }

    fn check_flags(&mut self) {
        for key in DANGEROUS_FLAGS {
            let path: Option<KeyPath> = key.parse().ok();
            let value =
                path.as_ref().and_then(|path| self.loaded.redacted_json(path, self.loaded.env()));
            if value == Some(Value::Bool(true)) {
                let acts = path.is_some_and(|path| KeyEffect::for_path(&path) == KeyEffect::Full);
                let (severity, title) = if acts {
                    (AuditSeverity::Warning, "this switches a protection off")
                } else {
                    (AuditSeverity::Info, "this would switch a protection off; nothing acts on it")
                };
                let remedy = format!("`openclaw config unset {key}`");
                self.add("config.flag", severity, key, (title, remedy));
            }
        }
    }

    fn check_commands(&mut self) {
        let runtime = self.context.runtime();
        let agents = self.loaded.config.agent_ids().into_iter().map(str::to_owned);
        let agents: Vec<String> = agents.collect();
        for agent in &agents {
            if runtime.runs_commands_on_node() {
                self.check_node_commands(agent);
            } else {
                self.check_local_commands(agent);
            }
        }
        for agent in &agents {
            self.check_wide_patterns(&runtime.command_policy(agent));
        }
        let policy = runtime.command_policy(runtime.default_agent());
        if policy.approvals_path().exists() && policy.read_approvals().into_file().is_err() {
            self.findings.push(AuditFinding {
                id: "exec.approvals",
                severity: AuditSeverity::Warning,
                title: "the file cannot be read, so every command is denied".to_owned(),
                place: policy.approvals_path().display().to_string(),
                remedy: "`openclaw approvals get` says what is wrong".to_owned(),
                fixable_path: None,
            });
        }
    }

    /// Whether the policy here runs an agent's commands without ever asking.
    fn is_unasked(&self, agent: &str) -> bool {
        let config = &self.loaded.config;
        config.exec_security(agent) == ExecSecurity::Full
            && config.exec_ask_mode(agent) == ExecAsk::Off
            && config.offers_tool(agent, "exec")
    }

    /// Commands that run on a node: its policy and its sandbox are examined there.
    fn check_node_commands(&mut self, agent: &str) {
        let Some(host) = self.context.runtime().describe_node_host() else { return };
        if !self.loaded.config.offers_tool(agent, "exec") {
            return;
        }
        let remedy = "`openclaw security audit` on that machine examines them; `openclaw security \
                      audit --deep` here asks the node whether it has a sandbox"
            .to_owned();
        let title = if self.is_unasked(agent) {
            format!("agent `{agent}`: {host}; the policy here asks about no command")
        } else {
            format!("agent `{agent}`: {host}")
        };
        self.add("exec.node", AuditSeverity::Info, "tools.exec.host", (&title, remedy));
    }

    /// Commands that run on this machine.
    fn check_local_commands(&mut self, agent: &str) {
        let config = &self.loaded.config;
        let is_unasked = self.is_unasked(agent);
        let own = config.for_agent(agent);
        let workspace =
            own.resolve_workspace(self.context.models.app_paths(), self.context.models.env());
        let Ok(workspace) = workspace else { return };
        let sandbox = self.context.runtime().agent_sandbox(agent, &workspace);
        let levels = sandbox.as_ref().map(|sandbox| {
            sandbox
                .levels
                .iter()
                .filter(|(_, level)| !level.is_enforced())
                .map(|(name, _)| name)
                .collect::<Vec<_>>()
        });
        let is_sandboxed = sandbox.as_ref().is_ok_and(|sandbox| sandbox.policy.is_some());
        if is_unasked && !is_sandboxed {
            self.add(
                "exec.policy",
                AuditSeverity::Critical,
                "tools.exec.security",
                (
                    &format!("commands of the agent `{agent}` run unasked and without a sandbox"),
                    "`openclaw exec-policy set --ask on-miss --security allowlist`".to_owned(),
                ),
            );
        }
        match levels {
            Ok(missing) if is_sandboxed && !missing.is_empty() => {
                self.add(
                    "exec.sandbox",
                    AuditSeverity::Warning,
                    "tools.exec.sandbox",
                    (
                        &format!(
                            "the sandbox of the agent `{agent}` does not hold for: {}",
                            missing.join(", ")
                        ),
                        "`openclaw sandbox explain` says why".to_owned(),
                    ),
                );
            }
            Ok(_) if !is_sandboxed && config.offers_tool(agent, "exec") => {
                let texts = (
                    &*format!("commands of the agent `{agent}` run without a sandbox"),
                    "`openclaw config unset tools.exec.host`, and `openclaw sandbox explain`"
                        .to_owned(),
                );
                self.add("exec.sandbox", AuditSeverity::Info, "tools.exec.host", texts);
            }
            _ => {}
        }
    }

    /// Entries of the allowlist that name no program.
    fn check_wide_patterns(&mut self, policy: &CommandPolicy) {
        for WidePattern { pattern, line, .. } in policy.wide_patterns() {
            let path = policy.approvals_path().display();
            let place = line.map_or_else(|| path.to_string(), |line| format!("{path}:{line}"));
            if self.findings.iter().any(|known| known.place == place) {
                continue;
            }
            self.findings.push(AuditFinding {
                id: "exec.allowlist",
                severity: AuditSeverity::Warning,
                title: format!(
                    "`{pattern}` names no program: it allows well-known ones, all others are asked \
                     about"
                ),
                place,
                remedy: "`openclaw approvals allowlist add PATH` for each program that it is for, \
                         then `openclaw approvals allowlist remove PATTERN`"
                    .to_owned(),
                fixable_path: None,
            });
        }
    }

    fn check_egress(&mut self) {
        if self.loaded.config.models.egress == Some(EgressPolicy::Any) {
            self.add(
                "egress.any",
                AuditSeverity::Warning,
                "models.egress",
                (
                    "conversations may go to any hosted model without a question",
                    "`openclaw config set models.egress '\"local-only\"'`".to_owned(),
                ),
            );
        }
        for provider in self.context.models.setup_status().providers {
            let Ok((address, _)) = &provider.address else { continue };
            let is_plain = address.starts_with("http://");
            if is_plain && provider.credential.is_some() && !is_local(address) {
                let key = format!("models.providers.{}.baseUrl", provider.id);
                self.add(
                    "egress.plaintext",
                    AuditSeverity::Critical,
                    &key,
                    (
                        "the key and every conversation go over the network unencrypted",
                        format!(
                            "`openclaw config set {key} https://…`, or reach the server by a tunnel"
                        ),
                    ),
                );
            }
        }
    }

    /// Secrets that stand in the file, as against references to variables and files.
    fn check_literal_secrets(&mut self) {
        let (Some(text), Some(redacted), Some(path)) =
            (self.loaded.source_text(), self.loaded.redacted_text(), &self.loaded.path)
        else {
            return;
        };
        let lines = text.lines().zip(redacted.lines()).zip(1..);
        let lines: Vec<usize> =
            lines.filter(|((plain, masked), _)| plain != masked).map(|(_, line)| line).collect();
        for line in lines {
            self.findings.push(AuditFinding {
                id: "config.secret",
                severity: AuditSeverity::Info,
                title: "a secret stands in the config itself".to_owned(),
                place: format!("{}:{line}", path.display()),
                remedy: "Put it into `.env` in the state folder, and write `\"${NAME}\"` here."
                    .to_owned(),
                fixable_path: None,
            });
        }
    }
}

/// Whether an address is on this machine or in a private network.
fn is_local(address: &str) -> bool {
    let host = address.split("://").nth(1).unwrap_or_default();
    let host = host.split(['/', '?']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    match host.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(address)) => {
            address.is_loopback() || address.is_private() || address.is_link_local()
        }
        Ok(std::net::IpAddr::V6(address)) => address.is_loopback() || address.is_unique_local(),
        Err(_) => {
            !host.contains('.') || matches!(host.rsplit('.').next(), Some("local" | "internal"))
        }
    }
}
