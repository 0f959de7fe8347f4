//! Attacks on files.

use std::fs;

use openclaw_process::sandbox::{RootAccess, SandboxProfile, SandboxRoot};

use super::support::{ABI_CAPS, SECRET, SandboxHome, save};

#[test]
fn ordinary_work_in_the_workspace_goes_on() {
    let script = "set -e
        cat file | grep -q inside
        mkdir -p a/b && echo one > a/b/x && mv a/b/x a/b/y && cp a/b/y a/z && ln -s z a/link
        ln a/z a/hard && rm a/hard && sed -i s/one/two/ a/b/y && grep -q two a/b/y
        chmod +x a/z && : > a/z && rm -r a
        echo t > \"$TMPDIR/t\" && mktemp >/dev/null && cat \"$H/other/file\" /etc/passwd >/dev/null
        echo x >/dev/null; head -c4 /dev/urandom >/dev/null; (sleep 60 & kill $!; true)
        (echo one; echo two) | sort | tail -1 >/dev/null; test -r /proc/self/status; nproc >/dev/null";
    for cap in ABI_CAPS {
        let home = SandboxHome::new(cap);
        let ran = home.shell(script);
        assert!(ran.succeeded, "{cap:?}: {}", ran.text);
        assert_eq!(fs::read_dir(home.path("project")).unwrap().count(), 1, "{cap:?}");
    }
}

#[test]
fn moving_between_directories_works_from_the_second_version_on() {
    for cap in [None, Some(4), Some(2)] {
        let home = SandboxHome::new(cap);
        let ran =
            home.shell("mkdir a b && echo > a/x && ln a/x b/y && mv -n a b/a && test -e b/a/x");
        assert!(ran.succeeded, "{cap:?}: {}", ran.text);
    }
}

#[test]
fn nothing_outside_the_workspace_is_written() {
    for script in [
        "echo x > $H/new",
        "echo x >> $H/other/file",
        ": > $H/other/file",
        "mkdir $H/new",
        "rm $H/other/file",
        "rmdir $H/tmp",
        "mv $H/other/file $H/project/stolen",
        "mv file $H/other/new",
        "ln -s x $H/new",
        "ln file $H/other/new",
        "ln $H/other/file taken && echo x > taken",
        "ln -s $H/other link && echo x > link/new",
        "ln -s $H/other/file link && echo x > link",
        "ln -s $H/other/file link && echo x >> link && cat link | grep x",
        "mkdir d && ln -s $H d/up && cp file d/up/new",
        "mkfifo $H/new",
        "touch $H/new",
        "dd if=/dev/zero of=$H/other/file count=1",
        "truncate -s 0 $H/other/file",
        "cp file /dev/shm/box-new",
        "echo x > /tmp/box-new",
        "echo x > /var/tmp/box-new",
        "echo x > /etc/box-new",
        "mknod disk b 8 0",
        "mknod mem c 1 1",
        "echo x > /proc/sys/kernel/hostname",
        "echo 1000 > /proc/$PPID/oom_score_adj",
    ] {
        SandboxHome::assert_denied_everywhere(script);
    }
}

#[test]
fn no_key_and_no_file_of_the_program_is_read() {
    for script in [
        "cat $H/.ssh/id",
        "cat $H/.netrc",
        "cat $H/.openclaw/openclaw.json",
        "ls $H/.ssh",
        "ls $H/.openclaw",
        "cp -r $H/.ssh copy",
        "cp -r $H/.openclaw copy",
        "ln -s $H/.ssh link && cat link/id",
        "ln -s $H/.openclaw link && ls link/",
        "ln $H/.ssh/id taken && cat taken",
        "mv $H/.ssh moved && cat moved/id",
        "cd $H/.ssh && cat id",
        "cat /proc/self/root$H/.ssh/id",
        "cat /proc/self/cwd/../.ssh/id",
        "cat ../.openclaw/openclaw.json",
        "tar cf - $H/.ssh",
        "exec 9< $H/.ssh/id; cat <&9",
        "test -r /etc/shadow && cat /etc/shadow",
        "ls /run/",
        "ls /tmp/",
        "ls /dev/shm/",
        "ls /dev/pts/",
        "echo x > /dev/pts/0",
        "head -c1 /proc/kcore",
        "head -c1 /dev/mem",
        "ls $H",
        "ls /",
    ] {
        SandboxHome::assert_denied_everywhere(script);
    }
}

