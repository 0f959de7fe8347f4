//! `openclaw devices`: the devices that may use a gateway.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openclaw_chat::{CommandContext, format_age};
use openclaw_client::ClientError;
use serde_json::{Value, json};

use crate::args::devices::{DevicesArgs, DevicesRequest};
use crate::commands::gateway::target::GatewayTarget;
use crate::commands::nodes::{describe_waiting, list_node_requests, write_waiting};
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;
use crate::table::format_table;

/// What the commands need: nobody gives a device more than what they have.
const SCOPES: &[&str] = &["operator.admin", "operator.pairing", "operator.read"];

pub(crate) async fn run(context: &CommandContext, args: DevicesArgs) -> io::Result<ExitReason> {
    let (request, target) = args.action.take_target();
    let target = match GatewayTarget::new(context, target) {
        Ok(target) => target.with_scopes(SCOPES),
        Err(exit) => return Ok(exit),
    };
    match request {
        DevicesRequest::List => list_devices(context, &target).await,
        DevicesRequest::Preview { only_latest } => {
            preview_requests(context, &target, only_latest).await
        }
        DevicesRequest::Clear { pending, yes } => {
            clear_devices(context, &target, pending, yes).await
        }
        request => change_device(context, &target, request).await,
    }
}

async fn list_devices(context: &CommandContext, target: &GatewayTarget) -> io::Result<ExitReason> {
    let listed = async {
        let mut list = target.call("device.pair.list", json!({}), false).await?;
        let mut pending: Vec<Value> =
            rows_of(&list, "pending").iter().map(|row| describe_waiting(row, "device")).collect();
        pending.extend(list_node_requests(target).await?);
        if let Some(fields) = list.as_object_mut() {
            fields.insert("pending".to_owned(), pending.into());
        }
        Ok::<_, ClientError>(list)
    };
    let list = match listed.await {
        Ok(list) => list,
        Err(error) => return Ok(GatewayTarget::report_failure(context, &error)),
    };
    let printer = &context.printer;
    if target.json {
        write_json_answer(printer, &list)?;
        return Ok(ExitReason::Ok);
    }
    let (pending, paired) = (rows_of(&list, "pending"), rows_of(&list, "paired"));
    if pending.is_empty() && paired.is_empty() {
        printer.write_answer_line("No device is paired, and none waits.")?;
        return Ok(ExitReason::Ok);
    }
    write_requests(context, pending)?;
    if !paired.is_empty() {
        let head = ["DEVICE", "NAME", "ROLES", "SCOPES", "STATE", "SEEN"].map(str::to_owned);
        let rows: Vec<_> =
            std::iter::once(head).chain(paired.iter().map(describe_device)).collect();
        printer.write_answer_line("Paired")?;
        printer.write_answer(&format_table(&rows))?;
    }
    Ok(ExitReason::Ok)
}

/// Shows what could be approved. An id that is typed is one that was looked at.
async fn preview_requests(
    context: &CommandContext,
    target: &GatewayTarget,
    only_latest: bool,
) -> io::Result<ExitReason> {
    let list = match target.call("device.pair.list", json!({}), false).await {
        Ok(list) => list,
        Err(error) => return Ok(GatewayTarget::report_failure(context, &error)),
    };
    let mut pending = rows_of(&list, "pending");
    if only_latest {
        pending = pending.get(pending.len().saturating_sub(1)..).unwrap_or_default();
    }
    if target.json {
        write_json_answer(&context.printer, &json!({ "pending": pending, "approved": false }))?;
    } else if pending.is_empty() {
        context.printer.print_error("no device waits for an approval");
    } else {
        write_requests(context, pending)?;
    }
    Ok(ExitReason::Failed)
}

