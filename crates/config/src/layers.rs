//! Reads all layers of a config and merges them.

mod env_file;
mod environment;
mod file;
mod history;
mod host_files;
mod include;
mod overrides;
mod project;
mod stack;

use std::path::PathBuf;

use self::{
    file::{TextProblem, TextResult, read_text},
    overrides::KeyOverride,
};
pub(crate) use self::{history::LastGoodStore, include::take_includes, stack::LayerStack};
use crate::{
    diagnostic::{Diagnostic, DiagnosticKind, Severity},
    env::Env,
    layer::ConfigLayer,
    load::LoadError,
    loaded_config::LoadedConfig,
    path::KeyPath,
    paths::AppPaths,
    text::{Json5Document, parse_document},
    tree::SourceName,
};

/// Loads the layers of a config, from the lowest to the highest precedence: built-in defaults, the
/// system file, the user file, the project file, the environment, the command line.
///
/// Objects are merged key by key; an array or a scalar replaces the value of a lower layer.
#[derive(Debug, Clone, Copy)]
pub struct ConfigLoader;

/// Which layers to load, and how strictly.
///
/// `Debug` shows no overridden value.
#[derive(Debug, Clone)]
pub struct LoadOptions<'a> {
    paths: &'a AppPaths,
    env: &'a Env,
    project_dir: Option<PathBuf>,
    overrides: Vec<KeyOverride>,
    is_strict: bool,
    uses_last_good: bool,
}

impl<'a> LoadOptions<'a> {
    /// Loads all layers. The project file is searched from the current directory upwards.
    #[must_use]
    pub fn new(paths: &'a AppPaths, env: &'a Env) -> Self {
        let project_dir = std::env::current_dir().ok();
        Self {
            paths,
            env,
            project_dir,
            overrides: Vec::new(),
            is_strict: false,
            uses_last_good: true,
        }
    }

    /// Searches for the project file from this directory upwards; `None` disables the layer.
    #[must_use]
    pub fn with_project_dir(mut self, start: Option<PathBuf>) -> Self {
        self.project_dir = start;
        self
    }

    /// Overrides a value from a command-line option such as `--set`. The text is JSON5. Other text,
    /// such as `vllm/my-model`, is taken as a string.
    #[must_use]
    pub fn override_json5(mut self, path: KeyPath, json5: &str, option: &str) -> Self {
        self.overrides.push(KeyOverride::from_json5(path, json5, option));
        self
    }

    /// Overrides a value with a string from a command-line option such as `--model`.
    #[must_use]
    pub fn override_string(mut self, path: KeyPath, value: &str, option: &str) -> Self {
        self.overrides.push(KeyOverride::from_string(path, value, option));
        self
    }

    /// Makes every warning an error, and never loads the last good version of a broken file.
    #[must_use]
    pub fn with_strict(mut self, strict: bool) -> Self {
        self.is_strict = strict;
        self
    }

    /// Sets whether a copy of the user file is kept in the state folder, to be used while the file
    /// is broken. Enabled by default.
    #[must_use]
    pub fn with_last_good(mut self, keep: bool) -> Self {
        self.uses_last_good = keep;
        self
    }
}

impl ConfigLoader {
    /// Reads and merges all layers.
    ///
    /// When the user file has a syntax error, the last version without one is used, and diagnostics
    /// report it. A system or project file that is broken or unreadable is skipped with a
    /// diagnostic. Config files are never written.
    ///
    /// # Errors
    ///
    /// When a file given by option or variable does not exist, when the user file cannot be read,
    /// and when it is not a JSON5 object and no last good version exists.
    pub fn load(options: &LoadOptions<'_>) -> Result<LoadedConfig, LoadError> {
        let LoadOptions { paths, env, .. } = options;
        let mut with_file = (*env).clone();
        let file_problem = env_file::add_state_variables(&mut with_file, paths);
        let env = &with_file;
        let mut stack = LayerStack::new(with_file.clone());
        if let Some(path) = paths.system_config() {
            load_optional_file(&mut stack, ConfigLayer::System, path);
        }
        let exists = load_user_file(&mut stack, options)?;
        if let Some(start) = &options.project_dir
            && let Some(path) = project::find_project_file(start, paths)
        {
            load_project_file(&mut stack, path);
        }
        environment::add_variables(&mut stack, env);
        for key_override in &options.overrides {
            key_override.add_to_stack(&mut stack);
        }
        let mut loaded = stack.into_loaded();
        loaded.path = Some(paths.config_file().to_owned());
        loaded.exists = exists;
        loaded.diagnostics.extend(file_problem);
        host_files::report_approvals_file(&mut loaded, paths, env);
        host_files::report_shared_files(&mut loaded, paths);
        if options.is_strict {
            for diagnostic in &mut loaded.diagnostics {
                if diagnostic.severity == Severity::Warning {
                    diagnostic.severity = Severity::Error;
                }
            }
        }
        Ok(loaded)
    }
}

