//! J10, J15 at the door: which issuer may speak for whom.

use std::sync::{Arc, Mutex};

use auth_runtime::{
    Identity, Router,
    account::StoredAccounts,
    authenticate,
    password::Hasher,
    policy,
    routing::{get, post},
    secret::Secret,
    session::SessionError,
    tokens::Tokens,
};
use axum::{extract::State, http::HeaderMap};
use jsonwebtoken::Algorithm as Alg;
use serde_json::{Value, json};

use super::{
    fixture::{Door, Reached, ask, guarded, send},
    forge::{self, Edit, Pen, own_claims, own_header, partner, partner_claims},
};
use crate::password::password_hash;

#[authenticate(jwt | partner, scopes = "read:posts")]
async fn shared(State(reached): State<Reached>, caller: Identity) -> String {
    reached.note("shared");
    caller.subject().to_string()
}

#[authenticate(partner)]
async fn partners(State(reached): State<Reached>, caller: Identity) -> String {
    reached.note("partners");
    caller.scopes().collect::<Vec<_>>().join(" ")
}

#[authenticate(jwt | partner)]
async fn leave(State(reached): State<Reached>, caller: Identity) {
    reached.note("leave");
    *LEAVING.lock().unwrap() = Some(caller);
}

/// Who has called `leave` last; one test does.
static LEAVING: Mutex<Option<Identity>> = Mutex::new(None);

async fn door() -> Door {
    let routes = Router::new()
        .route("/guarded", get(guarded))
        .route("/shared", get(shared))
        .route("/partners", get(partners));
    Door::of(routes).await
}

/// The cookie is where we leave our own tokens: a page of another host may have left one of theirs.
#[tokio::test]
async fn m03_j10_the_cookie_of_access_tokens_holds_our_own_alone() {
    #[authenticate(jwt | partner, policy = "policies/cookies.yaml")]
    async fn either(State(reached): State<Reached>) {
        reached.note("either");
    }
    let routes = Router::new().route("/guarded", get(either));
    let keys = [("jwt", forge::own_keys()), ("partner", forge::p256_keys())];
    let door = Door::under(policy!("policies/cookies.yaml"), keys, routes).await;
    let theirs = partner(&partner_claims().with("sid", "a-family"));
    let ours = forge::own(&own_header(), &own_claims().with("sid", "a-family"));
    for (token, in_cookie) in [(theirs, 401), (ours, 200)] {
        let cookie = format!("__Host-access={token}");
        let answer = door.send(ask("GET", "/guarded").header("cookie", cookie)).await;
        assert_eq!(answer.status, in_cookie);
        assert_eq!(door.send(ask("GET", "/guarded").bearer(token)).await.status, 200);
    }
}

/// Whoever another issuer calls by the id of one of our accounts has none of its sessions.
#[tokio::test]
async fn j15_s7_sessions_of_an_account_are_not_those_of_a_foreign_namesake() {
    type Caller = Arc<Mutex<Option<Identity>>>;
    #[authenticate(partner)]
    async fn keep(caller: Identity, State(kept): State<Caller>) {
        *kept.lock().unwrap() = Some(caller);
    }
    let door = door().await;
    let accounts = StoredAccounts::new(Arc::clone(door.auth.store().unwrap()));
    let (password, now) = (password_hash().await, door.auth.now());
    let account = accounts.register("ada", Vec::new(), password, now).await.unwrap();
    let sessions = door.auth.sessions().unwrap();
    let session = sessions.begin(&account, &HeaderMap::new()).await.unwrap().session;

    let kept = Caller::default();
    let router = Router::new().route("/", get(keep)).with_state(Arc::clone(&kept));
    let app = router.protect(door.auth.clone());
    let claims = partner_claims().with("sub", &*account.id).with("jti", &*session.id);
    assert_eq!(send(app, ask("GET", "/").bearer(partner(&claims))).await.status, 200);
    let caller = kept.lock().unwrap().take().unwrap();
    assert_eq!(caller.credential_id(), Some(session.id.as_str()));

    assert_eq!(sessions.current(&caller).await, Err(SessionError::Ended));
    let renewed = sessions.renew(&caller, &account).await;
    assert_eq!(renewed.unwrap_err(), SessionError::Ended);
    sessions.begin(&account, &HeaderMap::new()).await.unwrap();
    sessions.end_others(&caller).await.unwrap();
    assert_eq!(sessions.list(&account.id).await.unwrap().len(), 2);
}

