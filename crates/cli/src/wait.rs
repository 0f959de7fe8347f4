//! `--wait`: waits for a server or a session before the turn begins.

use openclaw_chat::{CommandContext, terminal_wait_policy};
use openclaw_config::HumanDuration;
use openclaw_models::ModelRegistry;

/// Returns the models with the wait policy of `--wait`; without the option none is waited for.
pub(crate) fn apply_wait_option(
    context: &CommandContext,
    wait: Option<HumanDuration>,
) -> ModelRegistry {
    let models = context.models.clone();
    match wait {
        Some(HumanDuration(duration)) => {
            models.with_wait_policy(terminal_wait_policy(&context.printer, duration))
        }
        None => models,
    }
}
