//! Good policies: each file under `good/`, and that of the blog, is accepted, means what it says,
//! and reads the same in the archived `serde_yaml`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail loudly"
)]

use std::path::{Path, PathBuf};

use auth_policy::{
    Policy, Source, check,
    policy::{AcrId, RoleId, Scheme, SchemeKind, ScopeId},
    settings::{
        Algorithm, ApiKeyScheme, Argon2Cost, AudienceKind, ClientAuth, ClientId, Csrf,
        ForeignIssuer, JwtScheme, KeyEnvironment, NewAccounts, Passwords, Place, ProviderKind,
        Reference, Rejected, Revocation, SameSite, Seconds, SessionScheme, SignInResult,
        TokenCookies, TokenType, WhenFull,
    },
};

mod readers;

fn corpus() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let good = here.join("tests/good").read_dir().unwrap();
    let mut files: Vec<_> = good.map(|entry| entry.unwrap().path()).collect();
    files.push(here.join("../policies/blog.yaml"));
    files.sort();
    files
}

fn accepted(path: &Path) -> Policy {
    let source = Source::read(path, path.to_string_lossy()).unwrap();
    let checked = check(&source);
    let told: Vec<_> = checked.diagnostics.iter().map(|found| found.render(&source)).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
    checked.policy.unwrap()
}

fn good(name: &str) -> Policy {
    accepted(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good").join(name))
}

fn scheme<'a>(policy: &'a Policy, name: &str) -> &'a Scheme {
    policy.scheme(policy.scheme_id(name).unwrap()).unwrap()
}

fn names(policy: &Policy, scopes: &[ScopeId]) -> Vec<String> {
    scopes.iter().map(|id| policy.scope(*id).unwrap().name.clone()).collect()
}

#[test]
fn every_good_policy_is_accepted_without_a_word() {
    let files = corpus();
    files.iter().for_each(|path| drop(accepted(path)));
    assert!(files.len() >= 5);
}

#[test]
fn m07_roles_come_to_everything_they_include_and_wildcards_stand_for() {
    let policy = good("full.yaml");
    let role = |name| policy.role(policy.role_id(name).unwrap()).unwrap();
    assert_eq!(names(&policy, &role("author").grants), ["write:posts"]);
    assert_eq!(names(&policy, &role("author").all_grants), ["read:posts", "write:posts"]);
    assert_eq!(
        names(&policy, &role("editor").all_grants),
        ["delete:posts", "read:posts", "write:posts"]
    );
    assert_eq!(role("admin").all_grants, (0..4).map(ScopeId).collect::<Vec<_>>());
    assert_eq!(role("admin").all_roles, [RoleId(0), RoleId(1), RoleId(3)]);
    assert_eq!(role("admin").includes, [RoleId(1)]);
}

#[test]
fn c5_scopes_know_whether_they_mutate() {
    let policy = good("full.yaml");
    let mutating = policy.scopes().iter().filter(|scope| scope.mutates);
    assert_eq!(
        mutating.map(|scope| scope.name.as_str()).collect::<Vec<_>>(),
        ["delete:posts", "write:posts"]
    );
    let scope = policy.scope(policy.scope_id("delete:posts").unwrap()).unwrap();
    assert_eq!(scope.description, "Delete any post, whoever wrote it");
    assert_eq!(scope.place, Place { line: 6, column: 3, length: 12 });
}

