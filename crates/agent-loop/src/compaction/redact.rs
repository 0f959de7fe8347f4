//! Removes what looks like a credential from a summary, wherever it came from.

/// The prefixes of well-known services' credentials, each with the fewest characters that follow
/// it.
const CREDENTIAL_PREFIXES: &[(&str, usize)] = &[
    ("sk-", 16),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghs_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("AKIA", 16),
    ("AIza", 30),
    ("hf_", 20),
    ("eyJ", 40),
];

const CREDENTIAL_MASK: &str = "[a credential, left out]";

/// Returns the text with its credentials redacted.
pub(crate) fn redact_secrets(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+');
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    let mut bearer = false;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let is_secret = CREDENTIAL_PREFIXES.iter().any(|(start, least)| {
            word.strip_prefix(start).is_some_and(|body| body.len() >= *least)
        });
        clean.push_str(if is_secret || (bearer && word.len() >= 8) {
            CREDENTIAL_MASK
        } else {
            word
        });
        bearer = word.eq_ignore_ascii_case("bearer") && after.starts_with(' ');
        let gap = after.find(is_part).unwrap_or(after.len());
        let (gap, following) = after.split_at(gap);
        bearer &= gap == " ";
        clean.push_str(gap);
        rest = following;
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_left_out_and_all_else_stays() {
        let key = format!("sk-{}", "a1".repeat(12));
        let token = format!("ghp_{}", "Z9".repeat(15));
        let text = format!("Set KEY={key}, then `{token}`; Authorization: Bearer abcdefgh1 (ok).");
        assert_eq!(
            redact_secrets(&text),
            format!(
                "Set KEY={CREDENTIAL_MASK}, then `{CREDENTIAL_MASK}`; Authorization: Bearer {CREDENTIAL_MASK} (ok)."
            )
        );
        for text in ["", "sk-short", "a bearer of news", "naïve — ünïcode\n\n", "the bearer went"]
        {
            assert_eq!(redact_secrets(text), text);
        }
    }
}
