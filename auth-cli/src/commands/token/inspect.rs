//! `cargo auth token inspect`. In: a token. Out: what it says, claim by claim, what is suspicious
//! about it, and what the service would make of it.
//!
//! ```text
//! token ─ parts ─> header and claims ─┬─ meaning ───> what each says
//!                                     ├─ suspicion ─> what is missing or wrong
//!                policy and keys ─────┴─ service ───> accepted, or refused and why
//! ```

use std::path::PathBuf;

use auth_runtime::clock::{Clock, SystemClock};

use super::{Format, Problem, given};
use crate::{exit::Outcome, policies, terminal};

mod json;
mod markdown;
mod meaning;
pub(super) mod parts;
mod service;
pub(super) mod suspicion;
mod text;

pub(super) use service::why;

use parts::Token;
use service::Verdict;
use suspicion::Finding;

/// Explain a token claim by claim, without verifying it
///
/// Says what is in the header and in the claims, when times are, and what is missing or suspicious.
/// With `--policy` it also says whether this service would accept the token, and why not; revocations
/// and the state of the account are in the service's store and are not looked at.
///
/// Exits 0 if it is a token, 1 if it is none or the service would refuse it, 2 if a file cannot be
/// read.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The token [default: standard input]
    #[arg(value_name = "TOKEN")]
    token: Option<String>,

    /// Hold it against this policy as well
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// The keys of the policy's scheme `jwt`: a JWK set or PEM [default: what the policy refers to]
    #[arg(long, value_name = "FILE", requires = "policy")]
    keys: Option<PathBuf>,

    /// For whom the explanation is
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// All that is said of a token.
struct Report<'a> {
    token: &'a Token,
    findings: Vec<Finding>,
    /// What the service of that policy, which is named, makes of it.
    service: Option<(String, Verdict)>,
    now: i64,
}

pub(super) fn inspect(arguments: &Arguments) -> Result<Outcome, Problem> {
    let compact = given(arguments.token.as_deref())?;
    let token = match Token::read(&compact) {
        Ok(token) => token,
        Err(problem) => {
            terminal::say(&match arguments.format {
                Format::Text => format!("this is no token: {problem}"),
                Format::Json => json::none(&problem),
                Format::Markdown => markdown::none(&problem),
            });
            return Ok(Outcome::Found);
        }
    };
    let clock = SystemClock.now();
    let service = match &arguments.policy {
        Some(file) => {
            let policy = policies::read(Some(file))?;
            let verdict =
                service::verdict(&compact, &token, &policy, arguments.keys.as_ref(), clock)?;
            Some((policy.path().to_owned(), verdict))
        }
        None => None,
    };
    let refused = matches!(service, Some((_, Verdict::Refused { .. })));
    let findings = suspicion::findings(&token, clock.0);
    let report = Report { token: &token, findings, service, now: clock.0 };
    terminal::say(&match arguments.format {
        Format::Text => text::text(&report),
        Format::Json => json::json(&report),
        Format::Markdown => markdown::markdown(&report),
    });
    Ok(if refused { Outcome::Found } else { Outcome::Fine })
}