#[test]
fn m01_schemes_hold_what_the_file_says() {
    let policy = good("full.yaml");
    let jwt = JwtScheme {
        issuer: "https://blog.example".to_owned(),
        audience: "blog-api".to_owned(),
        audience_kind: AudienceKind::Internal,
        algorithms: vec![Algorithm::EdDSA, Algorithm::ES256],
        keys: Reference::File("/run/secrets/keys.json".to_owned()),
        access_ttl: Seconds(600),
        refresh_ttl: Seconds(30 * 86_400),
        leeway: Seconds(30),
        claims: vec!["plan".to_owned(), "tenant".to_owned()],
        revocation: Revocation::default(),
        cookies: Some(TokenCookies {
            access: "__Host-at".to_owned(),
            refresh: "__Secure-rt".to_owned(),
            refresh_path: "/api/v1/renew".to_owned(),
            same_site: SameSite::Strict,
        }),
    };
    assert_eq!(scheme(&policy, "jwt").kind, SchemeKind::Jwt(jwt));
    let key = ApiKeyScheme {
        header: "X-Key".to_owned(),
        prefix: "blog".to_owned(),
        grants: vec![policy.scope_id("read:posts").unwrap()],
        limit: None,
        max_ttl: Seconds(90 * 86_400),
        default_ttl: Seconds(30 * 86_400),
        rotation_overlap: Seconds(7200),
        environment: KeyEnvironment::Test,
        pepper: Some(Reference::Environment("KEY_PEPPER".to_owned())),
    };
    assert_eq!(scheme(&policy, "api_key").kind, SchemeKind::ApiKey(key));
    let session = SessionScheme {
        cookie: "__Host-id".to_owned(),
        same_site: SameSite::Strict,
        idle: Seconds(900),
        lifetime: Seconds(8 * 3600),
        max_per_account: 3,
        when_full: WhenFull::Refuse,
        fresh_for: Seconds(300),
    };
    assert_eq!(scheme(&policy, "session").kind, SchemeKind::Session(session));
}

#[test]
fn an_issuer_is_a_scheme_with_a_ceiling_and_a_table_of_roles() {
    let policy = good("full.yaml");
    let role = |name| policy.role_id(name).unwrap();
    let issuer = ForeignIssuer {
        issuer: "https://idp.partner.example/realms/main".to_owned(),
        audience: "blog-api".to_owned(),
        algorithms: vec![Algorithm::RS256],
        keys: Some(Reference::Environment("PARTNER_KEYS".to_owned())),
        scope_claim: "scp".to_owned(),
        role_claim: "realm_access.roles".to_owned(),
        may_grant: vec![
            policy.scope_id("read:posts").unwrap(),
            policy.scope_id("write:posts").unwrap(),
        ],
        roles: vec![
            ("Staff Member".to_owned(), role("author")),
            ("offline access".to_owned(), role("reader")),
        ],
        token_type: TokenType::Relaxed,
        leeway: Seconds(60),
    };
    assert_eq!(scheme(&policy, "partner").kind, SchemeKind::Issuer(issuer));
}

#[test]
fn what_is_not_said_has_its_default() {
    let policy = good("defaults.yaml");
    let SchemeKind::Jwt(jwt) = &scheme(&policy, "jwt").kind else { panic!("no jwt") };
    assert_eq!((jwt.audience_kind, jwt.leeway), (AudienceKind::Internal, Seconds(0)));
    assert_eq!((jwt.claims.len(), jwt.revocation), (0, Revocation::default()));
    assert_eq!((&jwt.cookies, policy.csrf()), (&None, &Csrf::default()));
    let SchemeKind::ApiKey(key) = &scheme(&policy, "api_key").kind else { panic!("no api_key") };
    assert_eq!((key.header.as_str(), key.limit), ("X-API-Key", None));
    assert_eq!((key.default_ttl, key.rotation_overlap), (Seconds(86_400), Seconds(43_200)));
    assert_eq!((key.environment, &key.pepper), (KeyEnvironment::Live, &None));
    let SchemeKind::Session(session) = &scheme(&policy, "session").kind else {
        panic!("no session")
    };
    assert_eq!((session.cookie.as_str(), session.same_site), ("__Host-session", SameSite::Lax));
    assert_eq!((session.max_per_account, session.when_full), (20, WhenFull::EndOldest));
    assert_eq!(session.fresh_for, Seconds(600));
    let SchemeKind::Issuer(issuer) = &scheme(&policy, "partner").kind else { panic!("no issuer") };
    assert_eq!((issuer.scope_claim.as_str(), issuer.role_claim.as_str()), ("scope", "roles"));
    assert_eq!(
        (issuer.token_type, issuer.leeway, &issuer.keys),
        (TokenType::AtJwt, Seconds(0), &None)
    );
    assert!(issuer.algorithms.len() == 4 && !issuer.algorithms.contains(&Algorithm::HS256));
}

