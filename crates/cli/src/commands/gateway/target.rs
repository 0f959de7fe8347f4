//! The running gateway that a command asks.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use openclaw_chat::{
    CommandContext, GatewayConnector, GatewayLink, LinkPurpose, print_gateway_error,
};
use openclaw_client::{
    ClientCredentials, ClientDevice, ClientError, GatewayAddress, GatewayClient, GatewaySecret,
};
use openclaw_config::{GatewayMode, SecretInput};
use openclaw_device::{DeviceIdentity, DeviceTokenFile};
use openclaw_gateway::{
    GatewayAuthentication, GatewayOverrides, find_client_secret, recorded_address, running_address,
};
use openclaw_terminal::OutputPrinter;
use serde_json::Value;

use super::to_overrides;
use crate::args::gateway::{GatewaySecretArgs, GatewayTargetArgs, RunGatewayArgs};
use crate::exit::ExitReason;

/// The role of the commands.
const ROLE: &str = "operator";

/// What commands want to do with a gateway.
const SCOPES: &[&str] = &["operator.read", "operator.write", "operator.approvals"];

/// A gateway and how it is asked.
#[derive(Debug, Clone)]
pub(crate) struct GatewayTarget {
    pub(crate) address: GatewayAddress,
    pub(crate) json: bool,
    credentials: ClientCredentials,
    /// Where the gateway of this state folder writes its address; `None` for one that is named.
    state_dir: Option<PathBuf>,
    /// Where the token of this device is kept, when it connects as one.
    tokens: Option<DeviceTokenFile>,
    printer: OutputPrinter,
    timeout: Duration,
}

/// Whether an address is that of the gateway that runs with this state folder. Behind any other
/// address, also one of this machine, may be a tunnel to the gateway of somebody else.
pub(crate) fn is_own_gateway(context: &CommandContext, address: &GatewayAddress) -> bool {
    running_address(context.models.app_paths().state_dir()).is_some_and(|own| address.leads_to(own))
}

impl GatewayTarget {
    /// Finds the gateway of the config or of the options; prints why there is none.
    pub(crate) fn new(
        context: &CommandContext,
        args: GatewayTargetArgs,
    ) -> Result<Self, ExitReason> {
        let url = args.url.as_deref().map(str::parse::<GatewayAddress>);
        let is_misspelt = url.is_some_and(|url| url.is_err());
        Self::find_gateway(context, args).map_err(|problem| {
            context.printer.print_error(problem);
            if is_misspelt { ExitReason::Usage } else { ExitReason::Config }
        })
    }

