//! `openclaw models status`.

use std::fmt::Write;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openclaw_chat::{CommandContext, error_report, format_age};
use openclaw_models::{LearnedCapabilities, OpenBreaker, SetupError, SetupStatus};
use openclaw_terminal::sanitize;
use serde_json::{Value, json};

use crate::args::ModelsStatusArgs;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

pub(crate) fn run(context: &CommandContext, args: &ModelsStatusArgs) -> io::Result<ExitReason> {
    let status = context.models.setup_status();
    let printer = context.printer;
    if args.json {
        write_json_answer(printer, &status_json(&status))?;
    } else if args.plain {
        let default = status.resolved_default.as_ref().map(ToString::to_string);
        printer.write_answer_line(default.or(status.default_model).unwrap_or_default())?;
    } else {
        printer.write_answer(&status_text(&status))?;
    }
    Ok(ExitReason::Ok)
}

fn status_json(status: &SetupStatus) -> Value {
    let providers = status.providers.iter().map(|provider| {
        let (kind, detail) = match (&provider.credential, &provider.address) {
            (Some(key), _) if key.source.starts_with("env ") => ("env", key.source.clone()),
            (Some(key), _) => ("config", key.source.clone()),
            (None, Err(error)) => ("error", error_with_causes(error)),
            (None, Ok(_)) => ("none", "no key is sent".to_owned()),
        };
        let shown = provider
            .credential
            .as_ref()
            .map(|key| json!({"value": key.fingerprint, "source": key.source}));
        let address = provider.address.as_ref().ok();
        json!({
            "provider": provider.id,
            "effective": {"kind": kind, "detail": detail},
            "profiles": {"count": 0, "oauth": 0, "token": 0, "apiKey": 0, "labels": []},
            "env": shown.as_ref().filter(|_| kind == "env"),
            "modelsJson": shown.as_ref().filter(|_| kind == "config"),
            "baseUrl": address.map(|(url, _)| url),
            "baseUrlSource": address.map(|(_, source)| source),
            "learned": provider.learned_capabilities.iter().map(capabilities_json).collect::<Vec<_>>(),
        })
    });
    json!({
        "configPath": status.config_path,
        "agentDir": null,
        "defaultModel": status.default_model,
        "resolvedDefault": status.resolved_default.as_ref().map(ToString::to_string),
        "fallbacks": status.fallbacks,
        "imageModel": null,
        "imageFallbacks": [],
        "breakers": status.breakers.iter().map(breaker_json).collect::<Vec<_>>(),
        "aliases": status.aliases,
        "allowed": status.allowed,
        "auth": {
            "storePath": null,
            "shellEnvFallback": {"enabled": false, "appliedKeys": []},
            "providersWithOAuth": [],
            "missingProvidersInUse": missing_providers(status),
            "providers": providers.collect::<Vec<_>>(),
            "unusableProfiles": [],
            "oauth": {"warnAfterMs": null, "profiles": [], "providers": []},
        },
    })
}

fn capabilities_json(capabilities: &LearnedCapabilities) -> Value {
    let aged = |name: &str, age: Duration| json!({"name": name, "ageSeconds": age.as_secs()});
    let unsupported = capabilities.lacks.iter().map(|(lack, age)| aged(lack.name(), *age));
    let keywords = capabilities.schema_keywords.iter().map(|(word, age)| aged(word, *age));
    json!({
        "model": capabilities.model,
        "serverVersion": capabilities.version,
        "ageSeconds": capabilities.age.as_secs(),
        "unsupported": unsupported.collect::<Vec<_>>(),
        "schemaKeywords": keywords.collect::<Vec<_>>(),
        "contextWindow": capabilities.window,
        "tokensPerKilobyte": capabilities.tokens_per_kilobyte,
    })
}

fn breaker_json(breaker: &OpenBreaker) -> Value {
    json!({
        "name": breaker.name,
        "state": if breaker.remaining.is_some() { "open" } else { "half-open" },
        "kind": breaker.kind,
        "reason": breaker.reason,
        "failures": breaker.failures,
        "ageSeconds": breaker.age.as_secs(),
        "remainingSeconds": breaker.remaining.map(|left| left.as_secs()),
        "until": breaker.remaining.and_then(expiry_millis),
        "watched": breaker.is_watched,
    })
}

