//! Refresh tokens: each works once, and whoever presents a retired one ends the family.

use std::collections::BTreeSet;

use auth_runtime::{
    clock::Timestamp,
    policy_types::Seconds,
    refresh::{RefreshError, RefreshTokens, ServerSecret},
    secret::Secret,
    store::{Collection, Owner},
    tokens::TokensError,
};
use axum::http::StatusCode;

use super::world::{START, World};

/// Longer than the window in which a retired token leads to its successor.
const BEYOND_THE_WINDOW: i64 = 11;

fn text(token: &Secret) -> &str {
    token.expose()
}

async fn families(world: &World) -> (RefreshTokens, Owner) {
    let secret = ServerSecret::of(&*world.store, START).await.expect("a secret");
    let store = std::sync::Arc::clone(&world.store);
    let owner = Owner::new("somebody").expect("an owner");
    (RefreshTokens::new(store, secret, Seconds(3600)), owner)
}

#[tokio::test]
async fn r01_a_token_is_random_and_its_store_holds_hashes() {
    let world = World::new().await;
    let account = world.register("ada").await;
    let (one, other) = (world.sign_in(&account).await, world.sign_in(&account).await);
    assert_ne!(text(&one.refresh_token), text(&other.refresh_token));
    let secret = text(&one.refresh_token).split('.').nth(2).expect("a secret");
    assert_eq!(secret.len(), 43, "256 bits in base64url");

    let owner = account.owner().expect("an owner");
    let next = world.refresh(&one.refresh_token).await.expect("renewed");
    let records = world.store.list(Collection("refresh"), &owner, START).await.expect("records");
    assert_eq!(records.len(), 2);
    for record in records {
        let value = String::from_utf8(record.value).expect("text");
        for token in [&one, &other, &next] {
            let secret = text(&token.refresh_token).split('.').nth(2).expect("a secret");
            assert!(!value.contains(secret), "{value}");
        }
    }
}

#[tokio::test]
async fn r02_each_use_retires_the_token() {
    let world = World::new().await;
    let first = world.sign_in(&world.register("ada").await).await;
    let second = world.refresh(&first.refresh_token).await.expect("renewed");
    let third = world.refresh(&second.refresh_token).await.expect("renewed");
    let all = [&first, &second, &third].map(|tokens| text(&tokens.refresh_token).to_owned());
    assert_eq!(BTreeSet::from(all).len(), 3);
    assert_eq!(world.answers(&third.access_token).await, StatusCode::OK);
}

