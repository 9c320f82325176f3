//! The measurement. In: a workspace of the three crates. Out: how long `cargo check` took for each,
//! one round after the other, so that what else the machine does falls on all of them.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use crate::source::{Variant, body};

/// Three packages below `target/`, with this workspace's versions and cargo's own profiles.
pub(crate) struct Workspace {
    root: PathBuf,
}

/// What one round came to, in the order of [`Variant::ALL`].
pub(crate) struct Round {
    /// Nothing of the crate itself was there; its dependencies were.
    pub(crate) clean: Vec<Duration>,
    /// The body of one handler was edited.
    pub(crate) edited: Vec<Duration>,
}

impl Workspace {
    /// Writes the packages, and builds what they depend on.
    pub(crate) fn new(repository: &Path) -> Result<Self, Box<dyn Error>> {
        let root = repository.join("target/benches/compile-time");
        let workspace = Self { root };
        workspace.write("Cargo.toml", &manifest(repository)?)?;
        workspace.write("Cargo.lock", &fs::read_to_string(repository.join("Cargo.lock"))?)?;
        let policy = fs::read_to_string(repository.join("policies/blog.yaml"))?;
        workspace.write("policy.yaml", &policy)?;
        for variant in Variant::ALL {
            let package = variant.package();
            workspace.write(&format!("{package}/Cargo.toml"), &variant.manifest())?;
            for (file, text) in variant.files() {
                workspace.write(&format!("{package}/src/{file}"), &text)?;
            }
        }
        workspace.cargo(&["check", "--workspace"])?;
        Ok(workspace)
    }

    /// Compiles each package that many times.
    pub(crate) fn measure(&self, rounds: usize) -> Result<Vec<Round>, Box<dyn Error>> {
        (1..=rounds).map(|round| self.round(round)).collect()
    }

    fn round(&self, round: usize) -> Result<Round, Box<dyn Error>> {
        let [mut clean, mut edited] = [[Duration::ZERO; 3]; 2];
        // Another one begins in each round.
        let mut order = [0, 1, 2];
        order.rotate_left(round % 3);
        for index in order {
            let (Some(variant), Some(clean), Some(edited)) =
                (Variant::ALL.get(index), clean.get_mut(index), edited.get_mut(index))
            else {
                continue;
            };
            let package = variant.package();
            self.cargo(&["clean", "--package", package])?;
            *clean = self.cargo(&["check", "--package", package])?;
            self.edit(package, round)?;
            *edited = self.cargo(&["check", "--package", package])?;
        }
        Ok(Round { clean: clean.to_vec(), edited: edited.to_vec() })
    }

    fn edit(&self, package: &str, round: usize) -> Result<(), Box<dyn Error>> {
        let path = format!("{package}/src/part0.rs");
        let text = fs::read_to_string(self.root.join(&path))?;
        let edited = text.replace(&body(7, round - 1), &body(7, round));
        if edited == text {
            return Err("the handler to edit is not there".into());
        }
        self.write(&path, &edited)
    }

    /// How long that run of cargo took. What it prints is shown only when it fails.
    #[allow(clippy::disallowed_methods, reason = "this is a measurement")]
    fn cargo(&self, arguments: &[&str]) -> Result<Duration, Box<dyn Error>> {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(arguments).args(["--offline", "--quiet", "--manifest-path"]);
        cargo.arg(self.root.join("Cargo.toml")).current_dir(std::env::temp_dir());
        cargo.env("CARGO_TARGET_DIR", self.root.join("target")).env_remove("AUTH_POLICY");
        let began = Instant::now();
        let output = cargo.output()?;
        let took = began.elapsed();
        if output.status.success() {
            return Ok(took);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("cargo {arguments:?} failed:\n{said}").into())
    }

    fn write(&self, path: &str, text: &str) -> Result<(), Box<dyn Error>> {
        let file = self.root.join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(fs::write(file, text)?)
    }
}

/// This workspace's manifest with those members, with paths that lead back here, and without its
/// profiles: they are not those of whoever depends on this project.
fn manifest(repository: &Path) -> Result<String, Box<dyn Error>> {
    let manifest = fs::read_to_string(repository.join("Cargo.toml"))?;
    let members = Variant::ALL.map(Variant::package);
    let own = manifest.lines().find(|line| line.starts_with("members = "));
    let own = own.ok_or("the manifest of the workspace has no line of members")?;
    let back = format!("path = \"{}/auth-", repository.display());
    let manifest = manifest.replace(own, &format!("members = {members:?}"));
    // `debug_handler` is behind this feature of axum's.
    let manifest = manifest.replace("\"matched-path\"", "\"macros\", \"matched-path\"");
    let manifest = manifest.replace("path = \"auth-", &back);
    Ok(manifest.split("[profile.").next().unwrap_or_default().to_owned())
}
