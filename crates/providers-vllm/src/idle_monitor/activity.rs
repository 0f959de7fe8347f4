//! What a server does, as its load shows.

use openclaw_core::ServerActivity;

use crate::liveness::ServerLoad;

/// The number of the server's requests besides this one; `None` when it does not report its load.
pub(super) fn other_requests(load: &ServerLoad) -> Option<u32> {
    let all = load.running.unwrap_or(0).saturating_add(load.waiting.unwrap_or(0));
    load.running.or(load.waiting).map(|_| all.saturating_sub(1))
}

/// Infers the server's activity from its load: `has_content` is whether the answer has content,
/// `has_begun` whether the prompt was seen to be read, `generated` the token count at the first
/// probe.
pub(super) fn server_activity(
    load: &ServerLoad,
    has_content: bool,
    has_begun: bool,
    generated: Option<u64>,
) -> ServerActivity {
    if load.running.or(load.waiting).is_none() {
        return ServerActivity::Unknown;
    }
    let (running, waiting) = (load.running.unwrap_or(0), load.waiting.unwrap_or(0));
    if running + waiting == 0 {
        return ServerActivity::Stalled;
    }
    if has_content {
        // The only request, and no token more than at the first probe.
        let alone = running + waiting == 1;
        let stands = generated.is_some() && generated == load.generated;
        return if alone && stands { ServerActivity::Stalled } else { ServerActivity::Generating };
    }
    if waiting > 0 && (running == 0 || !has_begun) {
        ServerActivity::Queued
    } else {
        ServerActivity::Prefilling
    }
}
