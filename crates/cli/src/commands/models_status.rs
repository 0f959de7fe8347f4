//! `openclaw models status`.

use std::fmt::Write;
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use openclaw_chat::{CommandContext, format_age};
use openclaw_models::{LearnedCapabilities, OpenBreaker, ProviderStatus, SetupError, SetupStatus};
use openclaw_protocol::results::models::{
    AuthReport, BreakerReport, CredentialReport, EffectiveAuth, ModelsStatus, OAuthReport,
    ProfileCounts, ProviderReport, ServerReport, ShellEnvFallback,
};
use openclaw_terminal::sanitize;

use super::learned_report::report_learned;
use super::status::{ask_servers, server_row};
use crate::args::ModelsStatusArgs;
use crate::exit::ExitReason;
use crate::json_answer::write_json_answer;

pub(crate) async fn run(
    context: &CommandContext,
    args: &ModelsStatusArgs,
) -> io::Result<ExitReason> {
    let status = context.models.setup_status();
    let servers = if args.probe { Some(ask_servers(context).await) } else { None };
    let printer = &context.printer;
    let has_silent = servers.iter().flatten().any(|server| server.error.is_some());
    let is_unfit = has_silent || !missing_for_use(&status).is_empty();
    let exit = if args.check && is_unfit { ExitReason::Failed } else { ExitReason::Ok };
    if args.json {
        write_json_answer(printer, &report_status(&status, servers))?;
    } else if args.plain {
        let default = status.resolved_default.as_ref().map(ToString::to_string);
        printer.write_answer_line(default.or(status.default_model).unwrap_or_default())?;
    } else {
        printer.write_answer(&status_text(&status))?;
        for server in servers.iter().flatten() {
            printer.write_answer_line(server_row(server))?;
        }
        if args.check {
            for problem in missing_for_use(&status) {
                printer.print_error(problem);
            }
        }
        print_former_state(context);
        if status.providers.is_empty() {
            printer.print_hint("`openclaw setup` finds your server and writes the config.");
        }
    }
    Ok(exit)
}

/// Why the models that are used could not be asked: a provider that is not there, or one whose
/// address or key is not known.
fn missing_for_use(status: &SetupStatus) -> Vec<String> {
    let missing = missing_providers(status).into_iter();
    let mut problems: Vec<String> =
        missing.map(|id| format!("there is no provider `{id}`")).collect();
    let default = status.resolved_default.as_ref().map(ToString::to_string);
    let is_used = |id: &str| {
        let mut named = default.iter().chain(&status.fallbacks);
        named.any(|name| name.split_once('/').is_some_and(|(provider, _)| provider == id))
    };
    for provider in status.providers.iter().filter(|provider| is_used(&provider.id)) {
        if let Err(error) = &provider.address {
            problems.push(format!("{}: {}", provider.id, error_with_causes(error)));
        }
    }
    problems
}

/// Says what the original left behind that can be taken over.
pub(crate) fn print_former_state(context: &CommandContext) {
    for note in context.runtime().former_state_notes() {
        context.printer.print_note(sanitize::escape_line(&note));
    }
}

pub(crate) fn report_status(
    status: &SetupStatus,
    servers: Option<Vec<ServerReport>>,
) -> ModelsStatus {
    let auth = AuthReport {
        store_path: None,
        shell_env_fallback: ShellEnvFallback { enabled: false, applied_keys: Vec::new() },
        providers_with_oauth: Vec::new(),
        missing_providers_in_use: missing_providers(status),
        providers: status.providers.iter().map(report_provider).collect(),
        unusable_profiles: Vec::new(),
        oauth: OAuthReport { warn_after_ms: None, profiles: Vec::new(), providers: Vec::new() },
    };
    ModelsStatus {
        config_path: status.config_path.clone(),
        agent_dir: None,
        default_model: status.default_model.clone(),
        resolved_default: status.resolved_default.as_ref().map(ToString::to_string),
        fallbacks: status.fallbacks.clone(),
        image_model: None,
        image_fallbacks: Vec::new(),
        breakers: status.breakers.iter().map(report_breaker).collect(),
        aliases: status.aliases.clone(),
        allowed: status.allowed.clone(),
        auth,
        servers,
    }
}

fn report_provider(provider: &ProviderStatus) -> ProviderReport {
    let (kind, detail) = match (&provider.credential, &provider.address) {
        (Some(key), _) if key.source.starts_with("env ") => ("env", key.source.clone()),
        (Some(key), _) => ("config", key.source.clone()),
        (None, Err(error)) => ("error", error_with_causes(error)),
        (None, Ok(_)) => ("none", "no key is sent".to_owned()),
    };
    let credential = provider
        .credential
        .as_ref()
        .map(|key| CredentialReport { value: key.fingerprint.clone(), source: key.source.clone() });
    let (base_url, base_url_source) = provider.address.as_ref().ok().cloned().unzip();
    ProviderReport {
        provider: provider.id.clone(),
        effective: EffectiveAuth { kind: kind.to_owned(), detail },
        profiles: ProfileCounts { count: 0, oauth: 0, token: 0, api_key: 0, labels: Vec::new() },
        env: credential.clone().filter(|_| kind == "env"),
        models_json: credential.filter(|_| kind == "config"),
        base_url,
        base_url_source,
        learned: provider.learned_capabilities.iter().map(report_learned).collect(),
    }
}

fn report_breaker(breaker: &OpenBreaker) -> BreakerReport {
    BreakerReport {
        name: breaker.name.clone(),
        state: if breaker.remaining.is_some() { "open" } else { "half-open" }.to_owned(),
        kind: breaker.kind.clone(),
        reason: breaker.reason.clone(),
        failures: breaker.failures,
        age_seconds: breaker.age.as_secs(),
        remaining_seconds: breaker.remaining.map(|left| left.as_secs()),
        until: breaker.remaining.and_then(expiry_millis),
        watched: breaker.is_watched,
    }
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

pub(crate) fn status_text(status: &SetupStatus) -> String {
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
        (None, _) if status.providers.is_empty() => "-".to_owned(),
        (None, _) => "none set; the only model that the server has is used".to_owned(),
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
                "Learned    {}/{}{version}: {summary}",
                provider.id, capabilities.model
            );
        }
    }
    for breaker in &status.breakers {
        let _ = writeln!(text, "Failing    {}", breaker_text(breaker));
    }
    if status.breakers.iter().any(|breaker| breaker.remaining.is_some()) {
        let _ = writeln!(text, "           `openclaw models reset` closes all breakers");
    }
    for id in missing_providers(status) {
        let _ = writeln!(text, "Missing    {id}: a model names this provider and there is none");
    }
    text
}

fn error_with_causes(error: &SetupError) -> String {
    let mut parts = vec![format!("failed to {error}")];
    parts.extend(openclaw_runtime::error_causes(error));
    parts.join(": ")
}