/// Adds the user file; returns whether it exists.
fn load_user_file(stack: &mut LayerStack, options: &LoadOptions<'_>) -> Result<bool, LoadError> {
    let path = options.paths.config_file().to_owned();
    let history = LastGoodStore::from_paths(options.paths);
    let text = match (read_text(&path), options.paths.config_named_by()) {
        (Err(error), named_by) if error.kind() == std::io::ErrorKind::NotFound => {
            return match named_by {
                Some(named_by) => Err(LoadError::Missing { path, named_by }),
                None => Ok(false),
            };
        }
        (Err(source), _) => return Err(LoadError::Unreadable { path, source }),
        (Ok(text), _) => text,
    };
    let name = SourceName::File(path.as_path().into());
    match parse_text(text) {
        Ok(document) => {
            if options.uses_last_good {
                history.store_text(&document.text);
            }
            include::add_with_includes(stack, ConfigLayer::User, name, document);
        }
        Err(TextProblem { text, diagnostic }) => {
            let good =
                history.load_last_good().filter(|_| options.uses_last_good && !options.is_strict);
            let Some((copy, good)) = good else {
                return Err(LoadError::from_syntax_error(&text, *diagnostic, Some(path)));
            };
            let what = "the file is broken: the version of it that was last read without a syntax \
                        error is used instead";
            let help = format!("fix the file; the version that is used is in {}", copy.display());
            let span = diagnostic.span.unwrap_or_default();
            let warning = Diagnostic::new(Severity::Warning, span, what)
                .with_kind(DiagnosticKind::UnusedText)
                .with_help(Some(help));
            stack.add_broken_source(ConfigLayer::User, name, text, vec![*diagnostic, warning]);
            // Its includes are beside the file, not beside the copy.
            let mut good = good;
            let _ = take_includes(&mut good.root);
            stack.add_layer(ConfigLayer::User, SourceName::File(copy.into()), good);
        }
    }
    Ok(true)
}

/// Adds the project file, unless somebody else may have written it.
fn load_project_file(stack: &mut LayerStack, path: PathBuf) {
    let Some(problem) = host_files::project_file_problem(&path) else {
        return load_optional_file(stack, ConfigLayer::Project, path);
    };
    let what = format!("nothing in the project file is used: {problem}");
    let help = "make the file and its folder yours, and writable by nobody else".to_owned();
    let warning = Diagnostic::new(Severity::Warning, crate::TextSpan::default(), what)
        .with_kind(DiagnosticKind::UnusedText)
        .with_help(Some(help));
    let name = SourceName::File(path.into());
    stack.add_broken_source(ConfigLayer::Project, name, String::new(), vec![warning]);
}

/// Adds a file that may be missing or broken.
fn load_optional_file(stack: &mut LayerStack, layer: ConfigLayer, path: PathBuf) {
    let name = SourceName::File(path.into());
    let SourceName::File(path) = &name else { return };
    match read_text(path).map(parse_text) {
        Ok(Ok(document)) if layer == ConfigLayer::Project => {
            stack.add_layer(layer, name, document);
        }
        Ok(Ok(document)) => include::add_with_includes(stack, layer, name, document),
        Ok(Err(TextProblem { text, diagnostic })) => {
            let what = format!("the {layer} is broken: nothing in it is used");
            let span = diagnostic.span.unwrap_or_default();
            let warning = Diagnostic::new(Severity::Warning, span, what)
                .with_kind(DiagnosticKind::UnusedText);
            stack.add_broken_source(layer, name, text, vec![*diagnostic, warning]);
        }
        Err(error) => {
            let what = format!("the {layer} cannot be read: {error}");
            let warning = Diagnostic::new(Severity::Warning, crate::TextSpan::default(), what)
                .with_kind(DiagnosticKind::UnusedText);
            stack.add_broken_source(layer, name, String::new(), vec![warning]);
        }
    }
}

fn parse_text(text: TextResult) -> Result<Json5Document, TextProblem> {
    match text {
        Ok(text) => parse_document(&text).map_err(|diagnostic| TextProblem { text, diagnostic }),
        Err(problem) => Err(problem),
    }
}
