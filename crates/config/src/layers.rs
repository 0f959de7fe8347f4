//! Every layer of a config, read and laid over each other.

mod environment;
mod file;
mod history;
mod overrides;
mod project;
mod stack;

use std::path::PathBuf;

pub(crate) use self::stack::Stack;
use self::{
    file::{Problem, Text, read_text},
    history::History,
    overrides::Override,
};
use crate::{
    diagnostic::{Diagnostic, Severity},
    env::Env,
    layer::Layer,
    load::LoadError,
    loaded::Loaded,
    path::KeyPath,
    paths::Paths,
    text::{Document, read},
    tree::Name,
};

/// The layers of a config, from the weakest to the strongest: built-in defaults, the system's
/// file, the user's file, the project's file, the environment, the command line.
///
/// They are merged key by key; an array or a scalar takes the place of what a weaker layer has.
#[derive(Debug, Clone, Copy)]
pub struct Layers;

/// Which layers there are, and how strictly they are read.
///
/// `Debug` shows no value that was set.
#[derive(Debug, Clone)]
pub struct LoadOptions<'a> {
    paths: &'a Paths,
    env: &'a Env,
    project_start: Option<PathBuf>,
    overrides: Vec<Override>,
    strict: bool,
    history: bool,
}

impl<'a> LoadOptions<'a> {
    /// All layers, the project's looked for from the current directory up.
    #[must_use]
    pub fn new(paths: &'a Paths, env: &'a Env) -> Self {
        let project_start = std::env::current_dir().ok();
        Self { paths, env, project_start, overrides: Vec::new(), strict: false, history: true }
    }

    /// Looks for the project's file from this directory up; without one there is no such layer.
    #[must_use]
    pub fn project_from(mut self, start: Option<PathBuf>) -> Self {
        self.project_start = start;
        self
    }

    /// Sets a value by an option of the command line, e.g. `--set`. The text is JSON5; what is
    /// none, such as `vllm/my-model`, is a string.
    #[must_use]
    pub fn set(mut self, path: KeyPath, json5: &str, option: &str) -> Self {
        self.overrides.push(Override::of_text(path, json5, option));
        self
    }

    /// Sets a string by an option of the command line, e.g. `--model`, whatever it looks like.
    #[must_use]
    pub fn set_string(mut self, path: KeyPath, value: &str, option: &str) -> Self {
        self.overrides.push(Override::of_string(path, value, option));
        self
    }

    /// Makes every warning an error, and uses no last good version of a broken file.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Whether a copy of the user's file is kept in the state folder for the day on which the
    /// file is broken; it is by default.
    #[must_use]
    pub fn keep_last_good(mut self, keep: bool) -> Self {
        self.history = keep;
        self
    }
}

impl Layers {
    /// Reads and merges all layers.
    ///
    /// When the user's file is broken, the last version of it that was read without a syntax
    /// error is used, and diagnostics say so. A system's or a project's file that is broken or
    /// cannot be read is left out with a diagnostic. No config file is ever written.
    ///
    /// # Errors
    ///
    /// When a named file does not exist, when the user's file cannot be read, and when it is not
    /// a JSON5 object and there is no last good version of it.
    pub fn load(options: &LoadOptions<'_>) -> Result<Loaded, LoadError> {
        let LoadOptions { paths, env, .. } = options;
        let mut stack = Stack::new(env);
        if let Some(path) = paths.system_config() {
            other_file(&mut stack, Layer::System, path);
        }
        let exists = user_file(&mut stack, options)?;
        if let Some(start) = &options.project_start
            && let Some(path) = project::find(start, paths)
        {
            other_file(&mut stack, Layer::Project, path);
        }
        environment::add(&mut stack, env);
        for given in &options.overrides {
            given.add(&mut stack);
        }
        let mut loaded = stack.finish();
        loaded.path = Some(paths.config().to_owned());
        loaded.exists = exists;
        if options.strict {
            for diagnostic in &mut loaded.diagnostics {
                if diagnostic.severity == Severity::Warning {
                    diagnostic.severity = Severity::Error;
                }
            }
        }
        Ok(loaded)
    }
}

/// Adds the user's file; tells whether there is one.
fn user_file(stack: &mut Stack<'_>, options: &LoadOptions<'_>) -> Result<bool, LoadError> {
    let path = options.paths.config().to_owned();
    let history = History::of(options.paths);
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
    let name = Name::File(path.as_path().into());
    match understand(text) {
        Ok(document) => {
            if options.history {
                history.keep(&document.text);
            }
            stack.add(Layer::User, name, document);
        }
        Err(Problem { text, diagnostic }) => {
            let good = history.last_good().filter(|_| options.history && !options.strict);
            let Some((copy, good)) = good else {
                return Err(LoadError::broken(&text, *diagnostic, Some(path)));
            };
            let what = "the file is broken: the version of it that was last read without a syntax \
                        error is used instead";
            let help = format!("mend the file; the version that is used is in {}", copy.display());
            let span = diagnostic.span.unwrap_or_default();
            let warning = Diagnostic::new(Severity::Warning, span, what).with_help(Some(help));
            stack.add_broken(name, text, vec![*diagnostic, warning]);
            stack.add(Layer::User, Name::File(copy.into()), good);
        }
    }
    Ok(true)
}

/// Adds a file that the program can do without.
fn other_file(stack: &mut Stack<'_>, layer: Layer, path: PathBuf) {
    let name = Name::File(path.into());
    let Name::File(path) = &name else { return };
    match read_text(path).map(understand) {
        Ok(Ok(document)) => stack.add(layer, name, document),
        Ok(Err(Problem { text, diagnostic })) => {
            let what = format!("the {layer} is broken: nothing in it is used");
            let span = diagnostic.span.unwrap_or_default();
            let warning = Diagnostic::new(Severity::Warning, span, what);
            stack.add_broken(name, text, vec![*diagnostic, warning]);
        }
        Err(error) => {
            let what = format!("the {layer} cannot be read: {error}");
            let warning = Diagnostic::new(Severity::Warning, crate::Span::default(), what);
            stack.add_broken(name, String::new(), vec![warning]);
        }
    }
}

fn understand(text: Text) -> Result<Document, Problem> {
    match text {
        Ok(text) => read(&text).map_err(|diagnostic| Problem { text, diagnostic }),
        Err(problem) => Err(problem),
    }
}
