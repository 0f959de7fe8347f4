//! `openclaw trace curl`.

use std::fmt::Write as _;
use std::io;

use openclaw_chat::CommandContext;
use openclaw_models::{TraceRecord, TracedRequest};

use crate::exit::ExitReason;

/// Replaces a secret in a trace record.
const SECRET_MARK: &str = "[secret]";

/// The variable for a key that does not come from a variable.
const FALLBACK_KEY_VARIABLE: &str = "OPENCLAW_KEY";

pub(super) fn run(context: &CommandContext, record: &TraceRecord) -> io::Result<ExitReason> {
    let printer = &context.printer;
    if let Some(body) = record.request.body.as_ref().filter(|body| !body.is_complete()) {
        if body.cut {
            printer.print_error(format_args!(
                "exchange {} had a body of {} bytes, which was cut when it was kept",
                record.number, body.size
            ));
            printer.print_hint(
                "Raise `diagnostics.trace.maxBytes`: one body may have an eighth of it.",
            );
            return Ok(ExitReason::Failed);
        }
        printer.print_warning("a secret was taken out of the body: `[secret]` stands in its place");
    }
    printer.write_answer(&curl_command(&record.request))?;
    Ok(ExitReason::Ok)
}

/// Returns the command for a POSIX shell. A heredoc adds a line end to the body, which is white
/// space to JSON.
fn curl_command(request: &TracedRequest) -> String {
    let mut variables = Vec::new();
    let mut headers = String::new();
    for (name, value) in &request.headers {
        let header = if value.contains(SECRET_MARK) {
            let variable = secret_variable(request, name);
            let header = format!("{name}: {}", value.replace(SECRET_MARK, "\0"));
            let quoted = double_quote(&header).replace('\0', &format!("${{{variable}}}"));
            variables.push(variable);
            quoted
        } else {
            single_quote(&format!("{name}: {value}"))
        };
        let _ = write!(headers, " \\\n  -H {header}");
    }
    let mut text = String::new();
    if !variables.is_empty() {
        let _ = writeln!(text, "# Set before: {}", variables.join(" "));
    }
    let method = match (request.method.as_str(), &request.body) {
        ("GET", None) | ("POST", Some(_)) => String::new(),
        (method, _) => format!(" -X {}", single_quote(method)),
    };
    let curl = format!("curl -sS -N{method} {}{headers}", single_quote(&request.url));
    let Some(body) = &request.body else {
        text.push_str(&curl);
        text.push('\n');
        return text;
    };
    match &body.text {
        Some(body) if !body.contains('\0') => {
            let body = body.strip_suffix('\n').unwrap_or(body);
            let end = heredoc_delimiter(body);
            let _ = writeln!(text, "{curl} \\\n  --data-binary @- <<'{end}'\n{body}\n{end}");
        }
        // A body that a heredoc cannot hold is written in octal.
        _ => {
            let octal = body
                .to_bytes()
                .iter()
                .fold(String::new(), |octal, byte| format!("{octal}\\{byte:03o}"));
            let _ = writeln!(text, "printf '{octal}' | {curl} \\\n  --data-binary @-");
        }
    }
    text
}

/// Returns the variable that a secret header comes from, or a made-up one.
fn secret_variable(request: &TracedRequest, header: &str) -> String {
    let known = request.variables.iter().find(|(name, _)| name == header);
    let is_name = |name: &str| {
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && !name.is_empty()
    };
    match known {
        Some((_, variable)) if is_name(variable) => variable.clone(),
        _ if header == "authorization" => FALLBACK_KEY_VARIABLE.to_owned(),
        _ => {
            let safe =
                |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
            format!("OPENCLAW_HEADER_{}", header.chars().map(safe).collect::<String>())
        }
    }
}

/// Quotes a word so that the shell expands nothing in it.
fn single_quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Quotes a word in which the shell expands only the variables inserted later.
fn double_quote(text: &str) -> String {
    let escaped = text.chars().fold(String::new(), |mut escaped, c| {
        if matches!(c, '"' | '\\' | '$' | '`') {
            escaped.push('\\');
        }
        escaped.push(c);
        escaped
    });
    format!("\"{escaped}\"")
}

/// Returns a delimiter that is no line of the body.
fn heredoc_delimiter(body: &str) -> String {
    let mut end = "JSON".to_owned();
    while body.lines().any(|line| line == end) {
        end.push('_');
    }
    end
}

#[cfg(test)]
mod tests;
