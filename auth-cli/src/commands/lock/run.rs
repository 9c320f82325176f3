//! The tests named `auth_lock`, run by cargo. In: a selection of packages. Out: what the tests told,
//! and what cargo said.

use std::{
    env,
    ffi::OsString,
    fs, io,
    path::PathBuf,
    process::{Command, Stdio},
};

use auth_runtime::random;

use super::Report;

/// Which packages and features, in the words of cargo.
#[derive(Debug, clap::Args)]
pub(super) struct Packages {
    /// The package whose application it is [default: that of this folder]
    #[arg(short, long, value_name = "PACKAGE")]
    package: Vec<String>,

    /// All packages of the workspace
    #[arg(long, conflicts_with = "package")]
    workspace: bool,

    /// Features to build with, as for `cargo test`
    #[arg(short = 'F', long, value_name = "FEATURES")]
    features: Vec<String>,

    /// All features
    #[arg(long)]
    all_features: bool,

    /// The manifest of the package or workspace
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
}

/// What came of the tests.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) report: Report,
    /// Whether every test passed, if there was any.
    pub(super) succeeded: bool,
    /// What the tests said.
    pub(super) said: String,
}

/// Runs the tests. What cargo says while it builds goes to standard error.
pub(super) fn tests(packages: &Packages, check: bool) -> Result<Ran, String> {
    let told = Told::new()?;
    let mut cargo = Command::new(cargo());
    cargo.args(["test", "--tests", "--no-fail-fast"]).args(packages.arguments()).arg("auth_lock");
    cargo.env("AUTH_LOCK", if check { "check" } else { "write" });
    cargo.env("AUTH_LOCK_REPORT", &told.0);
    let output = cargo.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("cargo cannot be run: {error}"))?;
    let report = Report::parse(&told.read()?)?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(Ran { report, succeeded: output.status.success(), said })
}

impl Packages {
    fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        let mut with = |name: &str, value: OsString| {
            let mut word = OsString::from(format!("--{name}="));
            word.push(value);
            arguments.push(word);
        };
        self.package.iter().for_each(|package| with("package", package.into()));
        self.features.iter().for_each(|features| with("features", features.into()));
        self.manifest_path.iter().for_each(|path| with("manifest-path", path.into()));
        let flags = [(self.workspace, "--workspace"), (self.all_features, "--all-features")];
        arguments.extend(flags.into_iter().filter(|(said, _)| *said).map(|(_, flag)| flag.into()));
        arguments
    }
}

/// The cargo that runs this command.
#[allow(clippy::disallowed_methods, reason = "the one place that asks which cargo it is")]
fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The file in which tests tell what they found. It goes when it was read.
struct Told(PathBuf);

impl Told {
    fn new() -> Result<Self, String> {
        let token = random::token(12).map_err(|error| error.to_string())?;
        let told = Self(env::temp_dir().join(format!("auth-lock-{token}.jsonl")));
        // SECURITY: made here and new, so that nobody else has put a link or a file in its place.
        let made = fs::OpenOptions::new().write(true).create_new(true).open(&told.0);
        made.map_err(|error| format!("cannot write `{}`: {error}", told.0.display()))?;
        Ok(told)
    }

    fn read(&self) -> Result<String, String> {
        let read: io::Result<String> = fs::read_to_string(&self.0);
        read.map_err(|error| format!("cannot read `{}`: {error}", self.0.display()))
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
