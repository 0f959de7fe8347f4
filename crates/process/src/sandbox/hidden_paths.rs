//! The files that no sandboxed command may read: keys, tokens, histories and browser profiles.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::sandbox::SandboxPolicy;

/// What is hidden in each home directory.
const HOME_NAMES: &[&str] = &[
    // Keys and tokens.
    ".ssh",
    ".gnupg",
    ".pki",
    ".aws",
    ".azure",
    ".oci",
    ".kube",
    ".docker",
    ".fly",
    ".netrc",
    "_netrc",
    ".git-credentials",
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".pypirc",
    ".pgpass",
    ".my.cnf",
    ".mylogin.cnf",
    ".s3cfg",
    ".boto",
    ".mc",
    ".vault-token",
    ".terraformrc",
    ".terraform.d",
    ".rclone.conf",
    ".kaggle",
    ".databrickscfg",
    ".snowflake",
    ".ngrok2",
    ".cloudflared",
    ".minikube",
    ".age",
    ".password-store",
    ".claude",
    ".claude.json",
    ".codex",
    ".gemini",
    ".openclaw",
    ".clawdbot",
    ".moltbot",
    ".huggingface",
    ".cargo/credentials",
    ".cargo/credentials.toml",
    ".gem/credentials",
    ".m2/settings.xml",
    ".m2/settings-security.xml",
    ".gradle/gradle.properties",
    ".streamlit/secrets.toml",
    ".cache/huggingface/token",
    ".cache/huggingface/stored_tokens",
    ".config/git/credentials",
    ".config/gh",
    ".config/hub",
    ".config/glab-cli",
    ".config/gcloud",
    ".config/op",
    ".config/1Password",
    ".config/Bitwarden",
    ".config/keepassxc",
    ".config/rclone",
    ".config/doctl",
    ".config/scw",
    ".config/ngrok",
    ".config/netlify",
    ".config/configstore",
    ".config/sops",
    ".config/age",
    ".config/wandb",
    ".config/snowflake",
    ".config/containers/auth.json",
    ".config/github-copilot",
    ".config/opencode",
    ".config/anthropic",
    ".config/openai",
    ".config/solana",
    ".config/wireguard",
    ".local/share/keyrings",
    ".local/share/kwalletd",
    ".local/share/opencode",
    ".local/share/jupyter/runtime",
    ".jupyter/jupyter_server_config.json",
    ".bitcoin",
    ".ethereum",
    ".electrum",
    ".monero",
    // Browsers, mail and messengers.
    ".mozilla",
    ".librewolf",
    ".thunderbird",
    ".config/google-chrome",
    ".config/google-chrome-beta",
    ".config/google-chrome-unstable",
    ".config/chromium",
    ".config/BraveSoftware",
    ".config/microsoft-edge",
    ".config/vivaldi",
    ".config/opera",
    ".config/Slack",
    ".config/discord",
    ".config/Signal",
    ".config/Element",
    ".local/share/TelegramDesktop",
    ".local/share/evolution",
    ".var/app",
    "snap",
    "Library/Keychains",
    "Library/Application Support",
    // The desktop session.
    ".Xauthority",
    ".ICEauthority",
    ".dbus",
    ".config/pulse",
    ".config/code-server",
    // Histories.
    ".bash_history",
    ".zsh_history",
    ".histfile",
    ".python_history",
    ".psql_history",
    ".mysql_history",
    ".sqlite_history",
    ".node_repl_history",
    ".lesshst",
    ".viminfo",
    ".wget-hsts",
    ".local/share/fish/fish_history",
    ".local/share/mc/history",
];

/// What is hidden of the system.
const SYSTEM_PATHS: &[&str] = &[
    "/boot",
    "/dev",
    "/lost+found",
    "/proc",
    "/run",
    "/sys",
    "/tmp",
    "/var/run",
    "/var/tmp",
    "/var/mail",
    "/var/spool",
    "/var/backups",
    "/var/lib/docker",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/kubelet",
    "/var/lib/NetworkManager",
    "/var/lib/systemd",
    "/var/lib/private",
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/ssl/private",
    "/etc/ssh/ssh_host_rsa_key",
    "/etc/ssh/ssh_host_ecdsa_key",
    "/etc/ssh/ssh_host_ed25519_key",
    "/etc/NetworkManager/system-connections",
    "/etc/wireguard",
    "/etc/openvpn",
    "/etc/ppp",
    "/etc/rancher",
    "/etc/kubernetes",
    "/etc/krb5.keytab",
    "/etc/docker",
    "/etc/credstore",
    "/etc/credstore.encrypted",
];

