//! A requirement in the words of whoever asks. In: names with places of any kind `P`: tokens in a
//! handler's attribute, lines in a policy. Out: the same, and the form of what is wrong with it.

use crate::{code::Code, settings::Place};

/// A name as somebody wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<P> {
    /// The name, checked for nothing.
    pub name: String,
    /// Where it was written.
    pub at: P,
}

/// Scopes as somebody asks for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedScopes<P> {
    /// Where the list was written.
    pub at: P,
    /// Whether one of them is enough.
    pub any: bool,
    /// The names, in the order they were written.
    pub names: Vec<Named<P>>,
}

/// A requirement as somebody asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked<P> {
    /// Where the whole of it was written.
    pub at: P,
    /// The schemes, any one of which will do.
    pub schemes: Vec<Named<P>>,
    /// The scopes, if any are asked for.
    pub scopes: Option<AskedScopes<P>>,
    /// The role, if one is asked for.
    pub role: Option<Named<P>>,
    /// The rule of the policy that says all of the above.
    pub rule: Option<Named<P>>,
    /// The rate limit.
    pub limit: Option<Named<P>>,
    /// How long ago the sign-in may be, as a span of time such as `10m`.
    pub max_age: Option<Named<P>>,
    /// The weakest authentication context that is enough: one of the policy's `acr_values`.
    pub acr: Option<Named<P>>,
}

/// One thing that is wrong with what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem<P> {
    /// The word that is wrong.
    pub at: P,
    /// What kind of mistake it is.
    pub code: Code,
    /// One lower-case sentence; names stand in backticks.
    pub message: String,
    /// What to do now.
    pub help: Option<String>,
    /// The place in the policy that explains it, and what to write there.
    pub declared: Option<(Place, String)>,
}

impl<P> Problem<P> {
    pub(crate) fn new(at: P, code: Code, message: impl Into<String>) -> Self {
        Self { at, code, message: message.into(), help: None, declared: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn declared(mut self, place: Place, label: impl Into<String>) -> Self {
        self.declared = Some((place, label.into()));
        self
    }
}
