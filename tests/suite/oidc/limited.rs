//! Setting out is counted, by address: each is a record in the store.

use super::world::Setting;

#[tokio::test]
async fn m12_setting_out_is_counted_and_coming_back_is_not() {
    let limited = Setting::of("cookies.yaml").with("rate: 1000000/minute", "rate: 3/minute");
    let world = limited.world().await;
    let mut outward = Vec::new();
    for _ in 0..3 {
        outward.push(world.set_out("/login/fake").await);
    }
    let fourth = world.get("/login/fake", &[]).await;
    assert_eq!(fourth.status, 429, "{fourth:?}");
    assert_eq!(fourth.cookie("__Host-oidc"), None);
    world.vouch(&outward[2], "ada");
    assert_eq!(world.back(&outward[2]).await.location(), "/account");
}
