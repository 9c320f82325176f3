//! Tokens before they are verified. In: a token and the issuers a rule accepts. Out: the issuer
//! whose rules and keys it has to hold against, and then what that issuer's verifier says of it.

use super::{
    claims::peek_issuer,
    compact::{self, Compact},
    token_error::TokenError,
    verified::VerifiedToken,
    verify::Verifier,
};
use crate::clock::Timestamp;

/// A token in one piece, and the verifier it names. Nothing of it is to be believed.
pub(crate) struct Unverified<'t, 'v> {
    token: Compact<'t>,
    /// The payload, if it had to be looked into to find the verifier.
    payload: Option<Vec<u8>>,
    verifier: &'v Verifier,
}

impl<'t, 'v> Unverified<'t, 'v> {
    /// Takes a token apart. Where there are several candidates, `iss` chooses among them.
    pub(crate) fn read(
        token: &'t str,
        candidates: impl IntoIterator<Item = &'v Verifier>,
    ) -> Result<Self, TokenError> {
        let token = Compact::split(token)?;
        let mut candidates = candidates.into_iter();
        let only = candidates.next().ok_or(TokenError::IssuerUnknown)?;
        let Some(second) = candidates.next() else {
            return Ok(Self { token, payload: None, verifier: only });
        };
        let payload = compact::decode(token.payload)?;
        let issuer = peek_issuer(compact::text(&payload)?)?;
        let verifier = [only, second]
            .into_iter()
            .chain(candidates)
            .find(|candidate| candidate.issuer() == &*issuer)
            .ok_or(TokenError::IssuerUnknown)?;
        drop(issuer);
        Ok(Self { token, payload: Some(payload), verifier })
    }

    /// Whose token it would be.
    pub(crate) const fn verifier(&self) -> &'v Verifier {
        self.verifier
    }

    /// What its verifier says of it, with the keys of this moment.
    pub(crate) fn verify(&self, now: Timestamp) -> Result<VerifiedToken, TokenError> {
        self.verifier.accept(self.token, self.payload.as_deref(), now)
    }
}

/// What a token says that verified a moment ago and is good now; nothing where it has to be
/// verified. One token is of one issuer, so of several candidates one at most knows it.
pub(crate) fn recall<'v>(
    token: &[u8],
    candidates: impl IntoIterator<Item = &'v Verifier>,
    now: Timestamp,
) -> Option<Result<VerifiedToken, TokenError>> {
    candidates.into_iter().find_map(|candidate| candidate.recall(token, now))
}

/// Verifies a bearer token against the issuers a rule accepts. Where there are several, `iss` says
/// whose rules and keys to hold it against; it is believed once they held.
///
/// # Errors
///
/// The first reason against the token. Only [`Expired`](TokenError::Expired) may be told to the
/// client: it is the last check, on a token that is otherwise good.
///
/// # Security
///
/// The signature is checked before any claim is believed, with a key of that issuer and the
/// algorithm of that key. Nothing is fetched, whatever the header names.
pub fn verify<'v>(
    token: &str,
    candidates: impl IntoIterator<Item = &'v Verifier>,
    now: Timestamp,
) -> Result<VerifiedToken, TokenError> {
    Unverified::read(token, candidates)?.verify(now)
}
