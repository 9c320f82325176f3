//! The measurement. In: a workspace of the three crates. Out: how long `cargo check` took for each,
//! one round after the other, so that what else the machine does falls on all of them.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use crate::source::{Source, Variant, body};

/// How many handlers the services have that are compared.
pub(crate) const HANDLERS: usize = 200;

/// How many the services have that grow.
pub(crate) const GROWTH: [usize; 3] = [10, 100, 1_000];

/// Packages below `target/`, with this workspace's versions and cargo's own profiles.
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
        for source in sources() {
            let package = source.package();
            workspace.write(&format!("{package}/Cargo.toml"), &source.manifest())?;
            for (file, text) in source.files() {
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

    /// How long it takes from nothing with each of [`GROWTH`], round by round: with `#[debug_handler]`
    /// on each handler, and with `#[authenticate(..)]`.
    pub(crate) fn growth(&self, rounds: usize) -> Result<Vec<[Vec<Duration>; 2]>, Box<dyn Error>> {
        let of = |variant| {
            GROWTH.iter().map(move |handlers| self.clean(Source { variant, handlers: *handlers }))
        };
        (1..=rounds)
            .map(|_| {
                let theirs = of(Variant::DebugHandler).collect::<Result<_, _>>()?;
                Ok([theirs, of(Variant::Authenticate).collect::<Result<_, _>>()?])
            })
            .collect()
    }

    /// How long a package takes of which nothing is there.
    fn clean(&self, source: Source) -> Result<Duration, Box<dyn Error>> {
        let package = source.package();
        self.cargo(&["clean", "--package", &package])?;
        self.cargo(&["check", "--package", &package])
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
            let source = Source { variant: *variant, handlers: HANDLERS };
            let package = source.package();
            *clean = self.clean(source)?;
            self.edit(&package, round)?;
            *edited = self.cargo(&["check", "--package", &package])?;
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

/// Every service that is measured.
fn sources() -> impl Iterator<Item = Source> {
    let compared = Variant::ALL.map(|variant| Source { variant, handlers: HANDLERS });
    let growing = [Variant::DebugHandler, Variant::Authenticate]
        .into_iter()
        .flat_map(|variant| GROWTH.into_iter().map(move |handlers| Source { variant, handlers }));
    compared.into_iter().chain(growing)
}

/// This workspace's manifest with those members, with paths that lead back here, and without its
/// profiles: they are not those of whoever depends on this project.
fn manifest(repository: &Path) -> Result<String, Box<dyn Error>> {
    let manifest = fs::read_to_string(repository.join("Cargo.toml"))?;
    let members: Vec<_> = sources().map(Source::package).collect();
    let own = manifest.lines().find(|line| line.starts_with("members = "));
    let own = own.ok_or("the manifest of the workspace has no line of members")?;
    let back = format!("path = \"{}/auth-", repository.display());
    let manifest = manifest.replace(own, &format!("members = {members:?}"));
    // `debug_handler` is behind this feature of axum's.
    let manifest = manifest.replace("\"matched-path\"", "\"macros\", \"matched-path\"");
    let manifest = manifest.replace("path = \"auth-", &back);
    Ok(manifest.split("[profile.").next().unwrap_or_default().to_owned())
}
