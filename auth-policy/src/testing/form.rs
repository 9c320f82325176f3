//! A test file as written. In: nothing but what `read` takes apart. Out: every word with its place,
//! nothing looked up yet.

use crate::{access::Holder, document::At, settings::Place, settings::Seconds};

/// The whole file.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    pub(super) policy: Option<At<String>>,
    pub(super) lock: Option<At<String>>,
    /// The key of the section, where an endpoint belongs that the file does not mention.
    pub(super) section: Place,
    pub(super) endpoints: Vec<EndpointForm>,
    pub(super) cases: Vec<CaseForm>,
}

/// `DELETE /posts/{id}: { jwt: admin }`.
#[derive(Clone, Debug)]
pub(super) struct EndpointForm {
    /// Method and path, with one blank between them.
    pub(super) name: At<String>,
    pub(super) who: WhoForm,
}

/// Who reaches an endpoint.
#[derive(Clone, Debug)]
pub(super) enum WhoForm {
    /// `anyone`: also callers without a credential.
    Anyone,
    /// `nobody`.
    Nobody,
    /// Those listed, by scheme.
    Listed(Vec<ListForm>),
}

/// `jwt | session: [author, admin]`.
#[derive(Clone, Debug)]
pub(super) struct ListForm {
    pub(super) schemes: Vec<At<String>>,
    pub(super) holders: Vec<At<Holders>>,
}

/// Whom a word stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Holders {
    /// Those with this role and no other.
    Role(String),
    /// `any role`: those with a role, whichever.
    AnyRole,
    /// `no role`: those without one.
    NoRole,
    /// `any account`: both, and so everybody but clients.
    AnyAccount,
    /// `any client`: programs that act for themselves.
    AnyClient,
}

/// One credential and where it gets.
#[derive(Clone, Debug)]
pub(super) struct CaseForm {
    pub(super) through: At<String>,
    pub(super) roles: Vec<At<String>>,
    /// The client that acts for itself, or for the account; without one the account itself.
    pub(super) client: Option<Holder>,
    /// All that it can carry, if the case does not say.
    pub(super) scopes: Option<Vec<At<String>>>,
    pub(super) signed_in: Option<Seconds>,
    pub(super) acr: Option<At<String>>,
    pub(super) may: Vec<At<String>>,
    pub(super) may_not: Vec<At<String>>,
}
