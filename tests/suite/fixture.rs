//! A workspace below `target/`, built by the real cargo. In: files. Out: what rustc said about
//! them, what was built anew, and the bytes that were built.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

use crate::files::workspace;

/// One build at a time: they share a target folder, so that dependencies are compiled once.
static TURN: Mutex<()> = Mutex::new(());

/// A workspace of its own with this workspace's versions, profiles and lock file.
pub(crate) struct Fixture {
    root: PathBuf,
    _turn: MutexGuard<'static, ()>,
}

impl Fixture {
    /// An empty workspace with the members of those folders.
    pub(crate) fn new(name: &str, members: &[&str]) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let root = target().join(name);
        if root.exists() {
            fs::remove_dir_all(&root).unwrap();
        }
        let fixture = Self { root, _turn: turn };
        fixture.write("Cargo.toml", &manifest(members));
        fixture.copy("Cargo.lock");
        fixture
    }

    /// Writes a file, and the folders it needs.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let file = self.root.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    /// What is in a file.
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap()
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.root.join(path)).unwrap();
    }

    /// Takes over a file or a folder of this repository, at the same place.
    pub(crate) fn copy(&self, path: &str) {
        let (from, to) = (workspace().join(path), self.root.join(path));
        if !from.is_dir() {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(from, to).unwrap();
            return;
        }
        for entry in fs::read_dir(from).unwrap() {
            self.copy(&format!("{path}/{}", entry.unwrap().file_name().to_str().unwrap()));
        }
    }

    /// Replaces what must be there exactly once.
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.root.join(path)).unwrap();
        assert_eq!(text.matches(from).count(), 1, "`{from}` in {path}:\n{text}");
        self.write(path, &text.replace(from, to));
    }

    /// A path inside, absolute.
    pub(crate) fn path(&self, path: &str) -> String {
        self.root.join(path).to_str().unwrap().to_owned()
    }

    /// `cargo check`.
    pub(crate) fn check(&self) -> Build {
        self.cargo("check", &[])
    }

    /// `cargo check` with AUTH_POLICY set.
    pub(crate) fn check_with(&self, auth_policy: &str) -> Build {
        self.cargo("check", &[("AUTH_POLICY", auth_policy)])
    }

    /// `cargo build`.
    pub(crate) fn build(&self) -> Build {
        self.cargo("build", &[])
    }

    /// `cargo clean` of one package: what an earlier run of the tests left behind.
    pub(crate) fn clean(&self, package: &str) {
        let output = self.command(&["clean", "--package", package]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn cargo(&self, command: &str, environment: &[(&str, &str)]) -> Build {
        let arguments = [command, "--workspace", "--message-format=json"];
        let output = self.command(&arguments).envs(environment.iter().copied()).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let messages = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let stderr = String::from_utf8(output.stderr).unwrap();
        Build { root: self.root.clone(), passed: output.status.success(), messages, stderr }
    }

    /// `cargo test`.
    pub(crate) fn test(&self) -> Output {
        self.command(&["test", "--workspace", "--tests"]).output().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(arguments).arg("--offline").arg("--manifest-path").arg(self.path("Cargo.toml"));
        self.environment(&mut cargo);
        cargo
    }

    /// Lets a command that runs cargo run it as this fixture does.
    pub(crate) fn environment<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        // From elsewhere: `.cargo/config.toml` of this repository sets AUTH_POLICY for its tests.
        command.current_dir(std::env::temp_dir());
        command.env("CARGO", env!("CARGO")).env("CARGO_NET_OFFLINE", "true");
        command.env("CARGO_TARGET_DIR", target().join("target")).env("CARGO_TERM_COLOR", "never");
        command.env_remove("AUTH_POLICY").env_remove("AUTH_LOCK")
    }
}

/// What one run of cargo came to.
pub(crate) struct Build {
    root: PathBuf,
    passed: bool,
    /// Cargo's own, one for each line.
    messages: Vec<Value>,
    stderr: String,
}

