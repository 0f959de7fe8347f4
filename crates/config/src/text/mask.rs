//! Finds secrets in a text, and redacts them without changing byte offsets.

use std::collections::BTreeSet;

use super::lexer::{Lexer, TokenKind};
use crate::diagnostic::TextSpan;

/// What stands in place of a secret in a kept version of a config: a reference to a variable that
/// does not exist, so that a text with it is never sent as a key.
pub(crate) const WITHHELD_SECRET: &str = "${KEY_NOT_KEPT}";

/// Replaces the characters of every secret by `*`; all byte offsets stay the same.
///
/// Redacts the given spans, each string whose key sounds like a secret, and each address with a
/// password or a query. A string that is only a variable reference stays readable. Works on broken
/// text too.
pub(crate) fn redact_secrets(text: &str, secrets: &BTreeSet<TextSpan>) -> String {
    mask_spans(text, &find_secrets(text, secrets))
}

/// Replaces every secret that [`redact_secrets`] redacts by [`WITHHELD_SECRET`].
pub(crate) fn withhold_secrets(text: &str, secrets: &BTreeSet<TextSpan>) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut copied = 0;
    for span in find_secrets(text, secrets) {
        // A span inside the one before it is withheld with that.
        if let Some(between) = text.get(copied..span.start) {
            shown.push_str(between);
            shown.extend(["\"", WITHHELD_SECRET, "\""]);
            copied = span.end;
        }
    }
    shown.push_str(text.get(copied..).unwrap_or_default());
    shown
}

/// The spans of the secrets of a text.
pub(crate) fn find_secrets(text: &str, secrets: &BTreeSet<TextSpan>) -> BTreeSet<TextSpan> {
    let mut hidden = secrets.clone();
    let mut key = None;
    let mut last = None;
    for token in Lexer::new(text) {
        match token.kind {
            TokenKind::Colon => key = last.take(),
            TokenKind::Text { .. } => {
                let is_key_secret = key
                    .take()
                    .is_some_and(|span: TextSpan| is_secret_key_name(span_text(text, span)));
                if is_key_secret || has_credential(span_text(text, token.span)) {
                    hidden.insert(token.span);
                }
                last = Some(token.span);
            }
            TokenKind::Word => {
                key = None;
                last = Some(token.span);
            }
            _ => (key, last) = (None, None),
        }
    }
    hidden.retain(|span| !is_reference(span_text(text, *span)));
    hidden
}

fn span_text(text: &str, span: TextSpan) -> &str {
    text.get(span.start..span.end).unwrap_or_default()
}

/// Objects of secrets; a text in the place of one is likely a secret too.
const SECRET_SECTIONS: &[&str] = &["auth", "headers", "secrets", "env"];

/// Ends of names of keys that sound like a secret and hold a name or a public value.
const PUBLIC_KEY_ENDS: &[&str] =
    &["sessionKey", "mainKey", "idempotencyKey", "publicKey", "cacheKey", "configKey"];

/// Whether the value of a key with this name is probably a secret.
pub(crate) fn is_secret_key_name(key: &str) -> bool {
    let key = key.trim_matches(['"', '\'']).to_lowercase();
    let ends_with = |end: &&str| key.ends_with(&end.to_lowercase());
    (["key", "token", "secret", "password", "passphrase", "cookie"].iter().any(ends_with)
        && !PUBLIC_KEY_ENDS.iter().any(ends_with))
        || SECRET_SECTIONS.contains(&key.as_str())
        || key.contains("authorization")
}

/// Whether a string is an address that may contain a secret.
pub(crate) fn has_credential(string: &str) -> bool {
    let Some((_, rest)) = string.split_once("://") else { return false };
    rest.contains(['@', '?'])
}

fn is_reference(string: &str) -> bool {
    let inner = string.trim_matches(['"', '\'']);
    inner.starts_with("${") && inner.find('}') == Some(inner.len() - 1) && !inner.contains(":-")
}

