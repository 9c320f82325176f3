//! A4: what is refused, and that nothing at all has changed then.

use auth_runtime::{
    ReloadError,
    audit::{Decision, Kind},
};

use super::{World, guarded};

/// Reloads that; the old policy stays, and is told of once with this cause.
async fn refused(world: &World, old: &str, new: &str, cause: &str) -> ReloadError {
    let (before, token) = (world.auth.policy(), world.token("author"));
    world.audit.take();
    let error = world.reload_with(old, new).unwrap_err();
    stays(world, before.revision().as_str(), cause);
    assert_eq!(world.knows(&token).await.text(), "read:posts write:posts", "{new}");
    error
}

fn stays(world: &World, revision: &str, cause: &str) {
    assert_eq!(world.auth.policy().revision().as_str(), revision);
    let event = world.audit.only();
    assert_eq!((event.kind, event.decision), (Kind::PolicyReloaded, Decision::Deny));
    assert_eq!((event.cause.as_deref(), event.policy.as_str()), (Some(cause), revision));
}

#[tokio::test]
async fn a4_a_file_that_is_not_there_is_unreadable() {
    let world = World::new().await;
    let revision = world.auth.policy().revision().clone();
    std::fs::remove_file(&world.file).unwrap();
    let error = world.auth.reload(&world.file).unwrap_err();
    assert!(matches!(&error, ReloadError::Unreadable { file, .. } if *file == world.file));
    assert!(error.to_string().contains("cannot be read"), "{error}");
    stays(&world, revision.as_str(), "policy-unreadable");
    // A folder is no file either.
    let error = world.auth.reload(std::env::temp_dir()).unwrap_err();
    assert!(matches!(error, ReloadError::Unreadable { .. }), "{error}");
}

/// What is said of endpoints is held to those that are served, as it is at start.
#[tokio::test]
async fn a4_a_policy_whose_statement_about_an_endpoint_does_not_hold_is_refused() {
    let mut world = World::new().await;
    let stated = |word: &str, role: &str, endpoint: &str| {
        let statement = format!("{{ role: {role}, reaches: {{ endpoint: {endpoint} }} }}");
        format!("version: 1\n{word}: [{statement}]")
    };
    let never = stated("never", "reader", "GET /guarded");
    let error = refused(&world, "version: 1", &never, "policy-refused").await;
    let said = "the role `reader` never reaches `GET /guarded`, says this entry, but it does: ";
    assert!(error.to_string().contains(said), "{error}");
    // Those of another router are not among them, and what holds is taken.
    world.adopts("version: 1", &stated("never", "reader", "GET /elsewhere"));
    world.adopts("version: 1", &stated("always", "reader", "GET /guarded"));
    world.adopts("version: 1", &stated("always", "reader", "GET /counted"));
    // An application that is gone has no say.
    let broken = stated("never", "reader", "GET /guarded");
    assert!(world.reload_with("version: 1", &broken).is_err());
    world.app = auth_runtime::Router::new().protect(world.auth.clone());
    world.adopts("version: 1", &broken);
}

#[tokio::test]
async fn a4_an_application_for_which_a_statement_does_not_hold_does_not_start() {
    let world = World::new().await;
    let never = "version: 1\nnever: [{ role: reader, reaches: { endpoint: GET /late } }]";
    world.adopts("version: 1", never);
    let late = || auth_runtime::Router::new().route("/late", auth_runtime::routing::get(guarded));
    let refused = late().try_protect(world.auth.clone()).unwrap_err().to_string();
    assert!(
        refused.starts_with('`') && refused.contains("does not hold for these routes"),
        "{refused}"
    );
    let said = "the role `reader` never reaches `GET /late`, says this entry, but it does: api_key (line 3)";
    assert!(refused.ends_with(said), "{refused}");
    // It has left nothing behind that would refuse the next policy.
    assert_eq!(world.reload_with("version: 1", "version: 1"), Ok(()));
    assert!(late().try_protect(world.auth.clone()).is_ok());
}

#[tokio::test]
async fn a4_a_file_that_the_check_refuses_is_refused_with_every_finding() {
    let world = World::new().await;
    for (old, new, told) in [
        ("version: 1", "version: 1 [", "error"),
        ("version: 1", "", "version"),
        ("grants: [read:posts] }", "grants: [read:post] }", "did you mean `read:posts`?"),
        ("access_ttl: 15m", "access_ttl: 15y", "15y"),
        ("login: { limit: plenty }", "login: { limit: plentiful }", "plentiful"),
    ] {
        let error = refused(&world, old, new, "policy-refused").await;
        assert!(matches!(&error, ReloadError::Refused(findings) if !findings.is_empty()));
        assert!(error.to_string().contains(told), "{error}");
    }
    let ReloadError::Refused(findings) =
        refused(&world, "read:posts] }", "read:post, read:report] }", "policy-refused").await
    else {
        panic!("the check refuses it")
    };
    assert_eq!(findings.len(), 2, "{findings:?}");
}