    /// Finds the gateway of the config or of the options.
    ///
    /// # Errors
    /// Why there is none, as a sentence.
    pub(crate) fn find_gateway(
        context: &CommandContext,
        args: GatewayTargetArgs,
    ) -> Result<Self, String> {
        let models = &context.models;
        let loaded = models.loaded_config();
        let gateway = &loaded.config.gateway;
        // Another machine's gateway has secrets of its own.
        let remote = (gateway.mode() == GatewayMode::Remote).then_some(&gateway.remote);
        let remote = remote.filter(|_| args.url.is_none());
        let remote_url = match remote {
            None => None,
            Some(remote) => Some(remote.url.as_deref().ok_or_else(|| {
                "`gateway.mode` is \"remote\", and `gateway.remote.url` does not say where"
                    .to_owned()
            })?),
        };
        let url = args.url.as_deref().or(remote_url);
        let is_named = url.is_some();
        let address = if let Some(url) = url {
            let named = url.parse::<GatewayAddress>().map_err(|error| error.to_string())?;
            match running_address(models.app_paths().state_dir()) {
                Some(own) => named.resolve_localhost(own),
                None => named,
            }
        } else {
            own_address(models.app_paths().state_dir(), gateway.port())
        };
        let mut overrides = to_overrides(args.secret);
        if let Some(remote) = remote.filter(|_| !has_secret(&overrides)) {
            let resolve = |secret: &SecretInput| {
                let resolved = secret.resolve_secret(loaded.env());
                resolved
                    .map_err(|error| format!("failed to use the secret of gateway.remote: {error}"))
            };
            overrides.token = remote.token.as_ref().map(resolve).transpose()?.map(|it| it.value);
            overrides.password =
                remote.password.as_ref().map(resolve).transpose()?.map(|it| it.value);
        }
        // The secret of this machine's gateway goes to no other gateway that is named.
        let is_foreign = is_named && !is_own_gateway(context, &address);
        let is_device =
            args.as_device || !has_secret(&overrides) && (remote.is_some() || is_foreign);
        let secret = if is_device {
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
        let mut credentials = ClientCredentials::for_owner(secret, SCOPES);
        let mut tokens = None;
        if is_device {
            let folder = models.app_paths().state_dir().join("identity");
            let file = DeviceTokenFile::new(folder.join("tokens.json"));
            let identity = DeviceIdentity::load_or_create(folder.join("device.json"));
            let identity = Arc::new(identity.map_err(|error| match error.hint() {
                Some(hint) => format!("failed to {error}. {hint}"),
                None => format!("failed to {error}"),
            })?);
            let token = file.find_token(&address.to_string(), ROLE).map(Into::into);
            credentials.device = Some(ClientDevice { identity, token });
            tokens = Some(file);
        }
        let timeout = Duration::from_millis(args.timeout);
        let printer = context.printer.clone();
        let state_dir = (!is_named).then(|| models.app_paths().state_dir().to_owned());
        let json = args.json;
        Ok(Self { address, json, credentials, state_dir, tokens, printer, timeout })
    }

    /// A target to run turns on.
    ///
    /// # Errors
    /// As for [`find_gateway`](Self::find_gateway).
    pub(crate) fn for_runs(
        context: &CommandContext,
        args: &RunGatewayArgs,
    ) -> Result<Self, String> {
        let secret =
            GatewaySecretArgs { token: args.token.clone(), password: args.password.clone() };
        let (url, as_device) = (args.gateway.clone(), args.as_device);
        let args = GatewayTargetArgs { url, secret, as_device, timeout: 10_000, json: false };
        Self::find_gateway(context, args)
    }

    /// The same for work with sessions and runs, over as many connections as it takes.
    pub(crate) fn to_link(&self) -> GatewayLink {
        let target = Arc::new(self.clone());
        let connector: GatewayConnector = Arc::new(move |purpose| {
            let mut target = GatewayTarget::clone(&target);
            // One that was started again may have another port.
            if let Some(state_dir) = &target.state_dir
                && recorded_address(state_dir).is_some()
            {
                target.address = own_address(state_dir, 0);
            }
            match purpose {
                LinkPurpose::Decide => target.credentials.decides_calls = true,
                LinkPurpose::Administer => {
                    target.credentials.scopes.push("operator.admin".to_owned());
                }
                _ => {}
            }
            async move { target.connect().await }.boxed()
        });
        GatewayLink::new(self.address.to_string(), connector)
    }

    /// Asks for other scopes.
    pub(crate) fn with_scopes(mut self, scopes: &[&str]) -> Self {
        self.credentials.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self
    }

    /// Waits longer for each answer, by the time that a method takes on purpose.
    pub(crate) fn with_longer_timeout(mut self, time: Duration) -> Self {
        self.timeout = self.timeout.saturating_add(time);
        self
    }

    pub(crate) fn address_port(&self) -> u16 {
        self.address.port()
    }

    /// Connects and calls a method; waits for its second response when asked to, however long that
    /// takes.
    pub(crate) async fn call(
        &self,
        method: &str,
        params: Value,
        expects_second: bool,
    ) -> Result<Value, ClientError> {
        let limited = async {
            let mut client = self.connect().await?;
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

    /// Connects. The token of this device is kept when the gateway tells it, and forgotten when it is
    /// no longer valid.
    pub(crate) async fn connect(&self) -> Result<GatewayClient, ClientError> {
        let client = match GatewayClient::connect(&self.address, &self.credentials).await {
            Err(ClientError::Refused { error, .. })
                if error.reason_code() == Some("AUTH_DEVICE_TOKEN_MISMATCH") =>
            {
                self.keep_token(None);
                let mut without = self.credentials.clone();
                if let Some(device) = &mut without.device {
                    device.token = None;
                }
                GatewayClient::connect(&self.address, &without).await?
            }
            connected => connected?,
        };
        if let Some(token) = client.hello().and_then(|hello| hello.auth.device_token.as_deref()) {
            self.keep_token(Some(token));
        }
        Ok(client)
    }

    fn keep_token(&self, token: Option<&str>) {
        let Some(tokens) = &self.tokens else { return };
        if let Err(error) = tokens.set_token(&self.address.to_string(), ROLE, token) {
            self.printer.print_warning(format_args!("failed to {error}"));
        }
    }

    /// Prints why the gateway could not be asked.
    pub(crate) fn report_failure(context: &CommandContext, error: &ClientError) -> ExitReason {
        print_gateway_error(context, error);
        Self::failure_exit(error)
    }

    /// The exit reason of a gateway that could not be asked.
    pub(crate) fn failure_exit(error: &ClientError) -> ExitReason {
        match error {
            ClientError::Unreachable { .. } => ExitReason::Unreachable,
            ClientError::Refused { .. } => ExitReason::Refused,
            ClientError::TimedOut { .. } => ExitReason::TimedOut,
            _ => ExitReason::Failed,
        }
    }
}

/// The address of the gateway of a state folder; `port` is that of the config.
fn own_address(state_dir: &Path, port: u16) -> GatewayAddress {
    let recorded = recorded_address(state_dir);
    // One that listens on every network is reached on this machine as well.
    let port = recorded.map_or(port, |address| address.port());
    match recorded.map(|address| address.ip()) {
        Some(ip) if !ip.is_unspecified() && !ip.is_loopback() => {
            GatewayAddress::from_socket_address(SocketAddr::new(ip, port))
        }
        _ => GatewayAddress::on_this_machine(port),
    }
}

fn has_secret(overrides: &GatewayOverrides) -> bool {
    overrides.token.is_some() || overrides.password.is_some()
}
