//! What a service makes of a token. In: the token, a policy and its keys. Out: who its bearer is and
//! what they may do, or why it is refused, by the very code that guards requests.

use std::{path::PathBuf, sync::Arc};

use auth_policy::Policy;
use auth_runtime::{
    clock::Timestamp,
    jwt::{KeySet, TokenError, VerifiedToken, Verifier, verify},
    policy_types::{Scheme, SchemeId, SchemeKind},
};

use super::{super::keys, parts::Token};
use crate::commands::token::Problem;

/// What a service would do.
pub(super) enum Verdict {
    /// It would let its bearer in.
    Accepted(Bearer),
    /// It would not: a stable code, and a sentence.
    Refused { code: &'static str, message: String },
    /// That depends on keys that the service fetches when it runs.
    Unknown { issuer: String },
}

/// Who comes with a token.
pub(super) struct Bearer {
    /// The scheme or foreign issuer of the policy.
    pub(super) scheme: String,
    pub(super) subject: String,
    pub(super) roles: Vec<String>,
    /// What it is worth now, which may be less than it names.
    pub(super) scopes: Vec<String>,
}

/// Holds a token against a policy.
///
/// # Errors
///
/// When the keys of the policy cannot be had.
pub(super) fn verdict(
    compact: &str,
    token: &Token,
    policy: &Policy,
    named: Option<&PathBuf>,
    now: Timestamp,
) -> Result<Verdict, Problem> {
    let issuer = token.claims.text("iss");
    // SECURITY: `iss` chooses whose keys are asked for and nothing else, as it does for a request.
    let claimed = policy.schemes().iter().zip(0..).find(|(scheme, _)| issuer_of(scheme) == issuer);
    let Some((scheme, id)) = claimed.filter(|_| issuer.is_some()) else {
        return Ok(refused(TokenError::IssuerUnknown));
    };
    let Some(verifier) = verifier(policy, scheme, SchemeId(id), named)? else {
        return Ok(Verdict::Unknown { issuer: scheme.name.clone() });
    };
    Ok(match verify(compact, [&verifier], now) {
        Ok(verified) => Verdict::Accepted(bearer(&verified, scheme, policy)),
        Err(error) => refused(error),
    })
}

fn refused(error: TokenError) -> Verdict {
    Verdict::Refused { code: error.code(), message: why(error) }
}

fn issuer_of(scheme: &Scheme) -> Option<&str> {
    match &scheme.kind {
        SchemeKind::Jwt(jwt) => Some(&jwt.issuer),
        SchemeKind::Issuer(issuer) => Some(&issuer.issuer),
        SchemeKind::ApiKey(_) | SchemeKind::Session(_) => None,
    }
}

/// What verifies the tokens of a scheme; nothing where its keys are fetched.
fn verifier(
    policy: &Policy,
    scheme: &Scheme,
    id: SchemeId,
    named: Option<&PathBuf>,
) -> Result<Option<Verifier>, Problem> {
    let made = match &scheme.kind {
        SchemeKind::Jwt(jwt) => {
            Verifier::own(policy, Arc::new(keys(named, scheme, &jwt.algorithms)?))
        }
        SchemeKind::Issuer(issuer) if issuer.keys.is_some() => {
            let keys = KeySet::referred_to(scheme).map_err(|error| error.to_string())?;
            Verifier::foreign(policy, id, keys)
        }
        _ => return Ok(None),
    };
    made.map(Some).map_err(|error| error.to_string())
}

fn bearer(token: &VerifiedToken, scheme: &Scheme, policy: &Policy) -> Bearer {
    let scopes = token.scope_ids().filter_map(|id| policy.scope(id));
    let roles = token.role_ids().filter_map(|id| policy.role(id));
    Bearer {
        scheme: scheme.name.clone(),
        subject: token.subject().to_owned(),
        roles: roles.map(|role| role.name.clone()).collect(),
        scopes: scopes.map(|scope| scope.name.clone()).collect(),
    }
}

/// What a cause means, for whoever holds the token.
pub(in crate::commands::token) fn why(error: TokenError) -> String {
    let text = match error {
        TokenError::TooLong => "it is longer than a token may be",
        TokenError::NotCompact => "it is not three parts with dots between",
        TokenError::NotBase64Url => "a part is not unpadded base64url, or is no text inside",
        TokenError::HeaderMalformed => {
            "the header is no JSON object, or a member of it has the wrong type"
        }
        TokenError::HeaderDuplicate => "the header names a member twice",
        TokenError::AlgorithmUnknown => "`alg` is missing, `none`, or nothing that is supported",
        TokenError::AlgorithmNotListed => "`alg` is not an algorithm that is accepted here",
        TokenError::CriticalHeader => "`crit` asks for extensions that are not understood",
        TokenError::PayloadTransformed => {
            "`b64`, `zip` or `enc` is there: the payload would not be what it seems"
        }
        TokenError::NotAnAccessToken => "`typ` does not say that it is an access token",
        TokenError::KeyUnknown => "no key has the `kid` that the header names",
        TokenError::KeyAmbiguous => {
            "the header has no `kid`, and there is not exactly one key of the algorithm"
        }
        TokenError::KeyForOtherAlgorithm => {
            "the key that the header names is for another algorithm"
        }
        TokenError::SignatureInvalid => {
            "the signature is not that key's over this header and payload"
        }
        TokenError::ClaimsMalformed => "the claims are no JSON object",
        TokenError::ClaimsDuplicate => "the claims name a member twice",
        TokenError::IssuerUnknown => "`iss` is none of the policy's issuers",
        TokenError::IssuerMismatch => "`iss` is not the issuer whose key signed it",
        TokenError::AudienceMismatch => "`aud` does not name this service",
        TokenError::NotYetValid => "`nbf` is in the future",
        TokenError::IssuedInFuture => "`iat` is in the future",
        TokenError::Expired => "it has expired; all else is well",
        TokenError::ClaimMissing(claim) => return format!("`{claim}` is missing"),
        TokenError::ClaimMalformed(claim) => {
            return format!("`{claim}` has the wrong type, is out of range or too long");
        }
        other => return other.to_string(),
    };
    text.to_owned()
}