#[tokio::test]
async fn a4_other_names_or_rules_are_another_structure() {
    let world = World::new().await;
    for (old, new) in [
        ("  read:posts: Read posts\n", "  read:posts: Read posts\n  new:scope: New\n"),
        ("  author: {", "  editor: { includes: [reader] }\n  author: {"),
        ("read:reports: Read reports", "read:reports: { is: Read reports, mutates: true }"),
        ("  few: {", "  fewer: { rate: 1/minute, by: address }\n  few: {"),
        ("scopes: read:posts }", "scopes: [read:posts, read:reports] }"),
        ("rules:\n  reading: { schemes: jwt, scopes: read:posts }\n", ""),
    ] {
        let error = refused(&world, old, new, "policy-of-other-structure").await;
        assert_eq!(error, ReloadError::OtherStructure, "{new}");
    }
}

#[tokio::test]
async fn a4_what_is_settled_at_start_needs_a_restart_and_is_named() {
    let world = World::new().await;
    for (old, new, named) in [
        ("keys: ${TEST_JWT_KEYS}", "keys: ${OTHER_JWT_KEYS}", "schemes.jwt.keys"),
        ("issuer: https://issuer.example", "issuer: https://new.example", "schemes.jwt.issuer"),
        ("algorithms: [EdDSA]", "algorithms: [EdDSA, ES256]", "schemes.jwt.algorithms"),
        (
            "revocation: { within: 1s, max_stale: 30s, on_store_down: refuse }",
            "revocation: { check: every_request }",
            "schemes.jwt.revocation.check",
        ),
        ("refresh_ttl: 7d", "refresh_ttl: 7d\n    cookies: {}", "schemes.jwt.cookies"),
        ("prefix: test,", "prefix: test, pepper: \"${PEPPER}\",", "schemes.api_key.pepper"),
        ("prefix: test,", "prefix: test, environment: test,", "schemes.api_key.environment"),
        ("issuer: https://partner", "issuer: https://partner2", "issuers.partner.issuer"),
        ("algorithms: [ES256]", "algorithms: [ES256, EdDSA]", "issuers.partner.algorithms"),
        ("algorithms: [ES256]", "algorithms: [ES256]\n    keys: ${THEIRS}", "issuers.partner.keys"),
        // A router that was protected because its endpoints have a limit keeps it.
        ("  refresh: { limit: plenty }\n", "", "endpoints.refresh"),
        ("  login: { limit: plenty }\n", "", "endpoints.login"),
        ("limits:\n", "passwords: { min_length: 20 }\n\nlimits:\n", "passwords"),
    ] {
        if named == "passwords" {
            // With that section, accounts can be made here, and that has to have a limit.
            let text = world
                .edited(old, new)
                .replace("endpoints:", "endpoints:\n  register: { limit: few }");
            std::fs::write(&world.file, text).unwrap();
            let error = world.auth.reload(&world.file).unwrap_err();
            assert_eq!(error, ReloadError::NeedsRestart(vec![named.to_owned()]), "{error}");
            continue;
        }
        let error = refused(&world, old, new, "policy-needs-restart").await;
        assert_eq!(error, ReloadError::NeedsRestart(vec![named.to_owned()]), "{error}");
        assert!(error.to_string().contains("restart"), "{error}");
    }
}

#[tokio::test]
async fn a4_keys_that_do_not_fit_the_new_policy_keep_the_old_one() {
    let world = World::new().await;
    let error =
        refused(&world, "scope_claim: scp", "scope_claim: aud", "policy-does-not-fit-keys").await;
    assert!(matches!(&error, ReloadError::Keys(why) if why.contains("partner")), "{error}");
}

/// Nobody serves the endpoints at which providers are signed in with.
#[tokio::test]
async fn a4_providers_of_a_service_without_sign_in_by_them_need_a_restart() {
    let world = World::new().await;
    let provider = "providers:\n  id: { issuer: https://id.example, client_id: us, client_secret: \"${SECRET}\" }\n";
    let limited = "endpoints:\n  provider: { limit: few }";
    let text = world.edited("limits:\n", &format!("{provider}limits:\n"));
    let text = text.replace("endpoints:", limited);
    let revision = world.auth.policy().revision().clone();
    world.audit.take();
    std::fs::write(&world.file, text).unwrap();
    let error = world.auth.reload(&world.file).unwrap_err();
    assert_eq!(error, ReloadError::NeedsRestart(vec!["providers".to_owned()]), "{error}");
    stays(&world, revision.as_str(), "policy-needs-restart");
}

/// Of a file that is good but for one thing nothing is taken.
#[tokio::test]
async fn a4_all_or_nothing() {
    let world = World::new().await;
    world.register("ada").await;
    let cookie = world.cookie("ada").await;
    let text = world.edited("idle: 30m", "idle: 5m");
    let text = text.replace("reader: { grants: [read:posts] }", "reader: { grants: [] }");
    std::fs::write(&world.file, text.replace("https://issuer.example", "https://x.example"))
        .unwrap();
    assert!(world.auth.reload(&world.file).is_err());
    world.clock.advance(6 * 60);
    assert_eq!(world.session(&cookie).await.status, 200);
    assert_eq!(world.knows(&world.token("reader")).await.status, 200);
    std::fs::write(&world.file, text).unwrap();
    assert_eq!(world.auth.reload(&world.file), Ok(()));
    world.clock.advance(6 * 60);
    assert_eq!(world.session(&cookie).await.status, 401);
}
