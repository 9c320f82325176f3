//! The header of a token (RFC 7515). In: its JSON. Out: algorithm, key name and type: all that it
//! is asked for.
//!
//! `jku`, `jwk`, `x5u` and `x5c` are read past like any name that means nothing here: keys come
//! from the policy, never from a token (J06). What would change how the rest is to be read is
//! refused: `crit`, and `b64`, `zip` and `enc`.

use std::{borrow::Cow, collections::HashSet, fmt};

use auth_policy::settings::Algorithm;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::{
    json::{Duplicate, Skip, Text},
    token_error::TokenError,
};

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<Cow<'a, str>>,
    pub(super) kind: Kind,
}

/// What `typ` says a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `at+jwt`: an access token (RFC 9068).
    AccessToken,
    /// `JWT`, or nothing: anything.
    Unspecified,
    /// Something that is not an access token: a logout token, a proof of possession ..
    Other,
}

impl Kind {
    /// Media types compare without regard to case, and may leave `application/` away.
    fn of(typ: Option<&str>) -> Self {
        match typ {
            None => Self::Unspecified,
            Some(typ) if typ.eq_ignore_ascii_case("JWT") => Self::Unspecified,
            Some(typ) if typ.eq_ignore_ascii_case("at+jwt") => Self::AccessToken,
            Some(typ) if typ.eq_ignore_ascii_case("application/at+jwt") => Self::AccessToken,
            Some(_) => Self::Other,
        }
    }
}

impl<'a> Header<'a> {
    /// Reads a header.
    pub(super) fn read(json: &'a str) -> Result<Self, TokenError> {
        let duplicate = Duplicate::default();
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let members = deserializer
            .deserialize_map(Reader(&duplicate))
            .and_then(|members| deserializer.end().map(|()| members));
        match members {
            Ok(members) => members.judge(),
            Err(_) if duplicate.was_found() => Err(TokenError::HeaderDuplicate),
            Err(_) => Err(TokenError::HeaderMalformed),
        }
    }
}

/// The members that count, as they stand.
#[derive(Default)]
struct Members<'a> {
    alg: Option<Cow<'a, str>>,
    kid: Option<Cow<'a, str>>,
    typ: Option<Cow<'a, str>>,
    critical: bool,
    transformed: bool,
}

impl<'a> Members<'a> {
    fn judge(self) -> Result<Header<'a>, TokenError> {
        // SECURITY: `none` is not an algorithm here, so it ends like any unknown word (J01).
        let algorithm = self.alg.as_deref().and_then(Algorithm::from_name);
        let algorithm = algorithm.ok_or(TokenError::AlgorithmUnknown)?;
        if self.critical {
            return Err(TokenError::CriticalHeader);
        }
        if self.transformed {
            return Err(TokenError::PayloadTransformed);
        }
        Ok(Header { algorithm, kid: self.kid, kind: Kind::of(self.typ.as_deref()) })
    }
}

struct Reader<'f>(&'f Duplicate);

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JOSE header")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Members::default();
        let mut others = HashSet::new();
        while let Some(name) = map.next_key_seed(Text)? {
            let slot = match name.as_ref() {
                "alg" => &mut members.alg,
                "kid" => &mut members.kid,
                "typ" => &mut members.typ,
                other => {
                    members.critical |= other == "crit";
                    members.transformed |= matches!(other, "b64" | "zip" | "enc");
                    map.next_value_seed(Skip(self.0))?;
                    if !others.insert(name) {
                        return Err(self.0.found());
                    }
                    continue;
                }
            };
            if slot.replace(map.next_value_seed(Text)?).is_some() {
                return Err(self.0.found());
            }
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_reads_what_we_write() {
        let header = Header::read(r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k\u0031"}"#).unwrap();
        assert_eq!(header.algorithm, Algorithm::EdDSA);
        assert_eq!(header.kid.as_deref(), Some("k1"));
        assert_eq!(header.kind, Kind::AccessToken);
    }

    #[test]
    fn j01_none_in_any_spelling_is_no_algorithm() {
        for alg in ["none", "None", "NONE", "noNE", "", "hs256", "HS256 ", "HS512", "ES256K"] {
            let header = format!(r#"{{"alg":"{alg}"}}"#);
            assert_eq!(Header::read(&header), Err(TokenError::AlgorithmUnknown), "{alg}");
        }
        assert_eq!(Header::read("{}"), Err(TokenError::AlgorithmUnknown));
        for alg in ["null", "1", "[\"HS256\"]", "{}"] {
            let header = format!(r#"{{"alg":{alg}}}"#);
            assert_eq!(Header::read(&header), Err(TokenError::HeaderMalformed), "{alg}");
        }
    }

    #[test]
    fn j06_crit_and_what_changes_the_payload_are_refused() {
        let read = |member: &str| Header::read(&format!(r#"{{"alg":"HS256",{member}}}"#)).err();
        assert_eq!(read(r#""crit":["exp"]"#), Some(TokenError::CriticalHeader));
        assert_eq!(read(r#""crit":null"#), Some(TokenError::CriticalHeader));
        assert_eq!(read(r#""b64":false"#), Some(TokenError::PayloadTransformed));
        assert_eq!(read(r#""zip":"DEF""#), Some(TokenError::PayloadTransformed));
        assert_eq!(read(r#""enc":"A256GCM""#), Some(TokenError::PayloadTransformed));
        assert_eq!(read(r#""jku":"https://evil.example","x5c":["MII"],"jwk":{"k":"x"}"#), None);
    }

    #[test]
    fn j12_type_compares_as_a_media_type() {
        for (typ, kind) in [
            ("at+jwt", Kind::AccessToken),
            ("AT+JWT", Kind::AccessToken),
            ("application/at+jwt", Kind::AccessToken),
            ("jwt", Kind::Unspecified),
            ("logout+jwt", Kind::Other),
            ("at+jwt2", Kind::Other),
            ("at+jwt;x=y", Kind::Other),
            ("", Kind::Other),
        ] {
            let header = format!(r#"{{"alg":"HS256","typ":"{typ}"}}"#);
            assert_eq!(Header::read(&header).unwrap().kind, kind, "{typ}");
        }
    }

    #[test]
    fn j13_duplicates_are_refused() {
        for header in [
            r#"{"alg":"HS256","alg":"HS256"}"#,
            r#"{"alg":"HS256","\u0061lg":"none"}"#,
            r#"{"alg":"HS256","x":1,"x":1}"#,
            r#"{"alg":"HS256","jwk":{"a":1,"a":2}}"#,
        ] {
            assert_eq!(Header::read(header), Err(TokenError::HeaderDuplicate), "{header}");
        }
        assert_eq!(Header::read(r#"{"alg":"HS256"} {}"#), Err(TokenError::HeaderMalformed));
    }

    proptest! {
        #[test]
        fn e5_random_text_never_panics(text in "\\PC*") {
            let _ = Header::read(&text);
        }
    }
}