impl Build {
    /// Without a warning, too: what the attributes write must not cause any.
    #[track_caller]
    pub(crate) fn passes(&self) -> &Self {
        let silent = self.of_reason("compiler-message").next().is_none();
        assert!(self.passed && silent, "this should compile without a word:\n{self}");
        self
    }

    /// Exactly one error; returns it as rustc prints it.
    #[track_caller]
    pub(crate) fn fails_once(&self) -> String {
        assert!(!self.passed, "this should not compile:\n{self}");
        let errors = self.errors();
        assert_eq!(errors.len(), 1, "one mistake is one error:\n{self}");
        errors.concat()
    }

    /// Whether everything was taken from the last build.
    #[track_caller]
    pub(crate) fn is_fresh(&self) -> bool {
        self.passes().artifacts().all(|artifact| artifact["fresh"] == Value::Bool(true))
    }

    /// The files that were built from the fixture's own packages, and those beside them that
    /// carry their names: everything but `.d`, which names files for cargo.
    pub(crate) fn products(&self) -> Vec<PathBuf> {
        let named = self.artifacts().flat_map(|artifact| artifact["filenames"].as_array().unwrap());
        let named = named.map(|file| PathBuf::from(file.as_str().unwrap()));
        let named = named.collect::<Vec<_>>();
        let names = self.artifacts().map(|artifact| artifact["target"]["name"].as_str().unwrap());
        let names = names.map(|name| name.replace('-', "_")).collect::<Vec<_>>();
        let mut products = Vec::new();
        for folder in ["deps", "incremental"] {
            find(&target().join("target/debug").join(folder), &names, &mut products);
        }
        assert!(!named.is_empty() && !products.is_empty(), "nothing was built:\n{self}");
        products.extend(named);
        products
    }

    fn artifacts(&self) -> impl Iterator<Item = &Value> {
        self.of_reason("compiler-artifact")
    }

    /// Errors as rustc prints them, without its count of them at the end.
    fn errors(&self) -> Vec<String> {
        let messages = self.of_reason("compiler-message").map(|message| &message["message"]);
        let errors = messages.filter(|message| message["level"] == "error");
        let errors = errors.map(|message| message["rendered"].as_str().unwrap());
        errors.filter(|text| !text.starts_with("error: aborting due to")).map(here).collect()
    }

    /// Messages about the fixture's own packages.
    fn of_reason(&self, reason: &str) -> impl Iterator<Item = &Value> {
        let root = self.root.to_str().unwrap();
        self.messages.iter().filter(move |message| {
            let about = message["manifest_path"].as_str();
            message["reason"] == reason && about.is_some_and(|path| path.starts_with(root))
        })
    }
}

impl fmt::Display for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let messages = self.of_reason("compiler-message");
        let mut rendered = messages.filter_map(|message| message["message"]["rendered"].as_str());
        rendered.try_for_each(|text| writeln!(f, "{text}"))?;
        write!(f, "{}", self.stderr)
    }
}

/// Paths into this repository, as they are printed inside of it.
fn here(text: &str) -> String {
    text.replace(&format!("{}/", workspace().display()), "")
}

/// Files of that name or in folders of that name: `blog-1f2e..`, `libblog-1f2e..`.
fn find(folder: &Path, names: &[String], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let stem = name.split(['-', '.']).next().unwrap();
        let ours = names.iter().any(|name| stem == name || stem.strip_prefix("lib") == Some(name));
        if ours && path.is_dir() {
            all_files(&path, found);
        } else if ours && path.extension().is_none_or(|extension| extension != "d") {
            found.push(path);
        }
    }
}

fn all_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all_files(&path, found) } else { found.push(path) }
    }
}

/// This workspace's manifest with other members, and with paths that lead back here.
fn manifest(members: &[&str]) -> String {
    let root = workspace();
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let own = manifest.lines().find(|line| line.starts_with("members = ")).unwrap();
    let back = format!("path = \"{}/auth-", root.display());
    manifest.replace(own, &format!("members = {members:?}")).replace("path = \"auth-", &back)
}

fn target() -> PathBuf {
    workspace().join("target/tests/fixtures")
}
