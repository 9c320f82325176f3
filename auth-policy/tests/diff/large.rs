//! A policy as large as any. In: nothing. Out: how long a comparison takes.

use std::{fmt::Write as _, time::Duration};

use auth_policy::{
    Policy, Source, check,
    diff::{Application, Diff, Side, diff},
    lock::{Endpoint, Guard, Lock, Rule},
};

use crate::work::worked;

const SCOPES: usize = 1000;
const ROLES: usize = 200;
const ENDPOINTS: usize = 2000;

/// Roles that grant scopes of their own, a tenth of them all of those, and include earlier ones.
fn policy(changed: bool) -> Policy {
    let mut text = "version: 1\nscopes:\n".to_owned();
    for n in 0..SCOPES {
        let _ = writeln!(text, "  read:s{n}: One");
    }
    text += "roles:\n";
    for n in 0..ROLES {
        let own = (0..20).map(|step| (n * 7 + step * 31) % SCOPES);
        let more = own.chain(changed.then_some((n * 13 + 5) % SCOPES));
        let mut grants: Vec<_> = more.collect();
        grants.sort_unstable();
        grants.dedup();
        let grants: Vec<_> = grants.iter().map(|n| format!("read:s{n}")).collect();
        let includes = if n % 10 > 0 { format!("[r{}]", n - 1) } else { "[]".to_owned() };
        let _ =
            writeln!(text, "  r{n}: {{ includes: {includes}, grants: [{}] }}", grants.join(", "));
    }
    text += "schemes:\n  session: { idle: 30m, lifetime: 24h }\n  api_key: { prefix: x, grants: [\"read:*\"], max_ttl: 9d }\n  jwt: { issuer: https://a.example, audience: api, algorithms: [EdDSA], keys: \"${KEYS}\", access_ttl: 15m, refresh_ttl: 7d }\n";
    text += "limits: { token: { rate: 10/hour, by: address } }\nendpoints: { token: { limit: token } }\noauth: { grants: [client_credentials] }\n";
    check(&Source::new("p.yaml", text.into())).policy.unwrap()
}

fn lock() -> Lock {
    let endpoint = |n: usize| Endpoint {
        method: "GET".to_owned(),
        path: format!("/e{n}/{{id}}"),
        handler: format!("app::e{n}"),
        rule: Rule::Guarded(Guard {
            schemes: ["api_key", "jwt", "session"].map(str::to_owned).into(),
            scopes: (0..=n % 3).map(|step| format!("read:s{}", (n * 17 + step) % SCOPES)).collect(),
            any_scope: n.is_multiple_of(5),
            ..Guard::default()
        }),
    };
    let lock =
        Lock { policy: "p.yaml".to_owned(), endpoints: (0..ENDPOINTS).map(endpoint).collect() };
    lock.sorted()
}

/// The least of three times.
fn takes(mut compare: impl FnMut() -> Diff) -> (Duration, Diff) {
    let runs = (0..3).map(|_| {
        let begun = worked();
        let found = compare();
        (worked() - begun, found)
    });
    runs.min_by_key(|(took, _)| *took).unwrap()
}

#[test]
fn a_large_policy_is_compared_in_less_than_a_second() {
    let (old, new, lock) = (policy(false), policy(true), lock());
    let applications = [Application::main(lock)];
    let side = |policy| Side::of(policy, &applications);
    let (took, found) = takes(|| diff(side(&old), side(&new)));
    assert!(found.changes.len() > ENDPOINTS, "{}", found.changes.len());
    assert!(took < Duration::from_secs(1), "{took:?}");
}
