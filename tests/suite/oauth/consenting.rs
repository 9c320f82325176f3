//! The decision: what a client is let have, and who may decide.

use super::{
    browser::{Browser, asking},
    world::{World, app},
};

#[tokio::test]
async fn ot7_a_client_has_what_it_asked_for_within_its_ceiling_and_its_users_rights() {
    let world = World::new().await;
    let client = world.app("app").await;
    let (author, reader) =
        (world.browser("ada", "author").await, world.browser("bob", "reader").await);
    let admin = world.browser("root", "admin").await;
    let all = "read:posts write:posts delete:posts";
    for (browser, asked, had) in [
        (&author, "read:posts", "read:posts"),
        (&author, "write:posts read:posts read:posts", "read:posts write:posts"),
        // `delete:posts` is beyond the client, `write:posts` beyond the reader.
        (&author, all, "read:posts write:posts"),
        (&reader, all, "read:posts"),
        (&admin, all, "read:posts write:posts"),
        (&author, "", "read:posts write:posts"),
        (&reader, "", "read:posts"),
    ] {
        let page = browser.asks(&world, &asking("app").with("scope", asked)).await;
        let shown: Vec<(String, String)> =
            serde_json::from_value(page.json()["scopes"].clone()).unwrap();
        let names: Vec<_> = shown.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.join(" "), had, "{asked}");
        let code = browser.decides(&world, &page, "allow").await.told()["code"].clone();
        let answer = world.exchange(&client, &code).await;
        assert_eq!((answer.status, answer.text("scope")), (200, had.to_owned()), "{asked}");
        let read = world.asks("GET", "/read", &answer.text("access_token")).await.body;
        assert!(read.starts_with(&browser.account.id) && read.ends_with(" []"), "{read}");
    }
}

#[tokio::test]
async fn ot7_what_is_let_in_is_what_was_shown_and_never_more() {
    let world = World::new().await;
    let client = world.app("app").await;
    let browser = world.browser("bob", "reader").await;
    let page = browser.asks(&world, &asking("app").with("scope", "read:posts write:posts")).await;
    let promote = |account: &mut auth_runtime::account::Account| {
        account.roles = vec!["author".to_owned()];
    };
    world.accounts.change(&browser.account.id, promote, world.auth.now()).await.unwrap();
    let code = browser.decides(&world, &page, "allow").await.told()["code"].clone();
    assert_eq!(world.exchange(&client, &code).await.text("scope"), "read:posts");
}

#[tokio::test]
async fn m06_whoever_says_no_gives_nothing() {
    let world = World::new().await;
    world.app("app").await;
    let browser = world.browser("ada", "author").await;
    let page = browser.asks(&world, &asking("app")).await;
    let told = browser.decides(&world, &page, "deny").await.told();
    assert_eq!((told["error"].as_str(), told["state"].as_str()), ("access_denied", "st&te=1"));
    assert_eq!(told["iss"], "https://issuer.example");
    assert!(!told.contains_key("code"));
    assert_eq!(world.events.kinds("consent."), ["consent.denied"]);
    // Anything else is no decision.
    for decision in ["", "ALLOW", "yes", "allow,deny"] {
        let answer = browser.decides(&world, &page, decision).await;
        assert_eq!((answer.status, answer.location()), (400, ""), "{decision}");
    }
    assert_eq!(world.events.kinds("consent."), ["consent.denied"]);
}

#[tokio::test]
async fn c3_c4_nobody_decides_but_the_one_at_the_page() {
    let world = World::new().await;
    let client = world.app("app").await;
    let (ada, eve) = (world.browser("ada", "author").await, world.browser("eve", "author").await);
    let page = eve.asks(&world, &asking("app")).await;
    // With the token of somebody else's page, and with none.
    let answer = ada.decides(&world, &page, "allow").await;
    assert_eq!((answer.status, answer.location()), (403, ""));
    let fields = asking("app").with("decision", "allow");
    let fields: Vec<_> = fields.0.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(ada.posts(&world, &fields).await.status, 403);
    // Without a session, and with an access token instead of one: not even the client's own.
    let nobody = Browser { cookie: String::new(), account: ada.account.clone() };
    assert_eq!(nobody.decides(&world, &page, "allow").await.status, 401);
    let code = ada.code(&world, &asking("app")).await;
    let token = world.exchange(&client, &code).await.text("access_token");
    assert_eq!(world.asks("POST", "/oauth/authorize", &token).await.status, 401);
    assert_eq!(world.events.kinds("consent."), ["consent.given"], "ada's own, and no other");
}

#[tokio::test]
async fn m06_a_public_client_goes_the_same_way_without_a_secret() {
    let world = World::new().await;
    let loopback = "http://127.0.0.1:53682/callback";
    let public = app("cli").public().redirect_uris([loopback]);
    let client = (world.clients.register(public).await.unwrap().client, String::new());
    let browser = world.browser("ada", "author").await;
    let page = browser.asks(&world, &asking("cli").with("redirect_uri", loopback)).await;
    assert_eq!(page.json()["form_action"], "'self' http://127.0.0.1:53682");
    let answer = browser.decides(&world, &page, "allow").await;
    let query = answer.location().strip_prefix("http://127.0.0.1:53682/callback?").unwrap();
    let told: std::collections::BTreeMap<String, String> =
        serde_urlencoded::from_str(query).unwrap();
    let given = world.exchange_with(&client, &told["code"], &[("redirect_uri", loopback)]).await;
    assert_eq!(given.status, 200, "{given:?}");
    let renew = [
        ("grant_type", "refresh_token"),
        ("client_id", "cli"),
        ("refresh_token", &given.text("refresh_token")),
    ];
    let next = world.form("/oauth/token", None, &renew).await;
    assert_eq!(world.reads(&next.text("access_token")).await, 200);
}
