//! What somebody holds who signed in with a provider: a session, or tokens in cookies; and never
//! anything in an address.

use serde_json::json;

use super::world::{Answer, Outward, Setting, World};

const STRICT: &str = "    cookies: { same_site: strict }";

/// The service whose sign-ins end in tokens.
fn tokens() -> Setting {
    Setting::of("cookies.yaml").with("    after:", "    result: tokens\n    after:")
}

async fn signs_in(world: &World) -> (Outward, Answer) {
    let outward = world.set_out("/login/fake?next=/").await;
    world.vouch(&outward, "ada");
    let answer = world.back(&outward).await;
    (outward, answer)
}

/// The cookies of an answer, as a browser sends them to that path.
fn cookies(answer: &Answer, path: &str) -> String {
    let sent = answer.all("set-cookie").into_iter().filter(|cookie| {
        let held = cookie.split("Path=").nth(1).and_then(|rest| rest.split(';').next());
        !cookie.contains("Max-Age=0") && held.is_some_and(|held| path.starts_with(held))
    });
    sent.filter_map(|cookie| cookie.split(';').next()).collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn m05_m03_tokens_are_in_cookies_as_those_of_a_password() {
    let world = tokens().world().await;
    let (_, answer) = signs_in(&world).await;
    assert_eq!((answer.status, answer.location()), (302, "/"), "{answer:?}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    let (access, refresh) = (answer.cookie("__Host-access"), answer.cookie("__Secure-refresh"));
    let (access, refresh) = (access.expect("a cookie"), refresh.expect("a cookie"));
    let set = answer.all("set-cookie");
    assert_eq!(
        set.iter().take(2).map(|cookie| (*cookie).to_owned()).collect::<Vec<_>>(),
        [
            format!("{access}; Path=/; Max-Age=900; Secure; HttpOnly; SameSite=Lax"),
            format!(
                "{refresh}; Path=/auth/refresh; Max-Age=604800; Secure; HttpOnly; SameSite=Strict"
            ),
        ]
    );
    assert!(set[2].starts_with("__Host-oidc=; Path=/; Max-Age=0"), "{set:?}");
    assert_eq!((set.len(), answer.cookie("__Host-session")), (3, None), "{set:?}");
    let me = world.get("/auth/me", &[("cookie", &access)]).await;
    assert_eq!((me.status, me.json()["scheme"].as_str()), (200, Some("jwt")), "{me:?}");
    assert_eq!(me.json()["subject"], world.people.last().0);
}

#[tokio::test]
async fn m05_no_token_is_in_an_address_or_a_page() {
    for setting in [
        Setting::of("cookies.yaml"),
        tokens(),
        tokens().with("    cookies: {}", STRICT),
        Setting::strict(),
    ] {
        let world = setting.world().await;
        let (outward, answer) = signs_in(&world).await;
        let mut secrets: Vec<String> = answer
            .all("set-cookie")
            .iter()
            .filter_map(|cookie| cookie.split_once('=')?.1.split(';').next().map(str::to_owned))
            .filter(|value| !value.is_empty())
            .collect();
        assert!(!secrets.is_empty(), "{answer:?}");
        let family = cookies(&answer, "/auth/me");
        let me = world.get("/auth/me", &[("cookie", &family)]).await;
        secrets.push(me.json()["csrf_token"].as_str().expect("a token").to_owned());
        secrets.push("\"at\"".to_owned());
        secrets.push(outward.cookie.split_once('=').expect("a value").1.to_owned());
        let location = answer.headers.get("location").map_or("", |value| value.to_str().unwrap());
        for secret in &secrets {
            assert!(!location.contains(secret.as_str()) && !answer.body.contains(secret.as_str()));
        }
        // What the provider was told in the address of the browser is none of it either.
        assert!(
            outward
                .query
                .values()
                .all(|said| secrets.iter().all(|secret| !said.contains(secret.as_str())))
        );
        assert_eq!(location.split_once('?'), None);
    }
}

#[tokio::test]
async fn m05_c4_the_token_against_forged_requests_is_had_from_me_and_bound_to_the_family() {
    let world = tokens().world().await;
    let (_, answer) = signs_in(&world).await;
    let access = answer.cookie("__Host-access").expect("a cookie");
    let me = world.get("/auth/me", &[("cookie", &access)]).await.json();
    let csrf = me["csrf_token"].as_str().expect("a token").to_owned();
    let here = format!("http://{}", super::world::HOST);
    let both = cookies(&answer, "/auth/refresh");
    let renew = async |cookie: &str, csrf: &str| {
        let headers = [("cookie", cookie), ("x-csrf-token", csrf), ("origin", here.as_str())];
        world.send("POST", "/auth/refresh", &headers).await
    };
    // Another sign-in's token is worth nothing here.
    let (_, other) = signs_in(&world).await;
    let theirs = other.cookie("__Host-access").expect("a cookie");
    let theirs = world.get("/auth/me", &[("cookie", &theirs)]).await.json();
    let theirs = theirs["csrf_token"].as_str().expect("a token").to_owned();
    assert_ne!(theirs, csrf);
    for forged in [theirs.as_str(), "", "x"] {
        assert_eq!(renew(&both, forged).await.status, 403, "{forged}");
    }
    let renewed = renew(&both, &csrf).await;
    assert_eq!(renewed.status, 200, "{renewed:?}");
    assert_eq!(renewed.json()["csrf_token"], csrf.as_str());
}

#[tokio::test]
async fn m05_me_tells_that_token_to_callers_by_cookie_alone() {
    let world = tokens().world().await;
    let (_, answer) = signs_in(&world).await;
    let access = answer.cookie("__Host-access").expect("a cookie");
    let token = access.split_once('=').expect("a value").1;
    let bearer = format!("Bearer {token}");
    let me = world.get("/auth/me", &[("authorization", &bearer)]).await.json();
    assert_eq!(me.get("csrf_token"), None, "{me}");
    let session = World::new().await;
    let cookie = session.sign_in("ada").await;
    let me = session.get("/auth/me", &[("cookie", &cookie)]).await.json();
    let shown = session.get("/session", &[("cookie", &cookie)]).await.json();
    assert_eq!(me["csrf_token"], shown["csrf_token"]);
}

#[tokio::test]
async fn m05_an_account_that_is_closed_meanwhile_gets_no_tokens() {
    let world = tokens().world().await;
    let (_, answer) = signs_in(&world).await;
    assert!(answer.cookie("__Host-access").is_some());
    let (id, now) = (world.people.last().0, world.auth.now());
    world.accounts.change(&id, |account| account.disabled = true, now).await.expect("there");
    let (_, answer) = signs_in(&world).await;
    answer.ends_without_a_session("/login?error=no_account");
    assert_eq!((answer.cookie("__Host-access"), answer.cookie("__Secure-refresh")), (None, None));
}

#[tokio::test]
async fn m05_what_other_sites_may_not_cause_is_led_to_by_a_page_on_which_nothing_runs() {
    for setting in [Setting::strict(), tokens().with("    cookies: {}", STRICT)] {
        let world = setting.world().await;
        let (_, answer) = signs_in(&world).await;
        assert_eq!((answer.status, answer.headers.get("location")), (200, None), "{answer:?}");
        assert!(answer.body.contains("http-equiv=\"refresh\" content=\"0;url=/\""), "{answer:?}");
        assert!(!answer.body.contains("<script"));
        let policy = &answer.headers["content-security-policy"];
        assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'");
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert!(answer.all("set-cookie")[0].contains("SameSite=Strict"), "{answer:?}");
    }
}

#[tokio::test]
async fn m05_a_policy_may_have_each_provider_end_in_its_own_way() {
    let mixed = Setting::of("cookies.yaml")
        .with("    scopes: [\"read", "    result: tokens\n    scopes: [\"read");
    let world = mixed.world().await;
    world.hub_says(&json!({ "id": 7 }));
    let answer = world.through_hub().await;
    assert!(answer.cookie("__Host-access").is_some() && answer.cookie("__Host-session").is_none());
    let (_, answer) = signs_in(&world).await;
    assert!(answer.cookie("__Host-access").is_none() && answer.cookie("__Host-session").is_some());
}

/// Providers of which one ends in a session, and another in tokens.
fn both() -> Setting {
    Setting::of("cookies.yaml").routes().with("    scopes:", "    result: tokens\n    scopes:")
}

#[tokio::test]
async fn k6_s2_tokens_take_the_place_of_the_session_that_the_browser_had() {
    for strict in [false, true] {
        let mut setting = both();
        if strict {
            setting = setting.with("session: { idle", "session: { same_site: strict, idle");
        }
        let world = setting.world().await;
        let outward = world.set_out("/login/fake").await;
        world.vouch(&outward, "ada");
        let session = world.back(&outward).await.cookie("__Host-session").expect("a session");
        world.hub_says(&json!({ "id": 7 }));
        let outward = world.set_out("/login/hub").await;
        // Another site causes the answer: a strict cookie does not come along.
        let held = match strict {
            true => outward.cookie.clone(),
            false => format!("{}; {session}", outward.cookie),
        };
        let query = format!("state={}&code=c", outward.query["state"]);
        let answer = world.back_with("hub", &query, &held).await;
        assert!(answer.cookie("__Host-access").is_some(), "{answer:?}");
        let taken = answer.all("set-cookie");
        let taken = taken.iter().any(|cookie| cookie.starts_with("__Host-session=; "));
        assert!(taken, "{answer:?}");
        let status = if strict { 200 } else { 401 };
        assert_eq!(world.who(&session).await.status, status, "what was shown has ended");
    }
}

#[tokio::test]
async fn k6_a_session_takes_the_place_of_the_tokens_that_the_browser_had() {
    let world = both().world().await;
    world.hub_says(&json!({ "id": 7 }));
    let tokens = cookies(&world.through_hub().await, "/");
    let outward = world.set_out("/login/fake").await;
    world.vouch(&outward, "ada");
    let query = format!("state={}&code=c&iss={}", outward.query["state"], world.fake.issuer());
    let held = format!("{}; {tokens}", outward.cookie);
    let answer = world.back_with("fake", &query, &held).await;
    assert!(answer.cookie("__Host-session").is_some(), "{answer:?}");
    for taken in ["__Host-access=; Path=/; ", "__Secure-refresh=; Path=/auth/refresh; "] {
        let set = answer.all("set-cookie");
        assert!(set.iter().any(|cookie| cookie.starts_with(taken)), "{taken} {set:?}");
    }
}
