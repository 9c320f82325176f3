//! The claims of a token (RFC 7519, RFC 9068). In: their JSON, and what names are worth. Out: the
//! few values that are asked for, borrowed, with scopes and roles already turned into bits.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};
use serde_json::{Map, Value};

use super::{
    json::{Duplicate, Keep, Skip},
    members::{Malformed, Members},
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
    /// The sign-in that a token of our own belongs to.
    pub(super) family: Option<Cow<'a, str>>,
    /// Everything else.
    pub(super) extra: Map<String, Value>,
}

impl<'a> Claims<'a> {
    /// Reads claims for a service of that name.
    pub(super) fn read(json: &'a str, audience: &str, rights: &Rights) -> Result<Self, TokenError> {
        let mut members = Members::of(json).map_err(malformed)?;
        let mut claims = Self::default();
        while let Some(name) = members.next_name().map_err(malformed)? {
            claims.take(name, &mut members, audience, rights)?;
        }
        claims.find_nested(rights)?;
        Ok(claims)
    }

    /// Takes the claim of that name.
    fn take(
        &mut self,
        name: Cow<'a, str>,
        from: &mut Members<'a>,
        audience: &str,
        rights: &Rights,
    ) -> Result<(), TokenError> {
        match name.as_ref() {
            "iss" => put("iss", &mut self.issuer, from.text()),
            "sub" => put("sub", &mut self.subject, from.text()),
            "aud" => put("aud", &mut self.audience, is_audience(from, audience)),
            "exp" => put("exp", &mut self.expires_at, seconds(from)),
            "nbf" => put("nbf", &mut self.not_before, seconds(from)),
            "iat" => put("iat", &mut self.issued_at, seconds(from)),
            "jti" => put("jti", &mut self.token_id, from.text()),
            "client_id" => put("client_id", &mut self.client_id, from.text()),
            "auth_time" => put("auth_time", &mut self.authenticated_at, seconds(from)),
            "acr" => put("acr", &mut self.acr, from.text()),
            name if name == rights.scope_claim() => {
                put("scope", &mut self.scopes, rights.read_scopes(from))
            }
            name if name == rights.role_claim() => {
                put("roles", &mut self.roles, rights.read_roles(from))
            }
            name if Some(name) == rights.family_claim() => {
                put("sid", &mut self.family, from.text())
            }
            _ => self.take_other(name, from),
        }
    }

    /// Takes a claim that means nothing here.
    fn take_other(&mut self, name: Cow<'a, str>, from: &mut Members<'a>) -> Result<(), TokenError> {
        let duplicate = Duplicate::default();
        let value = from.read(Keep(&duplicate)).map_err(|_| match duplicate.was_found() {
            true => TokenError::ClaimsDuplicate,
            false => TokenError::ClaimsMalformed,
        })?;
        match self.extra.insert(name.into_owned(), value) {
            Some(_) => Err(TokenError::ClaimsDuplicate),
            None => Ok(()),
        }
    }

    /// Looks for scopes and roles inside of other claims, such as Keycloak's
    /// `realm_access.roles`. A claim whose whole name that is was found before and wins.
    fn find_nested(&mut self, rights: &Rights) -> Result<(), TokenError> {
        if self.scopes.is_none()
            && let Some(value) = nested(&self.extra, rights.scope_claim())
        {
            let scopes = rights.scopes_of(value);
            self.scopes = Some(scopes.map_err(|_| TokenError::ClaimMalformed("scope"))?);
        }
        if self.roles.is_none()
            && let Some(value) = nested(&self.extra, rights.role_claim())
        {
            let roles = rights.roles_of(value);
            self.roles = Some(roles.map_err(|_| TokenError::ClaimMalformed("roles"))?);
        }
        Ok(())
    }
}

/// The first `iss` of claims: to choose among issuers, never to trust one. Should there be a second,
/// the real reader refuses the token. Nothing behind it is read.
pub(super) fn peek_issuer(json: &str) -> Result<Cow<'_, str>, TokenError> {
    let mut members = Members::of(json).map_err(malformed)?;
    while let Some(name) = members.next_name().map_err(malformed)? {
        if name == "iss" {
            return members.text().map_err(malformed);
        }
        members.read(Skip(&Duplicate::default())).map_err(malformed)?;
    }
    Err(TokenError::ClaimMissing("iss"))
}

fn malformed(_: Malformed) -> TokenError {
    TokenError::ClaimsMalformed
}

/// Puts what a claim says into its place, once.
fn put<T>(
    claim: &'static str,
    place: &mut Option<T>,
    said: Result<T, Malformed>,
) -> Result<(), TokenError> {
    let said = said.map_err(|_| TokenError::ClaimMalformed(claim))?;
    match place.replace(said) {
        Some(_) => Err(TokenError::ClaimsDuplicate),
        None => Ok(()),
    }
}

/// Whether this name is the audience, or one of them (J11).
fn is_audience(from: &mut Members<'_>, this: &str) -> Result<bool, Malformed> {
    if !from.is_array() {
        return from.text().map(|name| name == this);
    }
    let mut found = false;
    from.texts(|name| found |= name == this)?;
    Ok(found)
}

fn seconds(from: &mut Members<'_>) -> Result<i64, Malformed> {
    from.digits().map_or_else(|| from.read(NumericDate), Ok)
}

/// The value that a path with dots leads to, through objects alone.
fn nested<'v>(extra: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    let (first, rest) = path.split_once('.')?;
    rest.split('.').try_fold(extra.get(first)?, |value, name| value.as_object()?.get(name))
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

/// The same, for what is read by derived code; a claim that is there and no number is an error.
pub(crate) fn numeric_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    NumericDate.deserialize(deserializer)
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
