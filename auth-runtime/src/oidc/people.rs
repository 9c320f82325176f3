//! Who a provider's people are here. In: what a provider says of somebody. Out: an account.

use std::fmt;

use auth_policy::settings::ProfileNames;
use serde_json::Value;

use crate::{account::Account, clock::Timestamp, jwt::MAX_NAME_BYTES, store::Answer};

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
    /// The provider's issuer; of one without OpenID Connect, the `identity` that the policy gives it.
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
    /// Takes over what these claims say under these names; what they do not say stays.
    pub(super) fn learn(&mut self, claims: &Value, names: &ProfileNames) {
        let text = |name: &Option<String>| {
            let text = find(claims, name.as_deref()?)?.as_str()?.trim();
            let plain = !text.is_empty() && !text.chars().any(char::is_control);
            (plain && text.len() <= MAX_TEXT_BYTES).then(|| text.to_owned())
        };
        if let Some(email) = text(&names.email) {
            self.email = Some(email);
            let verified = names.email_verified.as_deref().and_then(|name| find(claims, name));
            self.email_verified = verified == Some(&Value::Bool(true));
        }
        for (name, slot) in [
            (&names.name, &mut self.name),
            (&names.given_name, &mut self.given_name),
            (&names.family_name, &mut self.family_name),
            (&names.username, &mut self.preferred_username),
        ] {
            *slot = text(name).or_else(|| slot.take());
        }
    }
}

/// Who it is that such claims speak of, where no ID token says it: a string, or a whole number in
/// its decimal digits, which are the same however large it grows.
///
/// SECURITY: a number with a fraction or an exponent is none of these. Two readers may round it to
/// two people, or one to the same.
///
/// SECURITY: nor is there anybody where a field has the whole name and the dots of the name lead to
/// another: at some providers people choose the names of fields.
pub(super) fn subject(claims: &Value, names: &ProfileNames) -> Option<String> {
    let (whole, inside) = (claims.get(&names.subject), inside(claims, &names.subject));
    if whole.is_some() && inside.is_some() && whole != inside {
        return None;
    }
    let subject = match whole.or(inside)? {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_u64() || number.is_i64() => number.to_string(),
        _ => return None,
    };
    let fits = !subject.is_empty() && subject.len() <= MAX_NAME_BYTES;
    (fits && !subject.chars().any(char::is_control)).then_some(subject)
}

/// The field of that name, or else the one that the names between its dots lead to.
fn find<'c>(claims: &'c Value, path: &str) -> Option<&'c Value> {
    claims.get(path).or_else(|| inside(claims, path))
}

/// The field that the names between dots lead to.
fn inside<'c>(claims: &'c Value, path: &str) -> Option<&'c Value> {
    path.split('.').try_fold(claims, |at, name| at.get(name))
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
        let names = ProfileNames::default();
        let said = json!({ "email": "a@x.example", "email_verified": true, "name": "Ada L" });
        profile.learn(&said, &names);
        profile.learn(&json!({ "given_name": " Ada ", "family_name": "Lovelace" }), &names);
        assert_eq!(profile.email.as_deref(), Some("a@x.example"));
        assert!(profile.email_verified);
        assert_eq!(profile.given_name.as_deref(), Some("Ada"));
        assert_eq!(profile.name.as_deref(), Some("Ada L"));
        profile.learn(&json!({ "email": "b@x.example" }), &names);
        assert!(!profile.email_verified, "another address was not verified");
    }

    #[test]
    fn m05_what_is_no_name_is_left_out() {
        let mut profile = Profile::default();
        for name in [json!("a\nb"), json!(""), json!(7), json!("x".repeat(255)), json!(["a"])] {
            let said = json!({ "name": name, "email_verified": "true", "email": "a@b.c" });
            profile.learn(&said, &ProfileNames::default());
            assert_eq!((&profile.name, profile.email_verified), (&None, false), "{name}");
        }
    }

    fn named(subject: &str) -> ProfileNames {
        let subject = subject.to_owned();
        ProfileNames { subject, email: Some("mail.primary".to_owned()), ..ProfileNames::default() }
    }

    #[test]
    fn m05_dots_lead_into_objects_unless_a_field_has_the_whole_name() {
        let mut profile = Profile::default();
        profile.learn(&json!({ "mail": { "primary": "a@b.c" } }), &named("id"));
        assert_eq!(profile.email.as_deref(), Some("a@b.c"));
        let both = json!({ "mail": { "primary": "a@b.c" }, "mail.primary": "d@e.f" });
        profile.learn(&both, &named("id"));
        assert_eq!(profile.email.as_deref(), Some("d@e.f"));
        for other in [json!({ "mail": "a@b.c" }), json!({ "mail": ["a@b.c"] }), json!([])] {
            let mut profile = Profile::default();
            profile.learn(&other, &named("id"));
            assert_eq!(profile.email, None, "{other}");
        }
    }

    #[test]
    fn oc8_a_subject_is_a_string_or_a_whole_number_and_always_the_same_text() {
        for (said, is) in [
            ("1", Some("1")),
            ("583231", Some("583231")),
            ("18446744073709551615", Some("18446744073709551615")),
            ("9007199254740993", Some("9007199254740993")),
            ("\"MDQ6VXNlcjE=\"", Some("MDQ6VXNlcjE=")),
            ("1.0", None),
            ("1e3", None),
            ("18446744073709551616", None),
            ("true", None),
            ("null", None),
            ("\"\"", None),
            ("\"a\\u0000b\"", None),
            ("[1]", None),
            ("{\"id\":1}", None),
        ] {
            let claims = serde_json::from_str(&format!("{{\"id\":{said}}}")).unwrap();
            assert_eq!(subject(&claims, &named("id")).as_deref(), is, "{said}");
        }
        assert_eq!(subject(&json!({ "id": "x".repeat(256) }), &named("id")), None);
        assert_eq!(subject(&json!({}), &named("id")), None);
        assert_eq!(
            subject(&json!({ "user": { "id": 7 } }), &named("user.id")).as_deref(),
            Some("7")
        );
        let both = json!({ "user": { "id": 7 }, "user.id": 8 });
        assert_eq!(subject(&both, &named("user.id")), None, "one of them may be anybody's choice");
        let same = json!({ "user": { "id": 7 }, "user.id": 7 });
        assert_eq!(subject(&same, &named("user.id")).as_deref(), Some("7"));
    }
}