#[test]
fn a_file_that_may_be_read_is_not_emptied_by_any_call() {
    let script = "import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
path = (os.environ['H'] + '/other/file').encode()
for flags in (os.O_RDONLY | os.O_TRUNC, 3 | os.O_TRUNC):
    libc.open(path, flags)
    libc.openat(-100, path, flags)
    libc.syscall(2, path, flags)
libc.truncate(path, 0)
libc.creat(path, 0o644)
class How(ctypes.Structure):
    _fields_ = [('flags', ctypes.c_uint64), ('mode', ctypes.c_uint64), ('resolve', ctypes.c_uint64)]
libc.syscall(437, -100, path, ctypes.byref(How(os.O_TRUNC, 0, 0)), 24)
fd = os.open(path, os.O_RDONLY)
for call in (lambda: os.ftruncate(fd, 0), lambda: os.write(fd, b'x'),
             lambda: os.open(f'/proc/self/fd/{fd}', os.O_RDWR | os.O_TRUNC)):
    try: call()
    except OSError: pass
";
    for cap in ABI_CAPS {
        let home = SandboxHome::new(cap);
        let ran = home.python(script);
        assert!(ran.succeeded, "{cap:?}: {}", ran.text);
        home.assert_untouched("truncation");
    }
}

#[test]
fn a_read_only_profile_writes_to_its_temporary_folder_only() {
    for cap in ABI_CAPS {
        let mut home = SandboxHome::new(cap);
        home.policy.profile = SandboxProfile::ReadOnly;
        let ran = home.shell(
            "cat file && echo x > $TMPDIR/x && ! echo x > new && ! echo x > file && ! rm file",
        );
        assert!(ran.succeeded, "{cap:?}: {}", ran.text);
        assert_eq!(home.text("project/file"), "inside");
    }
}

#[test]
fn a_workspace_inside_the_state_folder_is_usable_and_the_rest_hidden() {
    for cap in ABI_CAPS {
        let mut home = SandboxHome::new(cap);
        home.policy.workspace = home.path(".openclaw/workspace");
        let ran = home.shell(
            "cd $H/.openclaw/workspace && echo x > new && cat new && ls . && rm new \
             && ! cat ../openclaw.json && ! ls .. && ! echo x > ../new",
        );
        assert!(ran.succeeded, "{cap:?}: {}", ran.text);
        assert!(!ran.text.contains(SECRET), "{}", ran.text);
        home.assert_untouched("state");
    }
}

#[test]
fn no_second_name_makes_a_file_outside_writable() {
    for cap in ABI_CAPS {
        let mut home = SandboxHome::new(cap);
        let root = SandboxRoot { path: home.path("other"), access: RootAccess::Read };
        home.policy.roots = vec![root];
        for script in [
            "ln $H/other/file taken && echo x > taken",
            "ln $H/other/file $TMPDIR/taken && echo x > $TMPDIR/taken",
            "ln /etc/passwd taken",
            "mv $H/other/file taken",
            "python3 -c 'import os; os.link(\"/proc/self/fd/0\", \"taken\", follow_symlinks=True)' < $H/other/file",
        ] {
            let ran = home.shell(script);
            assert!(!ran.succeeded, "{script} with {cap:?}: {}", ran.text);
            home.assert_untouched(script);
            assert!(!home.path("project/taken").exists(), "{script} with {cap:?}");
        }
    }
}