fn write_requests(context: &CommandContext, pending: &[Value]) -> io::Result<()> {
    let is_device = |request: &&Value| text_of(request, "kind") != "node";
    let devices: Vec<&Value> = pending.iter().filter(is_device).collect();
    let nodes: Vec<Value> = pending.iter().filter(|it| !is_device(it)).cloned().collect();
    let printer = &context.printer;
    if let Some(last) = devices.last() {
        let head =
            ["REQUEST", "DEVICE", "NAME", "ROLE", "SCOPES", "COMMANDS", "FROM", "REASON", "ASKED"];
        let rows: Vec<_> = std::iter::once(head.map(str::to_owned))
            .chain(devices.iter().map(|request| describe_request(request)))
            .collect();
        printer.write_answer_line("Waiting for an approval")?;
        printer.write_answer(&format_table(&rows))?;
        let id = text_of(last, "requestId");
        let id = openclaw_terminal::sanitize::escape_line(&id);
        let commands = match rows_of(last, "commands") {
            [] => "",
            _ => " with these commands",
        };
        printer.print_hint(format_args!(
            "`openclaw devices approve {id}` lets this device in{commands}."
        ));
    }
    write_waiting(context, &nodes)
}

fn describe_request(request: &Value) -> [String; 9] {
    let commands: Vec<&str> =
        rows_of(request, "commands").iter().filter_map(Value::as_str).collect();
    [
        text_of(request, "requestId"),
        short_id(request),
        text_of(request, "displayName"),
        text_of(request, "role"),
        scopes_of(request),
        commands.join(","),
        text_of(request, "remoteIp"),
        text_of(request, "reason"),
        age_of(request, "ts"),
    ]
}

fn describe_device(device: &Value) -> [String; 6] {
    let tokens = rows_of(device, "tokens");
    let join = |key: &str| -> String {
        let texts: Vec<String> = tokens.iter().map(|token| text_of(token, key)).collect();
        texts.join(", ")
    };
    let scopes: Vec<String> = tokens.iter().map(scopes_of).collect();
    let name = Some(text_of(device, "label")).filter(|label| !label.is_empty());
    let is_connected = device.get("connected").and_then(Value::as_bool).unwrap_or_default();
    let seen = if is_connected { "connected".to_owned() } else { age_of(device, "lastSeenAtMs") };
    [
        text_of(device, "deviceId"),
        name.unwrap_or_else(|| text_of(device, "displayName")),
        join("role"),
        scopes.join("; "),
        join("state"),
        seen,
    ]
}

async fn change_device(
    context: &CommandContext,
    target: &GatewayTarget,
    request: DevicesRequest,
) -> io::Result<ExitReason> {
    let (method, params) = match request {
        DevicesRequest::Approve { request, identity_only } => {
            let params = json!({ "requestId": request, "identityOnly": identity_only });
            ("device.pair.approve", params)
        }
        DevicesRequest::Reject { request } => {
            ("device.pair.reject", json!({ "requestId": request }))
        }
        DevicesRequest::Remove { device } => ("device.pair.remove", json!({ "deviceId": device })),
        DevicesRequest::Rename { device, name } => {
            ("device.pair.rename", json!({ "deviceId": device, "label": name }))
        }
        DevicesRequest::Rotate { device, role, scopes } => {
            let scopes = Some(scopes).filter(|scopes| !scopes.is_empty());
            let params = json!({ "deviceId": device, "role": role, "scopes": scopes });
            ("device.token.rotate", params)
        }
        DevicesRequest::Revoke { device, role } => {
            ("device.token.revoke", json!({ "deviceId": device, "role": role }))
        }
        DevicesRequest::List | DevicesRequest::Preview { .. } | DevicesRequest::Clear { .. } => {
            return Ok(ExitReason::Usage);
        }
    };
    let answer = match target.call(method, params, false).await {
        Ok(answer) => answer,
        Err(error) => return Ok(GatewayTarget::report_failure(context, &error)),
    };
    let printer = &context.printer;
    if target.json {
        write_json_answer(printer, &answer)?;
        return Ok(ExitReason::Ok);
    }
    let device = short_id(&answer);
    let told = match method {
        "device.pair.approve" => {
            let role = text_of(&answer, "role");
            format!("Approved {device} as {role} with {}.", describe_grant(&answer, &role))
        }
        "device.pair.reject" => format!("Rejected {device}."),
        "device.pair.remove" => format!("Removed {device}; {}.", describe_closed(&answer)),
        "device.pair.rename" => format!("Renamed {device}."),
        "device.token.rotate" => {
            format!("Replaced the token of {device}, which gets the new one when it connects next.")
        }
        _ => format!("Revoked the token of {device}; {}.", describe_closed(&answer)),
    };
    printer.write_answer_line(openclaw_terminal::sanitize::escape_line(&told))?;
    Ok(ExitReason::Ok)
}

