//! Files made to hurt whoever reads them: each is refused, or accepted if it is only large, in
//! less than a second and 100 MB even by an unoptimised build. Each runs in a process of its own,
//! so that its peak of memory is its own.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "a test that cannot measure has failed"
)]

use std::{process::Command, time::Duration};

use auth_policy::{Code, MAX_POLICY_BYTES, Source, check};

mod work;

use work::{peak_memory_kb, worked};

const MOST_TIME: Duration = Duration::from_secs(1);
const MOST_MEMORY_KB: u64 = 100_000;
/// Findings a file comes with at most: a hundred errors, as much advice, and what is left out.
const MOST_FINDINGS: usize = 201;
const HEAD: &str = "version: 1\nschemes: { session: { idle: 1m, lifetime: 2m } }\n";

/// A name, the text, and whether it is a policy that is only large.
type Case = (&'static str, fn() -> String, bool);

const CASES: &[Case] = &[
    ("deep-flow-lists", || "[".repeat(MAX_POLICY_BYTES), false),
    ("deep-flow-maps", || "{a: ".repeat(MAX_POLICY_BYTES / 4), false),
    ("deep-block-lists", || "- ".repeat(MAX_POLICY_BYTES / 2), false),
    ("deep-block-maps", || (0..1400).map(|n| format!("{}a:\n", " ".repeat(n))).collect(), false),
    ("deep-keys", || "? ".repeat(MAX_POLICY_BYTES / 2), false),
    ("wide-flow-list", || format!("a: [{}]", "a,".repeat(500_000)), false),
    ("wide-flow-list-of-maps", || format!("a: [{}]", "{},".repeat(300_000)), false),
    ("a-megabyte-in-one-line", || "a".repeat(MAX_POLICY_BYTES), false),
    ("a-megabyte-in-quotes", || format!("a: \"{}\"", "a".repeat(1_000_000)), false),
    ("a-megabyte-never-unquoted", || format!("a: \"{}", "\\n".repeat(500_000)), false),
    ("a-megabyte-as-a-key", || format!("{}: 1", "a".repeat(1_000_000)), false),
    ("a-megabyte-as-a-quoted-key", || format!("? \"{}\"\n: 1", "a".repeat(1_000_000)), false),
    ("a-megabyte-in-a-block", || format!("a: |\n  {}", "x".repeat(1_000_000)), false),
    ("a-megabyte-of-empty-lines", || "\n".repeat(MAX_POLICY_BYTES), false),
    ("a-megabyte-of-blanks", || " ".repeat(MAX_POLICY_BYTES), false),
    ("a-megabyte-of-tabs", || "\t".repeat(MAX_POLICY_BYTES), false),
    ("a-megabyte-of-comments", || "#\n".repeat(MAX_POLICY_BYTES / 2), false),
    ("a-megabyte-of-colons", || ":".repeat(MAX_POLICY_BYTES), false),
    ("a-megabyte-of-tags", || "!".repeat(MAX_POLICY_BYTES), false),
    ("a-megabyte-of-control-characters", || "\u{1}".repeat(MAX_POLICY_BYTES), false),
    ("a-megabyte-of-bidi-controls", || "\u{202e}".repeat(MAX_POLICY_BYTES / 3), false),
    ("duplicate-keys", || format!("{HEAD}{}", "a: 1\n".repeat(200_000)), false),
    ("duplicate-keys-below-the-cap", || format!("{HEAD}{}", "a: 1\n".repeat(35_000)), false),
    ("duplicate-roles", || format!("{HEAD}roles:\n{}", "  a: {}\n".repeat(35_000)), false),
    ("unknown-keys", || HEAD.to_owned() + &lines(35_000, |n| format!("k{n}: 1\n")), false),
    ("anchors", || lines(60_000, |n| format!("a{n}: &x{n} 1\n")), false),
    ("aliases", || format!("a: &a 1\nb: [{}]", "*a,".repeat(300_000)), false),
    ("an-alias-bomb", alias_bomb, false),
    ("tags", || format!("a: [{}]", "!x 1,".repeat(200_000)), false),
    ("documents", || "---\n".repeat(250_000), false),
    ("directives", || "%a\n".repeat(300_000), false),
    (
        "undeclared-scopes",
        || {
            scopes(10_000)
                + "roles:\n  a:\n    grants:\n"
                + &lines(45_000, |n| format!("    - scopf{n}\n"))
        },
        false,
    ),
    ("undeclared-scopes-all-alike", alike, false),
    (
        "undeclared-scopes-in-rules",
        || {
            scopes(10_000)
                + "rules:\n"
                + &lines(8_000, |n| format!("  r{n}: {{ schemes: sesion, scopes: scopf{n} }}\n"))
        },
        false,
    ),
    (
        "one-rule-of-undeclared-scopes",
        || {
            scopes(10_000)
                + "rules:\n  r:\n    schemes: session\n    scopes:\n"
                + &lines(45_000, |n| format!("    - scopf{n}\n"))
        },
        false,
    ),
    (
        "a-chain-of-roles",
        || {
            HEAD.to_owned()
                + "roles:\n"
                + &lines(8_000, |n| format!("  r{n:05}: {{ includes: [r{:05}] }}\n", n + 1))
        },
        false,
    ),
    (
        "a-chain-of-roles-that-grant-all",
        || {
            scopes(10_000)
                + "roles:\n"
                + &lines(4_000, |n| {
                    format!("  r{n:05}: {{ includes: [r{:05}], grants: [\"*\"] }}\n", n + 1)
                })
        },
        false,
    ),
    ("roles-that-include-all", || all_roles(200, |_| 0..200), false),
    ("roles-that-include-all-before", || all_roles(280, |n| 0..n), false),
    ("wildcards", wildcards, false),
    (
        "issuers-that-may-grant-all",
        || {
            scopes(10_000)
                + "issuers:\n"
                + &lines(4_000, |n| {
                    format!(
                        "  i{n}: {{ issuer: \"https://a{n}\", audience: a, may_grant: [\"*\"], roles: {{}} }}\n"
                    )
                })
        },
        false,
    ),
    (
        "invariants-that-do-not-hold",
        || {
            scopes(10_000)
                + "roles: { a: { grants: [\"*\"] } }\nnever:\n"
                + &lines(7_000, |n| format!("  - {{ role: a, reaches: {{ scopes: scope{n} }} }}\n"))
        },
        false,
    ),
    (
        "trusted-origins",
        || {
            let origins = lines(30_000, |n| format!("https://a{n}.example,"));
            format!("{HEAD}csrf: {{ trusted_origins: [{origins}] }}\n")
        },
        true,
    ),
    (
        "trusted-origins-all-alike",
        || {
            format!(
                "{HEAD}csrf: {{ trusted_origins: [{}] }}\n",
                "https://a.example,".repeat(50_000)
            )
        },
        false,
    ),
    (
        "trusted-proxies-all-alike",
        || {
            let blocks = "10.0.0.0/8,".repeat(80_000);
            format!("{HEAD}network: {{ header: forwarded, trusted_proxies: [{blocks}] }}\n")
        },
        false,
    ),
    (
        "names-of-headers",
        || {
            let names = "x-a, ".repeat(180_000);
            format!("{HEAD}cors: {{ origins: [https://a.example], headers: [{names}] }}\n")
        },
        false,
    ),
    (
        "a-content-security-policy-of-a-megabyte",
        || {
            let policy = "img-src 'self'; ".repeat(60_000);
            format!("{HEAD}headers: {{ content_security_policy: \"{policy}\" }}\n")
        },
        false,
    ),
    (
        "secrets",
        || format!("{HEAD}providers:\n  a: {{{}}}", "client_secret: abcdef, ".repeat(34_000)),
        false,
    ),
    (
        "ten-thousand-scopes",
        || {
            HEAD.to_owned()
                + "scopes:\n"
                + &lines(10_000, |n| {
                    format!("  read:thing{n}: {{ is: Read {n}, mutates: false }}\n")
                })
                + "roles: { all: { grants: [\"*\"] } }\n"
        },
        true,
    ),
    (
        "a-thousand-scopes-in-two-hundred-roles",
        || {
            scopes(1_000)
                + "roles:\n  r000: { grants: [\"*\"] }\n"
                + &lines(199, |n| {
                    format!("  r{:03}: {{ includes: [r{n:03}], grants: [scope{n}] }}\n", n + 1)
                })
        },
        true,
    ),
];

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

fn scopes(count: usize) -> String {
    format!("{HEAD}scopes:\n{}", lines(count, |n| format!("  scope{n}: x\n")))
}

fn alias_bomb() -> String {
    let level =
        |n: usize| format!("a{}: &a{} [{}]\n", n + 1, n + 1, vec![format!("*a{n}"); 9].join(","));
    format!("a0: &a0 [lol]\n{}", lines(20, level))
}

/// Names that are near one another only at the price of a full comparison.
fn alike() -> String {
    let declared = lines(7_000, |n| format!("  {}{n:05}: x\n", "ab".repeat(29)));
    let asked = lines(7_000, |n| format!("    - {}{n:05}\n", "ba".repeat(29)));
    format!("{HEAD}scopes:\n{declared}roles:\n  a:\n    grants:\n{asked}")
}

fn all_roles(count: usize, included: impl Fn(usize) -> std::ops::Range<usize>) -> String {
    let role = |n: usize| {
        let names: Vec<_> = included(n).map(|n| format!("r{n}")).collect();
        format!("  r{n}: {{ grants: [\"*\"], includes: [{}] }}\n", names.join(","))
    };
    format!("{}roles:\n{}", scopes(10_000), lines(count, role))
}

fn wildcards() -> String {
    let declared = lines(8_000, |n| format!("  {}{n}: x\n", "a:".repeat(28)));
    let patterns: Vec<_> = (1..28).map(|n| format!("\"{}*\"", "a:".repeat(n))).collect();
    let roles = lines(300, |n| format!("  r{n}: {{ grants: [{}] }}\n", patterns.join(",")));
    format!("{HEAD}scopes:\n{declared}roles:\n{roles}")
}

/// What the parent starts, with the name of a case in `HOSTILE_CASE`.
#[test]
#[ignore = "run by the test below, once for each case"]
fn one_case() {
    let name = std::env::var("HOSTILE_CASE").unwrap();
    let (_, text, large) = CASES.iter().find(|(case, ..)| *case == name).unwrap();
    let mut text = text().into_bytes();
    text.truncate(MAX_POLICY_BYTES);
    let begin = worked();
    let source = Source::new("hostile.yaml", text);
    let checked = check(&source);
    let checking = worked() - begin;
    let rendered: usize = checked.diagnostics.iter().map(|found| found.render(&source).len()).sum();
    let rendering = worked() - begin - checking;
    assert_eq!(checked.policy.is_some(), *large, "{name}: {:?}", checked.diagnostics.first());
    assert!(checked.diagnostics.len() <= MOST_FINDINGS && rendered < 1_000_000);
    let memory = peak_memory_kb().unwrap_or_default();
    println!("\nMEASURED {} {} {memory}", checking.as_millis(), rendering.as_millis());
}

/// Milliseconds to check, milliseconds to render, peak memory in kB.
fn measure(name: &str) -> (u64, u64, u64) {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "one_case", "--ignored", "--nocapture"]).env("HOSTILE_CASE", name);
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{name}: {said}{}", String::from_utf8_lossy(&output.stderr));
    let measured = said.lines().find_map(|line| line.strip_prefix("MEASURED ")).unwrap();
    let numbers: Vec<u64> = measured.split(' ').map(|number| number.parse().unwrap()).collect();
    let [checking, rendering, memory] = numbers[..] else { panic!("{measured}") };
    (checking, rendering, memory)
}