/// Describes an open breaker.
fn breaker_text(breaker: &OpenBreaker) -> String {
    let what = if breaker.name.contains('/') { "" } else { " (the whole server)" };
    let last = match breaker.age.as_secs() {
        0 => "just now".to_owned(),
        seconds @ 1..60 => format!("{seconds} s ago"),
        _ => format_age(breaker.age),
    };
    let state = match breaker.remaining {
        Some(left) => {
            let sooner = if breaker.is_watched { " or until it takes connections" } else { "" };
            format!("asked after the others for {}{sooner}", format_seconds(left))
        }
        None => "tried again by the next request".to_owned(),
    };
    let OpenBreaker { name, failures, reason, .. } = breaker;
    let reason = sanitize::escape_line(reason);
    format!("{name}{what}: {state}; failed {failures} times, last {last}: failed to {reason}")
}

/// Formats a duration in whole seconds: `12 s`, `2 min 5 s`.
fn format_seconds(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// Returns when `left` will have passed, in milliseconds since the Unix epoch.
fn expiry_millis(left: Duration) -> Option<u64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    u64::try_from((now + left).as_millis()).ok()
}

/// Describes the learned capabilities; `None` when none matter to the user.
fn capabilities_text(capabilities: &LearnedCapabilities) -> Option<String> {
    let lacks = capabilities
        .lacks
        .iter()
        .map(|(lack, age)| format!("no {} ({})", lack.name(), format_age(*age)));
    let keywords = capabilities.schema_keywords.iter();
    let keywords =
        keywords.map(|(word, age)| format!("no `{word}` in schemas ({})", format_age(*age)));
    let window = capabilities.window.map(|tokens| format!("a window of {tokens} tokens"));
    let parts: Vec<String> = lacks.chain(keywords).chain(window).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Returns the providers named by the default model and the fallbacks that do not exist.
fn missing_providers(status: &SetupStatus) -> Vec<String> {
    let default = status.resolved_default.as_ref().map(ToString::to_string);
    let named = default.iter().chain(&status.fallbacks).filter_map(|name| name.split_once('/'));
    let mut missing: Vec<String> = named
        .map(|(provider, _)| provider.to_owned())
        .filter(|id| !status.providers.iter().any(|provider| provider.id == *id))
        .collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

fn status_text(status: &SetupStatus) -> String {
    let mut text = String::new();
    let list = |names: &[String]| {
        if names.is_empty() { "-".to_owned() } else { names.join(", ") }
    };
    let aliases: Vec<_> =
        status.aliases.iter().map(|(alias, name)| format!("{alias} -> {name}")).collect();
    let default = match (&status.default_model, &status.resolved_default) {
        (Some(name), Some(resolved)) if *name != resolved.to_string() => {
            format!("{name} -> {resolved}")
        }
        (Some(name), _) => name.clone(),
        (None, _) => "-".to_owned(),
    };
    let rows = [
        ("Config", status.config_path.clone()),
        ("Default", default),
        ("Fallbacks", list(&status.fallbacks)),
        ("Aliases", list(&aliases)),
    ];
    // Writing to a string cannot fail.
    for (name, value) in rows {
        let _ = writeln!(text, "{name:<10} {value}");
    }
    if status.providers.is_empty() {
        let _ = writeln!(text, "Providers  -");
    }
    for provider in &status.providers {
        let key = match &provider.credential {
            Some(key) => format!("key {} from {}", key.fingerprint, key.source),
            None => "no key".to_owned(),
        };
        let _ = match &provider.address {
            Ok((url, source)) => {
                writeln!(text, "Provider   {}: {url} from {source}; {key}", provider.id)
            }
            Err(error) => {
                writeln!(text, "Provider   {}: {}", provider.id, error_with_causes(error))
            }
        };
    }
    for provider in &status.providers {
        for capabilities in &provider.learned_capabilities {
            let Some(summary) = capabilities_text(capabilities) else { continue };
            let version =
                capabilities.version.as_ref().map_or(String::new(), |v| format!(" of version {v}"));
            let _ = writeln!(
                text,
                "Learnt     {}/{}{version}: {summary}",
                provider.id, capabilities.model
            );
        }
    }
    for breaker in &status.breakers {
        let _ = writeln!(text, "Failing    {}", breaker_text(breaker));
    }
    if status.breakers.iter().any(|breaker| breaker.remaining.is_some()) {
        let _ = writeln!(text, "           `openclaw models reset` lets all be asked in order now");
    }
    for id in missing_providers(status) {
        let _ = writeln!(text, "Missing    {id}: a model names this provider and there is none");
    }
    text
}

fn error_with_causes(error: &SetupError) -> String {
    let mut parts = vec![format!("failed to {error}")];
    parts.extend(error_report::error_causes(error));
    parts.join(": ")
}
