//! The pages without a browser. In: requests, and a clock that is moved, which the running example
//! does not have. Out: what the pages answer.

use std::{error::Error, sync::Arc};

use auth_runtime::{
    Auth, Protected,
    clock::{ManualClock, Timestamp},
    jwt::KeySet,
    policy,
    policy_types::Algorithm,
    secret::Secret,
    store::MemoryStore,
};
use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::{app::App, outbox::Outbox};

type Outcome = Result<(), Box<dyn Error>>;

const PASSWORD: &str = "a long enough secret";

struct World {
    blog: Protected,
    clock: Arc<ManualClock>,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl World {
    async fn new() -> Result<Self, Box<dyn Error>> {
        let clock = Arc::new(ManualClock::at(Timestamp(1_800_000_000)));
        let keys = KeySet::from_jwk_set(KeySet::generate(Algorithm::EdDSA)?.expose())?;
        let store = Arc::new(MemoryStore::new());
        let builder = Auth::from_policy(policy!()).clock(Arc::clone(&clock)).keys("jwt", keys);
        let auth = builder.store(Arc::clone(&store) as _).build().await?;
        let app = App::new(auth, store, Arc::new(Outbox("/dev/null".into()))).await?;
        for name in ["ada", "bob"] {
            let hash = app.hasher.hash(Secret::from(PASSWORD.to_owned())).await?;
            app.people.register(name, "reader", hash, app.auth.now()).await?;
        }
        Ok(Self { blog: app.router_with(None)?, clock })
    }

    async fn ask(&self, request: Request<Body>) -> Result<Answer, Box<dyn Error>> {
        let (parts, body) = self.blog.clone().oneshot(request).await?.into_parts();
        let body = String::from_utf8(body.collect().await?.to_bytes().to_vec())?;
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    async fn get(&self, path: &str, cookie: &str) -> Result<Answer, Box<dyn Error>> {
        let request = Request::get(path).header("accept", "text/html").header("cookie", cookie);
        self.ask(request.body(Body::empty())?).await
    }

    /// Sends a form as a browser does from one of our own pages.
    async fn post(&self, path: &str, cookie: &str, form: &str) -> Result<Answer, Box<dyn Error>> {
        let request = Request::post(path)
            .header("accept", "text/html")
            .header("cookie", cookie)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded");
        self.ask(request.body(Body::from(form.to_owned()))?).await
    }

    /// A cookie of Ada's, and the token of its pages.
    async fn signed_in(&self) -> Result<(String, String), Box<dyn Error>> {
        self.signed_in_as("ada").await
    }

    async fn signed_in_as(&self, name: &str) -> Result<(String, String), Box<dyn Error>> {
        let form = format!("username={name}&password={}", PASSWORD.replace(' ', "+"));
        let answer = self.post("/login", "", &form).await?;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/account"));
        let cookie = answer.cookie();
        let token = self.get("/account", &cookie).await?.token();
        Ok((cookie, token))
    }
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The session's cookie as it is sent back.
    fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
    }

    fn token(&self) -> String {
        self.between("name=\"csrf_token\" value=\"", "\"")
    }

    fn between(&self, before: &str, after: &str) -> String {
        let rest = self.body.split(before).nth(1).unwrap_or_default();
        rest.split(after).next().unwrap_or_default().to_owned()
    }
}

#[tokio::test]
async fn s7_other_sessions_end_after_a_fresh_sign_in_alone() -> Outcome {
    let world = World::new().await?;
    let (other, _) = world.signed_in().await?;
    world.clock.advance(25 * 60);
    // The other one is used, and so is not idle.
    let (cookie, _) = world.signed_in().await?;
    assert_eq!(world.get("/account", &other).await?.status, StatusCode::OK);
    world.clock.advance(20 * 60);
    let page = world.get("/account", &cookie).await?;
    let (token, id) =
        (page.token(), page.between("action=\"/account/sessions/end-others\"", "End the session"));
    let id = id.split("/account/sessions/").nth(1).and_then(|rest| rest.split('/').next());
    let path = format!("/account/sessions/{}/end", id.ok_or("another session is listed")?);

    let asked = world.post(&path, &cookie, &format!("csrf_token={token}")).await?;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
    assert!(asked.header("www-authenticate").contains("insufficient_user_authentication"));
    assert!(asked.body.contains("Confirm that it is you") && asked.body.contains(&path));

    let wrong = world.post(&path, &cookie, &format!("csrf_token={token}&password=wrong")).await?;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.body.contains("The password is wrong."));
    assert_eq!(world.get("/account", &other).await?.status, StatusCode::OK, "not ended");

