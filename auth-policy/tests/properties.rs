//! What holds for every file, not for examples only.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may fail loudly"
)]

use std::collections::BTreeSet;

use auth_policy::{Checked, Policy, Severity, Source, check, nearest};
use proptest::{prelude::*, sample::Index};

mod readers;

const BLOG: &str = include_str!("../../policies/blog.yaml");
const FULL: &str = include_str!("good/full.yaml");

/// Holds what must be true of every file that is checked, whatever is in it.
fn hold(bytes: Vec<u8>) -> Checked {
    let source = Source::new("p.yaml", bytes);
    let checked = check(&source);
    let lines: Vec<&str> = source.text().split('\n').collect();
    let mut last = 0;
    for found in &checked.diagnostics {
        let places = found.others.iter().map(|(place, _)| *place).chain([found.place]);
        for place in places {
            assert!((1..=lines.len()).contains(&(place.line as usize)), "{place:?} in {found:?}");
            let width = u32::try_from(lines[place.line as usize - 1].chars().count()).unwrap();
            assert!((1..=width + 1).contains(&place.column), "{place:?} of {width} in {found:?}");
            assert!(
                place.length >= 1 && place.column + place.length <= width.max(1) + 2,
                "{place:?}"
            );
        }
        assert!(!found.message.is_empty() && !found.message.contains('\n'), "{found:?}");
        assert!(found.place.line >= last, "{found:?} comes too late");
        last = found.place.line;
        let text = found.render(&source) + &found.render_colored(&source).replace("\u{1b}[", "");
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    }
    let errors = checked.diagnostics.iter().any(|found| found.severity == Severity::Error);
    assert_eq!(checked.policy.is_none(), errors);
    checked
}

/// One change to a text, of the kind a hand or a merge makes.
#[derive(Clone, Debug)]
enum Change {
    Flip(Index, u8),
    Insert(Index, &'static str),
    Delete(Index),
    DeleteLine(Index),
    RepeatLine(Index),
    SwapLines(Index, Index),
}

/// What is inserted: the words of YAML that change what stands around them.
const PIECES: &[&str] = &[
    "{", "}", "[", "]", ":", ": ", ",", "- ", "\n", "\t", "  ", "\"", "'", "&a ", "*a", "!!str ",
    "<<: ", "|", ">", "#", "${", "*", "~", "null", "true", "9", "0s", "\u{202e}", "\u{feff}", "é",
    "---\n", "? ",
];

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Flip(at, byte)),
        (any::<Index>(), prop::sample::select(PIECES))
            .prop_map(|(at, piece)| Change::Insert(at, piece)),
        any::<Index>().prop_map(Change::Delete),
        any::<Index>().prop_map(Change::DeleteLine),
        any::<Index>().prop_map(Change::RepeatLine),
        (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Change::SwapLines(a, b)),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    if bytes.is_empty() {
        return;
    }
    let mut lines: Vec<Vec<u8>> =
        bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    match change {
        Change::Flip(at, byte) => return *at.get_mut(bytes) = *byte,
        Change::Insert(at, piece) => {
            let at = at.index(bytes.len());
            return drop(bytes.splice(at..at, piece.bytes()));
        }
        Change::Delete(at) => {
            let at = at.index(bytes.len());
            return drop(bytes.drain(at..=at));
        }
        Change::DeleteLine(at) => drop(lines.remove(at.index(lines.len()))),
        Change::RepeatLine(at) => {
            let at = at.index(lines.len());
            lines.insert(at, lines[at].clone());
        }
        Change::SwapLines(a, b) => {
            let (a, b) = (a.index(lines.len()), b.index(lines.len()));
            lines.swap(a, b);
        }
    }
    *bytes = lines.concat();
}

/// A policy of roles over numbered scopes: which role includes which earlier ones, and grants what.
type Shape = Vec<(Vec<Index>, Vec<Index>)>;

fn shape() -> impl Strategy<Value = Shape> {
    let some = || prop::collection::vec(any::<Index>(), 0..4);
    prop::collection::vec((some(), some()), 1..12)
}

const SCOPES: usize = 9;

/// For each role, the earlier roles it includes and the scopes it grants.
fn edges(shape: &Shape) -> Vec<(BTreeSet<usize>, BTreeSet<usize>)> {
    let role = |(n, (includes, grants)): (usize, &(Vec<Index>, Vec<Index>))| {
        let includes = includes.iter().filter(|_| n > 0).map(|at| at.index(n.max(1)));
        (includes.collect(), grants.iter().map(|at| at.index(SCOPES)).collect())
    };
    shape.iter().enumerate().map(role).collect()
}

fn written(shape: &Shape, order: impl Fn(Vec<String>) -> Vec<String>) -> String {
    let names = |set: &BTreeSet<usize>, letter: &str| {
        set.iter().map(|n| format!("{letter}{n}")).collect::<Vec<_>>().join(", ")
    };
    let role = |(n, (includes, grants)): (usize, &(BTreeSet<usize>, BTreeSet<usize>))| {
        format!(
            "  r{n}: {{ includes: [{}], grants: [{}] }}\n",
            names(includes, "r"),
            names(grants, "s")
        )
    };
    let roles = order(edges(shape).iter().enumerate().map(role).collect()).concat();
    let scopes = order((0..SCOPES).map(|n| format!("  s{n}: Scope {n}\n")).collect()).concat();
    format!(
        "version: 1\nroles:\n{roles}scopes:\n{scopes}schemes: {{ session: {{ idle: 1m, lifetime: 2m }} }}\n"
    )
}