#[test]
fn c1_trusted_origins_are_what_the_policy_says_and_sorted() {
    let policy = good("full.yaml");
    let origins =
        ["http://[::1]:3000", "https://app.blog.example:8443", "https://www.blog.example"];
    assert_eq!(policy.csrf().trusted_origins, origins);
}

#[test]
fn p1_p6_passwords_default_to_15_code_points_no_classes_and_the_cost_owasp_asks_for() {
    let policy = good("least.yaml");
    assert_eq!(policy.passwords(), &Passwords::default());
    let Passwords { min_length, classes, argon2, .. } = policy.passwords();
    assert_eq!((*min_length, classes.len()), (15, 0));
    assert_eq!((argon2.memory_kib, argon2.iterations, argon2.parallelism), (19_456, 2, 1));
}

#[test]
fn p1_p4_p6_passwords_are_what_the_policy_says() {
    let expected = Passwords {
        min_length: 12,
        max_length: 512,
        classes: Vec::new(),
        reject: vec![Rejected::Username],
        argon2: Argon2Cost { memory_kib: 65_536, iterations: 3, parallelism: 4 },
    };
    assert_eq!(good("full.yaml").passwords(), &expected);
}

#[test]
fn a_client_id_may_stand_in_the_file_and_a_secret_may_not() {
    let policy = good("full.yaml");
    let [github, google] = policy.providers() else { panic!("not two providers") };
    assert_eq!(github.client_id, ClientId::Literal("Iv1.8a61f9b3a7aba766".to_owned()));
    let id = Reference::Environment("GOOGLE_ID".to_owned());
    assert_eq!(google.client_id, ClientId::Reference(id));
    assert_eq!(github.client_secret, Reference::File("/run/secrets/github".to_owned()));
}

#[test]
fn m05_a_provider_has_an_issuer_or_endpoints_of_its_own() {
    let policy = good("full.yaml");
    let [github, google] = policy.providers() else { panic!("not two providers") };
    assert_eq!(google.identity(), "https://accounts.google.com");
    assert_eq!(google.scopes, ["openid", "profile", "email"]);
    assert_eq!(github.identity(), "https://github.com");
    assert_eq!(github.scopes, ["read:user"]);
    let ProviderKind::OAuth(own) = &github.kind else { panic!("it has endpoints") };
    assert_eq!((own.client_auth, own.profile.subject.as_str()), (ClientAuth::Form, "id"));
    assert_eq!((own.profile.username.as_deref(), &own.profile.given_name), (Some("login"), &None));
    assert_eq!(
        (google.after.as_slice(), google.on_failure.as_str()),
        (["/".to_owned()].as_slice(), "/")
    );
    assert_eq!((google.result, github.result), (SignInResult::Session, SignInResult::Tokens));
    assert_eq!(google.new_accounts, NewAccounts::Create);
    assert_eq!(github.after, ["/account", "/welcome/back", "/"]);
    assert_eq!((github.on_failure.as_str(), github.new_accounts), ("/login", NewAccounts::Refuse));
    let embedded = policy.to_embedded().unwrap();
    let back = Policy::from_embedded(&embedded, policy.structure()).unwrap();
    assert_eq!(back.providers(), policy.providers());
}

