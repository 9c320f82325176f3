//! Why somebody is let in or kept out. In: a policy as written and checked, an endpoint of its lock,
//! and who asks. Out: the verdict, the words of the policy that make it, and the smallest change that
//! would turn it over, with whatever else that change would open or close.
//!
//! A change is one that a reviewer can make or advise: a grant more or less, a role held, a scope
//! carried, another scheme used, a sign-in repeated. The smallest is the one with the fewest of
//! those, and none with fewer turns the verdict over.

mod flip;
mod granting;
mod origin;
mod question;
mod reason;
mod supposed;

use serde::Serialize;

use crate::{
    access::{Credential, Verdict},
    lock::Endpoint,
    settings::Place,
};

pub use question::{Holds, Question};

/// Why a credential is admitted or refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The endpoint, and what it asks for.
    pub endpoint: Endpoint,
    /// Who asks, with the scopes and the sign-in that count here; nothing where there is no need of
    /// any.
    pub credential: Option<Credential>,
    /// What becomes of them.
    pub verdict: Verdict,
    /// What that is assumed of: a sign-in that the question does not speak of is one of this moment.
    pub assumed: Vec<String>,
    /// What makes the verdict, part by part.
    pub because: Vec<Reason>,
    /// The smallest change that would turn it over; nothing where only other code would.
    pub flip: Option<Flip>,
}

/// A part of what makes a verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// One lower-case sentence.
    pub sentence: String,
    /// The words of the policy that say so, each with a label.
    pub words: Vec<Word>,
}

/// A word of the policy and what it comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Word {
    /// Where it is.
    pub place: Place,
    /// What to write at it.
    pub label: String,
}

/// A change that turns a verdict over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flip {
    /// Everything that has to be done.
    pub edits: Vec<Edit>,
    /// The other endpoints that the same roles would gain, or lose, by what of it is done to the
    /// policy or to the account.
    pub endpoints: Vec<String>,
    /// The other roles that would gain, or lose, something.
    pub roles: Vec<String>,
    /// What `check` would say against the policy as it were then.
    pub refused: Option<String>,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Edit {
    /// Grant a scope to a role.
    Grant {
        /// The scope.
        scope: String,
        /// The role.
        role: String,
        /// Where the role grants what it grants.
        place: Place,
    },
    /// Let API keys, or a foreign issuer, carry a scope.
    Raise {
        /// The scope.
        scope: String,
        /// The scheme or issuer.
        scheme: String,
        /// Where it is declared what they may carry.
        place: Place,
    },
    /// Take a word out of the policy that grants what is asked for.
    Remove {
        /// The word as it is written, such as `*:posts`.
        word: String,
        /// The role, scheme or issuer that it stands under.
        of: String,
        /// Where it is.
        place: Place,
    },
    /// Give the account a role.
    Hold {
        /// The role.
        role: String,
    },
    /// Have the credential carry a scope.
    Carry {
        /// The scope.
        scope: String,
    },
    /// Show a credential of another scheme.
    Use {
        /// The scheme.
        scheme: String,
    },
    /// Ask as a person and not as a client.
    AskInPerson,
    /// Show a credential, where none was shown.
    Present {
        /// The credential.
        credential: Credential,
    },
    /// Sign in again, so that it is recent or strong enough.
    SignIn,
}

impl Edit {
    /// Where in the policy it is made, if there.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Grant { place, .. } | Self::Raise { place, .. } | Self::Remove { place, .. } => {
                Some(*place)
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for Edit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Grant { scope, role, .. } => write!(f, "grant `{scope}` to `{role}`"),
            Self::Raise { scope, scheme, .. } => write!(f, "let `{scheme}` carry `{scope}`"),
            Self::Remove { word, of, .. } => write!(f, "take `{word}` from `{of}`"),
            Self::Hold { role } => write!(f, "give the account the role `{role}`"),
            Self::Carry { scope } => write!(f, "have the credential carry `{scope}`"),
            Self::Use { scheme } => write!(f, "show a credential of the scheme `{scheme}`"),
            Self::AskInPerson => f.write_str("ask as the account itself and not through a client"),
            Self::Present { credential } => write!(f, "show a credential: {credential}"),
            Self::SignIn => f.write_str("sign in again"),
        }
    }
}