#[tokio::test]
async fn j15_equal_subjects_of_two_issuers_are_two_users() {
    let door = door().await;
    let own = forge::own(&own_header(), &own_claims());
    let foreign = partner(&partner_claims());
    let first = door.send(ask("GET", "/shared").bearer(own)).await;
    assert_eq!(first.text(), "alice at https://issuer.example");
    let ours = door.audit.only().subject;
    let second = door.send(ask("GET", "/shared").bearer(foreign)).await;
    assert_eq!(second.text(), "alice at https://partner.example");
    let theirs = door.audit.only().subject;
    assert!(ours.is_some() && ours != theirs);
}

#[tokio::test]
async fn j15_a_foreign_subject_ends_nothing_of_ours() {
    let door = Door::of(Router::new().route("/leave", post(leave))).await;
    let store = Arc::clone(door.auth.store().unwrap());
    let accounts = StoredAccounts::new(store);
    let hasher = Hasher::new(door.auth.policy().passwords()).unwrap();
    let hash = hasher.hash(Secret::from("correct horse battery".to_owned())).await.unwrap();
    let ada = accounts.register("ada", Vec::new(), hash, door.auth.now()).await.unwrap();
    let tokens = Tokens::new(door.auth.clone()).await.unwrap();
    let signed_in = tokens.sign_in(&ada).await.unwrap();

    // Whatever the partner calls its subject, and the sign-in of that.
    let claims = partner_claims().with("sub", ada.id).with("sid", signed_in.family_id.as_str());
    let own = signed_in.access_token.expose();
    for (token, ends) in [(partner(&claims), false), (own.to_owned(), true)] {
        assert_eq!(door.send(ask("POST", "/leave").bearer(token)).await.status, 200);
        let caller = LEAVING.lock().unwrap().take().unwrap();
        tokens.end_others(&caller).await.unwrap();
        tokens.sign_out(&caller).await.unwrap();
        let renewed = tokens.refresh(&signed_in.refresh_token).await;
        assert_eq!(renewed.is_err(), ends, "{}", caller.subject());
    }
}

#[tokio::test]
async fn j10_a_foreign_token_is_nothing_where_the_rule_does_not_name_its_issuer() {
    let door = door().await;
    let foreign = partner(&partner_claims());
    assert_eq!(door.refuses(&foreign).await, "algorithm-not-listed");
    let own = forge::own(&own_header(), &own_claims());
    assert_eq!(door.refuses_at("/partners", &own).await, "algorithm-not-listed");
    assert_eq!(door.send(ask("GET", "/partners").bearer(&foreign)).await.status, 200);
}

#[tokio::test]
async fn j10_a_key_of_one_issuer_does_not_speak_for_another() {
    let door = door().await;
    // The partner signs with its key and calls itself us, and the other way round.
    let as_us = own_claims();
    assert_eq!(door.refuses_at("/shared", partner(&as_us)).await, "algorithm-not-listed");
    assert_eq!(door.refuses_at("/partners", partner(&as_us)).await, "issuer-mismatch");
    let as_them = partner_claims();
    let as_them = forge::own(&own_header(), &as_them);
    assert_eq!(door.refuses_at("/shared", as_them).await, "algorithm-not-listed");
    // In our form, with the partner's key under our key's name.
    let token = forge::token(own_header().to_string(), as_us.to_string(), Pen::P256);
    assert_eq!(door.refuses_at("/shared", token).await, "signature-invalid");
    // In our form, under the name of the partner's key, which is not ours.
    let header = own_header().with("kid", Pen::P256.kid());
    let token = forge::token(header.to_string(), as_us.to_string(), Pen::P256);
    assert_eq!(door.refuses_at("/shared", token).await, "key-unknown");
}

