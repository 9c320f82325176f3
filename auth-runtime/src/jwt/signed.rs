//! Tokens that are no access tokens, such as ID tokens. In: a token, and the keys and algorithms of
//! who should have signed it. Out: what was signed, and by which algorithm.

use auth_policy::settings::Algorithm;

use super::{
    compact::{self, Compact},
    header::{Header, Kind},
    key_set::KeySet,
    token_error::TokenError,
};

/// What somebody has signed. Whether its claims are good is for the caller to judge.
#[derive(Debug)]
pub(crate) struct Signed {
    /// The claims, as they were written.
    pub(crate) claims: String,
    /// The algorithm of the signature.
    pub(crate) algorithm: Algorithm,
}

/// Checks that one of these keys signed a token, by one of these algorithms.
///
/// # Errors
///
/// When the header is not in order, the token says that it is one of another kind (an access token
/// is one), there is no such key, or the signature is not its.
pub(crate) fn signed_by(
    token: &str,
    keys: &KeySet,
    algorithms: &[Algorithm],
) -> Result<Signed, TokenError> {
    let token = Compact::split(token)?;
    let header = compact::decode(token.header)?;
    let Header { algorithm, kid, kind } = Header::read(compact::text(&header)?)?;
    // SECURITY: `none` is no algorithm at all here, and the keys of others are never shared ones.
    if !algorithms.contains(&algorithm) || algorithm.is_symmetric() {
        return Err(TokenError::AlgorithmNotListed);
    }
    // SECURITY: what the same issuer signed for another purpose is not taken for this (RFC 8725).
    if kind != Kind::Unspecified {
        return Err(TokenError::NotAnIdToken);
    }
    let place = match &kid {
        Some(kid) => keys.by_kid(kid).ok_or(TokenError::KeyUnknown),
        None => keys.sole(algorithm).ok_or(TokenError::KeyAmbiguous),
    }?;
    let key = keys.get(place).ok_or(TokenError::KeyUnknown)?;
    if key.algorithm() != algorithm {
        return Err(TokenError::KeyForOtherAlgorithm);
    }
    token.is_signed_by(key)?;
    let claims = compact::decode(token.payload)?;
    Ok(Signed { claims: compact::text(&claims)?.to_owned(), algorithm })
}
