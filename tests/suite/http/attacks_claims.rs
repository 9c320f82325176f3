//! J08, J09, J11, J12 at the door: times, audience and kind of a token that was signed properly.

use auth_runtime::{Router, routing::get};
use serde_json::{Value, json};

use super::{
    fixture::{Door, START, ask, guarded},
    forge::{self, Edit, own_claims, own_header},
};

async fn door() -> Door {
    Door::of(Router::new().route("/guarded", get(guarded))).await
}

fn with(claim: &str, value: impl Into<Value>) -> String {
    forge::own(&own_header(), &own_claims().with(claim, value))
}

async fn admits(door: &Door, token: &str) -> bool {
    let answer = door.send(ask("GET", "/guarded").bearer(token)).await;
    door.audit.take();
    door.reached.take();
    answer.status == 200
}

#[tokio::test]
async fn j08_a_token_is_good_from_its_first_second_to_the_one_before_its_last() {
    let door = door().await;
    let token = door.token(&["reader"]);
    assert!(admits(&door, &token).await, "at once");
    door.clock.advance(899);
    assert!(admits(&door, &token).await, "in its last second");
    door.clock.advance(1);
    let answer = door.send(ask("GET", "/guarded").bearer(&token)).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "token_expired"));
    assert_eq!(door.audit.cause(), "expired");
    // A clock that was set back: the token is from the future.
    door.clock.advance(-901);
    assert_eq!(door.refuses(&token).await, "issued-in-future");
}

#[tokio::test]
async fn j08_times_that_do_not_fit_are_refused() {
    let door = door().await;
    let without = forge::own(&own_header(), &own_claims().without("exp"));
    assert_eq!(door.refuses(without).await, "claim-missing");
    assert_eq!(door.refuses(with("nbf", START + 1)).await, "not-yet-valid");
    assert_eq!(door.refuses(with("iat", START + 1)).await, "issued-in-future");
    assert_eq!(
        door.refuses(forge::own(&own_header(), &own_claims().without("iat"))).await,
        "claim-missing"
    );
    assert!(admits(&door, &with("nbf", START)).await);
    for expired in [START, START - 1, 1, 0] {
        let answer = door.send(ask("GET", "/guarded").bearer(with("exp", expired))).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "token_expired"));
        assert_eq!(door.audit.cause(), "expired");
    }
    assert_eq!(door.reached.take(), [""; 0]);
}

#[tokio::test]
async fn j09_a_time_that_is_no_number_is_not_an_absent_one() {
    let door = door().await;
    for claim in ["exp", "nbf", "iat"] {
        for value in [
            json!((START + 900).to_string()),
            json!(null),
            json!([START + 900]),
            json!({ "seconds": START + 900 }),
            json!(true),
            json!(-1),
            json!(-1.5),
            json!(1e300),
            json!(9_223_372_036_854_775_808_u64),
            json!(u64::MAX),
            json!(""),
        ] {
            let cause = door.refuses(with(claim, value.clone())).await;
            assert_eq!(cause, "claim-malformed", "{claim} = {value}");
        }
        // Numbers that serde_json would not write.
        for number in ["1e400", "18446744073709551616", "NaN", "0x7fffffff", "Infinity"] {
            let claims = own_claims().with(claim, "HERE").to_string().replace("\"HERE\"", number);
            let token = forge::token(own_header().to_string(), claims, forge::Pen::Ed25519);
            let cause = door.refuses(token).await;
            assert!(["claim-malformed", "claims-malformed"].contains(&cause.as_str()), "{cause}");
        }
    }
}

#[tokio::test]
async fn j11_this_service_is_an_exact_member_of_the_audience() {
    let door = door().await;
    let without = forge::own(&own_header(), &own_claims().without("aud"));
    assert_eq!(door.refuses(without).await, "claim-missing");
    for audience in [
        json!("other-api"),
        json!("Test-api"),
        json!("test-api "),
        json!("test-api/"),
        json!("test-ap"),
        json!("test-api,other"),
        json!("*"),
        json!(""),
        json!([]),
        json!(["other", "test-api2"]),
    ] {
        let cause = door.refuses(with("aud", audience.clone())).await;
        assert_eq!(cause, "audience-mismatch", "{audience}");
    }
    for audience in [
        json!(null),
        json!(1),
        json!({ "test-api": true }),
        json!([["test-api"]]),
        json!([1, "test-api"]),
    ] {
        let cause = door.refuses(with("aud", audience.clone())).await;
        assert_eq!(cause, "claim-malformed", "{audience}");
    }
    assert!(admits(&door, &with("aud", json!(["other", "test-api"]))).await);
}

#[tokio::test]
async fn j12_only_an_access_token_is_one() {
    let door = door().await;
    for typ in
        ["JWT", "jwt", "logout+jwt", "rt+jwt", "id+jwt", "dpop+jwt", "at+jwt; x=y", "at jwt", ""]
    {
        let token = forge::own(&own_header().with("typ", typ), &own_claims());
        assert_eq!(door.refuses(token).await, "not-an-access-token", "{typ:?}");
    }
    let token = forge::own(&own_header().without("typ"), &own_claims());
    assert_eq!(door.refuses(token).await, "not-an-access-token");
    for typ in ["application/at+jwt", "AT+JWT"] {
        let token = forge::own(&own_header().with("typ", typ), &own_claims());
        assert!(admits(&door, &token).await, "{typ}");
    }
}

#[tokio::test]
async fn j11_a_token_without_a_subject_or_a_name_is_refused() {
    let door = door().await;
    for claim in ["sub", "jti", "iss"] {
        let token = forge::own(&own_header(), &own_claims().without(claim));
        assert_eq!(door.refuses(token).await, "claim-missing", "{claim}");
        assert_eq!(door.refuses(with(claim, json!(7))).await, "claim-malformed", "{claim}");
    }
    for claim in ["sub", "jti"] {
        assert_eq!(door.refuses(with(claim, "")).await, "claim-malformed", "{claim}");
        assert_eq!(door.refuses(with(claim, "s".repeat(256))).await, "claim-malformed", "{claim}");
    }
}
