//! A folder of its own for each test, and the binary run in it.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
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

/// Runs a command that reads this from standard input.
pub(crate) fn fed(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-auth"));
    command.current_dir(folder).args(arguments).env_remove("NO_COLOR").env_remove("AUTH_POLICY");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may stop reading before the end.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
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

/// Whether a word is a token.
pub(crate) fn is_token(word: &str) -> bool {
    word.starts_with("eyJ") && word.matches('.').count() == 2
}

/// The text with words in place of what differs with each run.
pub(crate) fn constant(text: &str) -> String {
    let word = |word: &str| {
        let bare = word.trim_matches(['"', ',', ':', '`']);
        let is_kid = bare.len() == 43 && !bare.contains(['/', '.']);
        let is_day = bare.len() == 10 && bare.starts_with("20") && bare.matches('-').count() == 2;
        let is_second = bare.len() == 10 && bare.bytes().all(|byte| byte.is_ascii_digit());
        let is_moment = bare.len() == 20 && bare.starts_with("20") && bare.ends_with('Z');
        let capitals = bare.bytes().filter(u8::is_ascii_uppercase).count();
        let digits = bare.bytes().filter(u8::is_ascii_digit).count();
        let is_id = bare.len() == 22 && !bare.contains(['/', '.']) && capitals + digits > 2;
        let kinds = [
            (is_token(bare), "TOKEN"),
            (bare.starts_with("blog_live_"), "KEY"),
            (bare.starts_with("eyJ") && bare.len() > 200, "PAYLOAD"),
            (is_kid, "KID"),
            (is_day, "DAY"),
            (is_second, "SECOND"),
            (is_moment, "MOMENT"),
            (is_id, "ID"),
        ];
        let kind = kinds.into_iter().find(|(is, _)| *is);
        kind.map_or_else(|| word.to_owned(), |(_, name)| word.replace(bare, name))
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ") + "\n";
    // On a busy machine a moment passes between two commands.
    let seconds = (1..60).rev().map(|passed| match passed {
        1 => "1 second ago".to_owned(),
        passed => format!("{passed} seconds ago"),
    });
    let soon = seconds.fold(text.to_owned(), |text, passed| text.replace(&passed, "now"));
    soon.lines().map(line).collect()
}

/// Holds what was said to files of `tests/`; `UPDATE_EXPECT=1` writes them.
#[derive(Default)]
pub(crate) struct Snapshots {
    changed: Vec<String>,
}

impl Snapshots {
    /// What belongs to a file, whose name is relative to `tests`.
    pub(crate) fn hold(&mut self, name: &str, said: &str) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
        if fs::read_to_string(&file).ok().as_deref() == Some(said) {
            return;
        }
        self.changed.push(format!("{name}\n{said}"));
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&file, said).unwrap();
        }
    }

    /// Fails if anything has changed that was not written.
    #[track_caller]
    pub(crate) fn end(self) {
        let update = std::env::var_os("UPDATE_EXPECT").is_some();
        let changed = self.changed.join("\n");
        assert!(changed.is_empty() || update, "run with UPDATE_EXPECT=1 and review:\n{changed}");
    }
}
