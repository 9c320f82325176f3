//! Setting out is counted, by address, since each is a record in the store; and so is coming back.

use super::{fake::TOKEN, world::Setting};

#[tokio::test]
async fn m12_setting_out_and_coming_back_are_counted() {
    let limited = Setting::of("cookies.yaml").with("rate: 1000000/minute", "rate: 4/minute");
    let world = limited.world().await;
    let mut outward = Vec::new();
    for _ in 0..4 {
        outward.push(world.set_out("/login/fake").await);
    }
    let fifth = world.get("/login/fake", &[]).await;
    assert_eq!(fifth.status, 429, "{fifth:?}");
    assert_eq!(fifth.cookie("__Host-oidc"), None);
    assert_eq!(world.back(&outward[2]).await.status, 429);
    assert_eq!(world.fake.asked(TOKEN).len(), 0);
    // Nothing of the answer is used up: the browser comes again.
    world.clock.advance(60);
    world.vouch(&outward[2], "ada");
    assert_eq!(world.back(&outward[2]).await.location(), "/account");
}
