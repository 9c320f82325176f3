//! Many at the same time.

use std::sync::Arc;

use auth_runtime::{EmbeddedPolicy, clock::ManualClock, policy, store::Store};
use axum::http::HeaderMap;
use futures_util::future::join_all;

use super::world::{START, World};
use crate::failing::{Failing, When};

/// Signs in very often at once, through two processes, and returns how many were let in.
async fn crowd(policy: EmbeddedPolicy) -> (World, usize) {
    let world = World::under(policy).await;
    let beside = world.beside().await;
    let ada = world.register("ada").await;
    let begins = (0..64).map(|number| {
        let process = if number % 2 == 0 { &world } else { &beside };
        let (sessions, ada) = (process.sessions.clone(), ada.clone());
        tokio::spawn(async move { sessions.begin(&ada, &HeaderMap::new()).await.is_ok() })
    });
    let begun = join_all(begins).await.into_iter().filter(|begun| *begun.as_ref().unwrap()).count();
    let live = world.sessions.list(&ada.id).await.unwrap().len();
    assert!(live <= 2, "{live} sessions");
    assert!(begun >= live);
    (world, live)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s8_however_many_sign_in_at_once_the_limit_holds() {
    for _ in 0..20 {
        let (_, live) = crowd(policy!("policies/two_sessions.yaml")).await;
        assert_eq!(live, 2, "the newest stay");
        crowd(policy!("policies/two_sessions_refuse.yaml")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s2_of_many_renewals_of_one_session_one_is_made() {
    let world = World::new().await;
    let ada = world.register("ada").await;
    for _ in 0..20 {
        world.sessions.end_all(&ada.id).await.unwrap();
        let begun = world.sessions.begin(&ada, &HeaderMap::new()).await.unwrap();
        let caller = super::rights::caller(&world, &begun).await;
        let renewals = (0..32).map(|_| {
            let (sessions, caller, ada) = (world.sessions.clone(), caller.clone(), ada.clone());
            tokio::spawn(async move { sessions.renew(&caller, &ada).await.ok() })
        });
        let renewed: Vec<_> = join_all(renewals).await.into_iter().flatten().flatten().collect();
        let left = world.sessions.list(&ada.id).await.unwrap();
        assert_eq!(renewed.len(), 1);
        assert_eq!(left, [renewed[0].session.clone()]);
    }
}

/// A session that is renewed between the list and the end must not slip through.
#[tokio::test]
async fn s7_a_session_that_is_renewed_while_the_others_end_ends_too() {
    let store = Arc::new(Failing::default());
    let shared = Arc::clone(&store) as Arc<dyn Store>;
    let clock = Arc::new(ManualClock::at(START));
    let world = World::on(policy!("../policies/test.yaml"), shared, clock).await;
    let ada = world.register("ada").await;
    let kept = world.sessions.begin(&ada, &HeaderMap::new()).await.unwrap();
    let other = world.sessions.begin(&ada, &HeaderMap::new()).await.unwrap();
    let keeper = super::rights::caller(&world, &kept).await;
    let caller = super::rights::caller(&world, &other).await;
    let (sessions, account) = (world.sessions.clone(), ada.clone());
    store.meanwhile(When::AfterList, async move {
        sessions.renew(&caller, &account).await.unwrap();
    });
    world.sessions.end_others(&keeper).await.unwrap();
    let left = world.sessions.list(&ada.id).await.unwrap();
    assert_eq!(left.into_iter().map(|it| it.id).collect::<Vec<_>>(), [kept.session.id]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s6_whoever_signs_in_while_the_account_is_closed_has_nothing_afterwards() {
    let world = World::new().await;
    for number in 0..20 {
        let ada = world.register(&format!("ada-{number}")).await;
        let begins = (0..16).map(|_| {
            let (sessions, ada) = (world.sessions.clone(), ada.clone());
            tokio::spawn(async move { drop(sessions.begin(&ada, &HeaderMap::new()).await) })
        });
        let begins = join_all(begins);
        let close = async {
            let now = world.auth.now();
            world.accounts.change(&ada.id, |account| account.disabled = true, now).await.unwrap();
            world.sessions.end_all(&ada.id).await.unwrap();
        };
        futures_util::future::join(begins, close).await;
        assert_eq!(world.sessions.list(&ada.id).await.unwrap(), []);
    }
}
