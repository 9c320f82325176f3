//! Why a token was refused. In: the first check that failed. Out: a code for the audit event.
//!
//! Outside, all of these look alike but for [`Expired`](TokenError::Expired) (E2).

use std::{error::Error, fmt};

/// The exact cause for which a token was refused: for the audit event, not for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenError {
    /// Longer than [`MAX_TOKEN_BYTES`](super::MAX_TOKEN_BYTES).
    TooLong,
    /// Not three parts with a dot between them.
    NotCompact,
    /// A part is not unpadded, canonical base64url, or not UTF-8 inside.
    NotBase64Url,
    /// The header is not a JSON object, or a member of it has the wrong type.
    HeaderMalformed,
    /// The header names a member twice.
    HeaderDuplicate,
    /// `alg` is missing, `none`, or nothing this project supports.
    AlgorithmUnknown,
    /// `alg` is not on the issuer's list.
    AlgorithmNotListed,
    /// `crit` is there: an extension that must be understood, and none is.
    CriticalHeader,
    /// `b64`, `zip` or `enc` is there: the payload would not be what it seems.
    PayloadTransformed,
    /// `typ` does not say that it is an access token.
    NotAnAccessToken,
    /// `typ` says that it is something else than an ID token.
    NotAnIdToken,
    /// No key of this issuer has that `kid`.
    KeyUnknown,
    /// This issuer's keys could not be fetched for so long that those at hand are not used.
    KeysUnavailable,
    /// There is no `kid`, and not exactly one key for the algorithm.
    KeyAmbiguous,
    /// The key of that `kid` is for another algorithm.
    KeyForOtherAlgorithm,
    /// The signature is not that key's over this header and payload.
    SignatureInvalid,
    /// The claims are not a JSON object.
    ClaimsMalformed,
    /// The claims name a member twice.
    ClaimsDuplicate,
    /// A claim has the wrong type, is out of range or too long.
    ClaimMalformed(&'static str),
    /// A claim that must be there is missing.
    ClaimMissing(&'static str),
    /// `iss` is none of the issuers the rule accepts.
    IssuerUnknown,
    /// `iss` is not the issuer whose key signed it.
    IssuerMismatch,
    /// This service is not in `aud`.
    AudienceMismatch,
    /// `nbf` is in the future.
    NotYetValid,
    /// `iat` is in the future.
    IssuedInFuture,
    /// `exp` has passed. The signature verified, and all else is well.
    Expired,
}

impl TokenError {
    /// A stable name for audit events and documentation.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong => "token-too-long",
            Self::NotCompact => "token-not-compact",
            Self::NotBase64Url => "token-not-base64url",
            Self::HeaderMalformed => "header-malformed",
            Self::HeaderDuplicate => "header-duplicate-member",
            Self::AlgorithmUnknown => "algorithm-unknown",
            Self::AlgorithmNotListed => "algorithm-not-listed",
            Self::CriticalHeader => "header-critical",
            Self::PayloadTransformed => "payload-transformed",
            Self::NotAnAccessToken => "not-an-access-token",
            Self::NotAnIdToken => "not-an-id-token",
            Self::KeyUnknown => "key-unknown",
            Self::KeysUnavailable => "keys-unavailable",
            Self::KeyAmbiguous => "key-ambiguous",
            Self::KeyForOtherAlgorithm => "key-for-other-algorithm",
            Self::SignatureInvalid => "signature-invalid",
            Self::ClaimsMalformed => "claims-malformed",
            Self::ClaimsDuplicate => "claims-duplicate-member",
            Self::ClaimMalformed(_) => "claim-malformed",
            Self::ClaimMissing(_) => "claim-missing",
            Self::IssuerUnknown => "issuer-unknown",
            Self::IssuerMismatch => "issuer-mismatch",
            Self::AudienceMismatch => "audience-mismatch",
            Self::NotYetValid => "not-yet-valid",
            Self::IssuedInFuture => "issued-in-future",
            Self::Expired => "expired",
        }
    }

    /// The claim it is about, if it is about one.
    pub const fn claim(self) -> Option<&'static str> {
        match self {
            Self::ClaimMalformed(claim) | Self::ClaimMissing(claim) => Some(claim),
            Self::IssuerUnknown | Self::IssuerMismatch => Some("iss"),
            Self::AudienceMismatch => Some("aud"),
            Self::NotYetValid => Some("nbf"),
            Self::IssuedInFuture => Some("iat"),
            Self::Expired => Some("exp"),
            _ => None,
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.claim() {
            Some(claim) => write!(f, "the token was refused: {} (`{claim}`)", self.code()),
            None => write!(f, "the token was refused: {}", self.code()),
        }
    }
}

impl Error for TokenError {}
