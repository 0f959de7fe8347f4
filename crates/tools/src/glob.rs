//! The `glob` argument of `list` and `search`.

use std::path::Path;

use ignore::overrides::{Override, OverrideBuilder};
use openclaw_core::{InvalidToolArguments, ToolSpec};

use crate::workspace::RelativePath;

/// Compiles the patterns of a glob: `*.rs` matches at any depth, `src/*.rs` from the listed
/// directory or from the folder that it is in, and `!` excludes. Commas separate patterns outside
/// of braces. `None` when there is no pattern.
pub(crate) fn compile_glob(
    spec: &ToolSpec,
    path: &RelativePath,
    glob: Option<&str>,
) -> Result<Option<Override>, InvalidToolArguments> {
    let Some(glob) = glob.map(str::trim).filter(|glob| !glob.is_empty()) else { return Ok(None) };
    let mut builder = OverrideBuilder::new("/");
    let directory = path.as_path();
    let is_nested = directory != Path::new(".");
    let mut add = |pattern: &str| builder.add(pattern).map(drop);
    for pattern in split_patterns(glob) {
        let added = add(pattern).and_then(|()| {
            let (mark, pattern) = match pattern.strip_prefix('!') {
                Some(pattern) => ("!", pattern),
                None => ("", pattern),
            };
            let pattern = pattern.trim_start_matches('/');
            if is_nested && pattern.contains('/') {
                add(&format!("{mark}{}/{pattern}", escape_glob(&directory.to_string_lossy())))
            } else {
                Ok(())
            }
        });
        added.map_err(|error| invalid_glob(spec, &error))?;
    }
    builder.build().map(Some).map_err(|error| invalid_glob(spec, &error))
}

fn invalid_glob(spec: &ToolSpec, error: &ignore::Error) -> InvalidToolArguments {
    InvalidToolArguments { tool: spec.name.clone(), problem: format!("`glob`: {error}") }
}

/// The patterns between commas that are outside of braces and brackets.
fn split_patterns(glob: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_i32;
    let parts = glob.split(move |char: char| {
        match char {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ => {}
        }
        char == ',' && depth <= 0
    });
    parts.map(str::trim).filter(|part| !part.is_empty())
}

/// A path as a pattern that matches only it.
fn escape_glob(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    for char in path.chars() {
        if matches!(char, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | '!') {
            pattern.push('\\');
        }
        pattern.push(char);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_separate_patterns_outside_of_braces() {
        let parts = |glob| split_patterns(glob).collect::<Vec<_>>();
        assert_eq!(parts("*.rs, !target/**,"), ["*.rs", "!target/**"]);
        assert_eq!(parts("*.{rs,toml}"), ["*.{rs,toml}"]);
        assert_eq!(escape_glob("a[1]*"), r"a\[1\]\*");
    }
}