#[test]
fn a_home_directory_as_workspace_keeps_its_keys_hidden() {
    let refused = [
        "cat .ssh/id",
        "echo x > .ssh/new",
        "mkdir .aws",
        "echo x > .bash_history",
        "mv project/file .ssh/authorized_keys",
        "ln project/file .ssh/authorized_keys",
        "mv .ssh project/ssh",
        "rm -rf .ssh",
        "mkdir -p .config/gh",
        "ln -s project .gnupg",
        "cat .openclaw/openclaw.json",
        "echo x > .openclaw/workspace/../new",
    ];
    for cap in ABI_CAPS {
        let mut home = SandboxHome::new(cap);
        home.policy.workspace = home.path("");
        for script in refused {
            let ran = home.shell(&format!("cd $H && {script}"));
            assert!(!ran.succeeded, "{script} with {cap:?}: {}", ran.text);
            assert!(!ran.text.contains(SECRET), "{}", ran.text);
            home.assert_untouched(script);
        }
        let ran = home.shell("cd $H && echo two > project/file && cat other/file");
        assert!(ran.succeeded, "{cap:?}: {}", ran.text);
    }
}

#[test]
fn roots_are_usable_as_their_access_says_but_never_the_programs_own_files() {
    for cap in ABI_CAPS {
        let mut home = SandboxHome::new(cap);
        let root = |path: &str, access| SandboxRoot { path: home.path(path), access };
        home.policy.roots = vec![
            root("other", RootAccess::Write),
            root(".ssh", RootAccess::Read),
            root(".openclaw", RootAccess::Write),
            root("missing", RootAccess::Write),
        ];
        let ran = home.shell(
            "echo two > $H/other/file && cat $H/.ssh/id && ! echo x > $H/.ssh/new \
             && ! cat $H/.openclaw/openclaw.json && ! echo x > $H/.openclaw/new",
        );
        assert!(ran.succeeded, "{cap:?}: {}", ran.text);
        assert_eq!(home.text("other/file"), "two\n");
        home.policy.profile = SandboxProfile::ReadOnly;
        assert!(!home.shell("echo three > $H/other/file").succeeded);
    }
}

#[test]
fn hidden_files_behind_links_are_hidden_at_both_places() {
    for cap in ABI_CAPS {
        let home = SandboxHome::new(cap);
        fs::create_dir(home.path("other/keys")).unwrap();
        save(&home.path("other/keys/id"), SECRET);
        fs::rename(home.path(".ssh"), home.path("tmp/ssh")).unwrap();
        std::os::unix::fs::symlink(home.path("other/keys"), home.path(".ssh")).unwrap();
        for path in [".ssh/id", "other/keys/id"] {
            let ran = home.shell(&format!("cat $H/{path}"));
            assert!(!ran.succeeded && !ran.text.contains(SECRET), "{cap:?} {path}: {}", ran.text);
        }
        assert!(home.shell("cat $H/other/file").succeeded);
    }
}

/// A command may replace a folder by a link between two commands.
#[test]
fn a_root_that_has_become_a_link_leads_nowhere() {
    use std::os::unix::fs::symlink;

    for cap in ABI_CAPS {
        for access in [RootAccess::Read, RootAccess::Write] {
            let mut home = SandboxHome::new(cap);
            home.policy.roots = vec![SandboxRoot { path: home.path("project/data"), access }];
            for target in [".ssh", "other"] {
                symlink(home.path(target), home.path("project/data")).unwrap();
                for script in ["cat data/id", "echo x > data/file", "echo x > data/new"] {
                    let ran = home.shell(script);
                    assert!(!ran.succeeded, "{cap:?} {script}: {}", ran.text);
                }
                fs::remove_file(home.path("project/data")).unwrap();
            }
            assert_eq!(home.text("other/file"), "other");
            // So with the workspace, in a folder that may be changed.
            fs::rename(home.path("project"), home.path("moved")).unwrap();
            symlink(home.path("other"), home.path("project")).unwrap();
            let ran = home.shell(&format!("echo x > {}", home.path("other/file").display()));
            assert!(!ran.succeeded, "{cap:?}: {}", ran.text);
        }
    }
}
