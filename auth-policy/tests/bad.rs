//! Bad policies, one fact each: `bad/NAME.yaml` and, in `bad/NAME.txt`, exactly what its author is
//! told. `UPDATE_EXPECT=1 cargo test -p auth-policy --test bad` rewrites the latter.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that fails should say so loudly"
)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use auth_policy::{Checked, Code, Severity, Source, check};

/// Codes without a file here, and where they are tested instead.
const ELSEWHERE: &[(Code, &str)] = &[
    (Code::TooLarge, "hostile.rs: a file of more than 1 MiB is not kept in the repository"),
    (Code::TooManySchemes, "limits.rs: it takes 65 entries"),
    (Code::NotAllShown, "hostile.rs: it takes more than a hundred mistakes"),
    (Code::UndeclaredRule, "requirement.rs: rules are named by handlers only"),
    (Code::ExpectedAccess, "testing.rs: tests of policies expect something"),
    (Code::UnexpectedAccess, "testing.rs: tests of policies expect something"),
    (Code::Untested, "testing.rs: it takes tests of a policy"),
    (Code::UndeclaredEndpoint, "locked.rs: it takes a lock"),
    (Code::InvalidLock, "locked.rs: it is about a lock"),
    (Code::StaleLock, "locked.rs: it is about a lock"),
    (Code::NoLock, "locked.rs: it is about a lock"),
    (Code::LockOutOfDate, "locked.rs: it is about a lock"),
    (Code::RuleNotAsked, "locked.rs: it takes a lock"),
    (Code::ScopeNotAsked, "locked.rs: it takes a lock"),
    (Code::SchemeNotAsked, "locked.rs: it takes a lock"),
    (Code::LimitNotUsed, "locked.rs: it takes a lock"),
    (Code::RoleOpensNothing, "locked.rs: it takes a lock"),
    (Code::RuleCombined, "requirement.rs: rules are named by handlers only"),
];

fn corpus() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let paths = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths.filter(|path| path.extension().unwrap() == "yaml").collect();
    files.sort();
    files
}

fn read(path: &Path) -> (Source, Checked) {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let source = Source::read(path, name).unwrap();
    let checked = check(&source);
    (source, checked)
}

fn rendering(source: &Source, checked: &Checked) -> String {
    let rendered = checked.diagnostics.iter().map(|found| found.render(source) + "\n");
    rendered.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_bad_policy_is_told_exactly_this() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    for path in corpus() {
        let (source, checked) = read(&path);
        let found = rendering(&source, &checked);
        let expectation = path.with_extension("txt");
        if update {
            fs::write(&expectation, &found).unwrap();
        }
        let expected = fs::read_to_string(&expectation).unwrap_or_default();
        if expected != found || found.is_empty() {
            eprintln!("{}\n--- expected\n{expected}\n--- found\n{found}", path.display());
            wrong.push(path);
        }
    }
    assert!(wrong.is_empty(), "these read differently than expected: {wrong:#?}");
}

#[test]
fn every_expectation_belongs_to_a_policy() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        assert!(path.with_extension("yaml").exists(), "{} is left over", path.display());
    }
}

#[test]
fn every_code_is_exercised() {
    let found: BTreeSet<Code> =
        corpus().iter().flat_map(|path| read(path).1.diagnostics).map(|found| found.code).collect();
    for code in Code::ALL {
        let elsewhere = ELSEWHERE.iter().any(|(exempt, _)| exempt == code);
        assert!(
            found.contains(code) != elsewhere,
            "{code}: in a file here or in ELSEWHERE, not both"
        );
    }
}

#[test]
fn a_policy_is_made_if_and_only_if_there_is_no_error() {
    for path in corpus() {
        let (_, checked) = read(&path);
        let errors = checked.diagnostics.iter().any(|found| found.severity == Severity::Error);
        assert_eq!(checked.policy.is_none(), errors, "{}", path.display());
    }
}

/// SECURITY: the values that stand for secrets in the corpus.
#[test]
fn no_secret_is_ever_shown() {
    for path in corpus() {
        let (source, checked) = read(&path);
        let colored = checked.diagnostics.iter().map(|found| found.render_colored(&source));
        let excerpts = checked.diagnostics.iter().map(|found| source.excerpt(found.place, "here"));
        let shown: String = colored.chain(excerpts).chain([rendering(&source, &checked)]).collect();
        for secret in ["hunter2", "MC4CAQ", "PRIVATE KEY"] {
            assert!(!shown.contains(secret), "{} shows {secret}", path.display());
        }
    }
}
