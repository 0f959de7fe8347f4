//! The running gateway that a command asks.

use std::net::SocketAddr;
use std::time::Duration;

use openclaw_chat::CommandContext;
use openclaw_client::{ClientError, GatewayAddress, GatewayClient, GatewaySecret};
use openclaw_gateway::{GatewayAuthentication, find_client_secret, recorded_address};
use serde_json::Value;

use super::to_overrides;
use crate::args::gateway::GatewayTargetArgs;
use crate::exit::ExitReason;

/// A gateway and how it is asked.
#[derive(Debug)]
pub(super) struct GatewayTarget {
    pub(super) address: GatewayAddress,
    pub(super) json: bool,
    secret: Option<GatewaySecret>,
    timeout: Duration,
}

impl GatewayTarget {
    /// Finds the gateway of the config or of the options; prints why there is none.
    pub(super) fn new(
        context: &CommandContext,
        args: GatewayTargetArgs,
    ) -> Result<Self, ExitReason> {
        let is_named = args.url.is_some();
        Self::find_gateway(context, args).map_err(|problem| {
            context.printer.print_error(problem);
            if is_named { ExitReason::Usage } else { ExitReason::Config }
        })
    }

    /// Finds the gateway of the config or of the options.
    ///
    /// # Errors
    /// Why there is none, as a sentence.
    pub(super) fn find_gateway(
        context: &CommandContext,
        args: GatewayTargetArgs,
    ) -> Result<Self, String> {
        let models = &context.models;
        let loaded = models.loaded_config();
        let gateway = &loaded.config.gateway;
        let is_named = args.url.is_some();
        let address = if let Some(url) = &args.url {
            url.parse::<GatewayAddress>().map_err(|error| error.to_string())?
        } else {
            let recorded = recorded_address(models.app_paths().state_dir());
            // One that listens on every network is reached on this machine as well.
            let port = recorded.map_or(gateway.port(), |address| address.port());
            match recorded.map(|address| address.ip()) {
                Some(ip) if !ip.is_unspecified() && !ip.is_loopback() => {
                    GatewayAddress::from_socket_address(SocketAddr::new(ip, port))
                }
                _ => GatewayAddress::on_this_machine(port),
            }
        };
        let has_own_secret = args.secret.token.is_some() || args.secret.password.is_some();
        let overrides = to_overrides(args.secret);
        // The secret of this machine's gateway goes to no address that only the option names.
        let secret = if is_named && !has_own_secret && !address.is_on_this_machine() {
            None
        } else {
            let state_dir = models.app_paths().state_dir();
            find_client_secret(loaded, state_dir, &overrides)
                .map_err(|error| format!("failed to {error}"))?
        };
        let secret = secret.and_then(|secret| match secret {
            GatewayAuthentication::Token(token) => Some(GatewaySecret::Token(token)),
            GatewayAuthentication::Password(password) => Some(GatewaySecret::Password(password)),
            GatewayAuthentication::Open => None,
        });
        let timeout = Duration::from_millis(args.timeout);
        Ok(Self { address, json: args.json, secret, timeout })
    }

    pub(super) fn address_port(&self) -> Option<u16> {
        self.address.authority().rsplit_once(':').and_then(|(_, port)| port.parse().ok())
    }

    /// Connects and calls a method; waits for its second response when asked to, however long that
    /// takes.
    pub(super) async fn call(
        &self,
        method: &str,
        params: Value,
        expects_second: bool,
    ) -> Result<Value, ClientError> {
        let limited = async {
            let mut client = GatewayClient::connect(&self.address, self.secret.as_ref()).await?;
            if expects_second {
                return Ok((client, None));
            }
            let answer = client.call(method, params.clone()).await?;
            Ok((client, Some(answer)))
        };
        let timed_out =
            || ClientError::TimedOut { address: self.address.to_string(), limit: self.timeout };
        match tokio::time::timeout(self.timeout, limited).await {
            Err(_) => Err(timed_out()),
            Ok(Err(error)) => Err(error),
            Ok(Ok((_, Some(answer)))) => Ok(answer),
            Ok(Ok((mut client, None))) => client.call_to_end(method, params, |_| ()).await,
        }
    }

    /// Prints why the gateway could not be asked.
    pub(super) fn report_failure(context: &CommandContext, error: &ClientError) -> ExitReason {
        let printer = &context.printer;
        printer.print_error(format_args!("failed to {error}"));
        match error {
            ClientError::Unreachable { source, .. } => {
                printer.print_indented(source);
                printer.print_hint("`openclaw gateway run` starts one here.");
                ExitReason::Unreachable
            }
            ClientError::Refused { .. } => ExitReason::Refused,
            ClientError::TimedOut { .. } => ExitReason::TimedOut,
            _ => ExitReason::Failed,
        }
    }
}
