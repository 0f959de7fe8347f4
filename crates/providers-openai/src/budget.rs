//! How many tokens an answer may have, so that prompt and answer fit together.

use openclaw_core::{ModelLimits, TokenCount};

/// Less room than this for an answer is not worth sending: it would only be cut off.
const LEAST_ANSWER: u32 = 64;

/// The prompt leaves no room for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRoom {
    /// The window in tokens.
    pub window: u32,
    /// The prompt in tokens, counted by the server.
    pub prompt: u32,
}

/// Caps the answer so that it fits behind the prompt; `None` asks for no cap, and the server then
/// uses what room there is.
///
/// # Errors
/// When an exactly counted prompt leaves no room worth using. An estimate never refuses: the
/// server is asked, and its word counts.
pub fn output_cap(
    limits: &ModelLimits,
    wanted: Option<u32>,
    prompt: TokenCount,
) -> Result<Option<u32>, NoRoom> {
    let wanted = wanted.into_iter().chain(limits.output).min();
    let room = limits.window.saturating_sub(prompt.tokens());
    if let TokenCount::Exact(prompt) = prompt
        && room < LEAST_ANSWER
    {
        return Err(NoRoom { window: limits.window, prompt });
    }
    Ok(wanted.map(|wanted| wanted.min(room.max(LEAST_ANSWER))))
}

#[cfg(test)]
mod tests {
    use openclaw_core::LimitSource;

    use super::*;

    fn limits(window: u32, output: Option<u32>) -> ModelLimits {
        ModelLimits { window, window_source: LimitSource::Live, output }
    }

    #[test]
    fn the_answer_is_capped_to_the_room_behind_the_prompt() {
        let cap = |window, output, prompt| output_cap(&limits(window, output), None, prompt);
        // The case of the 16 K server: 8,192 wanted, 13,612 used.
        assert_eq!(cap(16_384, Some(8192), TokenCount::Exact(13_612)), Ok(Some(2772)));
        assert_eq!(cap(16_384, Some(2048), TokenCount::Exact(13_612)), Ok(Some(2048)));
        assert_eq!(cap(16_384, None, TokenCount::Exact(13_612)), Ok(None));
        assert_eq!(cap(16_384, Some(8192), TokenCount::Estimate(16_380)), Ok(Some(LEAST_ANSWER)));
    }

    #[test]
    fn too_little_room_is_said_before_sending() {
        let none = output_cap(&limits(4096, Some(512)), None, TokenCount::Exact(4090));
        assert_eq!(none, Err(NoRoom { window: 4096, prompt: 4090 }));
    }
}
