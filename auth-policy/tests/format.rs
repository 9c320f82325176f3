//! The canonical form of policies. In: texts. Out: that formatting changes neither what they mean
//! nor their comments, that it settles at once, and what it looks like.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that fails should say so loudly"
)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use auth_policy::{FormatError, Source, check, format};
use proptest::{prelude::*, sample::Index};

const FULL: &str = include_str!("good/full.yaml");
const BLOG: &str = include_str!("../../policies/blog.yaml");

fn formatted(text: &str) -> Result<String, FormatError> {
    format(&Source::new("p.yaml", text.as_bytes().to_vec()))
}

fn corpus() -> Vec<(PathBuf, String)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["tests/bad", "tests/good", "../policies"];
    let entries = folders.iter().flat_map(|folder| here.join(folder).read_dir().unwrap());
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    let read = |path: PathBuf| Some((path.clone(), fs::read_to_string(path).ok()?));
    files.into_iter().filter_map(read).collect()
}

/// What a text means: the revision of its policy, or else the codes and the words found in it.
fn meaning(text: &str) -> String {
    let checked = check(&Source::new("p.yaml", text.as_bytes().to_vec()));
    match checked.policy {
        Some(policy) => format!("{:?} {:?}", policy.revision(), policy.structure()),
        None => {
            let found = checked.diagnostics.iter();
            let found: BTreeSet<_> =
                found.map(|found| (found.code, found.message.clone())).collect();
            format!("{found:?}")
        }
    }
}

/// Each comment with the word that its line, or the next one with something on it, begins with.
fn comments(text: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let own = line.trim();
        let Some(mark) = comment_mark(own) else { continue };
        let mut next = lines[at + 1..].iter().map(|line| line.trim());
        let next = next.find(|line| !line.is_empty() && !line.starts_with('#'));
        let owner = if mark == 0 { next.unwrap_or_default() } else { own };
        let word = owner.trim_start_matches("- ").split([':', ' ']).next().unwrap_or_default();
        found.push((own[mark..].to_owned(), word.to_owned()));
    }
    found.sort();
    found
}

fn comment_mark(line: &str) -> Option<usize> {
    if line.starts_with('#') { Some(0) } else { line.find(" #").map(|at| at + 1) }
}

/// Holds what must be true of every text that is formatted.
#[track_caller]
fn hold(text: &str) -> Option<String> {
    let after = formatted(text).ok()?;
    assert_eq!(meaning(text), meaning(&after), "{text}\n---\n{after}");
    assert_eq!(formatted(&after).unwrap(), after, "it does not settle:\n{text}");
    let is_flat = |line: &str| line.trim_end() == line && !line.contains('\t');
    assert!(after.lines().all(is_flat) || after.contains(['|', '>']), "{after}");
    assert!(!after.contains("\n\n\n") || after.contains(['|', '>', '"']), "{after}");
    assert!(after.ends_with('\n') && !after.ends_with("\n\n"), "{after:?}");
    Some(after)
}

#[test]
fn every_policy_keeps_its_meaning_and_its_comments() {
    let (mut changed, mut left) = (0, Vec::new());
    for (path, text) in corpus() {
        match hold(&text) {
            Some(after) => {
                assert_eq!(comments(&text), comments(&after), "{}", path.display());
                changed += usize::from(after != text);
            }
            None if check(&Source::new("p.yaml", text.into())).policy.is_some() => {
                panic!("{} is sound and was left as it is", path.display());
            }
            None => left.push(path),
        }
    }
    assert!(changed > 15, "{changed}");
    let unsafe_to_format = left.iter().filter(|path| {
        let error = format(&Source::read(path, "p.yaml").unwrap()).unwrap_err();
        !matches!(error, FormatError::Unreadable(_))
    });
    let names: Vec<_> = unsafe_to_format.map(|path| path.file_stem().unwrap()).collect();
    assert_eq!(names, ["grants-holds-a-map", "list-as-name"]);
}

#[test]
fn the_policies_of_the_repository_are_in_their_canonical_form() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    let is_policy = |path: &Path| !path.to_string_lossy().ends_with(".test.yaml");
    let here = corpus().into_iter().filter(|(path, _)| path.starts_with(&folder));
    for (path, text) in here.filter(|(path, _)| is_policy(path)) {
        assert_eq!(formatted(&text).unwrap(), text, "{}", path.display());
    }
}

