//! The claims of a token (RFC 7519, RFC 9068). In: their JSON, and what names are worth. Out: the
//! few values that are asked for, borrowed, with scopes and roles already turned into bits.

use std::{borrow::Cow, cell::Cell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{
    json::{Duplicate, Keep, Skip, Text},
    rights::Rights,
    token_error::TokenError,
};
use crate::{bits::Bits, roles::Roles};

/// The claims that mean something to every token.
pub(super) const REGISTERED: [&str; 10] =
    ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "auth_time", "acr"];

/// What claims say. Nothing here is to be believed before the signature was verified.
#[derive(Debug, Default)]
pub(super) struct Claims<'a> {
    pub(super) issuer: Option<Cow<'a, str>>,
    pub(super) subject: Option<Cow<'a, str>>,
    /// Whether `aud` names this service.
    pub(super) audience: Option<bool>,
    pub(super) expires_at: Option<i64>,
    pub(super) not_before: Option<i64>,
    pub(super) issued_at: Option<i64>,
    pub(super) token_id: Option<Cow<'a, str>>,
    pub(super) client_id: Option<Cow<'a, str>>,
    pub(super) authenticated_at: Option<i64>,
    pub(super) acr: Option<Cow<'a, str>>,
    pub(super) scopes: Option<Bits>,
    pub(super) roles: Option<Roles>,
    /// Everything else.
    pub(super) extra: Map<String, Value>,
}

impl<'a> Claims<'a> {
    /// Reads claims for a service of that name.
    pub(super) fn read(json: &'a str, audience: &str, rights: &Rights) -> Result<Self, TokenError> {
        let faults = Faults::default();
        let mut claims = Self::default();
        let mut deserializer = serde_json::Deserializer::from_str(json);
        deserializer
            .deserialize_map(Reader { claims: &mut claims, audience, rights, faults: &faults })
            .and_then(|()| deserializer.end())
            .map_err(|_| faults.cause())?;
        claims.find_nested(rights)?;
        Ok(claims)
    }

    /// Looks for scopes and roles inside of other claims, such as Keycloak's
    /// `realm_access.roles`. A claim whose whole name that is was found before and wins.
    fn find_nested(&mut self, rights: &Rights) -> Result<(), TokenError> {
        if self.scopes.is_none()
            && let Some(value) = nested(&self.extra, rights.scope_claim())
        {
            let scopes = rights.scopes().deserialize(value);
            self.scopes = Some(scopes.map_err(|_| TokenError::ClaimMalformed("scope"))?);
        }
        if self.roles.is_none()
            && let Some(value) = nested(&self.extra, rights.role_claim())
        {
            let roles = rights.roles().deserialize(value);
            self.roles = Some(roles.map_err(|_| TokenError::ClaimMalformed("roles"))?);
        }
        Ok(())
    }
}

/// The `iss` of claims: to choose among issuers, never to trust one. Nothing behind it is read.
pub(super) fn peek_issuer(json: &str) -> Result<Cow<'_, str>, TokenError> {
    let issuer = Cell::new(None);
    let end = serde_json::Deserializer::from_str(json).deserialize_map(IssuerReader(&issuer));
    match (issuer.into_inner(), end) {
        (Some(issuer), _) => Ok(issuer),
        (None, Ok(())) => Err(TokenError::ClaimMissing("iss")),
        (None, Err(_)) => Err(TokenError::ClaimsMalformed),
    }
}

/// The value that a path with dots leads to, through objects alone.
fn nested<'v>(extra: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    let (first, rest) = path.split_once('.')?;
    rest.split('.').try_fold(extra.get(first)?, |value, name| value.as_object()?.get(name))
}

/// What went wrong, since serde errors carry nothing but text.
#[derive(Default)]
struct Faults {
    duplicate: Duplicate,
    /// The claim that is being read.
    claim: Cell<Option<&'static str>>,
}

impl Faults {
    fn cause(&self) -> TokenError {
        match self.claim.get() {
            _ if self.duplicate.was_found() => TokenError::ClaimsDuplicate,
            Some(claim) => TokenError::ClaimMalformed(claim),
            None => TokenError::ClaimsMalformed,
        }
    }

