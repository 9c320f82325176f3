//! A credential by its names. In: a policy. Out: the kinds of credential it knows, and one of them
//! with what it holds and carries.

use std::fmt;

use serde::Serialize;

use crate::{
    Policy,
    policy::{Scheme, SchemeKind},
    settings::Seconds,
};

/// A credential that was verified, as the names it holds and carries.
///
/// A name that the policy does not declare is worth nothing, as in the engine.
///
/// # Example
///
/// ```
/// use auth_policy::access::{Carrier, Credential, Holder};
///
/// let jwt = Carrier { scheme: "jwt".into(), holder: Holder::Account };
/// let token = Credential::new(&jwt).roles(["author"]).scopes(["write:posts"]);
/// assert_eq!(token.to_string(), "jwt with role author and scope write:posts");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Credential {
    /// The scheme or foreign issuer whose credential it is.
    pub scheme: String,
    /// Who holds it.
    pub holder: Holder,
    /// The roles held: of this service's accounts its own role names, of a foreign issuer the names
    /// in its tokens. Of no worth where the holder has no roles.
    pub roles: Vec<String>,
    /// The scopes carried, before anything bounds them. A session carries none: there it is the
    /// roles alone that count.
    pub scopes: Vec<String>,
    /// How long ago its holder signed in, in seconds; nothing if the credential does not say.
    #[serde(rename = "signed_in_seconds_ago")]
    pub signed_in: Option<Seconds>,
    /// How surely they proved then who they are; nothing if the credential does not say.
    pub acr: Option<String>,
}

/// Who holds a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// An account of this service, or a program with a key of one.
    Account,
    /// An OAuth client that acts for an account, with scopes of its own and none of the roles.
    Delegate,
    /// An OAuth client that acts for itself, with a ceiling of scopes instead of roles.
    Client,
    /// Somebody a foreign issuer speaks for.
    Foreign,
}

/// A kind of credential: a scheme and who holds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Carrier {
    /// The scheme or foreign issuer.
    pub scheme: String,
    /// Who holds it.
    pub holder: Holder,
}

/// The kinds of credential that policy knows, sorted. Clients there are only where the policy has
/// `oauth`.
pub fn carriers(policy: &Policy) -> Vec<Carrier> {
    let of = |scheme: &Scheme| {
        let holders: &[Holder] = match &scheme.kind {
            SchemeKind::Jwt(_) if policy.oauth().is_some() => {
                &[Holder::Account, Holder::Delegate, Holder::Client]
            }
            SchemeKind::Jwt(_) | SchemeKind::ApiKey(_) | SchemeKind::Session(_) => {
                &[Holder::Account]
            }
            SchemeKind::Issuer(_) => &[Holder::Foreign],
        };
        let carrier = |holder: &Holder| Carrier { scheme: scheme.name.clone(), holder: *holder };
        holders.iter().map(carrier).collect::<Vec<_>>()
    };
    policy.schemes().iter().flat_map(of).collect()
}

/// Whether such a credential can say when somebody signed in, and how. Nobody signs in to use a key,
/// and no client does for itself.
pub(super) fn tells_sign_in(kind: &SchemeKind, holder: Holder) -> bool {
    !matches!(kind, SchemeKind::ApiKey(_)) && holder != Holder::Client
}

impl Credential {
    /// One that holds and carries nothing and does not say when anybody signed in.
    pub fn new(carrier: &Carrier) -> Self {
        Self {
            scheme: carrier.scheme.clone(),
            holder: carrier.holder,
            roles: Vec::new(),
            scopes: Vec::new(),
            signed_in: None,
            acr: None,
        }
    }

    /// The same with these roles instead.
    #[must_use]
    pub fn roles<N: Into<String>>(mut self, roles: impl IntoIterator<Item = N>) -> Self {
        self.roles = roles.into_iter().map(Into::into).collect();
        self
    }

    /// The same with these scopes instead.
    #[must_use]
    pub fn scopes<N: Into<String>>(mut self, scopes: impl IntoIterator<Item = N>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Which kind it is.
    pub fn carrier(&self) -> Carrier {
        Carrier { scheme: self.scheme.clone(), holder: self.holder }
    }
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.scheme)?;
        match self.holder {
            Holder::Account | Holder::Foreign => Ok(()),
            Holder::Delegate => f.write_str(" of a client for an account"),
            Holder::Client => f.write_str(" of a client for itself"),
        }
    }
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            named("role", &self.roles),
            named("scope", &self.scopes),
            self.signed_in.map(signed_in),
            self.acr.as_ref().map(|acr| format!("acr {acr}")),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        self.carrier().fmt(f)?;
        match parts.split_last() {
            None => Ok(()),
            Some((last, [])) => write!(f, " with {last}"),
            Some((last, first)) => write!(f, " with {} and {last}", first.join(", ")),
        }
    }
}

fn named(what: &str, names: &[String]) -> Option<String> {
    let plural = if names.len() == 1 { "" } else { "s" };
    (!names.is_empty()).then(|| format!("{what}{plural} {}", names.join(" + ")))
}

fn signed_in(ago: Seconds) -> String {
    match ago {
        Seconds(0) => "a sign-in just now".to_owned(),
        ago => format!("a sign-in {ago} ago"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_reads_as_a_sentence() {
        let client = Carrier { scheme: "jwt".to_owned(), holder: Holder::Client };
        assert_eq!(Credential::new(&client).to_string(), "jwt of a client for itself");
        let session = Carrier { scheme: "session".to_owned(), holder: Holder::Account };
        let mut admin = Credential::new(&session).roles(["admin", "author"]);
        admin.signed_in = Some(Seconds(7_200));
        admin.acr = Some("urn:example:strong".to_owned());
        assert_eq!(
            admin.to_string(),
            "session with roles admin + author, a sign-in 2h ago and acr urn:example:strong"
        );
    }
}
