//! Reads the limit of an answer from the refusal of a larger one.

/// Reads a model's answer limit from the refusal of a larger one: `max_tokens: 100000 > 64000,
/// which is the maximum allowed number of output tokens for …`.
pub(crate) fn parse_output_limit(message: &str) -> Option<u32> {
    let text = message.to_lowercase();
    let (before, _) = text.split_once(", which is the maximum allowed number of output tokens")?;
    let (_, number) = before.rsplit_once("> ")?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_that_an_answer_may_have_is_read() {
        let message = "max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens \
                    for claude-x";
        assert_eq!(parse_output_limit(message), Some(64_000));
        assert_eq!(parse_output_limit("max_tokens: must be greater than 0"), None);
    }
}
