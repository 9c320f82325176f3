//! Tokens that others signed, of an issuer whose JWK set the policy refers to.

use auth_policy::settings::Algorithm;
use serde_json::{Value, json};

use super::{
    clients::{BOTH, Client, set, with},
    service::Service,
};

const ALGORITHMS: [Algorithm; 4] =
    [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256, Algorithm::PS256];

/// A partner's key, and the service that trusts it.
struct Partner {
    client: Client,
    key: Value,
    header: Value,
    service: Service,
}

impl Partner {
    async fn with_key_of(client: Client, algorithm: Algorithm) -> Self {
        let made = client.makes(algorithm);
        let alg = algorithm.name();
        let published = with(&with(&made.public, "alg", alg), "kid", "partner-1");
        let service = Service::trusting(&set(&[&published])).await;
        let header = json!({ "alg": alg, "typ": "at+jwt", "kid": "partner-1" });
        Self { client, key: made.private, header, service }
    }

    /// What the service makes of a token with these claims.
    async fn says(&self, claims: &Value) -> (u16, String) {
        self.says_under(&self.header, claims).await
    }

    async fn says_under(&self, header: &Value, claims: &Value) -> (u16, String) {
        self.service.read(&self.client.signs(&self.key, header, claims)).await
    }

    /// Claims of somebody who may read, in the forms that are common elsewhere.
    fn claims(&self) -> Value {
        let now = self.service.auth.now().0;
        json!({
            "iss": "https://partner.example", "sub": "alice", "aud": "interop-api",
            "iat": now, "nbf": now, "exp": now + 300, "scp": "read:posts write:posts",
        })
    }
}

const WORTH_READING: &str = r#"alice at https://partner.example ["read:posts"] []"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs jose and PyJWT: ./test interop"]
async fn j11_j15_tokens_that_others_signed_count_in_every_common_form() {
    for (algorithm, client) in ALGORITHMS.into_iter().flat_map(|one| BOTH.map(|who| (one, who))) {
        let partner = Partner::with_key_of(client, algorithm).await;
        let claims = partner.claims();
        let audiences = json!(["somebody-else", "interop-api"]);
        for claims in [
            claims.clone(),
            with(&claims, "aud", audiences.clone()),
            with(&claims, "scp", json!(["read:posts", "write:posts"])),
            with(&with(&claims, "aud", audiences), "scp", json!(["read:posts"])),
        ] {
            let said = partner.says(&claims).await;
            assert_eq!(said, (200, WORTH_READING.to_owned()), "{algorithm:?} {claims}");
        }
        let staff = with(&claims, "realm_access", json!({ "roles": ["staff", "reader"] }));
        let (status, said) = partner.says(&staff).await;
        assert!(status == 200 && said.ends_with(r#"["reader"]"#), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs jose and PyJWT: ./test interop"]
async fn j05_j08_j10_j11_j12_tokens_that_others_signed_are_held_to_the_policy() {
    for client in BOTH {
        let partner = Partner::with_key_of(client, Algorithm::ES256).await;
        let (header, claims) = (&partner.header, partner.claims());
        let now = partner.service.auth.now().0;
        for (name, value) in [
            ("iss", json!("https://issuer.example")),
            ("aud", json!(["somebody-else", "interop"])),
            ("exp", json!(now)),
            ("nbf", json!(now + 60)),
        ] {
            assert_eq!(partner.says(&with(&claims, name, value)).await.0, 401, "{name}");
        }
        assert_eq!(partner.says_under(&with(header, "typ", "JWT"), &claims).await.0, 401);
        assert_eq!(partner.says_under(&with(header, "kid", "partner-2"), &claims).await.0, 401);
        let forbidden = partner.says(&with(&claims, "scp", json!(["write:posts"]))).await;
        assert_eq!(forbidden.0, 403, "above the ceiling");
        let other = client.makes(Algorithm::ES256).private;
        let forged = client.signs(&other, header, &claims);
        assert_eq!(partner.service.read(&forged).await.0, 401);
        assert_eq!(partner.says(&claims).await.0, 200);
    }
}