/// What became of the connections of a device.
fn describe_closed(answer: &Value) -> &'static str {
    match answer.get("closedConnections").and_then(Value::as_u64) {
        Some(0) => "it was not connected",
        Some(1) => "its connection was closed",
        _ => "its connections were closed",
    }
}

/// What was approved: the commands of a node, the scopes of an operator.
fn describe_grant(answer: &Value, role: &str) -> String {
    let commands: Vec<&str> =
        rows_of(answer, "commands").iter().filter_map(Value::as_str).collect();
    let (granted, nothing) = match role {
        "node" => (commands.join(","), "no command"),
        _ => (scopes_of(answer), "no scope"),
    };
    let granted = Some(granted).filter(|it| !it.is_empty()).unwrap_or_else(|| nothing.to_owned());
    match rows_of(answer, "waitingCommands").len() {
        0 => granted,
        count => format!("{granted}; {count} wait for `openclaw nodes approve`"),
    }
}

async fn clear_devices(
    context: &CommandContext,
    target: &GatewayTarget,
    also_pending: bool,
    is_confirmed: bool,
) -> io::Result<ExitReason> {
    let list = match target.call("device.pair.list", json!({}), false).await {
        Ok(list) => list,
        Err(error) => return Ok(GatewayTarget::report_failure(context, &error)),
    };
    let pending = if also_pending { rows_of(&list, "pending") } else { &[] };
    let paired = rows_of(&list, "paired");
    if !is_confirmed {
        context.printer.print_error(format_args!(
            "nothing was changed: {} paired devices and {} requests would be forgotten",
            paired.len(),
            pending.len()
        ));
        context.printer.print_hint("`--yes` does it.");
        return Ok(ExitReason::Usage);
    }
    let removals = paired
        .iter()
        .map(|device| ("device.pair.remove", json!({ "deviceId": text_of(device, "deviceId") })));
    let rejections = pending.iter().map(|request| {
        ("device.pair.reject", json!({ "requestId": text_of(request, "requestId") }))
    });
    for (method, params) in removals.chain(rejections) {
        if let Err(error) = target.call(method, params, false).await {
            return Ok(GatewayTarget::report_failure(context, &error));
        }
    }
    let counts = json!({ "ok": true, "removed": paired.len(), "rejected": pending.len() });
    if target.json {
        write_json_answer(&context.printer, &counts)?;
    } else {
        context.printer.write_answer_line(format_args!(
            "Forgot {} devices and {} requests.",
            paired.len(),
            pending.len()
        ))?;
    }
    Ok(ExitReason::Ok)
}

fn rows_of<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text_of(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The scopes without the beginning that they share.
fn scopes_of(value: &Value) -> String {
    let scopes = rows_of(value, "scopes").iter().filter_map(Value::as_str);
    let short: Vec<&str> =
        scopes.map(|scope| scope.strip_prefix("operator.").unwrap_or(scope)).collect();
    short.join(",")
}

fn short_id(value: &Value) -> String {
    text_of(value, "deviceId").chars().take(16).collect()
}

fn age_of(value: &Value, key: &str) -> String {
    let Some(at) = value.get(key).and_then(Value::as_u64) else { return "never".to_owned() };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format_age(now.saturating_sub(Duration::from_millis(at)))
}
