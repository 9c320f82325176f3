//! What somebody signed that is no access token, such as an ID token. In: a JWS, and the keys and
//! algorithms of who should have signed it. Out: what was signed, and by which algorithm.

use auth_policy::settings::Algorithm;

#[cfg(feature = "oidc")]
use super::header::Kind;
use super::{
    compact::{self, Compact},
    header::Header,
    key::Key,
    key_set::KeySet,
    token_error::TokenError,
};

/// Verifies any JWS in compact form against the keys of a set, whatever its payload is: against the
/// one that its `kid` names, or without a `kid` against the only one of the algorithm.
///
/// # Errors
///
/// When it is not a JWS or is for another algorithm, the set has no such key, or that key did not
/// sign it.
///
/// # Security
///
/// As for [`verify_jws`](super::verify_jws): who signed something has not said what it is good for.
///
/// # Example
///
/// ```
/// use auth_runtime::{jwt::{KeySet, TokenError, verify_jws_by}, policy_types::Algorithm};
///
/// // RFC 8037, appendix A.4.
/// let keys = KeySet::from_jwk_set(
///     r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
/// )?;
/// let jws = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-\
///            09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
/// let payload = verify_jws_by(jws, &keys, Algorithm::EdDSA).map_err(|error| error.to_string());
/// assert_eq!(payload.as_deref(), Ok(&b"Example of Ed25519 signing"[..]));
/// let other = verify_jws_by(jws, &keys, Algorithm::ES256);
/// assert_eq!(other, Err(TokenError::AlgorithmNotListed));
/// # Ok::<(), auth_runtime::jwt::KeyError>(())
/// ```
pub fn verify_jws_by(
    compact: &str,
    keys: &KeySet,
    algorithm: Algorithm,
) -> Result<Vec<u8>, TokenError> {
    let compact = Compact::split(compact)?;
    let header = compact::decode(compact.header)?;
    let header = Header::read(compact::text(&header)?)?;
    if header.algorithm != algorithm {
        return Err(TokenError::AlgorithmNotListed);
    }
    compact.is_signed_by(named_by(&header, keys)?)?;
    compact::decode(compact.payload)
}

/// The key of a set that a header asks for.
fn named_by<'k>(header: &Header<'_>, keys: &'k KeySet) -> Result<&'k Key, TokenError> {
    let place = match &header.kid {
        Some(kid) => keys.by_kid(kid).ok_or(TokenError::KeyUnknown),
        None => keys.sole(header.algorithm).ok_or(TokenError::KeyAmbiguous),
    }?;
    let key = keys.get(place).ok_or(TokenError::KeyUnknown)?;
    if key.algorithm() != header.algorithm {
        return Err(TokenError::KeyForOtherAlgorithm);
    }
    Ok(key)
}

/// What somebody has signed. Whether its claims are good is for the caller to judge.
#[cfg(feature = "oidc")]
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
#[cfg(feature = "oidc")]
pub(crate) fn signed_by(
    token: &str,
    keys: &KeySet,
    algorithms: &[Algorithm],
) -> Result<Signed, TokenError> {
    let token = Compact::split(token)?;
    let header = compact::decode(token.header)?;
    let header = Header::read(compact::text(&header)?)?;
    let algorithm = header.algorithm;
    // SECURITY: `none` is no algorithm at all here, and the keys of others are never shared ones.
    if !algorithms.contains(&algorithm) || algorithm.is_symmetric() {
        return Err(TokenError::AlgorithmNotListed);
    }
    // SECURITY: what the same issuer signed for another purpose is not taken for this (RFC 8725).
    if header.kind != Kind::Unspecified {
        return Err(TokenError::NotAnIdToken);
    }
    token.is_signed_by(named_by(&header, keys)?)?;
    let claims = compact::decode(token.payload)?;
    Ok(Signed { claims: compact::text(&claims)?.to_owned(), algorithm })
}
