//! The devices that may connect: what is granted to them, and how they ask for it.

mod methods;
mod refusals;

pub(crate) use refusals::{check_label, invalid_name, missing_scope, too_many_changes};

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use openclaw_protocol::gateway::{ConnectErrorCode, GatewayError};
use openclaw_runtime::{
    DeviceFacts, DeviceLog, DeviceRecord, DeviceRole, DeviceToken, PairingRequest, StoreError,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::auth::{FailureLimiter, GatewayAuthentication};
use crate::clients::{ClientRegistry, EventAudience};
use crate::error::{GatewayStartError, GatewayStartErrorKind};
use crate::grants::ClientGrant;
use crate::handshake::{ClientClaim, ClientCredential};
use crate::nodes::{NODE_ROLE, check_open_gateway};
use crate::random::{random_hex, random_uuid, to_hex};
use crate::runs::{offload, store_failure};

/// The random bytes of a device's token.
const TOKEN_BYTES: usize = 32;

/// The new requests of an address within a minute before it is slowed down.
const FREE_REQUESTS: u32 = 8;

/// How long a device waits before it asks again, in milliseconds.
const PAIRING_RETRY_MS: u64 = 5000;

/// Asks the log of devices about an id, away from the async threads.
pub(crate) async fn ask_device_log<T: Send + 'static>(
    log: &DeviceLog,
    work: impl FnOnce(DeviceLog, String) -> Result<T, StoreError> + Send + 'static,
    id: &str,
) -> Result<T, GatewayError> {
    let (log, id) = (log.clone(), id.to_owned());
    offload(move || work(log, id)).await.map_err(|error| store_failure(&error))
}

/// The devices of a gateway.
#[derive(Debug)]
pub(crate) struct DeviceManager {
    log: DeviceLog,
    clients: Arc<ClientRegistry>,
    /// Held shared from the examination of a client until it is registered, and alone while a
    /// credential changes: a client is registered before the change, which then closes it, or
    /// examined after it.
    gate: RwLock<()>,
    /// The pace of new requests to be paired.
    pace: FailureLimiter,
}

/// A client that is let in.
#[derive(Debug)]
pub(crate) struct AdmittedClient {
    pub(crate) grant: ClientGrant,
    /// A token to tell to the device.
    pub(crate) new_token: Option<String>,
}

/// Why a device must be approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PairingReason {
    NotPaired,
    RoleUpgrade,
    ScopeUpgrade,
    MetadataUpgrade,
}

impl PairingReason {
    fn name(self) -> &'static str {
        match self {
            Self::NotPaired => "not-paired",
            Self::RoleUpgrade => "role-upgrade",
            Self::ScopeUpgrade => "scope-upgrade",
            Self::MetadataUpgrade => "metadata-upgrade",
        }
    }
}

impl DeviceManager {
    pub(crate) fn new(log: DeviceLog, clients: Arc<ClientRegistry>) -> Self {
        let pace = FailureLimiter::with_free_attempts(FREE_REQUESTS);
        Self { log, clients, gate: RwLock::new(()), pace }
    }

