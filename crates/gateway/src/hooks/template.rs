//! Texts with `{{…}}` for values of a request: `{{a.b[0]}}` is a value in the body,
//! `{{headers.name}}` a header and `{{path}}` the path behind that of the webhooks.

use hyper::HeaderMap;
use serde_json::Value;

/// The most bytes of a text that a template becomes.
const MAX_BYTES: usize = 256 * 1024;

/// What a template may refer to.
#[derive(Debug, Clone, Copy)]
pub(super) struct TemplateValues<'a> {
    pub(super) headers: &'a HeaderMap,
    pub(super) path: &'a str,
    pub(super) payload: &'a Value,
}

/// Replaces the references of a template. One to nothing becomes the empty text.
pub(super) fn fill_template(template: &str, values: TemplateValues<'_>) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once("{{") {
        text.push_str(before);
        let Some((reference, behind)) = behind.split_once("}}") else {
            text.push_str("{{");
            rest = behind;
            continue;
        };
        text.push_str(&values.find(reference.trim()));
        rest = behind;
    }
    text.push_str(rest);
    text.truncate(text.floor_char_boundary(MAX_BYTES));
    text
}

impl TemplateValues<'_> {
    fn find(&self, reference: &str) -> String {
        if reference == "path" {
            return self.path.to_owned();
        }
        if let Some(name) = reference.strip_prefix("headers.") {
            let value = self.headers.get(name).and_then(|value| value.to_str().ok());
            // A secret of the caller must not become text of a conversation.
            let is_secret = matches!(
                name.to_ascii_lowercase().as_str(),
                "authorization" | "cookie" | "x-openclaw-token" | "x-hub-signature-256"
            );
            return value.filter(|_| !is_secret).unwrap_or_default().to_owned();
        }
        let reference = reference.strip_prefix("payload.").unwrap_or(reference);
        match find_value(self.payload, reference) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }
}

fn find_value<'a>(payload: &'a Value, reference: &str) -> Option<&'a Value> {
    let reference = reference.replace('[', ".").replace(']', "");
    reference.split('.').filter(|step| !step.is_empty()).try_fold(
        payload,
        |value, step| match value {
            Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            other => other.get(step),
        },
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_become_values_of_the_request() {
        let payload = json!({ "messages": [{ "from": "Ann", "size": 3 }], "{{": "x" });
        let mut headers = HeaderMap::new();
        headers.insert("x-github-event", "push".parse().unwrap());
        headers.insert("authorization", "Bearer secret".parse().unwrap());
        let values = TemplateValues { headers: &headers, path: "mail", payload: &payload };
        for (template, expected) in [
            ("From {{messages[0].from}} ({{ payload.messages.0.size }})", "From Ann (3)"),
            ("{{headers.x-github-event}} at {{path}}", "push at mail"),
            ("{{headers.Authorization}}|{{headers.authorization}}", "|"),
            ("{{nothing}}{{messages[7].from}}.", "."),
            ("{{messages[0]}}", r#"{"from":"Ann","size":3}"#),
            ("open {{ and }} closed }}", "open  closed }}"),
            ("unclosed {{messages", "unclosed {{messages"),
        ] {
            assert_eq!(fill_template(template, values), expected, "{template}");
        }
    }
}
