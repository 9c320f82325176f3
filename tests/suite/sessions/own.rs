//! What somebody sees of their sessions, and ends.

use serde_json::{Value, json};

use super::world::{Browser, START, World};

const MINUTE: i64 = 60;

fn ids(list: &Value) -> Vec<String> {
    let rows = list.as_array().unwrap().iter();
    rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

fn handle(browser: &Browser) -> String {
    browser.value.split('.').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn s7_z7_a_list_has_ones_own_sessions_and_no_secret() {
    let world = World::new().await;
    let (ada, grace) = (world.register("ada").await, world.register("grace").await);
    let first = world.browser(&ada).await;
    world.clock.advance(5);
    let body = json!({ "username": "ada", "password": crate::password::PASSWORD }).to_string();
    let headers =
        [("content-type", "application/json".to_owned()), ("user-agent", "Firefox/200".to_owned())];
    let second = world.send("POST", "/session", &headers, body).await.browser();
    world.browser(&grace).await;
    world.clock.advance(10);
    let answer = world.get("/sessions", &second).await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    let now = START.0 + 15;
    assert_eq!(
        answer.json(),
        json!([
            {
                "id": handle(&second), "created_at": START.0 + 5, "last_seen_at": now,
                "expires_at": now + 30 * MINUTE, "current": true, "user_agent": "Firefox/200",
            },
            {
                "id": handle(&first), "created_at": START.0, "last_seen_at": START.0,
                "expires_at": START.0 + 30 * MINUTE, "current": false,
            },
        ])
    );
}

#[tokio::test]
async fn s7_ending_others_needs_a_fresh_sign_in_and_listing_does_not() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let (old, other) = (world.browser(&ada).await, world.browser(&ada).await);
    let path = format!("/sessions/{}", handle(&other));
    world.clock.advance(10 * MINUTE - 1);
    assert_eq!(world.get("/session", &old).await.status, 200);
    world.clock.advance(1);
    assert_eq!(ids(&world.get("/sessions", &old).await.json()), [handle(&other), handle(&old)]);
    for path in ["/sessions", &path] {
        let stale = world.ask("DELETE", path, Some(&old), None).await;
        assert_eq!(stale.status, 401);
        assert_eq!(stale.code(), "insufficient_user_authentication");
        assert_eq!(
            stale.headers["www-authenticate"],
            "Cookie name=\"__Host-session\", error=\"insufficient_user_authentication\", \
             error_description=\"a more recent authentication is required\", max_age=\"600\""
        );
    }
    assert_eq!((world.knows(&old).await, world.knows(&other).await), (200, 200));
    let own = format!("/sessions/{}", handle(&old));
    let ended = world.ask("DELETE", &own, Some(&old), None).await;
    assert_eq!(ended.status, 204, "one's current session ends without");
    assert!(ended.set_cookie().contains("Max-Age=0"));
    assert_eq!((world.knows(&old).await, world.knows(&other).await), (401, 200));
}

#[tokio::test]
async fn s7_one_ends_another_of_ones_own() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let (here, there) = (world.browser(&ada).await, world.browser(&ada).await);
    let path = format!("/sessions/{}", handle(&there));
    let answer = world.ask("DELETE", &path, Some(&here), None).await;
    assert_eq!(answer.status, 204);
    assert!(answer.headers.get("set-cookie").is_none(), "this one goes on");
    assert_eq!((world.knows(&here).await, world.knows(&there).await), (200, 401));
    assert_eq!(ids(&world.get("/sessions", &here).await.json()), [handle(&here)]);
}

#[tokio::test]
async fn s7_one_ends_all_of_ones_own_and_nobody_elses() {
    let world = World::new().await;
    let (ada, grace) = (world.register("ada").await, world.register("grace").await);
    let (here, there) = (world.browser(&ada).await, world.browser(&ada).await);
    let other = world.browser(&grace).await;
    let answer = world.ask("DELETE", "/sessions", Some(&here), None).await;
    assert_eq!(answer.status, 204);
    assert!(answer.set_cookie().contains("Max-Age=0"));
    assert_eq!((world.knows(&here).await, world.knows(&there).await), (401, 401));
    assert_eq!(world.knows(&other).await, 200);
}

#[tokio::test]
async fn z7_somebody_elses_session_is_not_there() {
    let world = World::new().await;
    let (ada, grace) = (world.register("ada").await, world.register("grace").await);
    let (hers, mine) = (world.browser(&ada).await, world.browser(&grace).await);
    let delete =
        async |id: &str| world.ask("DELETE", &format!("/sessions/{id}"), Some(&mine), None).await;
    let missing = delete("AAAAAAAAAAAAAAAAAAAAAA").await;
    assert_eq!((missing.status, missing.code().as_str()), (404, "not_found"));
    for id in [handle(&hers).as_str(), "a%20b", "%ff", "..", &"x".repeat(300)] {
        assert_eq!(delete(id).await, missing, "{id}");
    }
    assert_eq!(world.knows(&hers).await, 200);
}

#[tokio::test]
async fn m09_the_endpoints_admit_nobody_without_a_session() {
    let world = World::new().await;
    for (method, path) in [
        ("GET", "/session"),
        ("DELETE", "/session"),
        ("POST", "/session/reauth"),
        ("GET", "/sessions"),
        ("DELETE", "/sessions"),
        ("DELETE", "/sessions/x"),
    ] {
        let answer = world.ask(method, path, None, None).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "unauthenticated"));
        assert_eq!(answer.headers["www-authenticate"], "Cookie name=\"__Host-session\"");
    }
}