/// Replaces each byte inside the spans by `*`, except quotes and line ends.
fn mask_spans(text: &str, spans: &BTreeSet<TextSpan>) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut spans = spans.iter().peekable();
    for (at, character) in text.char_indices() {
        while spans.next_if(|span| span.end <= at).is_some() {}
        let inside = spans.peek().is_some_and(|span| span.start <= at);
        let edge = spans.peek().is_some_and(|span| at == span.start || at + 1 == span.end);
        let kept = matches!(character, '\n' | '\r') || (edge && matches!(character, '"' | '\''));
        if inside && !kept {
            shown.extend(std::iter::repeat_n('*', character.len_utf8()));
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn strings_under_secret_keys_are_covered_even_in_broken_text() {
        let text = r#"{ apiKey: "sk-ä", 'X-Api-Key': 'x', maxTokens: 5, name: "n", token: "${T}", password: "a "#;
        let shown = redact_secrets(text, &BTreeSet::new());
        assert_eq!(
            shown,
            r#"{ apiKey: "*****", 'X-Api-Key': '*', maxTokens: 5, name: "n", token: "${T}", password: "**"#
        );
        assert_eq!(shown.len(), text.len());
    }

    #[test]
    fn only_these_known_keys_sound_like_a_secret() {
        let names: BTreeSet<&str> = include_str!("../../data/known-keys.txt")
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .flat_map(|path| path.split('.'))
            .map(|name| name.trim_end_matches("[]"))
            .filter(|name| is_secret_key_name(name))
            .collect();
        let expected = [
            "apiKey",
            "auth",
            "clientKey",
            "env",
            "headers",
            "key",
            "ownerDisplaySecret",
            "passphrase",
            "password",
            "secrets",
            "token",
        ];
        assert_eq!(names, BTreeSet::from(expected));
    }

    #[test]
    fn a_name_that_ends_in_key_and_is_public_is_no_secret() {
        for name in [
            "sessionKey",
            "'defaultSessionKey'",
            "\"idempotencyKey\"",
            "allowRequestSessionKey",
            "publicKey",
            "mainKey",
            "systemPromptFileConfigKey",
            "supportsPromptCacheKey",
        ] {
            assert!(!is_secret_key_name(name), "{name}");
        }
        for name in ["apiKey", "X-Api-Key", "privateKey", "clientKey", "key", "sessionToken"] {
            assert!(is_secret_key_name(name), "{name}");
        }
        let text = "{ hooks: { defaultSessionKey: 'hook:in', token: 'CANARY' } }";
        let shown = redact_secrets(text, &BTreeSet::new());
        assert_eq!(shown, "{ hooks: { defaultSessionKey: 'hook:in', token: '******' } }");
    }

    #[test]
    fn the_text_of_an_unknown_key_or_in_place_of_secrets_is_covered() {
        for text in [
            "{ gateway: { auth: { tokn: 'CANARY' } } }",
            "{ models: { providers: { p: { apiKye: 'CANARY' } } } }",
            "{ models: { providers: { p: { headers: 'Authorization: Bearer CANARY' } } } }",
            "{ strange: [{ a: 'CANARY' }] }",
            "{ gateway: { auth: 'CANARY' } }",
            "{ tools: { web: { search: { apiKye: 'CANARY' } } } }",
        ] {
            let loaded = crate::Config::parse(text, &crate::Env::default()).unwrap();
            let shown = loaded.redacted_text().unwrap();
            assert!(!shown.contains("CANARY"), "{shown}");
            assert_eq!(shown.len(), text.len());
        }
    }

    #[test]
    fn an_address_with_a_password_or_a_query_is_covered() {
        let text = "{ baseUrl: 'http://me:pw@box/v1', a: 'http://box/v1?key=k', b: 'http://box' }";
        let shown = redact_secrets(text, &BTreeSet::new());
        let covered = |length| format!("'{}'", "*".repeat(length));
        let expected =
            format!("{{ baseUrl: {}, a: {}, b: 'http://box' }}", covered(19), covered(19));
        assert_eq!(shown, expected);
    }

    proptest! {
        #[test]
        fn any_text_keeps_its_length_and_its_lines(text in ".*", start in 0usize..40, length in 0usize..40) {
            let shown = redact_secrets(&text, &BTreeSet::from([TextSpan { start, end: start + length }]));
            prop_assert_eq!(shown.len(), text.len());
            prop_assert_eq!(shown.matches('\n').count(), text.matches('\n').count());
        }
    }
}
