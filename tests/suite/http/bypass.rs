//! E3: no build lets more in than another. A bypass for development would have to hang on a
//! feature, on `debug_assertions`, on a `cfg` or on the environment, so none of those may decide
//! anything in the crates that guard: what stands in the sources below is all there is.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Features that add types of their own, and change nothing of what is there without them.
const ADDITIVE: [&str; 10] = [
    "sqlite",
    "postgres",
    "redis",
    "discovery",
    "reload",
    "client",
    "oidc",
    "metrics",
    "testing",
    "utoipa",
];
const GUARDS: [&str; 3] = ["auth-runtime", "auth-macros", "auth-policy"];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every source file of a crate, tests beside the code included.
fn sources(of: &str) -> Vec<(PathBuf, String)> {
    let mut folders = vec![workspace().join(of).join("src")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                files.push((path, text));
            }
        }
    }
    assert!(files.len() > 5, "{of} has its sources elsewhere");
    files
}

/// Lines of code, comments left out.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.starts_with("//"))
}

/// A feature is a second build of the same crate. Each one listed here was looked at: `yaml` in
/// auth-policy reads policies and `tools` writes them, neither decides anything at run time; `discovery` in auth-runtime is a way
/// of fetching that the application asks for by name, `reload` a way of changing values that it
/// calls, `testing` tries the guards from a test and at most refuses who was let in, and the others
/// are stores that it opens.
#[test]
fn e3_features_are_few_and_none_of_them_opens_anything() {
    for (of, known) in [
        ("auth-runtime", &ADDITIVE[..]),
        ("auth-macros", &[]),
        ("auth-policy", &["default", "tools", "yaml"]),
    ] {
        let manifest = fs::read_to_string(workspace().join(of).join("Cargo.toml")).unwrap();
        let section = manifest.split("\n[").find_map(|part| part.strip_prefix("features]"));
        let features: Vec<_> = section
            .unwrap_or_default()
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
            .filter_map(|line| Some(line.split_once('=')?.0.trim()))
            .collect();
        assert_eq!(features, known, "{of}: is a new feature no way around a guard?");
        assert!(!workspace().join(of).join("build.rs").exists(), "a build script can set any cfg");
    }
}

#[test]
fn e3_no_debug_build_behaves_in_another_way() {
    for of in GUARDS {
        for (path, text) in sources(of) {
            for line in code(&text) {
                let conditional =
                    line.contains("cfg(") || line.contains("cfg!") || line.contains("cfg_attr");
                let known = line.contains("cfg(test)")
                    || ["yaml", "tools"].iter().any(|name| {
                        line.contains(&format!(r#"cfg(feature = "{name}")"#)) && of == "auth-policy"
                    })
                    || line == "#[cfg(unix)]" && path.ends_with("store/sqlite/file.rs")
                    || of == "auth-runtime" && is_of_additive(line);
                assert!(!conditional || known, "{}: {line}", path.display());
                let debug = line.contains("debug_assert") && !line.contains("// only a check");
                assert!(!debug, "gone in release: {}: {line}", path.display());
            }
        }
    }
}

/// Whether a condition is about additive features and nothing else.
fn is_of_additive(line: &str) -> bool {
    let condition = line.strip_prefix("#[cfg(").and_then(|rest| rest.strip_suffix(")]"));
    let condition = condition.map(|all| all.strip_prefix("any(").unwrap_or(all));
    let mut parts = condition.unwrap_or_default().trim_end_matches(')').split(", ");
    parts.all(|part| {
        part == "test" || ADDITIVE.iter().any(|name| part == format!(r#"feature = "{name}""#))
    })
}

/// The environment is read where the policy refers to it and nowhere else at run time. `lock` and
/// `testing` are run by tests of the application, which ask there where its files are, and whether to
/// write one.
#[test]
fn e3_the_environment_switches_nothing_off() {
    let of = workspace().join("auth-runtime/src");
    let mut reads: Vec<_> = sources("auth-runtime")
        .into_iter()
        .filter(|(_, text)| {
            code(text).any(|line| line.contains("env::var") || line.contains("env!("))
        })
        .map(|(path, _)| path.strip_prefix(&of).unwrap().to_owned())
        .collect();
    reads.sort();
    assert_eq!(
        reads,
        ["lock/held.rs", "lock/mod.rs", "reference.rs", "testing/mod.rs"].map(Path::new)
    );
}
