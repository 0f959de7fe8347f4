//! Which environment variables a model may set for a command.

use serde::Serialize;

/// The variables that a model may set without a question: they change only how output looks.
const SETTABLE_VARIABLES: [&str; 21] = [
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "FORCE_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLUMNS",
    "LINES",
    "TZ",
    "LANG",
    "LC_ALL",
    "LC_COLLATE",
    "LC_CTYPE",
    "LC_MEASUREMENT",
    "LC_MESSAGES",
    "LC_MONETARY",
    "LC_NAME",
    "LC_NUMERIC",
    "LC_PAPER",
    "LC_TELEPHONE",
    "LC_TIME",
];

/// Variables that decide which code a program loads, or where it finds its settings.
const FORBIDDEN_VARIABLES: [&str; 45] = [
    "BASHOPTS",
    "BASH_ENV",
    "BROWSER",
    "CDPATH",
    "CLASSPATH",
    "EDITOR",
    "ENV",
    "FPATH",
    "GCONV_PATH",
    "GLOBIGNORE",
    "HISTFILE",
    "HOME",
    "HOSTALIASES",
    "IFS",
    "INPUTRC",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "LESSCLOSE",
    "LESSOPEN",
    "LOCALDOMAIN",
    "LOCPATH",
    "MAKEFLAGS",
    "MALLOC_TRACE",
    "MANPAGER",
    "NLSPATH",
    "OPENSSL_CONF",
    "OPENSSL_MODULES",
    "PAGER",
    "PATH",
    "PATHEXT",
    "PROMPT_COMMAND",
    "PS0",
    "PS1",
    "PS2",
    "PS4",
    "RES_OPTIONS",
    "SHELL",
    "SHELLOPTS",
    "SSH_ASKPASS",
    "SUDO_ASKPASS",
    "TERMINFO",
    "TERMINFO_DIRS",
    "TMPDIR",
    "VISUAL",
    "ZDOTDIR",
];

/// Prefixes of such names.
const FORBIDDEN_PREFIXES: [&str; 31] = [
    "BASH_FUNC_",
    "BUN_",
    "CARGO_",
    "DENO_",
    "DOCKER_",
    "DOTNET_",
    "DYLD_",
    "GCC_",
    "GIT_",
    "GLIBC_",
    "GO",
    "GRADLE_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "LD_",
    "LUA_",
    "MAVEN_",
    "NODE_",
    "NPM_CONFIG_",
    "OPENCLAW_",
    "PERL",
    "PHP",
    "PIP_",
    "PYTHON",
    "RUBY",
    "RUST",
    "TF_",
    "UV_",
    "XDG_",
    "YARN_",
    "_JAVA_",
];

/// Whether a model may set a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum VariableRule {
    /// Without a question.
    Settable,
    /// When a person allows the command.
    NeedsApproval,
    /// Never.
    Forbidden,
}

/// Whether a model may set a variable with this name. An empty name, and one with `=` or a control
/// character, is forbidden.
#[must_use]
pub fn variable_rule(name: &str) -> VariableRule {
    let is_name = !name.is_empty() && !name.chars().any(|char| char == '=' || char.is_control());
    let upper = name.to_ascii_uppercase();
    if !is_name
        || FORBIDDEN_VARIABLES.contains(&upper.as_str())
        || FORBIDDEN_PREFIXES.iter().any(|prefix| upper.starts_with(prefix))
    {
        VariableRule::Forbidden
    } else if SETTABLE_VARIABLES.contains(&name) {
        VariableRule::Settable
    } else {
        VariableRule::NeedsApproval
    }
}

/// Whether a model may set a variable without a question.
pub(crate) fn is_settable(name: &str) -> bool {
    variable_rule(name) == VariableRule::Settable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_load_code_are_forbidden_in_any_case() {
        for name in [
            "LD_PRELOAD",
            "LD_LIBRARY_PATH",
            "ld_preload",
            "DYLD_INSERT_LIBRARIES",
            "PATH",
            "Path",
            "BASH_ENV",
            "ENV",
            "IFS",
            "PS4",
            "SHELLOPTS",
            "BASH_FUNC_ls%%",
            "ZDOTDIR",
            "HOME",
            "GIT_SSH_COMMAND",
            "GIT_EXEC_PATH",
            "GIT_CONFIG_COUNT",
            "NODE_OPTIONS",
            "PYTHONPATH",
            "PERL5OPT",
            "RUBYOPT",
            "npm_config_script_shell",
            "CARGO_REGISTRIES_X_INDEX",
            "TF_VAR_x",
            "LESSOPEN",
            "EDITOR",
            "OPENCLAW_EXEC",
            "GOFLAGS",
            "RUSTC_WRAPPER",
            "XDG_CONFIG_HOME",
            "http_proxy",
            "",
            "A=B",
            "A\n",
        ] {
            assert_eq!(variable_rule(name), VariableRule::Forbidden, "{name:?}");
        }
        for name in ["TERM", "NO_COLOR", "LC_ALL", "TZ"] {
            assert_eq!(variable_rule(name), VariableRule::Settable, "{name}");
        }
        for name in ["FOO", "LC_SECRET", "term", "DEBUG"] {
            assert_eq!(variable_rule(name), VariableRule::NeedsApproval, "{name}");
        }
    }
}