#[tokio::test]
async fn r03_a_retired_token_ends_the_family_and_its_access() {
    let world = World::new().await;
    let first = world.sign_in(&world.register("ada").await).await;
    let second = world.refresh(&first.refresh_token).await.expect("renewed");
    world.clock.advance(BEYOND_THE_WINDOW);

    let reused = world.refresh(&first.refresh_token).await;
    assert!(matches!(reused, Err(TokensError::Reused { .. })), "{reused:?}");
    assert_eq!(world.events.of("refresh.reuse"), [Some("retired-token".to_owned())]);
    for access in [&first.access_token, &second.access_token] {
        assert_eq!(world.answers(access).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(world.refresh(&second.refresh_token).await.err(), Some(TokensError::Refused));
}

#[tokio::test]
async fn r03_once_the_successor_was_used_the_old_one_is_reuse_even_within_the_window() {
    let world = World::new().await;
    let first = world.sign_in(&world.register("ada").await).await;
    let second = world.refresh(&first.refresh_token).await.expect("renewed");
    world.refresh(&second.refresh_token).await.expect("renewed");
    let reused = world.refresh(&first.refresh_token).await;
    assert!(matches!(reused, Err(TokensError::Reused { .. })), "{reused:?}");
}

#[tokio::test]
async fn r03_an_invented_token_ends_nothing() {
    let world = World::new().await;
    let first = world.sign_in(&world.register("ada").await).await;
    let token = text(&first.refresh_token);
    let mut parts: Vec<_> = token.split('.').collect();
    let invented = "A".repeat(43);
    parts[2] = &invented;
    for forged in [parts.join("."), format!("{token}x"), token.replace("rt_", "rt-"), String::new()]
    {
        let refused = world.refresh(&Secret::from(forged)).await;
        assert_eq!(refused.err(), Some(TokensError::Refused));
    }
    assert!(world.events.of("refresh.reuse").is_empty());
    assert!(world.refresh(&first.refresh_token).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r04_parallel_uses_get_the_same_successor() {
    let world = World::new().await;
    let beside = world.beside().await;
    let first = world.sign_in(&world.register("ada").await).await;
    let uses = (0..64).map(|number| {
        let tokens = if number % 2 == 0 { &world.tokens } else { &beside.tokens };
        let (tokens, token) = (tokens.clone(), first.refresh_token.clone());
        tokio::spawn(async move { tokens.refresh(&token).await })
    });
    let mut successors = BTreeSet::new();
    for answer in uses.collect::<Vec<_>>() {
        let renewed = answer.await.expect("no panic").expect("renewed");
        successors.insert(text(&renewed.refresh_token).to_owned());
    }
    assert_eq!(successors.len(), 1);
    assert!(world.events.of("refresh.reuse").is_empty());
    let leaf = Secret::from(successors.into_iter().next().expect("one"));
    assert!(world.refresh(&leaf).await.is_ok());
}

#[tokio::test]
async fn r04_the_window_is_short() {
    let world = World::new().await;
    let first = world.sign_in(&world.register("ada").await).await;
    let second = world.refresh(&first.refresh_token).await.expect("renewed");
    world.clock.advance(9);
    let again = world.refresh(&first.refresh_token).await.expect("a lost answer");
    assert_eq!(text(&again.refresh_token), text(&second.refresh_token));
    world.clock.advance(1);
    let late = world.refresh(&first.refresh_token).await;
    assert!(matches!(late, Err(TokensError::Reused { .. })), "{late:?}");
}

#[tokio::test]
async fn r05_the_end_of_a_sign_in_beats_the_window() {
    for how in ["logout", "logout everywhere", "disabled"] {
        let world = World::new().await;
        let account = world.register("ada").await;
        let first = world.sign_in(&account).await;
        let second = world.refresh(&first.refresh_token).await.expect("renewed");
        let caller = world.identity(&second.access_token).await;
        match how {
            "logout" => world.tokens.sign_out(&caller).await.expect("ended"),
            "logout everywhere" => world.tokens.end_all(&account.id).await.expect("ended"),
            _ => {
                let close = world.accounts.change(&account.id, |a| a.disabled = true, START);
                close.await.expect("closed");
            }
        }
        for token in [&first, &second] {
            let refused = world.refresh(&token.refresh_token).await;
            assert_eq!(refused.err(), Some(TokensError::Refused), "{how}");
        }
    }
}

#[tokio::test]
async fn r06_a_family_ends_however_much_it_is_used() {
    let world = World::new().await;
    let mut token = world.sign_in(&world.register("ada").await).await.refresh_token;
    let day = 86_400;
    for _ in 0..6 {
        world.clock.advance(day);
        token = world.refresh(&token).await.expect("within seven days").refresh_token;
    }
    world.clock.advance(day);
    assert_eq!(world.refresh(&token).await.err(), Some(TokensError::Refused));
}

#[tokio::test]
async fn r07_another_client_gets_nothing() {
    let world = World::new().await;
    let (families, owner) = families(&world).await;
    let begun = families.begin(&owner, Some("app".to_owned()), None, START).await.expect("begun");
    for client in [None, Some("other")] {
        let refused = families.rotate(&begun.token, client, START).await;
        assert_eq!(refused.err(), Some(RefreshError::OtherClient));
    }
    assert!(families.rotate(&begun.token, Some("app"), START).await.is_ok());
}

#[tokio::test]
async fn m02_neither_token_passes_for_the_other() {
    let world = World::new().await;
    let tokens = world.sign_in(&world.register("ada").await).await;
    assert_eq!(world.answers(&tokens.refresh_token).await, StatusCode::UNAUTHORIZED);
    assert_eq!(world.refresh(&tokens.access_token).await.err(), Some(TokensError::Refused));
}

#[tokio::test]
async fn a_window_of_zero_allows_no_retry() {
    let world = World::new().await;
    let (families, owner) = families(&world).await;
    let families = families.with_window(Seconds(0));
    let begun = families.begin(&owner, None, None, START).await.expect("begun");
    families.rotate(&begun.token, None, START).await.expect("rotated");
    let again = families.rotate(&begun.token, None, Timestamp(START.0)).await;
    assert!(matches!(again, Err(RefreshError::Reused { .. })), "{again:?}");
}
