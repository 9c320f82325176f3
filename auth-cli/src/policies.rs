//! Which policies a command is about. In: the files that were named, if any. Out: those, or else the
//! one that the compiler would find for this package and all of `policies/`.

use std::{
    env,
    ffi::OsStr,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use auth_policy::{MAX_POLICY_BYTES, Policy, Source, check};

/// The folder that is searched when no policy is named.
const FOLDER: &str = "policies";
/// The policy of a package that names none.
const DEFAULT: &str = "policies/auth.yaml";

/// The one policy that is meant: the one named, that of the package, or the only one there is.
pub(crate) fn one(named: Option<&Path>) -> Result<PathBuf, String> {
    let candidates = candidates(named)?;
    if let [only] = candidates.as_slice() {
        return Ok(only.clone());
    }
    Err(several(&candidates))
}

/// The policy named, else the one that the package's attributes read, else all there are.
pub(crate) fn candidates(named: Option<&Path>) -> Result<Vec<PathBuf>, String> {
    if let Some(named) = named {
        return Ok(vec![named.to_owned()]);
    }
    match of_package()? {
        Some(policy) => Ok(vec![policy]),
        None => named_or_found(&[]),
    }
}

/// What to say where it could be each of these.
pub(crate) fn several(candidates: &[PathBuf]) -> String {
    let names: Vec<_> = candidates.iter().map(|path| format!("`{}`", path.display())).collect();
    format!("there are several policies, {}: say which with `--policy`", names.join(", "))
}

/// The checked policy of that file, or the one that the package's attributes read.
pub(crate) fn read(named: Option<&Path>) -> Result<Policy, String> {
    let path = one(named)?;
    let name = path.display().to_string();
    let shown = name.escape_debug();
    let source = Source::read(&path, name.clone());
    let source = source.map_err(|error| format!("cannot read `{shown}`: {error}"))?;
    let refused = || format!("`{shown}` has errors: `cargo auth check {shown}` tells them");
    check(&source).policy.ok_or_else(refused)
}

/// The file of that name; of `-`, unless there is a file called so, standard input.
///
/// # Errors
///
/// Those of reading it. What is wrong with its contents is no error here.
pub(crate) fn source(path: &Path) -> io::Result<Source> {
    let name = path.display().to_string();
    if !is_input(path) {
        return Source::read(path, name);
    }
    let mut bytes = Vec::new();
    io::stdin().lock().take(MAX_POLICY_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Source::new(name, bytes))
}

/// Whether standard input is meant.
pub(crate) fn is_input(path: &Path) -> bool {
    path == Path::new("-") && !path.exists()
}

/// The policies named, or else those found from the current folder.
pub(crate) fn named_or_found(named: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    if !named.is_empty() {
        return Ok(named.to_vec());
    }
    let compiled = of_package()?;
    let folder = yaml_files(Path::new(FOLDER));
    let mut found: Vec<PathBuf> = match (&compiled, folder) {
        (_, Ok(files)) => files,
        (Some(_), Err(_)) => Vec::new(),
        (None, Err(error)) => {
            return Err(format!("no policy is named, and `{FOLDER}` cannot be read: {error}"));
        }
    };
    if let Some(policy) = compiled.filter(|policy| !found.iter().any(|file| same(file, policy))) {
        found.insert(0, policy);
    }
    if found.is_empty() {
        return Err(format!("no policy is named, and `{FOLDER}` holds no .yaml file"));
    }
    Ok(found)
}

/// The files of tests named, or else those of `policies/`.
pub(crate) fn tests_named_or_found(named: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    if !named.is_empty() {
        return Ok(named.to_vec());
    }
    let found = files(Path::new(FOLDER), is_test).map_err(|error| {
        format!("no file of tests is named, and `{FOLDER}` cannot be read: {error}")
    })?;
    if found.is_empty() {
        return Err(format!("no file of tests is named, and `{FOLDER}` holds no .test.yaml file"));
    }
    Ok(found)
}

/// The policy that the attributes of the package read, as `auth-macros` looks for it: named by the
/// manifest, by `AUTH_POLICY`, or at its usual place if it is there.
fn of_package() -> Result<Option<PathBuf>, String> {
    let Some((folder, manifest)) = manifest() else { return Ok(None) };
    let Some(package) = manifest.get("package") else { return Ok(None) };
    let auth = package.get("metadata").and_then(|metadata| metadata.get("auth"));
    if let Some(auth) = auth {
        let policy = auth.get("policy").and_then(|policy| policy.as_str());
        let policy = policy.filter(|path| !path.is_empty());
        let help = "`[package.metadata.auth]` in Cargo.toml names no policy: write `policy = \"policies/auth.yaml\"`";
        return policy.map(|path| Some(folder.join(path))).ok_or_else(|| help.to_owned());
    }
    let usual = folder.join(DEFAULT);
    Ok(environment().map(|path| folder.join(path)).or_else(|| usual.is_file().then_some(usual)))
}

/// The nearest manifest, as cargo looks for it, and the folder it is in, relative to this one.
fn manifest() -> Option<(PathBuf, toml_edit::Document<String>)> {
    let here = env::current_dir().ok()?;
    let mut folder = PathBuf::new();
    for ancestor in here.ancestors() {
        if let Ok(text) = fs::read_to_string(ancestor.join("Cargo.toml")) {
            return Some((folder, text.parse().ok()?));
        }
        folder.push("..");
    }
    None
}

#[allow(clippy::disallowed_methods, reason = "the one place that asks which policy is compiled in")]
fn environment() -> Option<PathBuf> {
    env::var_os("AUTH_POLICY").filter(|path| !path.is_empty()).map(PathBuf::from)
}

fn same(one: &Path, other: &Path) -> bool {
    match (fs::canonicalize(one), fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// The policies in a folder, sorted. Tests of policies (`*.test.yaml`) are none.
fn yaml_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    files(folder, |path| !is_test(path))
}

/// The `.yaml` files of a folder that are of that kind, sorted.
fn files(folder: &Path, is: impl Fn(&Path) -> bool) -> io::Result<Vec<PathBuf>> {
    let paths = folder.read_dir()?.map(|entry| Ok(entry?.path()));
    let mut files = paths.collect::<io::Result<Vec<_>>>()?;
    files.retain(|path| path.extension() == Some(OsStr::new("yaml")) && is(path));
    files.sort();
    Ok(files)
}

fn is_test(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| Path::new(stem).extension() == Some(OsStr::new("test")))
}
