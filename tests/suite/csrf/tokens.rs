//! C3, C4, M03, M11: whose token counts, and for which credential one is asked for.

use auth_runtime::{Auth, BuildError, policy, tokens::Tokens};

use super::site::{Site, ask};

#[tokio::test]
async fn m03_an_access_token_is_taken_from_its_cookie() {
    let site = Site::new().await;
    let alice = &site.alice;
    assert_eq!(site.status(ask("GET", "/write").cookie(&alice.access)).await, 200);
    let write = ask("POST", "/write").cookie(&alice.access).site("same-origin");
    assert_eq!(site.status(write.token(&alice.csrf)).await, 200);
    let spoilt = alice.access.replacen('.', ".A", 1);
    let answer = site.send(ask("GET", "/write").cookie(&spoilt)).await;
    assert_eq!((answer.status, answer.code.as_str()), (401, "invalid_token"));
}

#[tokio::test]
async fn m03_a_token_without_a_family_counts_in_no_cookie() {
    let site = Site::new().await;
    let lone = site.lone_token();
    assert_eq!(site.status(ask("POST", "/write").bearer(&lone)).await, 200);
    for method in ["GET", "POST"] {
        let request = ask(method, "/write").cookie(&lone).site("same-origin");
        let answer = site.send(request.token(&site.alice.csrf)).await;
        assert_eq!((answer.status, answer.code.as_str()), (401, "invalid_token"));
        assert_eq!(answer.cause, "cookie-without-family nobody");
    }
}

#[tokio::test]
async fn m03_tokens_in_cookies_need_a_store() {
    let built = Auth::from_policy(policy!("policies/forged.yaml")).build().await;
    assert!(matches!(built, Err(BuildError::NoStore(scheme)) if scheme == "jwt"));
}

#[tokio::test]
async fn c3_a_bearer_request_is_exempt_with_a_cookie_beside_it_that_does_not_count() {
    let site = Site::new().await;
    let alice = &site.alice;
    let bearer = || ask("POST", "/write").bearer(&alice.access).site("cross-site");
    assert_eq!(site.status(bearer()).await, 200);
    assert_eq!(site.status(bearer().header("cookie", "__Host-session=abc; a=b")).await, 200);
    // A cookie that counts is another credential: neither is believed.
    let both = site.send(bearer().cookie(&alice.access).token(&alice.csrf)).await;
    assert_eq!((both.status, both.code.as_str()), (400, "invalid_request"));
    let both = ask("POST", "/known").bearer(&alice.access).header("cookie", "__Host-session=abc");
    assert_eq!(site.status(both).await, 400);
}

#[tokio::test]
async fn c3_a_token_is_no_credential_and_a_bearer_request_has_none() {
    let site = Site::new().await;
    let alice = &site.alice;
    let alone = ask("POST", "/write").site("same-origin").token(&alice.csrf);
    assert_eq!(site.status(alone).await, 401);
    assert_eq!(site.send(ask("GET", "/token").bearer(&alice.access)).await.text, "none");
}

#[tokio::test]
async fn c4_another_sessions_token_is_refused_and_so_is_none() {
    let site = Site::new().await;
    let (alice, mallory) = (&site.alice, &site.mallory);
    assert_ne!(alice.csrf, mallory.csrf);
    let write =
        |token: &str| ask("POST", "/write").cookie(&alice.access).site("same-origin").token(token);
    assert_eq!(site.status(write(&alice.csrf)).await, 200);
    for token in [mallory.csrf.as_str(), "", "null", alice.access.as_str()] {
        assert_eq!(site.forged(write(token)).await, "csrf-token somebody");
    }
    // A second sign-in of the same person has a token of its own.
    let account = site.auth.accounts().unwrap().by_name("alice", site.auth.now()).await.unwrap();
    let tokens = Tokens::new(site.auth.clone()).await.unwrap();
    let again = tokens.sign_in(&account.unwrap()).await.unwrap();
    let request = ask("POST", "/write").cookie(again.access_token.expose()).site("same-origin");
    assert_eq!(site.forged(request.token(&alice.csrf)).await, "csrf-token somebody");
}

#[tokio::test]
async fn c4_a_renewed_access_token_keeps_the_token_of_its_family() {
    let site = Site::new().await;
    let account = site.auth.accounts().unwrap().by_name("alice", site.auth.now()).await.unwrap();
    let tokens = Tokens::new(site.auth.clone()).await.unwrap();
    let first = tokens.sign_in(&account.unwrap()).await.unwrap();
    let csrf = site.send(ask("GET", "/token").cookie(first.access_token.expose())).await.text;
    let renewed = tokens.refresh(&first.refresh_token).await.unwrap();
    assert!(!renewed.access_token.matches(first.access_token.expose()));
    let request = ask("POST", "/write").cookie(renewed.access_token.expose()).site("same-origin");
    assert_eq!(site.status(request.token(&csrf)).await, 200);
}

#[tokio::test]
async fn m11_a_token_is_compared_whole() {
    let site = Site::new().await;
    let alice = &site.alice;
    for at in 0..alice.csrf.len() {
        let mut spoilt = alice.csrf.clone().into_bytes();
        spoilt[at] = if spoilt[at] == b'A' { b'B' } else { b'A' };
        let request = ask("POST", "/write").cookie(&alice.access).site("same-origin");
        assert_eq!(
            site.forged(request.header("x-csrf-token", &spoilt)).await,
            "csrf-token somebody"
        );
        let cut = &alice.csrf[..at];
        let request = ask("POST", "/write").cookie(&alice.access).site("same-origin");
        assert_eq!(site.forged(request.token(cut)).await, "csrf-token somebody");
    }
    let long = format!("{}A", alice.csrf);
    let request = ask("POST", "/write").cookie(&alice.access).site("same-origin").token(&long);
    assert_eq!(site.forged(request).await, "csrf-token somebody");
}
