//! Accounts in a store.

use auth_runtime::{
    account::{AccountError, Accounts},
    store::{Collection, Key, Owner},
    tokens::{Tokens, TokensError},
};

use super::world::{START, World};
use crate::password::password_hash;

#[tokio::test]
async fn m10_an_account_is_found_by_its_name_and_by_its_id() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    assert_eq!(world.accounts.by_name("ada", START).await.expect("answered"), Some(ada.clone()));
    assert_eq!(world.accounts.by_id(&ada.id, START).await.expect("answered"), Some(ada));
    assert_eq!(world.accounts.by_name("Ada", START).await.expect("answered"), None);
    assert_eq!(world.accounts.by_id("no } id", START).await.expect("answered"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn m10_of_many_who_want_a_name_one_gets_it() {
    let world = World::new().await;
    let wants = (0..64).map(|_| {
        let accounts = world.accounts.clone();
        tokio::spawn(async move {
            accounts.register("ada", Vec::new(), password_hash().await, START).await
        })
    });
    let mut registered = Vec::new();
    for answer in wants.collect::<Vec<_>>() {
        match answer.await.expect("no panic") {
            Ok(account) => registered.push(account),
            Err(error) => assert_eq!(error, AccountError::NameTaken),
        }
    }
    assert_eq!(registered.len(), 1);
    let found = world.accounts.by_name("ada", START).await.expect("answered");
    assert_eq!(found.as_ref(), registered.first());
}

/// A registration that died after it took the name: the name is free again a minute later.
#[tokio::test]
async fn m10_a_name_that_was_only_reserved_frees_itself() {
    let world = World::new().await;
    let hash_of_ada = "_e5DDUC9V97qwYbNl5ADPQ8G-QmogG585ucXq3x9UCk";
    world.register("probe").await;
    let owner = Owner::new(hash_of_ada).expect("an owner");
    let key = Key::new(Collection("name"), owner, "name").expect("a key");
    let until = Some(auth_runtime::clock::Timestamp(START.0 + 60));
    world.store.insert(&key, b"died", until, START).await.expect("inserted");
    let name = name_with_hash(hash_of_ada);
    let early = world.accounts.register(&name, Vec::new(), password_hash().await, START).await;
    assert_eq!(early.err(), Some(AccountError::NameTaken));
    assert_eq!(world.accounts.by_name(&name, START).await.expect("answered"), None);
    world.clock.advance(60);
    world.register(&name).await;
}

/// A name whose SHA-256 is that: computed here, so that the constant above cannot go stale.
fn name_with_hash(expected: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"ada");
    assert_eq!(URL_SAFE_NO_PAD.encode(hash.as_ref()), expected);
    "ada".to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_change_of_an_account_is_lost() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let changes = (0..6).map(|number| {
        let (accounts, id) = (world.accounts.clone(), ada.id.clone());
        tokio::spawn(async move {
            let add = |account: &mut auth_runtime::account::Account| {
                account.roles.push(format!("role{number}"));
            };
            accounts.change(&id, add, START).await
        })
    });
    for answer in changes.collect::<Vec<_>>() {
        answer.await.expect("no panic").expect("changed");
    }
    let found = world.accounts.by_id(&ada.id, START).await.expect("answered").expect("ada");
    assert_eq!(found.roles.len(), 1 + 6);
}

#[tokio::test]
async fn s6_an_account_that_was_closed_meanwhile_does_not_sign_in() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    world.accounts.change(&ada.id, |account| account.disabled = true, START).await.expect("closed");
    assert_eq!(world.tokens.sign_in(&ada).await.err(), Some(TokensError::Refused));
    let owner = ada.owner().expect("an owner");
    let left = world.store.list(Collection("refresh"), &owner, START).await.expect("answered");
    assert!(left.is_empty());
}

#[tokio::test]
async fn r06_who_signs_in_without_end_fills_no_store() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    let other = world.sign_in(&world.register("grace").await).await;
    let first = world.sign_in(&ada).await;
    world.clock.advance(1);
    let second = world.sign_in(&ada).await;
    world.clock.advance(1);
    let mut last = None;
    for _ in 0..Tokens::MAX_FAMILIES - 1 {
        last = Some(world.sign_in(&ada).await);
    }
    let owner = ada.owner().expect("an owner");
    let families = world.store.list(Collection("refresh"), &owner, world.auth.now()).await;
    assert_eq!(families.expect("answered").len(), Tokens::MAX_FAMILIES);
    assert!(world.refresh(&first.refresh_token).await.is_err());
    assert_eq!(world.answers(&first.access_token).await, 401, "its access has ended too");
    for kept in [second, last.expect("signed in"), other] {
        assert_eq!(world.answers(&kept.access_token).await, 200);
        assert!(world.refresh(&kept.refresh_token).await.is_ok());
    }
}