#[test]
fn rules_and_invariants_are_resolved() {
    let policy = good("full.yaml");
    let moderate = &policy.rule("moderate").unwrap().requirement;
    assert!(moderate.any_scope && policy.mutates(moderate));
    assert_eq!(names(&policy, &moderate.scopes), ["admin", "delete:posts"]);
    let purge = &policy.rule("purge").unwrap().requirement;
    assert_eq!((purge.max_age, purge.acr), (Some(Seconds(600)), Some(AcrId(1))));
    assert_eq!((moderate.max_age, moderate.acr), (None, None));
    let staff = &policy.rule("staff").unwrap().requirement;
    assert_eq!((staff.role, staff.schemes.len()), (policy.role_id("reader"), 1));
    let [never, always] = policy.invariants() else { panic!("not two invariants") };
    assert!(!never.holds && always.holds);
    assert_eq!(names(&policy, &never.scopes), ["delete:posts", "write:posts"]);
}

#[test]
fn line_ends_of_windows_change_nothing() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good/full.yaml");
    let text = std::fs::read_to_string(&path).unwrap().replace('\n', "\r\n");
    let policy = check(&Source::new("full.yaml", text.into())).policy.unwrap();
    assert_eq!(policy.revision(), accepted(&path).revision());
    assert_eq!(policy.scopes(), accepted(&path).scopes());
}

#[test]
fn words_of_yaml_1_1_are_words() {
    let policy = good("words.yaml");
    let described =
        |name| policy.scope(policy.scope_id(name).unwrap()).unwrap().description.as_str();
    assert_eq!((described("yes"), described("no"), described("on")), ("yes", "no", "off"));
    assert_eq!((described("0x1f:read"), described("1e3.x")), ("12:30:45", "2026-01-01"));
    assert_eq!((described("5a"), described("007-a")), ("Two\nlines\n", "  spaces  "));
}

/// The reader the archived crate had and the one this crate uses take every accepted policy for
/// the same, so an editor or a tool on the former shows what is enforced.
#[test]
fn both_readers_take_an_accepted_policy_for_the_same() {
    for path in corpus() {
        readers::assert_same(&std::fs::read_to_string(&path).unwrap());
    }
}

/// Words that readers of YAML disagree about: whichever of them is accepted means one thing.
#[test]
fn both_readers_take_an_accepted_word_for_the_same() {
    let words = [
        "~",
        "null",
        "Null",
        "NULL",
        "nil",
        "true",
        "True",
        "TRUE",
        "yes",
        "No",
        "ON",
        "y",
        "n",
        "1",
        "-1",
        "+1",
        "0",
        "00",
        "007",
        "08",
        "0o7",
        "0o17",
        "0O7",
        "0x1f",
        "0X1F",
        "0b11",
        "1_000",
        "1,000",
        "0.5",
        ".5",
        "5.",
        "1e3",
        "1E+3",
        "1e",
        "e3",
        ".inf",
        "-.INF",
        "+.inf",
        ".nan",
        ".NaN",
        "inf",
        "nan",
        "Infinity",
        "12:30",
        "12:30:45",
        "2026-01-01",
        "2026-01-01T00:00:00Z",
        "1.2.3",
        "0.0.0.0",
        "=",
        "<",
        "<<",
        "-",
        "--",
        "...x",
        "+",
        ".",
        "..",
        "_",
        "1_",
        "_1",
        "99999999999999999999",
        "-99999999999999999999",
        "340282366920938463463374607431768211456",
        "1e400",
        "0x",
        "0o",
        "0o8",
        "0xg",
        "a b",
        "a: b",
        "a #b",
        "a#b",
        "'it''s'",
        "\"\\u0041\\n\"",
        "!",
        "@a",
        "`a`",
        "%a",
        "&a",
        "*a",
        "|",
        ">",
        "[a",
        "{a",
        "\"a",
        "'a",
        "a'",
        "a\"",
    ];
    let mut accepted = 0;
    for word in words {
        let text = format!(
            "version: 1\nscopes:\n  a: {word}\nroles: {{ r: {{ grants: [a] }} }}\nschemes: {{ session: {{ idle: 1m, lifetime: 2m }} }}\n"
        );
        if check(&Source::new("p.yaml", text.clone().into())).policy.is_some() {
            readers::assert_same(&text);
            accepted += 1;
        }
    }
    assert!(accepted > 20, "only {accepted} words were accepted");
}
