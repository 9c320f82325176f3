//! What ends with the one who let a client in, and what a client may not do for them.

use std::sync::Arc;

use auth_runtime::{
    account::Account,
    oauth::Client,
    store::{Collection, Owner, Store},
};
use axum::http::HeaderMap;

use super::{
    browser::{Browser, asking},
    world::{World, app, basic},
};
use crate::failing::When;

/// A way in which consent ends.
type End = for<'w> fn(&'w World, &'w Browser) -> futures_util::future::BoxFuture<'w, ()>;

async fn change(world: &World, browser: &Browser, change: impl Fn(&mut Account) + Send + Sync) {
    world.accounts.change(&browser.account.id, change, world.auth.now()).await.unwrap();
}

const ENDS: [(&str, End); 5] = [
    ("the account is closed", |world, browser| {
        Box::pin(change(world, browser, |account| account.disabled = true))
    }),
    ("the password is changed", |world, browser| {
        const OTHER: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA";
        Box::pin(change(world, browser, |account| account.password = OTHER.parse().unwrap()))
    }),
    ("the session is ended", |world, browser| {
        Box::pin(async {
            // They are signed in somewhere else as well, and that goes on.
            let (sessions, id) = (world.auth.sessions().unwrap(), &browser.account.id);
            let other = sessions.begin(&browser.account, &HeaderMap::new()).await.unwrap();
            let all = sessions.list(id).await.unwrap();
            let first = all.iter().find(|session| session.id != other.session.id).unwrap();
            assert!(sessions.end(id, &first.id).await.unwrap());
        })
    }),
    ("the client is removed", |world, _| {
        Box::pin(async {
            assert!(world.clients.delete("app").await.unwrap());
        })
    }),
    ("the client is closed", |world, _| {
        Box::pin(async {
            world.clients.set_disabled("app", true).await.unwrap();
        })
    }),
];

#[tokio::test]
async fn s6_r05_a_code_on_its_way_dies_with_what_it_stands_on() {
    for (why, end) in ENDS {
        let world = World::new().await;
        let client = world.app("app").await;
        let browser = world.browser("ada", "author").await;
        let code = browser.code(&world, &asking("app")).await;
        end(&world, &browser).await;
        let answer = world.exchange(&client, &code).await;
        assert!([400, 401].contains(&answer.status), "{why}: {answer:?}");
        assert!(answer.json().get("access_token").is_none(), "{why}");
        if answer.status == 400 {
            assert_eq!(world.events.causes("token.issued"), ["consent-ended"], "{why}");
        }
    }
}

/// Whatever comes in between, before there is a family to end or just after.
#[tokio::test]
async fn s6_r05_a_code_that_dies_while_it_is_exchanged_gives_nothing_of_worth() {
    for (why, end) in ENDS {
        for when in [When::BeforeInsert("refresh"), When::AfterInsert("refresh")] {
            let world = Arc::new(World::new().await);
            let client = world.app("app").await;
            let browser = Arc::new(world.browser("ada", "author").await);
            let code = browser.code(&world, &asking("app")).await;
            let (same, at) = (Arc::clone(&world), Arc::clone(&browser));
            world.store.meanwhile(when, async move { end(&same, &at).await });
            let answer = world.exchange(&client, &code).await;
            match answer.status {
                200 => assert_eq!(world.reads(&answer.text("access_token")).await, 401, "{why}"),
                status => assert_eq!((status, &*answer.text("error")), (400, "invalid_grant")),
            }
            // What was begun for it is there only as long as it is answered with.
            let owner = Owner::new(browser.account.id.as_str()).unwrap();
            let families = world.store.list(Collection("refresh"), &owner, world.auth.now()).await;
            let expected = usize::from(answer.status == 200);
            assert_eq!(families.unwrap().len(), expected, "{why}, {when:?}");
        }
    }
}

#[tokio::test]
async fn s6_r05_families_die_with_the_account_and_with_the_client() {
    for (why, end) in [ENDS[0], ENDS[3], ENDS[4]] {
        let world = World::new().await;
        let client = world.app("app").await;
        let browser = world.browser("ada", "author").await;
        let code = browser.code(&world, &asking("app")).await;
        let given = world.exchange(&client, &code).await;
        end(&world, &browser).await;
        let refresh = given.text("refresh_token");
        let renew = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        assert!([400, 401].contains(&world.token(&client, &renew).await.status), "{why}");
    }
}

