//! Discovery documents (OpenID Connect Discovery 1.0, RFC 8414). In: an issuer, and what it
//! published. Out: where its keys are, if the document is that issuer's.

use serde::Deserialize;

use super::FetchError;
use crate::jwt;

/// Where an issuer publishes its metadata: as OpenID Connect has it, and as RFC 8414 does.
pub(crate) fn locations(issuer: &str) -> [String; 2] {
    const OPENID: &str = "/.well-known/openid-configuration";
    const OAUTH: &str = "/.well-known/oauth-authorization-server";
    let issuer = issuer.strip_suffix('/').unwrap_or(issuer);
    let authority = issuer.find("://").map_or(0, |scheme| scheme + 3);
    let path = issuer.get(authority..).and_then(|rest| rest.find('/'));
    let (origin, path) = issuer.split_at(path.map_or(issuer.len(), |path| authority + path));
    [format!("{issuer}{OPENID}"), format!("{origin}{OAUTH}{path}")]
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

/// Where the keys are.
///
/// # Errors
///
/// When the document is malformed or of another issuer: it must say the same, byte for byte.
pub(super) fn keys_location(document: &str, issuer: &str) -> Result<String, FetchError> {
    let read = jwt::read_object::<Metadata>(document);
    let metadata = read.ok_or(FetchError::MetadataMalformed)?;
    if metadata.issuer != issuer {
        return Err(FetchError::IssuerMismatch);
    }
    Ok(metadata.jwks_uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_where_the_standards_put_it() {
        let of = |issuer| locations(issuer).join(" ");
        assert_eq!(
            of("https://id.example"),
            "https://id.example/.well-known/openid-configuration \
             https://id.example/.well-known/oauth-authorization-server"
        );
        assert_eq!(
            of("https://id.example/"),
            of("https://id.example"),
            "a trailing slash of the issuer is not doubled"
        );
        assert_eq!(
            of("https://id.example:8443/realms/a"),
            "https://id.example:8443/realms/a/.well-known/openid-configuration \
             https://id.example:8443/.well-known/oauth-authorization-server/realms/a"
        );
    }

    #[test]
    fn oc6_the_issuer_must_be_the_same_byte_for_byte() {
        let judge = |said: &str| {
            let document = format!(r#"{{"issuer":"{said}","jwks_uri":"https://k.example/"}}"#);
            keys_location(&document, "https://id.example/a")
        };
        assert_eq!(judge("https://id.example/a").as_deref(), Ok("https://k.example/"));
        assert_eq!(judge(r"https://id.example\u002fa").as_deref(), Ok("https://k.example/"));
        for other in [
            "https://id.example/a/",
            "https://ID.example/a",
            "https://id.example:443/a",
            "https://id.example/A",
            "http://id.example/a",
            "",
        ] {
            assert_eq!(judge(other), Err(FetchError::IssuerMismatch), "{other}");
        }
    }

    #[test]
    fn what_is_no_metadata_is_refused() {
        for document in [
            "",
            "[]",
            "{}",
            r#"{"issuer":"https://id.example"}"#,
            r#"{"issuer":"https://id.example","jwks_uri":null}"#,
            r#"{"issuer":"https://id.example","jwks_uri":["https://k.example"]}"#,
            r#"{"issuer":"x","issuer":"https://id.example","jwks_uri":"https://k.example"}"#,
            r#"{"issuer":"https://id.example","jwks_uri":"https://k.example"} {}"#,
        ] {
            let judged = keys_location(document, "https://id.example");
            assert_eq!(judged, Err(FetchError::MetadataMalformed), "{document}");
        }
    }
}
