//! `openclaw trace curl`.

use std::fmt::Write as _;
use std::io;

use openclaw_runtime::{Record, TracedRequest};

use crate::commands::Context;
use crate::exit::Exit;

/// Stands in a record where a secret was.
const MARK: &str = "[secret]";

/// The variable for a key that comes from no variable.
const KEY: &str = "OPENCLAW_KEY";

pub(super) fn run(context: &Context, record: &Record) -> io::Result<Exit> {
    let printer = context.printer;
    if let Some(body) = record.request.body.as_ref().filter(|body| !body.is_whole()) {
        if body.cut {
            printer.error(format_args!(
                "exchange {} had a body of {} bytes, which was cut when it was kept",
                record.number, body.size
            ));
            printer.hint("Raise `diagnostics.trace.maxBytes`: one body may have an eighth of it.");
            return Ok(Exit::Failed);
        }
        printer.warning("a secret was taken out of the body: `[secret]` stands in its place");
    }
    printer.answer(&command(&record.request))?;
    Ok(Exit::Ok)
}

/// The command for a POSIX shell. A heredoc ends its text with a line end, which is no part of
/// what was sent and white space to JSON.
fn command(request: &TracedRequest) -> String {
    let mut variables = Vec::new();
    let mut headers = String::new();
    for (name, value) in &request.headers {
        let header = if value.contains(MARK) {
            let variable = variable(request, name);
            let header = format!("{name}: {}", value.replace(MARK, "\0"));
            let quoted = double_quoted(&header).replace('\0', &format!("${{{variable}}}"));
            variables.push(variable);
            quoted
        } else {
            quoted(&format!("{name}: {value}"))
        };
        let _ = write!(headers, " \\\n  -H {header}");
    }
    let mut text = String::new();
    if !variables.is_empty() {
        let _ = writeln!(text, "# Set before: {}", variables.join(" "));
    }
    let method = match (request.method.as_str(), &request.body) {
        ("GET", None) | ("POST", Some(_)) => String::new(),
        (method, _) => format!(" -X {}", quoted(method)),
    };
    let curl = format!("curl -sS -N{method} {}{headers}", quoted(&request.url));
    let Some(body) = &request.body else {
        text.push_str(&curl);
        text.push('\n');
        return text;
    };
    match &body.text {
        Some(body) if !body.contains('\0') => {
            let body = body.strip_suffix('\n').unwrap_or(body);
            let end = delimiter(body);
            let _ = writeln!(text, "{curl} \\\n  --data-binary @- <<'{end}'\n{body}\n{end}");
        }
        // What no heredoc can hold.
        _ => {
            let octal = body
                .bytes()
                .iter()
                .fold(String::new(), |octal, byte| format!("{octal}\\{byte:03o}"));
            let _ = writeln!(text, "printf '{octal}' | {curl} \\\n  --data-binary @-");
        }
    }
    text
}

/// The variable that a secret header comes from, or one made up for it.
fn variable(request: &TracedRequest, header: &str) -> String {
    let known = request.variables.iter().find(|(name, _)| name == header);
    let is_name = |name: &str| {
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && !name.is_empty()
    };
    match known {
        Some((_, variable)) if is_name(variable) => variable.clone(),
        _ if header == "authorization" => KEY.to_owned(),
        _ => {
            let safe =
                |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
            format!("OPENCLAW_HEADER_{}", header.chars().map(safe).collect::<String>())
        }
    }
}

/// A word in which the shell reads nothing.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A word in which the shell reads variables only where they are put in afterwards.
fn double_quoted(text: &str) -> String {
    let escaped = text.chars().fold(String::new(), |mut escaped, c| {
        if matches!(c, '"' | '\\' | '$' | '`') {
            escaped.push('\\');
        }
        escaped.push(c);
        escaped
    });
    format!("\"{escaped}\"")
}

/// A line that the body does not have.
fn delimiter(body: &str) -> String {
    let mut end = "JSON".to_owned();
    while body.lines().any(|line| line == end) {
        end.push('_');
    }
    end
}

#[cfg(test)]
mod tests;
