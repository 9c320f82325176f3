//! The token that only our own pages can show. In: the secret behind a credential that a cookie
//! carries. Out: a token that belongs to this credential, and whether a presented one is it.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{refresh::ServerSecret, secret::Secret};

/// What separates this use of a secret from every other.
const PURPOSE: &[u8] = b"csrf-token-1";

/// What separates the keys of refresh families from whatever else the server's secret authenticates.
/// It ends in a byte that no id holds.
const FAMILY_PURPOSE: &[u8] = b"csrf-family-1\0";

/// What the tokens of one credential are made with: a secret that the cookie alone leads to, so
/// that nothing has to be stored, and no other credential has the same.
#[derive(Clone)]
pub(crate) struct CsrfKey(Zeroizing<Vec<u8>>);

impl CsrfKey {
    /// The key of a credential with that secret.
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self(Zeroizing::new(secret.to_vec()))
    }

    /// The same of a secret that nobody else needs.
    pub(crate) const fn of_secret(secret: Zeroizing<Vec<u8>>) -> Self {
        Self(secret)
    }

    /// The key of the access tokens that come with a refresh family: the same for each of them, so
    /// that a page keeps its token while they are renewed.
    pub(crate) fn of_family(server: &ServerSecret, family_id: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, server.bytes());
        let mut context = hmac::Context::with_key(&key);
        context.update(FAMILY_PURPOSE);
        context.update(family_id.as_bytes());
        Self::new(context.sign().as_ref())
    }

    /// The token.
    pub(crate) fn token(&self) -> Secret {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        Secret::from(URL_SAFE_NO_PAD.encode(hmac::sign(&key, PURPOSE).as_ref()))
    }

    /// Whether that is the token.
    ///
    /// SECURITY: it takes the same time whatever differs (M11).
    pub(crate) fn accepts(&self, presented: &[u8]) -> bool {
        // The token is read to be compared.
        self.token().expose().as_bytes().ct_eq(presented).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Timestamp,
        store::{MemoryStore, Store},
    };

    #[test]
    fn c4_a_token_belongs_to_one_secret() {
        let (one, other) = (CsrfKey::new(b"one"), CsrfKey::new(b"other"));
        let token = one.token();
        assert!(one.accepts(token.expose().as_bytes()));
        assert!(!other.accepts(token.expose().as_bytes()));
        assert!(!one.accepts(b""));
        let cut = token.expose().len() - 1;
        assert!(!one.accepts(&token.expose().as_bytes()[..cut]));
    }

    #[tokio::test]
    async fn c4_families_and_services_have_tokens_of_their_own() {
        let (ours, theirs): (MemoryStore, MemoryStore) = (MemoryStore::new(), MemoryStore::new());
        let secret = async |store: &dyn Store| ServerSecret::of(store, Timestamp(0)).await.unwrap();
        let (server, other) = (secret(&ours).await, secret(&theirs).await);
        let token = |server, family| CsrfKey::of_family(server, family).token();
        let one = token(&server, "a");
        assert!(one.matches(token(&server, "a").expose()));
        assert!(!one.matches(token(&server, "b").expose()));
        assert!(!one.matches(token(&other, "a").expose()));
    }
}