    /// Reads the value of a claim into its slot.
    fn take<'de, A, S>(
        &self,
        map: &mut A,
        claim: &'static str,
        slot: &mut Option<S::Value>,
        seed: S,
    ) -> Result<(), A::Error>
    where
        A: MapAccess<'de>,
        S: DeserializeSeed<'de>,
    {
        self.claim.set(Some(claim));
        if slot.replace(map.next_value_seed(seed)?).is_some() {
            return Err(self.duplicate.found());
        }
        self.claim.set(None);
        Ok(())
    }

    /// Reads the value of a claim that means nothing here.
    fn take_other<'de, A: MapAccess<'de>>(
        &self,
        map: &mut A,
        extra: &mut Map<String, Value>,
        name: Cow<'de, str>,
    ) -> Result<(), A::Error> {
        let value = map.next_value_seed(Keep(&self.duplicate))?;
        match extra.insert(name.into_owned(), value) {
            Some(_) => Err(self.duplicate.found()),
            None => Ok(()),
        }
    }
}

/// Reads into claims that stand where they will be used, as they are long to move.
struct Reader<'r, 'de> {
    claims: &'r mut Claims<'de>,
    audience: &'r str,
    rights: &'r Rights,
    faults: &'r Faults,
}

impl<'de> Visitor<'de> for Reader<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JWT claims set")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { claims, audience, rights, faults } = self;
        let (scope, roles) = (rights.scope_claim(), rights.role_claim());
        while let Some(name) = map.next_key_seed(Text)? {
            match name.as_ref() {
                "iss" => faults.take(&mut map, "iss", &mut claims.issuer, Text),
                "sub" => faults.take(&mut map, "sub", &mut claims.subject, Text),
                "aud" => faults.take(&mut map, "aud", &mut claims.audience, Audience(audience)),
                "exp" => faults.take(&mut map, "exp", &mut claims.expires_at, NumericDate),
                "nbf" => faults.take(&mut map, "nbf", &mut claims.not_before, NumericDate),
                "iat" => faults.take(&mut map, "iat", &mut claims.issued_at, NumericDate),
                "jti" => faults.take(&mut map, "jti", &mut claims.token_id, Text),
                "client_id" => faults.take(&mut map, "client_id", &mut claims.client_id, Text),
                "auth_time" => {
                    faults.take(&mut map, "auth_time", &mut claims.authenticated_at, NumericDate)
                }
                "acr" => faults.take(&mut map, "acr", &mut claims.acr, Text),
                name if name == scope => {
                    faults.take(&mut map, "scope", &mut claims.scopes, rights.scopes())
                }
                name if name == roles => {
                    faults.take(&mut map, "roles", &mut claims.roles, rights.roles())
                }
                _ => faults.take_other(&mut map, &mut claims.extra, name),
            }?;
        }
        Ok(())
    }
}

/// Finds the first `iss`: should there be a second, the real reader refuses the token. Stopping
/// there is an error to serde_json, so what was found is left in the cell.
struct IssuerReader<'c, 'de>(&'c Cell<Option<Cow<'de, str>>>);

impl<'de> Visitor<'de> for IssuerReader<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JWT claims set")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let unused = Duplicate::default();
        while let Some(name) = map.next_key_seed(Text)? {
            if name == "iss" {
                self.0.set(Some(map.next_value_seed(Text)?));
                return Ok(());
            }
            map.next_value_seed(Skip(&unused))?;
        }
        Ok(())
    }
}

/// Seconds since 1970, whole or with a fraction that is cut off, as our clock has none (J09).
#[derive(Clone, Copy)]
struct NumericDate;

impl<'de> DeserializeSeed<'de> for NumericDate {
    type Value = i64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<i64, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for NumericDate {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of seconds since 1970")
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<i64, E> {
        i64::try_from(seconds).map_err(|_| E::custom("beyond the end of time"))
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<i64, E> {
        if seconds < 0 { Err(E::custom("before 1970")) } else { Ok(seconds) }
    }

    fn visit_f64<E: Error>(self, seconds: f64) -> Result<i64, E> {
        // 2^63 itself is out of range; every float below it converts without loss of seconds.
        const END: f64 = 9_223_372_036_854_775_808.0;
        if (0.0..END).contains(&seconds) {
            Ok(seconds as i64)
        } else {
            Err(E::custom("out of range"))
        }
    }
}

/// Whether this name is the audience, or one of them (J11).
#[derive(Clone, Copy)]
struct Audience<'r>(&'r str);

impl<'de> DeserializeSeed<'de> for Audience<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Audience<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an array of strings")
    }

    fn visit_str<E>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some(name) = names.next_element_seed(Text)? {
            found |= name == self.0;
        }
        Ok(found)
    }
}
