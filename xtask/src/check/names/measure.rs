//! Collects the names that source files declare.

use crate::check::source::{code_only, inline_tests_start};

/// A name with the line it is declared on, counted from one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Declaration {
    pub(super) name: String,
    pub(super) line: usize,
}

/// The declarations of one source file, without its inline tests.
#[derive(Debug, Default)]
pub(super) struct SourceFile {
    /// The folder of the crate.
    pub(super) krate: String,
    /// The path from the workspace root.
    pub(super) name: String,
    pub(super) types: Vec<Declaration>,
    pub(super) functions: Vec<Declaration>,
    pub(super) modules: Vec<Declaration>,
    /// The lines of parameters such as `(a, b): (A, B)`.
    pub(super) tuple_parameters: Vec<usize>,
    /// Functions `is_…(&mut self)`.
    pub(super) setting_predicates: Vec<Declaration>,
}

/// The shares of one-word names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct NameShares {
    pub(crate) type_percent: u64,
    pub(crate) function_percent: u64,
}

impl SourceFile {
    /// Reads the declarations in `text`, the source file `name` of the crate `krate`.
    pub(super) fn read(krate: &str, name: &str, text: &str) -> Self {
        let code = code_only(text);
        let end = inline_tests_start(text).unwrap_or(usize::MAX);
        let mut source = Self { krate: krate.to_owned(), name: name.to_owned(), ..Self::default() };
        for (index, line) in code.lines().take(end).enumerate() {
            source.read_line(index + 1, line);
        }
        source
    }

    fn read_line(&mut self, number: usize, line: &str) {
        let declaration = without_visibility(line);
        let name_after = |keyword: &str| {
            let rest = declaration.strip_prefix(keyword)?;
            let name: String =
                rest.chars().take_while(|c| *c == '_' || c.is_alphanumeric()).collect();
            (!name.is_empty()).then_some(Declaration { name, line: number })
        };
        self.types.extend(["struct ", "enum ", "trait "].iter().find_map(|word| name_after(word)));
        self.modules.extend(name_after("mod "));
        for (start, _) in line.match_indices("fn ") {
            let is_word = line.get(..start).is_some_and(|before| !before.ends_with(is_name_char));
            let rest = line.get(start + 3..).unwrap_or_default();
            let name: String = rest.chars().take_while(|c| is_name_char(*c)).collect();
            if !is_word || name.is_empty() {
                continue;
            }
            let found = Declaration { name, line: number };
            if found.name.starts_with("is_") && rest.contains("(&mut self") {
                self.setting_predicates.push(found.clone());
            }
            self.functions.push(found);
        }
        if has_tuple_parameter(line) {
            self.tuple_parameters.push(number);
        }
    }
}

impl NameShares {
    pub(super) fn from_sources(sources: &[SourceFile]) -> Self {
        let types = sources.iter().flat_map(|source| &source.types);
        let functions = sources.iter().flat_map(|source| &source.functions);
        Self {
            type_percent: percent(types.map(|found| count_words(&found.name) == 1)),
            function_percent: percent(functions.map(|found| !found.name.contains('_'))),
        }
    }
}

/// Returns the share of `true` in whole per cent, rounded up so that rounding never meets a budget.
fn percent(flags: impl Iterator<Item = bool>) -> u64 {
    let (mut all, mut marked) = (0_u64, 0_u64);
    for flag in flags {
        all += 1;
        marked += u64::from(flag);
    }
    (100 * marked).div_ceil(all.max(1))
}

/// Counts the words of a type name: `ToolOutputStore` has three, `HttpError` two, `SSE` one.
pub(super) fn count_words(name: &str) -> usize {
    let chars: Vec<char> = name.chars().collect();
    let is_upper = |index: usize| chars.get(index).is_some_and(|char| char.is_uppercase());
    let begins = |index: &usize| {
        let index = *index;
        let after_lower = index == 0 || !is_upper(index - 1);
        let before_lower = chars.get(index + 1).is_some_and(|char| char.is_lowercase());
        is_upper(index) && (after_lower || before_lower)
    };
    (0..chars.len()).filter(begins).count()
}

/// Returns true when a line has a parameter such as `(a, b): (A, B)`. Patterns of `let` and `for`
/// either have no type or begin with their keyword.
fn has_tuple_parameter(line: &str) -> bool {
    let is_pattern = |text: &str| {
        let mut parts = text.split(',').map(str::trim).peekable();
        let is_name = |part: &str| {
            let part = part.strip_prefix("mut ").unwrap_or(part);
            !part.is_empty() && part.chars().all(is_name_char)
        };
        parts.clone().count() > 1 && parts.all(is_name)
    };
    line.match_indices("): (").any(|(end, _)| {
        let before = line.get(..end).unwrap_or_default();
        let Some(start) = before.rfind('(') else { return false };
        let head = before.get(..start).unwrap_or_default();
        is_pattern(before.get(start + 1..).unwrap_or_default()) && !head.trim_end().ends_with("let")
    })
}

fn without_visibility(line: &str) -> &str {
    let line = line.trim_start();
    let Some(rest) = line.strip_prefix("pub") else { return line };
    match rest.strip_prefix('(') {
        Some(rest) => rest.split_once(") ").map_or(line, |(_, rest)| rest),
        None => rest.trim_start(),
    }
}

fn is_name_char(char: char) -> bool {
    char == '_' || char.is_alphanumeric()
}