#[test]
fn every_case_takes_less_than_a_second_and_100_mb() {
    let limit = u64::try_from(MOST_TIME.as_millis()).unwrap();
    for (name, ..) in CASES {
        // The best of a few: what shares the machine also empties its caches.
        let runs = (0..5).map(|_| measure(name));
        let fits =
            |(checking, rendering, _): &(u64, u64, u64)| *checking < limit && *rendering < limit;
        let mut last = (0, 0, 0);
        let best = runs.inspect(|run| last = *run).find(fits);
        let Some((checking, rendering, memory)) = best else { panic!("{name}: {last:?}") };
        println!("{name}: checked in {checking} ms, rendered in {rendering} ms, {memory} kB");
        assert!(memory < MOST_MEMORY_KB, "{name}: {memory} kB");
    }
}

#[test]
fn a_file_above_the_cap_is_refused_unread() {
    let source = Source::new("large.yaml", vec![b' '; MAX_POLICY_BYTES + 1]);
    let codes: Vec<_> = check(&source).diagnostics.iter().map(|found| found.code).collect();
    assert_eq!((codes, source.text()), (vec![Code::TooLarge], ""));
}

#[test]
fn no_more_than_one_byte_above_the_cap_is_ever_read() {
    let endless = std::path::Path::new("/dev/zero");
    if endless.exists() {
        let source = Source::read(endless, "endless.yaml").unwrap();
        assert!(check(&source).policy.is_none() && source.text().is_empty());
    }
}

#[test]
fn what_is_left_out_is_counted() {
    let text = HEAD.to_owned() + &lines(150, |n| format!("k{n}: 1\n"));
    let checked = check(&Source::new("many.yaml", text.into()));
    let last = checked.diagnostics.last().unwrap();
    assert_eq!((checked.diagnostics.len(), last.code), (101, Code::NotAllShown));
    assert_eq!(last.message, "at least 50 more findings are not shown");
}