#[test]
fn sections_and_keys_are_put_in_order_and_names_are_not() {
    let before = "\
# This file is for people.

# How they sign in.
schemes:
    session:   # in browsers
        lifetime: 24h
        # not long
        idle: 30m
roles:
    writer: {grants:  [ 'b:c','a:b' ] ,includes: [reader]}
    reader: { grants: [\"a:b\"] }
    # nobody else


scopes: {b:c: B, a:b: { mutates: true,is: A }}
version: 1 # the first
never:
-   reaches: {scopes: b:c}
    role: reader
# the end
";
    let after = "\
# This file is for people.

version: 1 # the first

scopes: { b:c: B, a:b: { is: A, mutates: true } }
roles:
  writer: { includes: [reader], grants: ['b:c', 'a:b'] }
  reader: { grants: [\"a:b\"] }
  # nobody else

# How they sign in.
schemes:
  session: # in browsers
    # not long
    idle: 30m
    lifetime: 24h
never:
  - role: reader
    reaches: { scopes: b:c }
# the end
";
    assert_eq!(hold(before).unwrap(), after);
}

#[test]
fn what_does_not_fit_into_a_line_or_holds_comments_is_written_below() {
    let names = (0..20).map(|n| format!("scope:{n}")).collect::<Vec<_>>().join(", ");
    let text = format!(
        "version: 1\nroles:\n  a: {{ grants: [{names}] }}\n  b: {{\n    includes: [a], # as above\n    \
         # and\n    grants: [\n      c,\n      d\n    ]\n  }}\n  c: {{\n    grants: [ e ]\n  }}\n"
    );
    let below = (0..20).map(|n| format!("      - scope:{n}\n")).collect::<String>();
    let expected = format!(
        "version: 1\nroles:\n  a:\n    grants:\n{below}  b:\n    includes: [a] # as above\n    # and\n    \
         grants: [c, d]\n  c: {{ grants: [e] }}\n"
    );
    assert_eq!(hold(&text).unwrap(), expected);
}

#[test]
fn blocks_of_text_are_moved_and_not_changed() {
    let text = "version: 1\nscopes:\n     a:\n            is: >- # folded\n                 one\n\n                   # no comment\n                 two\n\n\n     b: |\n         x\n";
    let after = "version: 1\nscopes:\n  a:\n    is: >- # folded\n      one\n\n        # no comment\n      two\n\n  b: |\n    x\n";
    assert_eq!(hold(text).unwrap(), after);
}

#[test]
fn what_cannot_be_formatted_safely_is_named() {
    for (text, line, reason) in [
        ("version: 1\nscopes:\n  a: one\n    two\n", 4, "this is indented more"),
        ("version: 1\nscopes:\n  a: \"one\n    two\"\n", 3, "a quoted string that goes over"),
        ("---\nversion: 1\n", 1, "a policy needs no marks"),
        ("version: 1\nscopes:\n  a: |2\n      x\n", 3, "a block of text with an indentation"),
        ("version: 1\nscopes: { a: one\n  two }\n", 2, "a comma or a bracket"),
        ("version: 1\nscopes:\n  a:\n    # why\n    one\n", 4, "a comment or a blank line"),
        ("? version\n: 1\n", 1, "a key with a colon"),
    ] {
        match formatted(text) {
            Err(FormatError::Unsafe { line: found, reason: why }) => {
                assert!(why.starts_with(reason), "{text}: {why}");
                assert!(found == line || found == line + 1, "{text}: line {found}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn what_cannot_be_read_is_told_as_the_check_tells_it() {
    let error = formatted("version: &a 1\n").unwrap_err();
    let FormatError::Unreadable(found) = error else { panic!("{error}") };
    assert_eq!(found[0].code.as_str(), "anchor");
}

#[test]
fn line_breaks_of_windows_become_plain_ones() {
    let text = FULL.replace('\n', "\r\n");
    assert_eq!(hold(&text).unwrap(), formatted(FULL).unwrap());
}

/// A change of spacing, of the kind a hand makes: none of them changes what a policy means.
fn disturb(text: &str, changes: &[(Index, u8)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (number, (at, kind)) in changes.iter().enumerate() {
        let at = at.index(lines.len());
        let line = lines[at].clone();
        match kind % 5 {
            0 => lines.insert(at, String::new()),
            1 => {
                let indent = line.len() - line.trim_start().len();
                lines.insert(at, format!("{}# remark {number}", " ".repeat(indent)));
            }
            2 if !line.contains('#') && !line.ends_with("-") => {
                lines[at] += &format!(" # beside {number}");
            }
            3 => lines[at] = line.replace("{ ", "{").replace(", ", " ,  "),
            _ => lines[at] = line.replace(": [", ":   [") + "  ",
        }
    }
    lines.join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_disturbed_policy_keeps_its_meaning_and_its_comments(
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 1..12)
    ) {
        for text in [BLOG, FULL] {
            let disturbed = disturb(text, &changes);
            let Some(after) = hold(&disturbed) else { continue };
            prop_assert_eq!(words(&disturbed), words(&after));
        }
    }

    #[test]
    fn no_text_makes_it_panic_or_lie(text in "[-a-z0-9:,{}\\[\\]|>'\"#?~ \\n]{0,120}") {
        if let Ok(after) = formatted(&text) {
            prop_assert_eq!(formatted(&after).unwrap(), after);
        }
    }

    #[test]
    fn any_policy_of_names_settles(
        roles in prop::collection::vec(prop::collection::vec(0_usize..30, 0..30), 1..8),
        indent in 1_usize..7,
    ) {
        let pad = " ".repeat(indent);
        let mut text = String::from("schemes: {session: {lifetime: 2m,idle: 1m}}\nroles:\n");
        for (n, grants) in roles.iter().enumerate() {
            let grants: BTreeSet<_> = grants.iter().map(|n| format!("s{n}")).collect();
            let grants = grants.into_iter().collect::<Vec<_>>().join(" , ");
            text += &format!("{pad}# role {n}\n{pad}r{n}: {{grants: [{grants}]}} # of {n}\n");
        }
        text += "scopes:\n";
        (0..30).for_each(|n| text += &format!("{pad}s{n}:   Scope {n}\n"));
        text += "version: 1\n";
        let after = hold(&text).unwrap();
        prop_assert_eq!(comments(&text), comments(&after));
        prop_assert!(after.starts_with("version: 1\nscopes:\n  s0: Scope 0\n"));
        prop_assert!(after.lines().all(|line| line.chars().count() <= 107));
    }
}

/// The comments alone: where they stand is held by the tests above.
fn words(text: &str) -> Vec<String> {
    comments(text).into_iter().map(|(comment, _)| comment).collect()
}
