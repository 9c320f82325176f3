//! Who a provider's people are here. In: what a provider says of somebody. Out: an account.

use std::fmt;

use serde_json::Value;

use crate::{account::Account, clock::Timestamp, store::Answer};

/// The longest name or address that is kept, in bytes.
const MAX_TEXT_BYTES: usize = 254;

/// What a provider says of somebody (OpenID Connect Core, section 5.1).
///
/// # Security
///
/// Only `issuer` and `subject` say who it is. The rest is what the provider has been told, and
/// changes: an account is never looked for by it, and least of all by `email`. Texts of more than
/// 254 bytes, and with control characters, are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// The provider, by its name here.
    pub provider: String,
    /// The provider's issuer.
    pub issuer: String,
    /// Who it is there: never another person's.
    pub subject: String,
    /// The e-mail address.
    pub email: Option<String>,
    /// Whether the provider has seen that the address is theirs.
    pub email_verified: bool,
    /// The whole name, as it is shown.
    pub name: Option<String>,
    /// The given name.
    pub given_name: Option<String>,
    /// The family name.
    pub family_name: Option<String>,
    /// What they would like to be called. Others may have the same.
    pub preferred_username: Option<String>,
}

impl Profile {
    /// Takes over what these claims say; what they do not say stays.
    pub(super) fn learn(&mut self, claims: &Value) {
        let text = |name: &str| {
            let text = claims.get(name)?.as_str()?.trim();
            let plain = !text.is_empty() && !text.chars().any(char::is_control);
            (plain && text.len() <= MAX_TEXT_BYTES).then(|| text.to_owned())
        };
        if let Some(email) = text("email") {
            self.email = Some(email);
            self.email_verified = claims.get("email_verified") == Some(&Value::Bool(true));
        }
        for (name, slot) in [
            ("name", &mut self.name),
            ("given_name", &mut self.given_name),
            ("family_name", &mut self.family_name),
            ("preferred_username", &mut self.preferred_username),
        ] {
            *slot = text(name).or_else(|| slot.take());
        }
    }
}

/// What comes of a stranger whom a provider vouches for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Creating {
    /// They have this account from now on.
    Created(Account),
    /// They get none: the sign-in ends with `no_account`.
    Refused,
}

/// Makes accounts for people whom a provider vouches for, and keeps what is known of them.
pub trait People: fmt::Debug + Send + Sync + 'static {
    /// Makes an account for somebody who has never signed in with this provider.
    ///
    /// # Security
    ///
    /// It must be a new one. An account that has the same e-mail address or name belongs to
    /// somebody else, for all that is known here: whoever controls an address at a provider would
    /// otherwise take that account over.
    fn create<'a>(&'a self, profile: &'a Profile, now: Timestamp) -> Answer<'a, Creating>;

    /// Brings what is known of somebody up to date, at each later sign-in. The default does nothing.
    fn update<'a>(
        &'a self,
        _account: &'a Account,
        _profile: &'a Profile,
        _now: Timestamp,
    ) -> Answer<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn m05_a_profile_takes_over_what_is_said_and_keeps_the_rest() {
        let mut profile = Profile::default();
        profile.learn(&json!({ "email": "a@x.example", "email_verified": true, "name": "Ada L" }));
        profile.learn(&json!({ "given_name": " Ada ", "family_name": "Lovelace" }));
        assert_eq!(profile.email.as_deref(), Some("a@x.example"));
        assert!(profile.email_verified);
        assert_eq!(profile.given_name.as_deref(), Some("Ada"));
        assert_eq!(profile.name.as_deref(), Some("Ada L"));
        profile.learn(&json!({ "email": "b@x.example" }));
        assert!(!profile.email_verified, "another address was not verified");
    }

    #[test]
    fn m05_what_is_no_name_is_left_out() {
        let mut profile = Profile::default();
        for name in [json!("a\nb"), json!(""), json!(7), json!("x".repeat(255)), json!(["a"])] {
            profile.learn(&json!({ "name": name, "email_verified": "true", "email": "a@b.c" }));
            assert_eq!((&profile.name, profile.email_verified), (&None, false), "{name}");
        }
    }
}