/// The hidden paths of one policy: absolute, without symbolic links as far as they exist.
#[derive(Debug)]
pub(crate) struct HiddenPaths {
    /// Those of the program itself, which no root makes readable.
    private: BTreeSet<PathBuf>,
    /// Those of the user and the system, which a root may make readable on purpose.
    sensitive: BTreeSet<PathBuf>,
}

impl HiddenPaths {
    /// Finds the hidden paths of a policy.
    pub(crate) fn find(policy: &SandboxPolicy) -> Self {
        let private = policy.private_paths.iter().flat_map(|path| resolved_forms(path)).collect();
        let mut homes: BTreeSet<PathBuf> = policy.home_dirs.iter().cloned().collect();
        homes.insert(Path::new("/").join("root"));
        homes.extend(list_directories(Path::new("/home")));
        let is_home = |home: &&PathBuf| home.is_absolute() && home.is_dir();
        let in_homes = homes.iter().filter(is_home).flat_map(|home| names_in_home(home));
        let system = SYSTEM_PATHS.iter().map(PathBuf::from);
        let system = system.map(|path| HiddenName { path, may_exist: true });
        let mut sensitive = BTreeSet::new();
        for HiddenName { path, may_exist } in in_homes.chain(system) {
            // Most of them do not exist, and resolving is slow.
            if may_exist && path.symlink_metadata().is_ok() {
                sensitive.extend(std::fs::canonicalize(&path));
            }
            sensitive.insert(path);
        }
        Self { private, sensitive }
    }

    /// All of them.
    pub(crate) fn into_paths(mut self) -> BTreeSet<PathBuf> {
        self.private.append(&mut self.sensitive);
        self.private
    }

    /// Whether a path is one of the program's own.
    pub(crate) fn is_private(&self, path: &Path) -> bool {
        self.private.contains(path)
    }

    /// Whether a path is hidden itself.
    pub(crate) fn contains(&self, path: &Path) -> bool {
        self.private.contains(path) || self.sensitive.contains(path)
    }

    /// Whether something hidden is beneath a path. It need not exist.
    pub(crate) fn has_any_beneath(&self, path: &Path) -> bool {
        // Paths are ordered by their parts, so what is beneath a path follows it directly.
        let has_beneath = |set: &BTreeSet<PathBuf>| {
            set.range(path.to_owned()..)
                .find(|hidden| *hidden != path)
                .is_some_and(|hidden| hidden.starts_with(path))
        };
        has_beneath(&self.private) || has_beneath(&self.sensitive)
    }
}

/// A path that is hidden if it exists.
struct HiddenName {
    path: PathBuf,
    may_exist: bool,
}

/// What is hidden in a home directory.
fn names_in_home(home: &Path) -> Vec<HiddenName> {
    let home = resolve_existing_part(home);
    // `None` for a directory that cannot be listed.
    let present: Option<BTreeSet<OsString>> = std::fs::read_dir(&home)
        .ok()
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.file_name())).collect());
    let names = HOME_NAMES.iter().map(|name| {
        let first = Path::new(name).iter().next().unwrap_or_default();
        let may_exist = present.as_ref().is_none_or(|present| present.contains(first));
        HiddenName { path: home.join(name), may_exist }
    });
    names.collect()
}

/// A path with its links resolved, and the place of the path itself, which could be a link.
fn resolved_forms(path: &Path) -> Vec<PathBuf> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let place = path.parent().map(resolve_existing_part).zip(path.file_name());
    let mut forms = vec![resolve_existing_part(&path)];
    forms.extend(place.map(|(folder, name)| folder.join(name)));
    forms
}

/// Resolves the symbolic links of the part of a path that exists.
pub(crate) fn resolve_existing_part(path: &Path) -> PathBuf {
    for existing in path.ancestors() {
        if let (Ok(resolved), Ok(rest)) =
            (std::fs::canonicalize(existing), path.strip_prefix(existing))
        {
            return if rest.as_os_str().is_empty() { resolved } else { resolved.join(rest) };
        }
    }
    path.to_owned()
}

fn list_directories(parent: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(parent).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).collect()
}