fn policy(text: String) -> Policy {
    let checked = hold(text.into_bytes());
    checked.policy.unwrap_or_else(|| unreachable!("{:#?}", checked.diagnostics))
}

/// What a role comes to, found by adding until nothing is added.
fn fixpoint(edges: &[(BTreeSet<usize>, BTreeSet<usize>)], role: usize) -> BTreeSet<String> {
    let mut roles = BTreeSet::from([role]);
    loop {
        let more: BTreeSet<usize> = roles.iter().flat_map(|role| edges[*role].0.clone()).collect();
        if more.is_subset(&roles) {
            return roles
                .iter()
                .flat_map(|role| &edges[*role].1)
                .map(|n| format!("s{n}"))
                .collect();
        }
        roles.extend(more);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn e5_no_bytes_make_the_check_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        hold(bytes);
    }

    #[test]
    fn no_text_makes_the_check_panic(text in "[-a-z0-9:,{}\\[\\]&*!|>'\"%@`#?~<\\n \\t\\\\é\u{202e}]{0,200}") {
        hold(text.into_bytes());
    }

    #[test]
    fn no_change_to_a_policy_makes_the_check_panic(changes in prop::collection::vec(change(), 1..6)) {
        let mut bytes = BLOG.as_bytes().to_vec();
        changes.iter().for_each(|change| apply(&mut bytes, change));
        if hold(bytes.clone()).policy.is_some() {
            readers::assert_same(std::str::from_utf8(&bytes).unwrap());
        }
    }

    #[test]
    fn m07_roles_come_to_the_fixpoint_of_their_includes(shape in shape()) {
        let policy = policy(written(&shape, |lines| lines));
        let edges = edges(&shape);
        for n in 0..edges.len() {
            let role = policy.role(policy.role_id(&format!("r{n}")).unwrap()).unwrap();
            let grants = role.all_grants.iter().map(|id| policy.scope(*id).unwrap().name.clone());
            prop_assert_eq!(grants.collect::<BTreeSet<_>>(), fixpoint(&edges, n));
        }
    }

    #[test]
    fn the_order_of_a_file_means_nothing(shape in shape()) {
        let one = policy(written(&shape, |lines| lines));
        let other = policy(written(&shape, |lines| lines.into_iter().rev().collect()));
        prop_assert_eq!(one.structure(), other.structure());
        prop_assert_eq!(one.revision(), other.revision());
    }

    #[test]
    fn a_policy_survives_being_embedded(shape in shape()) {
        let policy = policy(written(&shape, |lines| lines));
        let text = policy.to_embedded().unwrap();
        let back = Policy::from_embedded(&text, policy.structure()).unwrap();
        prop_assert_eq!(back.revision(), policy.revision());
        prop_assert_eq!(back.to_embedded().unwrap(), text);
        prop_assert_eq!(back.scopes(), policy.scopes());
        prop_assert_eq!(back.roles(), policy.roles());
    }

    #[test]
    fn z2_one_slip_is_always_recognized(name in "[a-z]{4,12}:[a-z]{4,12}", at in any::<Index>(), c in "[a-z]") {
        let mut typed = name.clone();
        typed.insert_str(at.index(name.len()), &c);
        prop_assert_eq!(nearest(&typed, ["unlike:anything-else", &name]), Some(name.as_str()));
    }
}

#[test]
fn the_policy_of_the_blog_survives_being_embedded() {
    let policy = policy(BLOG.to_owned());
    let text = policy.to_embedded().unwrap();
    let back = Policy::from_embedded(&text, policy.structure()).unwrap();
    assert_eq!(back.to_embedded().unwrap(), text);
    assert_eq!((back.schemes(), back.rules()), (policy.schemes(), policy.rules()));
}

#[test]
fn a_change_of_any_value_changes_the_revision_and_not_the_structure() {
    let policy =
        |text: &str| check(&Source::new("p.yaml", text.as_bytes().to_vec())).policy.unwrap();
    let before = policy(FULL);
    for (from, to) in [
        ("refresh: __Secure-rt", "refresh: __Secure-r2"),
        ("access: __Host-at", "access: __Host-a2"),
        ("/api/v1/renew", "/api/v2/renew"),
        ("default_ttl: 30d", "default_ttl: 31d"),
        ("rotation_overlap: 2h", "rotation_overlap: 0s"),
        ("environment: test", "environment: live"),
        ("pepper: ${KEY_PEPPER}", "pepper: ${OTHER_PEPPER}"),
        ("max_per_account: 3", "max_per_account: 1"),
        ("when_full: refuse", "when_full: end_oldest"),
        ("fresh_for: 5m", "fresh_for: 6m"),
        ("https://www.blog.example", "https://web.blog.example"),
    ] {
        assert!(FULL.contains(from), "{from}");
        let after = policy(&FULL.replace(from, to));
        assert_eq!(before.structure(), after.structure(), "{to}");
        assert_ne!(before.revision(), after.revision(), "{to}");
    }
}

#[test]
fn a_change_of_grants_changes_the_revision_and_not_the_structure() {
    let before = policy(BLOG.to_owned());
    let after =
        policy(BLOG.replace("grants: [write:posts]", "grants: [write:posts, delete:posts]"));
    assert_eq!(before.structure(), after.structure());
    assert_ne!(before.revision(), after.revision());
    let renamed = policy(BLOG.replace("edit_post", "change_post"));
    assert_ne!(before.structure(), renamed.structure());
}