    /// Keeps credentials as they are while the guard lives, which must not wait for a client.
    pub(crate) async fn hold_credentials(&self) -> RwLockReadGuard<'_, ()> {
        self.gate.read().await
    }

    /// Refuses to serve without a secret while a node is approved to run commands.
    ///
    /// # Errors
    /// When one is, and when the store cannot be read.
    pub(crate) async fn check_open_gateway(
        &self,
        authentication: &GatewayAuthentication,
    ) -> Result<(), GatewayStartError> {
        let (log, authentication) = (self.log.clone(), authentication.clone());
        let checked = offload(move || Ok(check_open_gateway(&log, &authentication))).await;
        checked.unwrap_or_else(|error| {
            let kind = GatewayStartErrorKind::StateFile;
            Err(GatewayStartError::new(kind, error.to_string()).with_source(error))
        })
    }

    /// Keeps clients from being let in while the guard lives.
    pub(crate) async fn change_credentials(&self) -> RwLockWriteGuard<'_, ()> {
        self.gate.write().await
    }

    /// Decides about a client whose first request was examined. A node must be approved also when it
    /// knows the gateway's own secret.
    ///
    /// # Errors
    /// When its device must be approved first, or its token is not valid.
    pub(crate) async fn admit_client(
        &self,
        claim: ClientClaim,
        address: IpAddr,
    ) -> Result<AdmittedClient, GatewayError> {
        let knows_secret = claim.credential == ClientCredential::Owner;
        let is_owner = knows_secret && claim.role != NODE_ROLE;
        let Some(facts) = claim.device.clone() else {
            return Ok(AdmittedClient { grant: to_grant(claim, None), new_token: None });
        };
        let record = self.find_device(&facts.id).await?;
        let role = record.as_ref().and_then(|record| record.role(&claim.role)).cloned();
        let is_changed = record.as_ref().is_some_and(|record| has_changed(&record.facts, &facts));
        if is_owner {
            let undelivered = role.filter(|role| role.token == DeviceToken::Undelivered);
            let new_token = match undelivered {
                Some(role) if !is_changed => Some(self.deliver_token(&facts.id, &role).await?),
                _ => None,
            };
            self.mark_seen(record.as_ref()).await;
            return Ok(AdmittedClient { grant: to_grant(claim, Some(facts.id)), new_token });
        }
        if let ClientCredential::DeviceToken(token) = &claim.credential {
            let is_right = role.as_ref().is_some_and(|role| is_token_of(role, token));
            if !is_right {
                return Err(GatewayError::not_connected(
                    ConnectErrorCode::AuthDeviceTokenMismatch,
                    "The token of this device is not valid: it was replaced or revoked.",
                ));
            }
        }
        let has_token = matches!(claim.credential, ClientCredential::DeviceToken(_))
            || knows_secret && role.as_ref().is_some_and(has_known_token);
        let reason = match &role {
            _ if is_changed => PairingReason::MetadataUpgrade,
            None if record.is_some() => PairingReason::RoleUpgrade,
            None => PairingReason::NotPaired,
            Some(role) if has_token || role.token == DeviceToken::Undelivered => {
                let new_token =
                    if has_token { None } else { Some(self.deliver_token(&facts.id, role).await?) };
                self.mark_seen(record.as_ref()).await;
                let approved =
                    ClientGrant { scopes: role.scopes.clone(), ..ClientGrant::default() };
                let mut grant = to_grant(claim, Some(facts.id));
                grant.scopes.retain(|asked| approved.allows_named(asked));
                return Ok(AdmittedClient { grant, new_token });
            }
            Some(role) if claim.scopes.iter().all(|scope| role.scopes.contains(scope)) => {
                PairingReason::NotPaired
            }
            Some(_) => PairingReason::ScopeUpgrade,
        };
        Err(self.request_pairing(claim, facts, reason, address).await)
    }

    /// Records that a device asks to be paired, and tells those that decide.
    async fn request_pairing(
        &self,
        claim: ClientClaim,
        facts: DeviceFacts,
        reason: PairingReason,
        address: IpAddr,
    ) -> GatewayError {
        let Ok(id) = random_uuid() else { return no_randomness() };
        let request = PairingRequest {
            id,
            facts,
            role: claim.role,
            scopes: claim.scopes,
            commands: claim.node.map(|node| node.commands).unwrap_or_default(),
            address: address.to_canonical().to_string(),
            reason: reason.name().to_owned(),
            requested_at: 0,
            expires_at: 0,
        };
        let delay = self.pace.remaining_delay(address);
        let log = self.log.clone();
        let recorded = offload(move || {
            // A device that asks again for the same is not held up by its neighbours.
            if delay.is_some() && !log.has_request(&request)? {
                return Ok(None);
            }
            log.request_pairing(request)
        })
        .await;
        let (request, is_new) = match recorded {
            Ok(Some(recorded)) => recorded,
            Ok(None) => return too_many_requests(delay),
            Err(error) => return store_failure(&error),
        };
        if is_new {
            // Many new ones from one address are no honest device.
            self.pace.record_failure(address);
            let payload = methods::describe_request(&request);
            self.clients.broadcast_event(EventAudience::Pairers, "device.pair.requested", &payload);
        }
        let text = format!(
            "The owner of the gateway must approve this device: `openclaw devices approve {}` on \
             its machine.",
            request.id
        );
        let error = GatewayError::not_connected(ConnectErrorCode::PairingRequired, text);
        let details = json!({
            "code": ConnectErrorCode::PairingRequired.as_str(),
            "reason": request.reason,
            "requestId": request.id,
            "deviceId": request.facts.id,
            "recommendedNextStep": "wait_then_retry",
            "retryable": true,
            "pauseReconnect": false,
        });
        error.with_details(details).with_retry(Some(PAIRING_RETRY_MS))
    }

    /// Makes the token of a device that waits for one.
    async fn deliver_token(&self, device: &str, role: &DeviceRole) -> Result<String, GatewayError> {
        let token = random_hex(TOKEN_BYTES).map_err(|_| no_randomness())?;
        let hash = DeviceToken::Hash(hash_token(&token));
        let (log, device, role) = (self.log.clone(), device.to_owned(), role.clone());
        let recorded = offload(move || log.replace_token(&device, &role, hash, &role.scopes)).await;
        match recorded {
            Ok(true) => Ok(token),
            Ok(false) => Err(GatewayError::not_connected(
                ConnectErrorCode::AuthDeviceTokenMismatch,
                "What this device may do was changed at this moment.",
            )
            .with_retry(Some(PAIRING_RETRY_MS))),
            Err(error) => Err(store_failure(&error)),
        }
    }

    async fn find_device(&self, id: &str) -> Result<Option<DeviceRecord>, GatewayError> {
        let (log, id) = (self.log.clone(), id.to_owned());
        offload(move || log.find_device(&id)).await.map_err(|error| store_failure(&error))
    }

    async fn mark_seen(&self, record: Option<&DeviceRecord>) {
        let Some(id) = record.map(|record| record.facts.id.clone()) else { return };
        let log = self.log.clone();
        // A device may connect though the time of it is not known.
        if let Err(error) = offload(move || log.mark_seen(&id)).await {
            tracing::warn!("failed to {error}");
        }
    }
}

