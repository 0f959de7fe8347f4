//! Why a gateway could not be asked, for a person.

use openclaw_client::{ClientError, GatewayAddress};
use openclaw_protocol::gateway::{ConnectErrorCode, GatewayError};
use openclaw_terminal::sanitize::escape_line;

use crate::context::CommandContext;

/// Prints why a gateway could not be asked, with what to do about it.
pub fn print_gateway_error(context: &CommandContext, error: &ClientError) {
    let printer = &context.printer;
    match error {
        ClientError::Refused { error, .. } if is_about_name(error) => {
            printer.print_error(escape_line(&error.message));
        }
        _ => printer.print_error(format_args!("failed to {error}")),
    }
    match error {
        ClientError::Unreachable { address, source } => {
            printer.print_indented(source);
            if let Ok(address) = address.parse() {
                printer.print_hint(suggest_start(context, &address));
            }
        }
        ClientError::Refused { error, .. } => {
            if let Some(hint) = refusal_hint(error) {
                printer.print_hint(hint);
            }
        }
        _ => {}
    }
}

fn refusal_hint(error: &GatewayError) -> Option<&'static str> {
    let code = error.reason_code()?;
    if code == ConnectErrorCode::AuthTokenMissing.as_str() {
        return Some("With `--as-device` this machine asks the owner of the gateway for a token.");
    }
    match code {
        "UNKNOWN_REQUEST_ID" => Some(
            "`openclaw nodes pending` shows what waits for an approval, each with the command for \
             it.",
        ),
        "UNKNOWN_NODE" | "NAME_TAKEN" => Some("`openclaw nodes status` shows the nodes."),
        "UNKNOWN_DEVICE" => Some("`openclaw devices list` shows the devices."),
        _ => None,
    }
}

/// Whether a request was understood, and an id or a name in it cannot be used. The gateway's sentence
/// about that needs no other beginning.
fn is_about_name(error: &GatewayError) -> bool {
    matches!(
        error.reason_code(),
        Some(
            "UNKNOWN_REQUEST_ID"
                | "UNKNOWN_NODE"
                | "UNKNOWN_DEVICE"
                | "NAME_TAKEN"
                | "INVALID_NAME"
        )
    )
}

/// How the gateway that does not answer is started.
fn suggest_start(context: &CommandContext, address: &GatewayAddress) -> String {
    if !address.is_on_this_machine() {
        return "On that machine `openclaw gateway run` starts one.".to_owned();
    }
    // One that is started here listens where the config says.
    let port = context.models.loaded_config().config.gateway.port();
    match address.port() {
        other if other == port => "`openclaw gateway run` starts one here.".to_owned(),
        other => format!(
            "`openclaw gateway run --port {other}` starts one here; for one of another machine, see \
             whether the tunnel to it stands."
        ),
    }
}