/// What an application does after a change of password: `Tokens::end_all` ends clients' families as
/// well as its own.
#[tokio::test]
async fn s7_r05_the_tokens_of_clients_end_with_all_others_of_the_account() {
    let world = World::new().await;
    let client = world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let code = browser.code(&world, &asking("app")).await;
    let given = world.exchange(&client, &code).await;
    assert_eq!(world.reads(&given.text("access_token")).await, 200);
    world.tokens.end_all(&browser.account.id).await.unwrap();
    assert_eq!(world.reads(&given.text("access_token")).await, 401);
    let refresh = given.text("refresh_token");
    let renew = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    assert_eq!(world.token(&client, &renew).await.refusal(), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn ot7_a_role_that_is_taken_away_is_taken_from_the_client() {
    let world = World::new().await;
    let client = world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let code = browser.code(&world, &asking("app").with("scope", "")).await;
    let given = world.exchange(&client, &code).await;
    assert_eq!(given.text("scope"), "read:posts write:posts");
    change(&world, &browser, |account| account.roles = vec!["reader".to_owned()]).await;
    let refresh = given.text("refresh_token");
    let renew = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let next = world.token(&client, &renew).await;
    assert_eq!(next.text("scope"), "read:posts");
    assert_eq!(world.asks("POST", "/write", &next.text("access_token")).await.status, 403);
}

/// The endpoints of the crate and of an application: a client has scopes, and is nobody.
#[tokio::test]
async fn ot10_a_client_that_was_let_in_opens_what_its_scopes_stand_for_and_nothing_else() {
    let world = World::new().await;
    let client = world.app("app").await;
    world.clients.register(app("never")).await.unwrap();
    let browser = world.browser("root", "admin").await;
    let code = browser.code(&world, &asking("app")).await;
    let token = world.exchange(&client, &code).await.text("access_token");
    for (method, path, status) in [
        ("GET", "/read", 200),
        ("POST", "/write", 403),
        ("DELETE", "/administer", 403),
        // A rule without a scope: somebody has to have signed in for it, not let somebody in.
        ("GET", "/whoever", 403),
        ("GET", "/api-keys", 403),
        ("POST", "/api-keys", 403),
        ("POST", "/oauth/authorize", 401),
    ] {
        assert_eq!(world.asks(method, path, &token).await.status, status, "{method} {path}");
    }
    let causes = world.events.causes("access");
    assert_eq!(causes.iter().filter(|cause| *cause == "client-token").count(), 4, "{causes:?}");
    // Whoever signed in may, and so may a client that acts for itself where no scope is asked for.
    let own = world.tokens.sign_in(&browser.account).await.unwrap();
    let itself = world.own_token(&world.client("svc").await).await;
    for token in [own.access_token.expose(), &itself] {
        assert_eq!(world.asks("GET", "/whoever", token).await.status, 200);
    }
    // To a public handler it is nobody, unless that knows programs.
    let known = async |path, token: &str| world.asks("GET", path, token).await;
    let nobody = known("/known", &token).await;
    assert_eq!((nobody.status, nobody.body.as_str()), (200, ""));
    assert_eq!(known("/known-programs", &token).await.body, browser.account.id);
    assert_eq!(known("/known", own.access_token.expose()).await.body, browser.account.id);
    assert_eq!(known("/known", &itself).await.body, "client:svc");
}

/// An id that somebody else's client gets later is none of the tokens' that were given before.
#[tokio::test]
async fn ot5_a_client_of_the_same_id_has_nothing_of_the_one_before() {
    let world = World::new().await;
    let client = world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let code = browser.code(&world, &asking("app")).await;
    let given = world.exchange(&client, &code).await;
    assert!(world.clients.delete("app").await.unwrap());
    world.clock.advance(1);
    let client = world.app("app").await;
    assert_eq!(world.reads(&given.text("access_token")).await, 401);
    let refresh = given.text("refresh_token");
    let renew = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    assert_eq!(world.token(&client, &renew).await.refusal(), (400, "invalid_grant".to_owned()));
    let code = browser.code(&world, &asking("app")).await;
    let given = world.exchange(&client, &code).await;
    assert_eq!(world.reads(&given.text("access_token")).await, 200);
}

#[tokio::test]
async fn ot8_a_refresh_token_that_leads_to_nothing_is_told_to_be_dead() {
    let again: End = |world, _| {
        Box::pin(async {
            assert!(world.clients.delete("app").await.unwrap());
            world.clock.advance(1);
        })
    };
    for (why, end) in [ENDS[0], ("another client has its id", again)] {
        let world = World::new().await;
        let mut client = world.app("app").await;
        let browser = world.browser("ada", "author").await;
        let code = browser.code(&world, &asking("app")).await;
        let token = world.exchange(&client, &code).await.text("refresh_token");
        let active = async |(client, secret): &(Client, String)| {
            let authorization = basic(&client.id, secret);
            let parameters = [("token", token.as_str())];
            let answer = world.form("/oauth/introspect", Some(&authorization), &parameters).await;
            answer.json()["active"].clone()
        };
        assert_eq!(active(&client).await, true, "{why}");
        end(&world, &browser).await;
        if world.clients.by_id("app").await.unwrap().is_none() {
            client = world.app("app").await;
        }
        assert_eq!(active(&client).await, false, "{why}");
    }
}

#[tokio::test]
async fn ot7_a_ceiling_that_is_lowered_on_the_way_counts_at_the_exchange() {
    let world = World::new().await;
    let client = world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let code = browser.code(&world, &asking("app").with("scope", "")).await;
    world.clients.set_scopes("app", vec!["read:posts".to_owned()]).await.unwrap();
    assert_eq!(world.exchange(&client, &code).await.text("scope"), "read:posts");
}
