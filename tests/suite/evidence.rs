//! What is claimed and what holds it. In: the names of the tests. Out: the table in
//! `docs/evidence.md`, which this test keeps true; `UPDATE_EXPECT=1` writes it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::files::{between, replace_between, updating, workspace};

const REQUIREMENTS: &str = include_str!("requirements.txt");

/// Where tests are.
const ROOTS: [&str; 6] =
    ["auth-policy", "auth-macros", "auth-runtime", "auth-cli", "examples", "tests"];

#[test]
fn the_evidence_page_lists_the_tests_there_are() {
    let page = workspace().join("docs/evidence.md");
    let text = fs::read_to_string(&page).expect("the page");
    let table = format!("\n{}", table());
    if updating() {
        let text = replace_between(&text, "evidence", &table);
        fs::write(page, text).expect("the page can be written");
    } else {
        let stands = between(&text, "evidence");
        assert_eq!(stands, table, "run this test with UPDATE_EXPECT=1 and review the change");
    }
}

#[test]
fn every_id_a_test_carries_is_a_requirement() {
    let known: Vec<_> = REQUIREMENTS.lines().filter_map(|line| line.split(' ').next()).collect();
    for (id, tests) in tests_by_id() {
        assert!(known.contains(&id.as_str()), "{id} is no requirement: {tests:?}");
    }
}

fn table() -> String {
    let tests = tests_by_id();
    let mut table = String::from("| id | what is shown | tests |\n|---|---|---|\n");
    for line in REQUIREMENTS.lines() {
        let (id, what) = line.split_once(' ').expect("an id and a phrase");
        let names = tests.get(id).map_or("not yet".to_owned(), |names| {
            names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        });
        table.push_str(&format!("| {id} | {what} | {names} |\n"));
    }
    table
}

/// The names of all tests, by each id they begin with.
fn tests_by_id() -> BTreeMap<String, Vec<String>> {
    let mut files = Vec::new();
    ROOTS.iter().for_each(|root| rust_files(&workspace().join(root), &mut files));
    files.sort();
    let mut tests = BTreeMap::<_, Vec<String>>::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a source file");
        for name in test_names(&text) {
            for id in ids(name) {
                tests.entry(id).or_default().push(name.to_owned());
            }
        }
    }
    tests
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    for path in entries.map(|entry| entry.path()) {
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The functions of a file that are marked as tests.
fn test_names(text: &str) -> impl Iterator<Item = &str> {
    let mut marked = false;
    text.lines().map(str::trim_start).filter_map(move |line| {
        marked |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        let name = function(line).filter(|_| marked)?;
        marked = false;
        Some(name)
    })
}

fn function(line: &str) -> Option<&str> {
    let line = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")?;
    line.split(['(', '<']).next()
}

/// The ids at the beginning of a name: J01 and J02 of `j01_j02_what_is_shown`.
fn ids(name: &str) -> impl Iterator<Item = String> {
    name.split('_').map_while(|word| {
        let digits = word.trim_start_matches(|letter: char| letter.is_ascii_lowercase());
        let letters = word.len() - digits.len();
        let number =
            (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        (number && (1..=2).contains(&letters)).then(|| word.to_uppercase())
    })
}

#[test]
fn ids_are_read_from_the_beginning_of_a_name() {
    let read = |name| ids(name).collect::<Vec<_>>();
    assert_eq!(read("j01_alg_none"), ["J01"]);
    assert_eq!(read("z1_z2_c5_compile_errors"), ["Z1", "Z2", "C5"]);
    assert_eq!(read("oc10_provider"), ["OC10"]);
    assert!(read("sha256_vector").is_empty() && read("the_j01").is_empty());
}
