//! Locks made to hurt whoever reads them, and large ones that are only large: each is told in less
//! than a second and 200 MB even by an unoptimised build. Each runs in a process of its own, so that
//! its peak of memory is its own.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "a test that cannot measure has failed"
)]

use std::{process::Command, time::Duration};

use auth_policy::{Source, check_with_locks, lock::MAX_LOCK_BYTES};

mod work;

use work::{peak_memory_kb, worked};

const MOST_TIME: Duration = Duration::from_secs(1);
const MOST_MEMORY_KB: u64 = 200_000;
/// Findings a file comes with at most: a hundred errors, as much advice, and what is left out.
const MOST_FINDINGS: usize = 201;
const HEAD: &str = "lock 1 of p.yaml\n";

/// A name, the policy, and the lock.
type Case = (&'static str, fn() -> String, fn() -> String);

const CASES: &[Case] = &[
    ("blanks", least, || " ".repeat(MAX_LOCK_BYTES)),
    ("empty-lines", least, || "\n".repeat(MAX_LOCK_BYTES)),
    ("comments", least, || format!("{HEAD}{}", "#\n".repeat(MAX_LOCK_BYTES / 2 - 10))),
    ("one-word", least, || "a".repeat(MAX_LOCK_BYTES)),
    ("quotes", least, || "\"".repeat(MAX_LOCK_BYTES)),
    ("escapes", least, || format!("lock 1 of \"{}", "\\u{41}".repeat(MAX_LOCK_BYTES / 6 - 4))),
    ("bars", least, || format!("{HEAD}GET / {}", "|".repeat(MAX_LOCK_BYTES - 30))),
    ("controls", least, || "\u{1}".repeat(MAX_LOCK_BYTES)),
    ("schemes", least, || filled("GET / jwt", " | jwt", " -> @ a")),
    ("scopes", least, || filled("GET / jwt scope a", " and a", " -> @ a")),
    ("reached-by", least, || filled("GET / jwt -> role a", ", a", " @ a")),
    ("a-long-reason", least, || filled("GET / public -> @ a reason \"", "ä", "\"")),
    ("a-long-path", least, || filled("GET /", "a", " jwt -> @ a")),
    ("endpoints-of-undeclared-names", least, || {
        most(|n| format!("GET /{n} cookie scope a and b; role c; limit d -> @ a\n"))
    }),
    ("endpoints-of-one-rule", large, || most(|n| format!("GET /{n} jwt scope scope1 -> @ a\n"))),
    ("more-endpoints-than-anybody-reviews", large, || endpoints("jwt scope scope1")),
    ("public-endpoints", least, || most(|n| format!("GET /{n} public -> @ a reason \"\"\n"))),
    ("fallbacks", least, || most(|_| "ANY /* jwt -> @ a\n".to_owned())),
    ("the-same-endpoint", least, || each(|_| "GET / jwt -> @ a\n".to_owned())),
    ("endpoints-of-rules-all-different", large, || {
        most(|n| format!("GET /{n} jwt scope scope{} and scope{} -> @ a\n", n % 997, n % 991))
    }),
    ("endpoints-of-alternatives-all-different", large, || {
        most(|n| {
            format!(
                "GET /{n} jwt scope scope{} or scope{}; role r{:03} -> @ a\n",
                n % 997,
                n % 991,
                n % 200
            )
        })
    }),
    ("statements-about-endpoints", stated, || {
        most(|n| format!("GET /{n} jwt scope scope1 -> @ a\n"))
    }),
    (
        "statements-about-endpoints-that-are-nearly-there",
        || large() + "never:\n" + &lines(5_000, |n| statement(&format!("{}x{n}", "ab".repeat(20)))),
        || most(|n| format!("GET /{}y{n} jwt -> @ a\n", "ba".repeat(20))),
    ),
    ("endpoints-that-several-roles-open-together", interwoven, || {
        HEAD.to_owned()
            + &lines(2_000, |n| {
                let scopes: Vec<_> =
                    (0..=n % 8).map(|k| format!("scope{}", scattered(n * 8 + k) % 1_000)).collect();
                format!("GET /{n} api_key | jwt | session scope {} -> @ a\n", scopes.join(" and "))
            })
    }),
    ("two-thousand-endpoints", large, || {
        HEAD.to_owned()
            + &lines(2_000, |n| format!("GET /{n} jwt | session scope scope{} -> @ a\n", n % 1_000))
    }),
];

const LEAST: &str = "version: 1\nschemes: { session: { idle: 1m, lifetime: 2m } }\n";

fn least() -> String {
    LEAST.to_owned()
}

/// A thousand scopes in two hundred roles.
fn large() -> String {
    let jwt = "  jwt: { issuer: \"https://a.example\", audience: a, keys: \"${K}\", access_ttl: 15m, refresh_ttl: 7d, algorithms: [EdDSA] }\n";
    format!(
        "version: 1\nschemes:\n  session: {{ idle: 1m, lifetime: 2m }}\n{jwt}scopes:\n{}roles:\n{}",
        lines(1_000, |n| format!("  scope{n}: x\n")),
        lines(200, |n| {
            let grants: Vec<_> =
                (0..40).map(|k| format!("scope{}", (n * 7 + k * 13) % 1_000)).collect();
            format!("  r{n:03}: {{ grants: [{}] }}\n", grants.join(", "))
        }),
    )
}

/// Roles that grant a few scopes each, without an order, and include a few of the earlier ones.
fn interwoven() -> String {
    let role = |n: usize| {
        let includes: Vec<_> = (0..n.min(3))
            .map(|k| format!("r{:03}", scattered(n * 31 + k) % n))
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect();
        let grants: std::collections::BTreeSet<_> =
            (0..9).map(|k| format!("scope{}", scattered(n * 17 + k + 9_999) % 1_000)).collect();
        let grants: Vec<_> = grants.into_iter().collect();
        format!(
            "  r{n:03}: {{ includes: [{}], grants: [{}] }}\n",
            includes.join(", "),
            grants.join(", ")
        )
    };
    let text = large();
    let (before, _) = text.split_once("roles:").unwrap();
    let keys = "  api_key: { prefix: x, grants: [\"*\"], max_ttl: 9d }\nscopes:";
    format!("{}roles:\n{}", before.replace("scopes:", keys), lines(200, role))
}

/// A number that looks like none in particular.
fn scattered(n: usize) -> usize {
    n.wrapping_mul(2_654_435_761) >> 7
}

fn stated() -> String {
    large() + "never:\n" + &lines(5_000, |n| statement(&n.to_string()))
}

fn statement(path: &str) -> String {
    format!("  - {{ role: r100, reaches: {{ endpoint: \"GET /{path}\" }} }}\n")
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

/// As many endpoints as a lock may have.
fn most(line: impl Fn(usize) -> String) -> String {
    HEAD.to_owned() + &lines(5_000, line)
}

/// As many lines as fit.
fn each(line: impl Fn(usize) -> String) -> String {
    let mut text = HEAD.to_owned();
    for line in (0..).map(line) {
        if text.len() + line.len() > MAX_LOCK_BYTES {
            return text;
        }
        text.push_str(&line);
    }
    text
}

fn endpoints(rule: &str) -> String {
    each(|n| format!("GET /{n} {rule} -> @ a\n"))
}

/// One endpoint, whose line is as long as a lock may be.
fn filled(begin: &str, repeated: &str, end: &str) -> String {
    let room = MAX_LOCK_BYTES - HEAD.len() - begin.len() - end.len() - 1;
    format!("{HEAD}{begin}{}{end}\n", repeated.repeat(room / repeated.len()))
}

/// What the parent starts, with the name of a case in `HOSTILE_CASE`.
#[test]
#[ignore = "run by the test below, once for each case"]
fn one_case() {
    let name = std::env::var("HOSTILE_CASE").unwrap();
    let (_, policy, lock) = CASES.iter().find(|(case, ..)| *case == name).unwrap();
    let (policy, lock) = (policy().into_bytes(), lock().into_bytes());
    assert!(lock.len() <= MAX_LOCK_BYTES, "{name}");
    let begin = worked();
    let lock = Source::lock("hostile.lock", lock);
    let source = Source::new("p.yaml", policy);
    let found = check_with_locks(&source, std::slice::from_ref(&lock));
    let of_lock = found.locks.concat();
    let rendered = of_lock
        .iter()
        .map(|found| found.render(&lock).len())
        .chain(found.checked.diagnostics.iter().map(|found| found.render(&source).len()));
    let rendered: usize = rendered.sum();
    let taken = worked() - begin;
    // What is refused for its policy tells nothing of the lock.
    let sound = auth_policy::check(&source).policy.is_some();
    assert!(sound, "{name}: {:?}", found.checked.diagnostics.first());
    let most = found.checked.diagnostics.len().max(of_lock.len());
    assert!(most <= MOST_FINDINGS && rendered < 1_000_000, "{most} {rendered}");
    println!("\nMEASURED {} {}", taken.as_millis(), peak_memory_kb().unwrap_or_default());
}

/// Milliseconds, and peak memory in kB.
fn measure(name: &str) -> (u64, u64) {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "one_case", "--ignored", "--nocapture"]).env("HOSTILE_CASE", name);
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{name}: {said}{}", String::from_utf8_lossy(&output.stderr));
    let measured = said.lines().find_map(|line| line.strip_prefix("MEASURED ")).unwrap();
    let numbers: Vec<u64> = measured.split(' ').map(|number| number.parse().unwrap()).collect();
    let [taken, memory] = numbers[..] else { panic!("{measured}") };
    (taken, memory)
}

#[test]
fn every_lock_takes_less_than_a_second_and_200_mb() {
    let limit = u64::try_from(MOST_TIME.as_millis()).unwrap();
    let mut slow = Vec::new();
    for (name, ..) in CASES {
        // The best of a few: what shares the machine also empties its caches.
        let mut last = (0, 0);
        let best =
            (0..5).map(|_| measure(name)).inspect(|run| last = *run).find(|run| run.0 < limit);
        println!("{name}: {} ms, {} kB", last.0, last.1);
        if best.is_none() || last.1 >= MOST_MEMORY_KB {
            slow.push((name, last));
        }
    }
    assert!(slow.is_empty(), "{slow:?}");
}
