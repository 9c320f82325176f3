//! `cargo auth token verify`. In: a JWK or JWK set, an algorithm and a JWS. Out: whether one of the
//! keys signed it.

use std::path::PathBuf;

use auth_runtime::{
    clock::{Clock, SystemClock},
    jwt::{KeyFault, KeySet, TokenError, verify_jws, verify_jws_by},
    policy_types::Algorithm,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    Format, Problem, VERSION, given,
    inspect::{parts::Members, suspicion, why},
    shown, text_of,
};
use crate::{
    exit::Outcome,
    markdown::{code, prose},
    terminal,
};

/// Verify the signature of a token, or of a JWS with any payload
///
/// Exits 0 if a key of the file signed it, 1 if none did, the key is too weak to say so, or the
/// token has expired, 2 if the file cannot be read or the algorithm is none of those supported.
///
/// A set may hold keys of other algorithms, which are left out. Which key it is, `kid` says; a set
/// with one key of the algorithm needs none. Whom a token is for and what it may do is not looked
/// at: `inspect --policy` says what the service makes of it.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A JWK or a JWK set, public, private or symmetric; or PEM
    #[arg(long, value_name = "FILE")]
    jwk: PathBuf,

    /// The one algorithm that is accepted: HS256, RS256, PS256, ES256 or EdDSA
    #[arg(long, value_name = "ALGORITHM")]
    alg: String,

    /// It is a JWS of any payload: no claims are read, so neither is when it expires
    #[arg(long)]
    jws: bool,

    /// The token [default: standard input]
    #[arg(value_name = "TOKEN")]
    token: Option<String>,

    /// For whom the answer is
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// What is said of a token.
enum Verdict {
    /// A key signed this payload.
    Valid { kid: Option<String>, payload: Vec<u8> },
    /// It is not to be believed: a stable code, and a sentence.
    Invalid { code: &'static str, message: String },
}

pub(super) fn verify(arguments: &Arguments) -> Result<Outcome, Problem> {
    let algorithm = algorithm(&arguments.alg)?;
    let text = text_of(&arguments.jwk)?;
    let token = given(arguments.token.as_deref())?;
    let verdict = match KeySet::serving(&text, &[algorithm]) {
        Ok(keys) => signature(&token, &keys, algorithm, is_nameless(&text)),
        Err(error) if is_no_key(error.fault()) => {
            return Err(format!("`{}`: {error}", shown(&arguments.jwk)));
        }
        Err(error) => {
            let why = match error.fault() {
                KeyFault::AlgorithmNotListed(other) => format!("its key is for {}", other.name()),
                _ => error.to_string(),
            };
            let message = format!("`{}` cannot vouch for it: {why}", shown(&arguments.jwk));
            Verdict::Invalid { code: "key-refused", message }
        }
    };
    let verdict = if arguments.jws { verdict } else { in_time(verdict) };
    terminal::say(&said(&verdict, algorithm, arguments.format));
    Ok(match verdict {
        Verdict::Valid { .. } => Outcome::Fine,
        Verdict::Invalid { .. } => Outcome::Found,
    })
}

fn algorithm(name: &str) -> Result<Algorithm, Problem> {
    let found = if name == "Ed25519" { Some(Algorithm::EdDSA) } else { Algorithm::from_name(name) };
    found.ok_or_else(|| {
        let name = name.escape_debug();
        format!("`{name}` is not supported: HS256, RS256, PS256, ES256 and EdDSA are")
    })
}

/// Whether the text has no key that one could judge, for reasons that are no key's own.
const fn is_no_key(fault: &KeyFault) -> bool {
    matches!(
        fault,
        KeyFault::NeitherJsonNorPem
            | KeyFault::Json { .. }
            | KeyFault::DuplicateMember
            | KeyFault::TooLong
            | KeyFault::TooMany
            | KeyFault::Pem
            | KeyFault::Encrypted
    )
}

fn signature(token: &str, keys: &KeySet, algorithm: Algorithm, nameless: bool) -> Verdict {
    // A key that has no name of its own cannot be asked for by one: whoever named its file did.
    let only = keys.keys().first().filter(|_| nameless);
    let payload = match only {
        Some(key) => verify_jws(token, key),
        None => verify_jws_by(token, keys, algorithm),
    };
    match payload {
        Ok(payload) => Verdict::Valid { kid: kid(token), payload },
        Err(error) => invalid(error),
    }
}

/// Whether the text is one JWK by itself, and it has no `kid`.
fn is_nameless(text: &str) -> bool {
    let jwk: Option<Value> = serde_json::from_str(text).ok();
    jwk.is_some_and(|jwk| jwk.get("keys").is_none() && jwk.get("kid").is_none())
}

/// The name by which the header asks for its key.
fn kid(token: &str) -> Option<String> {
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
    let header: Value = serde_json::from_slice(&header).ok()?;
    header.get("kid")?.as_str().map(str::to_owned)
}

fn invalid(error: TokenError) -> Verdict {
    Verdict::Invalid { code: error.code(), message: why(error) }
}

/// Holds the times of the claims against now.
fn in_time(verdict: Verdict) -> Verdict {
    let Verdict::Valid { payload, .. } = &verdict else { return verdict };
    let claims = match Members::read(payload) {
        Ok(claims) => claims,
        Err(problem) => {
            let message = format!(
                "signed, but no token: its payload {problem}; `--jws` verifies a signature over anything"
            );
            return Verdict::Invalid { code: "claims-malformed", message };
        }
    };
    if claims.has_duplicates() {
        let error = TokenError::ClaimsDuplicate;
        return Verdict::Invalid {
            code: error.code(),
            message: format!("signed, but {}", why(error)),
        };
    }
    match suspicion::untimely(&claims, SystemClock.now().0) {
        Some(finding) => Verdict::Invalid {
            code: finding.code,
            message: format!("signed, but {}", finding.message),
        },
        None => verdict,
    }
}

fn said(verdict: &Verdict, algorithm: Algorithm, format: Format) -> String {
    let algorithm = algorithm.name();
    match (verdict, format) {
        (Verdict::Valid { kid, payload }, Format::Text) => {
            let kid = kid.as_ref().map(|kid| format!(", key `{}`", terminal::plain(kid)));
            let bytes = payload.len();
            format!("valid: {algorithm}{}, {bytes} bytes", kid.unwrap_or_default())
        }
        (Verdict::Invalid { code, message }, Format::Text) => {
            format!("invalid[{code}]: {message}")
        }
        (Verdict::Valid { kid, payload }, Format::Markdown) => {
            let kid = kid.as_ref().map(|kid| format!(", key {}", code(kid))).unwrap_or_default();
            format!("**valid**: {algorithm}{kid}, {} bytes", payload.len())
        }
        (Verdict::Invalid { code, message }, Format::Markdown) => {
            format!("**invalid** `{code}`: {}", prose(message))
        }
        (Verdict::Valid { kid, payload }, Format::Json) => terminal::json(&json!({
            "version": VERSION,
            "valid": true,
            "alg": algorithm,
            "kid": kid,
            "payload": URL_SAFE_NO_PAD.encode(payload),
        })),
        (Verdict::Invalid { code, message }, Format::Json) => terminal::json(&json!({
            "version": VERSION,
            "valid": false,
            "alg": algorithm,
            "code": code,
            "message": message,
        })),
    }
}