    let form = format!("csrf_token={token}&password={}", PASSWORD.replace(' ', "+"));
    let ended = world.post(&path, &cookie, &form).await?;
    assert_eq!(
        (ended.status, ended.header("location")),
        (StatusCode::SEE_OTHER, "/account?done=session-ended")
    );
    assert_eq!(world.get("/account", &other).await?.status, StatusCode::SEE_OTHER, "it has ended");
    // Whoever says the password gets another session id; the old one is worth nothing.
    assert_eq!(world.get("/account", &cookie).await?.status, StatusCode::SEE_OTHER);
    assert_eq!(world.get("/account", &ended.cookie()).await?.status, StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn s7_ending_all_others_keeps_the_session_that_was_renewed_for_it() -> Outcome {
    let world = World::new().await?;
    let (cookie, token) = world.signed_in().await?;
    let (other, _) = world.signed_in().await?;
    world.clock.advance(25 * 60);
    let path = "/account/sessions/end-others";
    let asked = world.post(path, &cookie, &format!("csrf_token={token}")).await?;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
    let form = format!("csrf_token={token}&password={}", PASSWORD.replace(' ', "+"));
    let ended = world.post(path, &cookie, &form).await?;
    assert_eq!(world.get("/account", &ended.cookie()).await?.status, StatusCode::OK);
    assert_eq!(world.get("/account", &other).await?.status, StatusCode::SEE_OTHER);
    Ok(())
}

#[tokio::test]
async fn c4_a_form_without_its_token_changes_nothing() -> Outcome {
    let world = World::new().await?;
    let (cookie, _) = world.signed_in().await?;
    let (_, anothers) = world.signed_in().await?;
    for token in ["", "csrf_token=", "csrf_token=x", &format!("csrf_token={anothers}")] {
        for path in ["/account/sign-out", "/account/keys", "/account/sessions/end-others"] {
            let answer = world.post(path, &cookie, token).await?;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {token}");
            assert!(answer.body.contains("Nothing was changed"));
        }
    }
    assert_eq!(world.get("/account", &cookie).await?.status, StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn s4_who_reads_html_is_sent_to_the_sign_in_and_programs_get_the_refusal() -> Outcome {
    let world = World::new().await?;
    let (cookie, token) = world.signed_in().await?;
    world.clock.advance(31 * 60);
    for answer in [
        world.get("/account", "").await?,
        world.get("/account", &cookie).await?,
        world.get("/account", "__Host-session=made.up").await?,
        world.post("/account/keys", &cookie, &format!("csrf_token={token}")).await?,
    ] {
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert_eq!(answer.header("location"), "/login?next=/account");
    }
    let program = world.ask(Request::get("/account").body(Body::empty())?).await?;
    assert_eq!(program.status, StatusCode::UNAUTHORIZED);
    assert_eq!(program.header("content-type"), "application/problem+json");
    assert!(!program.header("www-authenticate").is_empty());
    Ok(())
}

#[tokio::test]
async fn p7_h3_a_refused_sign_in_is_a_page_in_the_status_of_the_refusal() -> Outcome {
    let world = World::new().await?;
    let wrong = world.post("/login", "", "username=ada&password=wrong&next=/").await?;
    let nobody = world.post("/login", "", "username=ada&password=also+wrong&next=/").await?;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(!wrong.header("www-authenticate").is_empty());
    assert_eq!(wrong.header("cache-control"), "no-store");
    assert_eq!(wrong.body, nobody.body);
    assert!(wrong.body.contains("name=\"next\" value=\"/\""), "where it leads is kept");
    assert!(!wrong.headers.contains_key(header::SET_COOKIE));
    let marked = world.post("/login", "", "username=%22%3E%3Cscript%3E&password=x").await?;
    assert!(!marked.body.contains("<script>"), "what was typed is text");
    Ok(())
}

#[tokio::test]
async fn rl6_who_guesses_is_told_to_wait_wherever_a_password_is_asked_for() -> Outcome {
    let world = World::new().await?;
    let (cookie, token) = world.signed_in().await?;
    world.clock.advance(20 * 60);
    let guess = format!("csrf_token={token}&password=wrong");
    let mut last = world.post("/account/sessions/end-others", &cookie, &guess).await?;
    assert_eq!(last.status, StatusCode::UNAUTHORIZED);
    for _ in 0..5 {
        last = world.post("/login", "", "username=ada&password=wrong").await?;
    }
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(last.body.contains("Too many attempts.") && !last.header("retry-after").is_empty());
    let confirmed = world.post("/account/sessions/end-others", &cookie, &guess).await?;
    assert_eq!(confirmed.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(confirmed.header("content-type").starts_with("text/html"));
    Ok(())
}

#[tokio::test]
async fn m13_h1_h2_every_page_says_what_browsers_may_do() -> Outcome {
    let world = World::new().await?;
    let (cookie, token) = world.signed_in().await?;
    let form = format!("csrf_token={token}&name=ci&scope=read%3Aposts&days=7");
    let key = world.post("/account/keys", &cookie, &form).await?;
    assert_eq!(key.status, StatusCode::CREATED);
    assert!(key.body.contains("blog_live_"));
    let pages = [
        ("no-cache", world.get("/", "").await?),
        ("no-store", world.get("/login", "").await?),
        ("no-store", world.get("/account", &cookie).await?),
        ("no-store", world.get("/account", "").await?),
        ("no-store", world.post("/account/keys", &cookie, "").await?),
        ("no-store", key),
    ];
    for (kept, page) in &pages {
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self'"));
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("x-frame-options"), "DENY");
        assert!(page.header("strict-transport-security").contains("includeSubDomains"));
        assert_eq!(page.header("cache-control"), *kept);
        assert!(!page.body.contains(" style=") && !page.body.contains("<style"));
    }
    Ok(())
}

#[tokio::test]
async fn k4_m08_a_key_does_no_more_than_the_form_offers() -> Outcome {
    let world = World::new().await?;
    let (cookie, token) = world.signed_in().await?;
    for (fields, said) in [
        ("name=ci&scope=write%3Aprofile&days=7", "Choose from those below"),
        ("name=ci&scope=admin&days=7", "Choose from those below"),
        ("name=ci&days=7", "Choose at least one."),
        ("name=&scope=read%3Aposts&days=7", "A name has 1 to 100 characters."),
        ("name=ci&scope=read%3Aposts&days=366", "A key lives for 1 to 365 days."),
    ] {
        let form = format!("csrf_token={token}&{fields}");
        let answer = world.post("/account/keys", &cookie, &form).await?;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields}");
        assert!(answer.body.contains(said), "{fields}: {}", answer.body);
    }
    assert!(world.get("/account", &cookie).await?.body.contains("You have no keys yet."));
    Ok(())
}

#[tokio::test]
async fn z7_what_is_somebody_elses_is_as_missing_as_what_never_was() -> Outcome {
    let world = World::new().await?;
    let (bobs, bobs_token) = world.signed_in_as("bob").await?;
    let form = format!("csrf_token={bobs_token}&name=ci&scope=read%3Aposts&days=7");
    world.post("/account/keys", &bobs, &form).await?;
    let page = world.get("/account", &bobs).await?;
    let [session, key] =
        ["data-session", "data-key"].map(|name| page.between(&format!("{name}=\""), "\""));
    assert!(!session.is_empty() && !key.is_empty());

    let (cookie, token) = world.signed_in_as("ada").await?;
    for (theirs, missing) in [
        (format!("/account/keys/{key}/revoke"), "/account/keys/x/revoke"),
        (format!("/account/keys/{key}/rotate"), "/account/keys/x/rotate"),
        (format!("/account/sessions/{session}/end"), "/account/sessions/x/end"),
    ] {
        let form = format!("csrf_token={token}");
        let answer = world.post(&theirs, &cookie, &form).await?;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{theirs}");
        assert!(answer.body.contains("There is no such thing here"));
        assert_eq!(answer.body, world.post(missing, &cookie, &form).await?.body);
    }
    let after = world.get("/account", &bobs).await?;
    assert_eq!(after.status, StatusCode::OK);
    assert!(after.body.contains("Active") && !after.body.contains("Revoked"));
    Ok(())
}
