//! Z10: reloads among requests, and among each other.

use std::{
    fs,
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use super::World;
use crate::http::fixture::{ask, send};

const READER: &str = "reader: { grants: [read:posts] }";
const BOTH: &str = "reader: { grants: [read:posts, read:reports] }";

/// A request is decided by one policy or the other, and never refused for the change.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn z10_no_request_fails_while_the_policy_changes() {
    let world = World::new().await;
    world.adopts(READER, BOTH);
    let token = world.token("reader");
    let done = Arc::new(AtomicBool::new(false));
    let asking: Vec<_> = (0..3)
        .map(|_| {
            let (app, token, done) = (world.app.clone(), token.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                let mut seen = (0_u32, 0_u32);
                while !done.load(Ordering::Relaxed) {
                    let answer = send(app.clone(), ask("GET", "/guarded").bearer(&token)).await;
                    match (answer.status, answer.text()) {
                        (200, "read:posts") => seen.0 += 1,
                        (200, "read:posts read:reports") => seen.1 += 1,
                        other => panic!("{other:?}"),
                    }
                    tokio::task::yield_now().await;
                }
                seen
            })
        })
        .collect();
    let mut revisions = std::collections::BTreeSet::new();
    for round in 0..40 {
        world.adopts(READER, if round % 2 == 0 { READER } else { BOTH });
        revisions.insert(world.auth.policy().revision().as_str().to_owned());
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    done.store(true, Ordering::Relaxed);
    let mut seen = (0, 0);
    for one in asking {
        let (old, new) = one.await.unwrap();
        seen = (seen.0 + old, seen.1 + new);
    }
    assert_eq!(revisions.len(), 2);
    assert!(seen.0 > 0 && seen.1 > 0, "{seen:?}");
}

/// Two reloads at once: whichever is last, all values are of one file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn z10_two_reloads_at_once_leave_nothing_half_changed() {
    let world = World::new().await;
    world.register("ada").await;
    let cookie = world.cookie("ada").await;
    let texts = [
        ("5m", world.edited("idle: 30m", "idle: 5m")),
        ("9m", world.edited("idle: 30m", "idle: 9m")),
    ];
    let files = texts.map(|(name, text)| {
        let file = world.file.with_extension(format!("{name}.yaml"));
        fs::write(&file, text).unwrap();
        file
    });
    for round in 0..100 {
        let start = Barrier::new(2);
        thread::scope(|scope| {
            for file in &files {
                let (start, auth) = (&start, &world.auth);
                scope.spawn(move || {
                    start.wait();
                    auth.reload(file).unwrap();
                });
            }
        });
        let idle = world.auth.policy().session().unwrap().1.idle.0;
        let expires_at = world.session(&cookie).await.json()["expires_at"].as_u64().unwrap();
        assert_eq!(expires_at, world.auth.now().0 as u64 + idle, "round {round}");
    }
    files.iter().for_each(|file| fs::remove_file(file).unwrap());
}
