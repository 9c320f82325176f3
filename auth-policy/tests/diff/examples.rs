//! Changes of one kind each, as a reviewer reads them.

use auth_policy::{
    Policy, Source, check,
    diff::{Application, Approvals, Change, Diff, Side, Verdict, What, diff},
    lock::{Endpoint, Guard, Lock, Rule},
    settings::Seconds,
};

/// A policy with these roles, and with these sections.
fn policy(roles: &str, sections: &str) -> Policy {
    let text = format!(
        "version: 1
scopes: {{ read:posts: Read, write:posts: Write, delete:posts: Delete }}
roles: {roles}
schemes:
  jwt: {{ issuer: https://a.example, audience: a, algorithms: [EdDSA], keys: \"${{K}}\", access_ttl: 15m, refresh_ttl: 7d }}
  api_key: {{ prefix: blog, grants: [read:posts], max_ttl: 90d }}
  session: {{ idle: 30m, lifetime: 24h }}
{sections}
"
    );
    let source = Source::new("p.yaml", text.into());
    let checked = check(&source);
    let found: Vec<_> = checked.diagnostics.iter().map(|found| found.render(&source)).collect();
    checked.policy.unwrap_or_else(|| panic!("{}", found.join("\n")))
}

const ROLES: &str = "{ reader: { grants: [read:posts] }, author: { includes: [reader], grants: [write:posts] }, admin: { grants: [\"*\"] } }";

fn guard(schemes: &[&str], scopes: &[&str]) -> Guard {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Guard { schemes: owned(schemes), scopes: owned(scopes), ..Guard::default() }
}

fn public(reason: &str, identity: &[&str]) -> Rule {
    let identity = identity.iter().map(|name| (*name).to_owned()).collect();
    Rule::Public { reason: reason.to_owned(), identity, limit: None }
}

fn lock(endpoints: impl IntoIterator<Item = (&'static str, Rule)>) -> Lock {
    let endpoint = |(name, rule): (&str, Rule)| {
        let (method, path) = name.split_once(' ').unwrap();
        let handler = format!("blog::{}", method.to_lowercase());
        Endpoint { method: method.to_owned(), path: path.to_owned(), handler, rule }
    };
    let endpoints = endpoints.into_iter().map(endpoint).collect();
    Lock { policy: "p.yaml".to_owned(), endpoints }.sorted()
}

fn posts() -> Lock {
    lock([
        ("GET /posts/{id}", Rule::Guarded(guard(&["api_key", "jwt"], &["read:posts"]))),
        ("DELETE /posts/{id}", Rule::Guarded(guard(&["jwt"], &["delete:posts"]))),
    ])
}

fn compare(old: (&Policy, &Lock), new: (&Policy, &Lock)) -> Diff {
    let (before, after) = (only(old.1), only(new.1));
    let old = Side::of(old.0, &before);
    diff(old, Side::of(new.0, &after))
}

fn only(lock: &Lock) -> [Application; 1] {
    [Application::main(lock.clone())]
}

/// What is said, line by line.
fn said(found: &Diff) -> Vec<String> {
    let line = |change: &Change| format!("{} {change}", change.verdict.as_str());
    found.changes.iter().map(line).collect()
}

#[track_caller]
fn says(found: &Diff, expected: &[&str]) {
    assert_eq!(said(found), expected);
}

#[test]
fn a_role_that_is_given_a_scope_gains_what_asks_for_it() {
    let more = ROLES.replacen("read:posts]", "read:posts, delete:posts]", 1);
    let (old, new, lock) = (policy(ROLES, ""), policy(&more, ""), posts());
    let found = compare((&old, &lock), (&new, &lock));
    says(
        &found,
        &[
            "WIDENS `reader` (and so `author`) gains `DELETE /posts/{id}` through `jwt`",
            "WIDENS `roles.author.grants` has `delete:posts` now",
            "WIDENS `roles.reader.grants` has `delete:posts` now",
        ],
    );
    let What::Access(access) = &found.changes[0].what else { panic!("{found:?}") };
    let witness = access.witness.as_ref().unwrap().to_string();
    assert_eq!(witness, "jwt with role reader and scope delete:posts");
    let trial = access.trial(Side::of(&new, &only(&lock))).unwrap();
    let curl = "curl -i -X DELETE -H \"Authorization: Bearer $TOKEN\" \"$BASE/posts/1\"";
    assert_eq!(trial.command, curl);
    let back = compare((&new, &lock), (&old, &lock));
    let line = "NARROWS `reader` (and so `author`) loses `DELETE /posts/{id}` through `jwt`";
    assert_eq!(said(&back)[0], line);
}

#[test]
fn another_order_and_what_a_wildcard_stands_for_are_no_change() {
    let written = "{ admin: { grants: [write:posts, delete:posts, read:posts] }, author: { grants: [write:posts, read:posts], includes: [reader] }, reader: { grants: [\"read:*\"] } }";
    let (old, new) = (policy(ROLES, ""), policy(written, ""));
    says(&compare((&old, &posts()), (&new, &posts())), &[]);
}

#[test]
fn of_a_role_that_is_renamed_the_new_name_gains_and_the_old_one_loses() {
    let renamed = ROLES.replace("reader", "visitor");
    let (old, new) = (policy(ROLES, ""), policy(&renamed, ""));
    says(
        &compare((&old, &posts()), (&new, &posts())),
        &[
            "WIDENS `visitor` gains `GET /posts/{id}` through `api_key`",
            "WIDENS `visitor` gains `GET /posts/{id}` through `jwt`",
            "WIDENS `roles.author.includes` has `visitor` now",
            "WIDENS `roles.visitor` is new: `{ includes: [], grants: [read:posts] }`",
            "NARROWS `reader` loses `GET /posts/{id}` through `api_key`",
            "NARROWS `reader` loses `GET /posts/{id}` through `jwt`",
            "NARROWS `roles.author.includes` has `reader` no more",
            "NARROWS `roles.reader` is gone, which was `{ includes: [], grants: [read:posts] }`",
        ],
    );
}

#[test]
fn a_rule_that_is_changed_in_code_has_a_verdict_too_and_both_at_once_are_both() {
    let policy = policy(ROLES, "");
    let rule =
        |schemes: &[&str]| lock([("GET /posts", Rule::Guarded(guard(schemes, &["read:posts"])))]);
    let found = compare((&policy, &rule(&["jwt", "session"])), (&policy, &rule(&["jwt"])));
    let line = "NARROWS `admin` and `reader` (and so `author`) lose `GET /posts` through `session`";
    says(&found, &[line]);
    let found = compare((&policy, &rule(&["session"])), (&policy, &rule(&["jwt"])));
    says(
        &found,
        &["WIDENS `admin` and `reader` (and so `author`) gain `GET /posts` through `jwt`", line],
    );
}

#[test]
fn easier_terms_for_the_same_roles_widen() {
    let policy = policy(ROLES, "");
    let one = |guard| lock([("PUT /posts/{id}", Rule::Guarded(guard))]);
    let both = guard(&["jwt"], &["read:posts", "write:posts"]);
    let any = Guard { any_scope: true, ..both.clone() };
    let found = compare((&policy, &one(both.clone())), (&policy, &one(any)));
    says(&found, &["WIDENS `reader` gains `PUT /posts/{id}` through `jwt`"]);
    let less = guard(&["jwt"], &["write:posts"]);
    let found = compare((&policy, &one(both.clone())), (&policy, &one(less)));
    says(&found, &["WIDENS `admin` on easier terms gains `PUT /posts/{id}` through `jwt`"]);
    let recent = Guard { max_age: Some(auth_policy::settings::Seconds(600)), ..both.clone() };
    let found = compare((&policy, &one(recent)), (&policy, &one(both)));
    says(&found, &["WIDENS `admin` on easier terms gains `PUT /posts/{id}` through `jwt`"]);
}

#[test]
fn a_role_that_is_new_gains_nothing_where_none_was_needed() {
    let recent = Guard { max_age: Some(Seconds(300)), ..guard(&["jwt"], &[]) };
    let before = lock([("GET /posts", Rule::Guarded(recent))]);
    let after = lock([("GET /posts", Rule::Guarded(guard(&["jwt"], &["read:posts"])))]);
    let with_guest = ROLES.replacen("{ ", "{ guest: { grants: [read:posts] }, ", 1);
    let found = compare((&policy(ROLES, ""), &before), (&policy(&with_guest, ""), &after));
    // Everybody got in who had just signed in, whatever they are called.
    let expected = "WIDENS `guest` on easier terms gains `GET /posts` through `jwt`";
    assert_eq!(said(&found)[0], expected, "{found:?}");
}

#[test]
fn an_endpoint_that_is_new_widens_and_one_that_is_gone_narrows() {
    let policy = policy(ROLES, "");
    let empty = lock([]);
    let some = lock([
        ("GET /", public("landing page", &[])),
        ("GET /me", Rule::Guarded(guard(&["session"], &[]))),
        ("GET /posts", Rule::Guarded(guard(&["jwt"], &["read:posts"]))),
    ]);
    says(
        &compare((&policy, &empty), (&policy, &some)),
        &[
            "WIDENS everybody gains `GET /`, without any credential, which is new",
            "WIDENS any account gains `GET /me` through `session`, which is new",
            "WIDENS `admin` and `reader` (and so `author`) gain `GET /posts` through `jwt`, which is new",
        ],
    );
    says(
        &compare((&policy, &some), (&policy, &empty)),
        &[
            "NARROWS everybody loses `GET /` without a credential, which is gone",
            "NARROWS any account loses `GET /me` through `session`, which is gone",
            "NARROWS `admin` and `reader` (and so `author`) lose `GET /posts` through `jwt`, which is gone",
        ],
    );
}

#[test]
fn an_endpoint_that_nobody_can_call_is_told_and_neutral() {
    let policy = policy("{ reader: { grants: [read:posts] } }", "");
    let rule = Rule::Guarded(guard(&["session"], &["delete:posts"]));
    let (empty, one) = (lock([]), lock([("DELETE /x", rule)]));
    let found = compare((&policy, &empty), (&policy, &one));
    says(&found, &["NEUTRAL `DELETE /x` is new, and nobody can call it"]);
    let found = compare((&policy, &one), (&policy, &empty));
    says(&found, &["NEUTRAL `DELETE /x` is gone, and nobody could call it"]);
}

/// What an endpoint leaves behind may be answered by another one.
#[test]
fn an_endpoint_that_goes_may_leave_its_requests_to_one_that_asks_for_less() {
    let policy = policy(ROLES, "");
    let guarded = || Rule::Guarded(guard(&["jwt"], &["delete:posts"]));
    for other in ["ANY /admin/users", "GET /admin/{page}", "GET /{*rest}", "GET /admin/*", "ANY *"]
    {
        let open = || (other, public("a website", &[]));
        let before = lock([("GET /admin/users", guarded()), open()]);
        let found = said(&compare((&policy, &before), (&policy, &lock([open()]))));
        assert_eq!(found[0], "WIDENS everybody gains `GET /admin/users`, without any credential");
        assert!(found.iter().skip(1).all(|line| line.starts_with("NEUTRAL the handler of ")));
    }
    // Elsewhere, or with another method at the more particular path.
    for other in [&["GET /admin"][..], &["GET /other/*"], &["POST /admin/users", "GET /admin/*"]] {
        let others = || other.iter().map(|name| (*name, public("a website", &[])));
        let before = lock(others().chain([("GET /admin/users", guarded())]));
        let found = compare((&policy, &before), (&policy, &lock(others())));
        says(&found, &["NARROWS `admin` loses `GET /admin/users` through `jwt`, which is gone"]);
    }
    // `GET` also answers `HEAD`.
    let heads = lock([("HEAD /x", guarded()), ("GET /x", public("a page", &[]))]);
    let gone = lock([("GET /x", public("a page", &[]))]);
    let found = said(&compare((&policy, &heads), (&policy, &gone)));
    assert_eq!(found[0], "WIDENS everybody gains `HEAD /x`, without any credential");
    let renamed = |path| lock([(path, guarded())]);
    let found = compare(
        (&policy, &renamed("DELETE /posts/{id}")),
        (&policy, &renamed("DELETE /posts/{post}")),
    );
    says(&found, &[]);
}

#[test]
fn a_path_answers_before_any_fallback_and_after_a_service_below_its_prefix() {
    let policy = policy(ROLES, "");
    let admins = || Rule::Guarded(guard(&["jwt"], &["delete:posts"]));
    let before = lock([("GET /api/posts", admins())]);
    let open = || ("GET /{section}/posts", public("for all", &[]));
    let is_open_now = |after: &Lock| {
        let found = compare((&policy, &before), (&policy, after));
        let mut widening = found.with(Verdict::Widens);
        widening.any(|change| match &change.what {
            What::Access(access) => {
                access.carrier.is_none() && access.target.to_string() == "GET /api/posts"
            }
            _ => false,
        })
    };
    // The router looks at paths first: what is left of the endpoint is open to everybody.
    assert!(is_open_now(&lock([open(), ("ANY /api/*", admins())])));
    let service = || ("ANY /api/*", Rule::Unguarded { reason: "files".to_owned() });
    assert!(is_open_now(&lock([("GET /{section}/posts", admins()), service()])));
    assert!(!is_open_now(&lock([("GET /{section}/posts", admins()), ("ANY /api/*", admins())])));
}

#[test]
fn a_name_of_an_issuer_that_means_another_role_gains_what_that_role_reaches() {
    let issuer = |table: &str| {
        let sections = format!(
            "issuers: {{ partner: {{ issuer: https://p.example, audience: a, may_grant: [], roles: {table} }} }}"
        );
        policy(ROLES, &sections)
    };
    let (old, new) = (issuer("{ Staff: author }"), issuer("{ Guests: reader, Staff: author }"));
    let role = Some("reader".to_owned());
    let lock = lock([("GET /x", Rule::Guarded(Guard { role, ..guard(&["partner"], &[]) }))]);
    says(
        &compare((&old, &lock), (&new, &lock)),
        &[
            "WIDENS `Guests` gains `GET /x` through `partner`",
            "WIDENS `issuers.partner.roles` has `Guests: reader` now",
        ],
    );
}

#[test]
fn words_are_neutral() {
    let policy = policy(ROLES, "");
    let before = lock([("GET /", public("landing page", &[]))]);
    let mut after = lock([("GET /", public("a `page`\nfor all", &[]))]);
    after.endpoints[0].handler = "blog::pages::index".to_owned();
    says(
        &compare((&policy, &before), (&policy, &after)),
        &[
            "NEUTRAL the handler of `GET /` was `blog::get` and is `blog::pages::index`",
            "NEUTRAL the reason of `GET /` was `landing page` and is `a 'page'\u{fffd}for all`",
        ],
    );
}

#[test]
fn a_public_endpoint_may_do_more_for_whom_it_knows() {
    let policy = policy(ROLES, "");
    let before = lock([("GET /", public("landing page", &["session"]))]);
    let after = lock([("GET /", public("landing page", &["jwt"]))]);
    says(
        &compare((&policy, &before), (&policy, &after)),
        &["WIDENS `GET /` now recognises `jwt`", "NARROWS `GET /` no longer recognises `session`"],
    );
}

#[test]
fn a_limit_that_goes_widens_and_one_that_is_as_strict_does_not() {
    let limits = "limits: { slow: { rate: 5/minute, by: address }, same: { rate: 5/minute, by: address }, fast: { rate: 9/minute, by: address } }";
    let policy = policy(ROLES, limits);
    let held = |limit: Option<&str>| {
        let limit = limit.map(str::to_owned);
        lock([("GET /x", Rule::Guarded(Guard { limit, ..guard(&["jwt"], &[]) }))])
    };
    for (old, new, expected) in [
        (Some("slow"), None, "WIDENS `GET /x` is held to no limit instead of the limit `slow`"),
        (
            Some("slow"),
            Some("fast"),
            "WIDENS `GET /x` is held to the limit `fast` instead of the limit `slow`",
        ),
        (
            Some("slow"),
            Some("same"),
            "NEUTRAL `GET /x` is held to the limit `same` instead of the limit `slow`",
        ),
        (None, Some("slow"), "NARROWS `GET /x` is held to the limit `slow` instead of no limit"),
    ] {
        says(&compare((&policy, &held(old)), (&policy, &held(new))), &[expected]);
    }
}

#[test]
fn a_lock_that_came_or_went_leaves_open_who_gained_and_that_widens() {
    let policy = policy(ROLES, "");
    let (without, posts) = (Side::of(&policy, &[]), only(&posts()));
    let with = Side::of(&policy, &posts);
    let line = |which: &str| {
        format!(
            "WIDENS the {which} policy has no lock: what its callers reach is not known, nor what they gain"
        )
    };
    assert_eq!(said(&diff(without, with)), [line("old")]);
    assert_eq!(said(&diff(with, without)), [line("new")]);
    assert_eq!(
        said(&diff(without, without)),
        ["NEUTRAL neither policy has a lock: what the code asks of callers is not compared"]
    );
}

/// Several applications under one policy: each is compared with itself, and one more is new.
#[test]
fn each_application_of_a_policy_is_compared_with_itself() {
    let policy = policy(ROLES, "");
    let named = |name: &str, lock: Lock| Application { name: Some(name.to_owned()), lock };
    let open = |path| lock([(path, public("for all", &[]))]);
    let side = |applications| Side::of(&policy, applications);
    let main = Application::main(open("GET /"));
    let before = [main.clone(), named("admin", open("GET /"))];
    assert_eq!(said(&diff(side(&before), side(&before))), [""; 0]);

    let guarded = lock([("GET /", Rule::Guarded(guard(&["jwt"], &["read:posts"])))]);
    let after = [main.clone(), named("admin", guarded)];
    let found = diff(side(&before), side(&after));
    let lines = said(&found);
    assert!(lines.iter().all(|line| line.starts_with("NARROWS ")), "{lines:?}");
    assert!(lines[0].contains("`GET / (admin)`"), "{lines:?}");
    let found = diff(side(&after), side(&before));
    let approvals: Vec<_> = found.changes.iter().filter_map(Change::approval).collect();
    assert!(approvals[0].starts_with("GET / (admin): "), "{approvals:?}");

    // One more, and one less: what nobody can know widens.
    let found = diff(side(&before[..1]), side(&before));
    assert_eq!(
        said(&found),
        ["WIDENS everybody gains `GET / (admin)`, without any credential, which is new"]
    );
    let found = diff(side(&before), side(&before[1..]));
    let line = "the application without a name has no lock any more: what its callers reach is not \
                known, nor what they gain";
    assert_eq!(said(&found)[0], format!("WIDENS {line}"));
    let found = diff(side(&before), side(&before[..1]));
    assert!(said(&found)[0].starts_with("WIDENS the application `admin` has no lock any more"));
    assert_eq!(found.changes[0].approval().as_deref(), Some("no lock of admin after"));

    // The only one there is may be called otherwise.
    assert_eq!(said(&diff(side(&before[..1]), side(&before[1..]))), [""; 0]);
}

#[test]
fn endpoints_that_the_same_people_gain_are_told_at_once() {
    let more = ROLES.replacen("read:posts]", "read:posts, delete:posts]", 1);
    let (old, new) = (policy(ROLES, ""), policy(&more, ""));
    let delete = |name| (name, Rule::Guarded(guard(&["jwt"], &["delete:posts"])));
    let lock = lock([delete("DELETE /a"), delete("DELETE /b"), ("GET /c", public("c", &[]))]);
    let found = compare((&old, &lock), (&new, &lock));
    let groups = found.groups(Verdict::Widens);
    let lines: Vec<_> = groups.iter().map(ToString::to_string).collect();
    assert_eq!(lines[0], "`reader` (and so `author`) gains 2 endpoints through `jwt`");
    assert_eq!((lines.len(), groups[0].changes.len()), (3, 2));
    let targets: Vec<_> = groups[0].accesses().map(|access| access.target.to_string()).collect();
    assert_eq!(targets, ["DELETE /a", "DELETE /b"]);
}

#[test]
fn what_holds_of_people_alone_stays_so_under_a_rule_of_the_policy() {
    let sections = "rules: { edit: { schemes: jwt } }
limits: { t: { rate: 5/minute, by: address } }
endpoints: { token: { limit: t } }
oauth: { grants: [client_credentials] }";
    let policy = policy(ROLES, sections);
    let one = |people_only| {
        let name = Some("edit".to_owned());
        lock([("GET /x", Rule::Guarded(Guard { name, people_only, ..guard(&["jwt"], &[]) }))])
    };
    says(
        &compare((&policy, &one(true)), (&policy, &one(false))),
        &["WIDENS a client for itself gains `GET /x` through `jwt`"],
    );
}

#[test]
fn a_request_presents_the_credential_where_its_scheme_looks_for_it() {
    let policy = policy(ROLES, "");
    let one = |method, scheme| lock([(method, Rule::Guarded(guard(&[scheme], &[])))]);
    for (name, scheme, expected) in [
        ("GET /x/{id}", "api_key", "curl -i -H \"X-API-Key: $KEY\" \"$BASE/x/1\""),
        ("ANY /x/{*rest}", "jwt", "curl -i -H \"Authorization: Bearer $TOKEN\" \"$BASE/x/1\""),
        ("GET /x", "session", "curl -i -H \"Cookie: __Host-session=$SESSION\" \"$BASE/x\""),
        (
            "PUT /x",
            "session",
            "curl -i -X PUT -H \"Cookie: __Host-session=$SESSION\" -H \"X-CSRF-Token: $CSRF\" -H \"Content-Type: application/json\" -d \"$BODY\" \"$BASE/x\"",
        ),
    ] {
        let after = one(name, scheme);
        let found = compare((&policy, &lock([])), (&policy, &after));
        let What::Access(access) = &found.changes[0].what else { panic!("{found:?}") };
        let trial = access.trial(Side::of(&policy, &only(&after))).unwrap();
        assert_eq!(trial.command, expected);
        for (variable, from) in &trial.variables {
            assert!(expected.contains(&format!("${variable}")) && !from.is_empty(), "{variable}");
        }
        assert_eq!(expected.matches('$').count(), trial.variables.len());
    }
}

#[test]
fn a_named_rule_is_what_the_policy_says_even_if_the_lock_is_older() {
    let rules = |scopes: &str| {
        policy(ROLES, &format!("rules: {{ edit: {{ schemes: jwt, scopes: {scopes} }} }}"))
    };
    let (old, new) = (rules("delete:posts"), rules("write:posts"));
    let name = Some("edit".to_owned());
    let used =
        lock([("PUT /x", Rule::Guarded(Guard { name, ..guard(&["jwt"], &["delete:posts"]) }))]);
    let found = compare((&old, &used), (&new, &used));
    says(
        &found,
        &[
            "WIDENS `author` gains `PUT /x` through `jwt`",
            "NARROWS `admin` on easier terms loses `PUT /x` through `jwt`",
        ],
    );
    // Of a rule that no endpoint uses, or of which no lock says so, the rule itself is compared.
    let found = compare((&old, &lock([])), (&new, &lock([])));
    assert_eq!(said(&found)[0], "WIDENS `author` gains the rule `edit` through `jwt`");
    let side = |policy| Side::of(policy, &[]);
    let found = diff(side(&old), side(&new));
    assert_eq!(said(&found)[0], "WIDENS `author` gains the rule `edit` through `jwt`");
}

#[test]
fn settings_are_said_with_both_values() {
    let old = policy(ROLES, "limits: { a: { rate: 5/minute, by: [address, account+route] } }");
    let new = policy(
        ROLES,
        "limits: { a: { rate: 5/minute burst 9, by: address } }
cors: { origins: [https://b.example] }
passwords: { min_length: 12 }
never: [{ role: reader, reaches: { scopes: delete:posts } }]
endpoints: { login: { limit: a }, register: { limit: a }, reset: { limit: a }, refresh: { limit: a } }",
    );
    says(
        &compare((&old, &posts()), (&new, &posts())),
        &[
            "WIDENS `passwords.min_length` was `15` and is `12`",
            "WIDENS `limits.a.rate` was `5/minute` and is `5/minute burst 9`",
            "WIDENS `limits.a.by` was `[address, account+route]` and is `address`",
            "WIDENS `cors` is new: `{ origins: [https://b.example], methods: [GET, HEAD, POST], headers: [authorization, content-type, x-csrf-token], expose: [], credentials: false, max_age: 10m }`",
            "NARROWS `never` has `{ reaches: { scopes: [delete:posts] }, role: reader }` now",
            "NEUTRAL `endpoints.login` is new: `{ limit: a }`",
            "NEUTRAL `endpoints.register` is new: `{ limit: a }`",
            "NEUTRAL `endpoints.reset` is new: `{ limit: a }`",
            "NEUTRAL `endpoints.refresh` is new: `{ limit: a }`",
        ],
    );
}

#[test]
fn an_approval_covers_its_change_and_is_told_when_it_covers_none() {
    let more = ROLES.replacen("read:posts]", "read:posts, delete:posts]", 1);
    let (old, new, lock) = (policy(ROLES, ""), policy(&more, ""), posts());
    let found = compare((&old, &lock), (&new, &lock));
    let lines: Vec<_> = found.changes.iter().filter_map(Change::approval).collect();
    let mark = lines[0].split_once('[').unwrap().1.trim_end_matches(']');
    assert!(mark.len() == 16 && mark.bytes().all(|byte| byte.is_ascii_hexdigit()), "{mark}");
    assert_eq!(
        lines[0],
        format!("DELETE /posts/{{id}} through jwt: reader (and so author) [{mark}]")
    );
    assert_eq!(lines[1], "roles.author.grants: with delete:posts");

    let text = format!("# agreed\n\n  {}\n{}\nroles.x.grants: with y\n", lines[0], lines[2]);
    let approvals = Approvals::parse(&text);
    let lacking: Vec<_> = approvals.lacking(&found).filter_map(Change::approval).collect();
    assert_eq!(lacking, [lines[1].clone()]);
    let unused: Vec<_> = approvals.unused(&found).collect();
    assert_eq!(unused, [(5, "roles.x.grants: with y")]);
    assert!(found.with(Verdict::Narrows).all(|change| change.approval().is_none()));
}
