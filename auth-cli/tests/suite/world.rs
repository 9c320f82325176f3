//! A folder of its own for each test, and the binary run in it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A sound policy.
pub(crate) const GOOD: &str = "version: 1
scopes: { read:posts: Read posts }
roles: { reader: { grants: [read:posts] } }
schemes: { session: { idle: 30m, lifetime: 24h } }
";

/// An empty folder of its own for each test.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("policies")).unwrap();
    folder
}

pub(crate) fn cargo_auth(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-auth"));
    command.current_dir(folder).args(arguments).env_remove("NO_COLOR").env_remove("AUTH_POLICY");
    command.output().unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Runs a command that must end with that code, and returns what it said.
#[track_caller]
pub(crate) fn ends(code: i32, folder: &Path, arguments: &[&str]) -> (String, String) {
    let output = cargo_auth(folder, arguments);
    let (out, err) = (stdout(&output), stderr(&output));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{out}\n{err}");
    (out, err)
}
