//! Lints a gateway that is open to anyone.

use super::{ReportWarning, parse_key};
use crate::{
    sections::{Config, GatewayAuthMode, GatewayBind},
    tree::ConfigTree,
};

pub(super) fn lint_gateway(config: &Config, tree: &ConfigTree, report: &mut ReportWarning<'_>) {
    let gateway = &config.gateway;
    if matches!(gateway.bind(), GatewayBind::Loopback | GatewayBind::Auto) {
        return;
    }
    let has_password = || gateway.auth.password.as_ref().is_some_and(|text| !text.is_blank());
    let (missing, help) = match gateway.auth.mode() {
        GatewayAuthMode::Token if gateway.auth.token().is_none() => {
            ("a token", "set `gateway.auth.token`")
        }
        GatewayAuthMode::Password if !has_password() => {
            ("a password", "set `gateway.auth.password`")
        }
        GatewayAuthMode::None => ("a token", "set `gateway.auth.mode` to \"token\" and a token"),
        _ => return,
    };
    let bind = parse_key("gateway.bind");
    let bind_text = tree.find_node(&bind).and_then(|(_, node)| node.as_text()).unwrap_or_default();
    let message = format!(
        "the gateway listens beyond this machine (\"{bind_text}\") without {missing}: whoever reaches \
         it can use it"
    );
    report(bind, message, format!("{help}, or `gateway.bind` to \"loopback\""));
}