#[tokio::test]
async fn j10_the_issuer_is_compared_byte_for_byte() {
    let door = door().await;
    for issuer in [
        "https://issuer.example/",
        "http://issuer.example",
        "https://Issuer.example",
        "https://issuer.example:443",
        "https://issuer.example\0",
        "https://issuer.example ",
        "issuer.example",
        "https://partner.example",
        "",
    ] {
        let token = forge::own(&own_header(), &own_claims().with("iss", issuer));
        assert_eq!(door.refuses(&token).await, "issuer-mismatch", "{issuer}");
        if issuer != "https://partner.example" {
            assert_eq!(door.refuses_at("/shared", &token).await, "issuer-unknown", "{issuer}");
        }
    }
    for (issuer, cause) in
        [(json!(["https://issuer.example"]), "claims-malformed"), (json!(null), "claims-malformed")]
    {
        let token = forge::own(&own_header(), &own_claims().with("iss", issuer));
        assert_eq!(door.refuses(&token).await, "claim-malformed");
        assert_eq!(door.refuses_at("/shared", &token).await, cause);
    }
}

/// The first `iss` chooses the issuer, and a second one never gets to speak.
#[tokio::test]
async fn j10_j13_two_issuers_in_one_token_are_none() {
    let door = door().await;
    let (us, them) = ("https://issuer.example", "https://partner.example");
    for (first, second) in [(us, them), (them, us), (us, us)] {
        let rest = own_claims().without("iss").to_string();
        let claims = format!(r#"{{"iss":"{first}","iss":"{second}",{}"#, &rest[1..]);
        let token = forge::token(own_header().to_string(), claims, Pen::Ed25519);
        let cause = if first == us { "claims-duplicate-member" } else { "algorithm-not-listed" };
        assert_eq!(door.refuses_at("/shared", token).await, cause);
    }
}

#[tokio::test]
async fn j15_a_foreign_token_is_worth_no_more_than_the_ceiling() {
    let door = door().await;
    let greedy = json!(["read:posts", "write:posts", "delete:posts", "*"]);
    let greedy = partner_claims().with("scp", greedy).with("roles", json!(["admin", "author"]));
    let answer = door.send(ask("GET", "/partners").bearer(partner(&greedy))).await;
    assert_eq!((answer.status, answer.text()), (200, "read:posts"));
    let elsewhere = partner_claims().without("scp").with("scope", "read:posts");
    let answer = door.send(ask("GET", "/shared").bearer(partner(&elsewhere))).await;
    assert_eq!(answer.status, 403, "its scopes are in `scp`");
}

mod many {
    //! Three issuers that differ in all they can.

    use super::*;

    #[authenticate(
        jwt | alpha | beta,
        scopes = any("read:posts", "read:posts2"),
        policy = "policies/many.yaml"
    )]
    async fn all(State(reached): State<Reached>, caller: Identity) -> String {
        reached.note("all");
        let (scopes, roles): (Vec<_>, Vec<_>) =
            (caller.scopes().collect(), caller.roles().collect());
        format!("{} {} {scopes:?} {roles:?}", caller.scheme(), caller.subject().id)
    }

    #[authenticate(jwt | beta, scopes = "read:posts2", policy = "policies/many.yaml")]
    async fn second(State(reached): State<Reached>) -> &'static str {
        reached.note("second")
    }

    #[authenticate(beta, role = "reader", policy = "policies/many.yaml")]
    async fn staff(State(reached): State<Reached>) -> &'static str {
        reached.note("staff")
    }

    async fn door() -> Door {
        let keys = [
            ("jwt", forge::rsa_keys()),
            ("alpha", forge::p256_keys()),
            ("beta", forge::ed25519_keys()),
        ];
        let routes = Router::new()
            .route("/all", get(all))
            .route("/second", get(second))
            .route("/staff", get(staff));
        Door::under(policy!("policies/many.yaml"), keys, routes).await
    }

    fn claims(issuer: &str) -> Value {
        let claims = own_claims().with("iss", format!("https://{issuer}.example"));
        claims.with("aud", "many-api").with("scope", "read:posts read:posts2")
    }

    fn signed(alg: &str, pen: Pen<'_>, claims: &Value) -> String {
        forge::token(forge::header(alg, pen).to_string(), claims.to_string(), pen)
    }

    #[tokio::test]
    async fn j10_each_issuer_is_held_to_its_own_keys_and_ceiling() {
        let door = door().await;
        let rsa = Pen::Rsa(Alg::RS256);
        for (token, expected) in [
            (
                signed("RS256", rsa, &claims("own")),
                r#"jwt alice ["read:posts", "read:posts2"] ["reader"]"#,
            ),
            (signed("ES256", Pen::P256, &claims("alpha")), r#"alpha alice ["read:posts"] []"#),
            (
                signed("EdDSA", Pen::Ed25519, &claims("beta").with("roles", "staff")),
                r#"beta alice ["read:posts", "read:posts2"] ["reader"]"#,
            ),
        ] {
            let answer = door.send(ask("GET", "/all").bearer(token)).await;
            assert_eq!((answer.status, answer.text()), (200, expected));
        }
        door.audit.take();
        door.reached.take();
        for (issuer, alg, pen) in [
            ("own", "ES256", Pen::P256),
            ("own", "EdDSA", Pen::Ed25519),
            ("alpha", "RS256", rsa),
            ("alpha", "EdDSA", Pen::Ed25519),
            ("beta", "ES256", Pen::P256),
            ("beta", "RS256", rsa),
        ] {
            let token = signed(alg, pen, &claims(issuer));
            assert_eq!(door.refuses_at("/all", token).await, "algorithm-not-listed", "{issuer}");
        }
        let alpha = signed("ES256", Pen::P256, &claims("alpha"));
        assert_eq!(door.refuses_at("/second", alpha).await, "issuer-unknown");
    }

    #[tokio::test]
    async fn j12_another_kind_of_token_is_let_in_by_name_alone() {
        let door = door().await;
        for (typ, status) in
            [(json!("JWT"), 200), (json!("at+jwt"), 200), (json!("logout+jwt"), 401)]
        {
            let header = forge::header("EdDSA", Pen::Ed25519).with("typ", typ);
            let token = forge::token(header.to_string(), claims("beta").to_string(), Pen::Ed25519);
            assert_eq!(door.send(ask("GET", "/second").bearer(token)).await.status, status);
        }
        door.audit.take();
        door.reached.take();
        let header = forge::header("ES256", Pen::P256).with("typ", "JWT");
        let token = forge::token(header.to_string(), claims("alpha").to_string(), Pen::P256);
        assert_eq!(door.refuses_at("/all", token).await, "not-an-access-token");
    }

    #[tokio::test]
    async fn m07_roles_of_another_issuer_count_by_the_table_alone() {
        let door = door().await;
        for (roles, status) in [
            (json!("staff"), 200),
            (json!(["x", "staff"]), 200),
            (json!("reader"), 403),
            (json!("staff reader"), 403),
            (json!("Staff"), 403),
            (json!([]), 403),
        ] {
            let token = signed("EdDSA", Pen::Ed25519, &claims("beta").with("roles", roles));
            assert_eq!(door.send(ask("GET", "/staff").bearer(token)).await.status, status);
        }
    }

    #[tokio::test]
    async fn j08_leeway_is_what_the_policy_says_and_each_issuers_own() {
        let door = door().await;
        let late = |issuer: &str, seconds: i64| {
            claims(issuer).with("exp", super::super::fixture::START - seconds)
        };
        let rsa = Pen::Rsa(Alg::RS256);
        for (token, status) in [
            (signed("RS256", rsa, &late("own", 29)), 200),
            (signed("RS256", rsa, &late("own", 30)), 401),
            (signed("ES256", Pen::P256, &late("alpha", -1)), 200),
            (signed("ES256", Pen::P256, &late("alpha", 0)), 401),
        ] {
            assert_eq!(door.send(ask("GET", "/all").bearer(token)).await.status, status);
        }
    }
}