fn to_grant(claim: ClientClaim, device: Option<String>) -> ClientGrant {
    ClientGrant {
        is_owner: claim.credential == ClientCredential::Owner && claim.role != NODE_ROLE,
        role: claim.role,
        scopes: claim.scopes,
        takes_approvals: claim.takes_approvals,
        device,
    }
}

/// Whether a device says something else about its machine than when it was approved.
fn has_changed(approved: &DeviceFacts, now: &DeviceFacts) -> bool {
    approved.platform != now.platform || approved.device_family != now.device_family
}

/// Whether the device got its token, which was not revoked since.
fn has_known_token(role: &DeviceRole) -> bool {
    matches!(role.token, DeviceToken::Hash(_))
}

fn is_token_of(role: &DeviceRole, token: &str) -> bool {
    let DeviceToken::Hash(hash) = &role.token else { return false };
    hash.as_bytes().ct_eq(hash_token(token).as_bytes()).into()
}

fn hash_token(token: &str) -> String {
    to_hex(&Sha256::digest(token.as_bytes()))
}

fn too_many_requests(delay: Option<Duration>) -> GatewayError {
    let delay = delay.map(|delay| u64::try_from(delay.as_millis()).unwrap_or(u64::MAX));
    let text = "Too many devices asked to be paired from this address; `openclaw devices list` shows \
                them, and `openclaw devices reject ID` makes room.";
    GatewayError::not_connected(ConnectErrorCode::AuthRateLimited, text)
        .with_retry(Some(delay.unwrap_or(PAIRING_RETRY_MS)))
}

pub(crate) fn no_randomness() -> GatewayError {
    GatewayError::new(
        openclaw_protocol::gateway::GatewayErrorCode::Unavailable,
        "The system has no random numbers.",
    )
}
