//! `$include`: parts of a config in files of their own.

use std::path::{Path, PathBuf};

use super::{
    file::{TextProblem, TextResult, read_text},
    host_files::describe_foreign_writer,
    overrides::nest_at_path,
    parse_text,
    stack::LayerStack,
};
use crate::{
    diagnostic::{Diagnostic, DiagnosticKind, Severity, TextSpan},
    layer::ConfigLayer,
    path::{KeyPath, PathSegment},
    text::{Json5Document, Json5Node, Json5Value, parse_value},
    tree::SourceName,
};

const INCLUDE_KEY: &str = "$include";

/// The most files that include each other in a row.
const MAX_DEPTH: usize = 10;

/// The files that an object names, and where the object is.
#[derive(Debug)]
pub(crate) struct IncludeRequest {
    path: KeyPath,
    /// The names of the files; `None` when the value is neither a text nor a list of texts.
    names: Option<Vec<String>>,
    span: TextSpan,
    /// Whether the object is in a list, where no file can be included.
    is_in_list: bool,
}

/// Removes the `$include` of every object, and the objects that have nothing else.
pub(crate) fn take_includes(root: &mut Json5Node) -> Vec<IncludeRequest> {
    let mut requests = Vec::new();
    take_includes_below(root, &mut KeyPath::root(), false, &mut requests);
    requests
}

/// Returns whether nothing is left of the object.
fn take_includes_below(
    node: &mut Json5Node,
    at: &mut KeyPath,
    is_in_list: bool,
    requests: &mut Vec<IncludeRequest>,
) -> bool {
    match &mut node.value {
        Json5Value::Object(entries) => {
            let mut has_include = false;
            entries.retain_mut(|entry| {
                if entry.key == INCLUDE_KEY {
                    has_include = true;
                    let (path, span) = (at.clone(), entry.node.span);
                    let names = file_names(&entry.node);
                    requests.push(IncludeRequest { path, names, span, is_in_list });
                    return false;
                }
                at.push(PathSegment::Key(entry.key.clone()));
                let is_empty = take_includes_below(&mut entry.node, at, is_in_list, requests);
                at.pop();
                !is_empty
            });
            has_include && entries.is_empty()
        }
        Json5Value::Array(elements) => {
            for (index, element) in elements.iter_mut().enumerate() {
                at.push(PathSegment::Index(index));
                take_includes_below(element, at, true, requests);
                at.pop();
            }
            false
        }
        _ => false,
    }
}

fn file_names(node: &Json5Node) -> Option<Vec<String>> {
    match &node.value {
        Json5Value::Text(name) => Some(vec![name.clone()]),
        Json5Value::Array(elements) => {
            elements.iter().map(|element| element.as_text().map(str::to_owned)).collect()
        }
        _ => None,
    }
}

/// Adds a document with the files that it includes, which come below what the document itself sets.
pub(super) fn add_with_includes(
    stack: &mut LayerStack,
    layer: ConfigLayer,
    name: SourceName,
    document: Json5Document,
) {
    let folder = match &name {
        SourceName::File(path) => path.parent().map(Path::to_owned),
        _ => None,
    };
    let root = folder.and_then(|folder| folder.canonicalize().ok()).unwrap_or_default();
    let mut loader = IncludeLoader { stack, layer, root, open_files: Vec::new() };
    loader.add_document(&KeyPath::root(), name, document);
}

/// Parses an included file. Only at the top level must it hold an object.
fn parse_included(text: TextResult, at: &KeyPath) -> Result<Json5Document, TextProblem> {
    let value = text.as_ref().ok().filter(|_| !at.is_root()).and_then(|text| {
        let root = parse_value(text).ok()?;
        let is_object = matches!(root.value, Json5Value::Object(_));
        let text = text.as_str().into();
        (!is_object).then_some(Json5Document { text, root, duplicates: Vec::new() })
    });
    value.map_or_else(|| parse_text(text), Ok)
}

struct IncludeLoader<'s> {
    stack: &'s mut LayerStack,
    layer: ConfigLayer,
    /// The folder that every file must be in.
    root: PathBuf,
    /// The files that are being read, from the outermost.
    open_files: Vec<PathBuf>,
}

impl IncludeLoader<'_> {
    fn add_document(&mut self, at: &KeyPath, name: SourceName, mut document: Json5Document) {
        let SourceName::File(path) = &name else {
            return self.stack.add_layer(self.layer, name, document);
        };
        let requests = take_includes(&mut document.root);
        if !requests.is_empty() {
            let folder = path.parent().unwrap_or(path).to_owned();
            self.open_files.push(path.canonicalize().unwrap_or_else(|_| path.to_path_buf()));
            let mut problems = Vec::new();
            for request in requests {
                let at: KeyPath =
                    at.segments().iter().chain(request.path.segments()).cloned().collect();
                problems.extend(self.add_files(&request, &at, &folder));
            }
            self.open_files.pop();
            if !problems.is_empty() {
                let text = document.text.to_string();
                self.stack.add_broken_source(self.layer, name.clone(), text, problems);
            }
        }
        let document = if at.is_root() {
            document
        } else {
            let Json5Document { text, root, duplicates } = document;
            Json5Document { duplicates, ..nest_at_path(at, root, &text) }
        };
        self.stack.add_layer(self.layer, name, document);
    }

    /// Adds the files of a request; returns a diagnostic for each that cannot be used.
    fn add_files(
        &mut self,
        request: &IncludeRequest,
        at: &KeyPath,
        folder: &Path,
    ) -> Vec<Diagnostic> {
        let report = |problem: String| {
            let message = format!("nothing is included here: {problem}");
            Diagnostic::new(Severity::Error, request.span, message)
                .at_path(at.clone().with_key(INCLUDE_KEY))
                .with_kind(DiagnosticKind::UnusedText)
                .with_help(Some("name files in the folder of the config, below it at most".into()))
        };
        let Some(names) = &request.names else {
            return vec![report("it must be the name of a file, or a list of names".to_owned())];
        };
        if request.is_in_list {
            return vec![report("an element of a list cannot be in a file of its own".to_owned())];
        }
        let added = names.iter().map(|name| self.add_file(name, at, folder));
        added.filter_map(Result::err).map(report).collect()
    }

    fn add_file(&mut self, name: &str, at: &KeyPath, folder: &Path) -> Result<(), String> {
        let path = folder.join(name);
        let real = path.canonicalize().map_err(|error| format!("{}: {error}", path.display()))?;
        if !real.starts_with(&self.root) {
            return Err(format!("{} is not in {}", path.display(), self.root.display()));
        }
        if self.open_files.contains(&real) {
            return Err(format!("{} includes itself", path.display()));
        }
        if self.open_files.len() > MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} files include each other"));
        }
        if let Some(problem) = describe_foreign_writer(&real, true) {
            return Err(format!("{} {problem}", path.display()));
        }
        let text = read_text(&real).map_err(|error| format!("{}: {error}", path.display()))?;
        match parse_included(text, at) {
            Ok(document) => {
                self.add_document(at, SourceName::File(path.into()), document);
                Ok(())
            }
            Err(TextProblem { text, diagnostic }) => {
                let broken = Diagnostic { kind: DiagnosticKind::UnusedText, ..*diagnostic };
                let source = SourceName::File(path.as_path().into());
                self.stack.add_broken_source(self.layer, source, text, vec![broken]);
                Err(format!("{} is broken", path.display()))
            }
        }
    }
}
