//! Keys people try that do not exist. In: a key and where it stands. Out: a help better than a guess.

/// Keys that do not exist and will not, with the reason.
const HINTS: &[(&str, &str, &str)] = &[
    (
        "",
        "secrets",
        "a policy holds no secrets: write `${NAME}` or `file:PATH` where one is needed",
    ),
    ("schemes.session", "secure", COOKIE),
    ("schemes.session", "http_only", COOKIE),
    ("schemes.session", "httponly", COOKIE),
    ("schemes.session", "path", COOKIE),
    (
        "schemes.session",
        "domain",
        "a `__Host-` cookie has no Domain: it belongs to this host alone. Remove the key",
    ),
    ("schemes.jwt.cookies", "secure", TOKEN_COOKIE),
    ("schemes.jwt.cookies", "http_only", TOKEN_COOKIE),
    ("schemes.jwt.cookies", "httponly", TOKEN_COOKIE),
    ("schemes.jwt.cookies", "path", TOKEN_COOKIE),
    ("schemes.jwt.cookies", "domain", TOKEN_COOKIE),
    ("schemes.jwt.cookies", "max_age", "a cookie lives as long as its token: remove the key"),
    ("schemes.session", "max_age", "write `idle` and `lifetime`: the server enforces both"),
    ("providers.*", "flow", CODE_FLOW),
    ("providers.*", "response_type", CODE_FLOW),
    ("providers.*", "grant_type", CODE_FLOW),
    ("providers.*", "pkce", CODE_FLOW),
    ("oauth", "pkce", PKCE),
    ("oauth", "require_pkce", PKCE),
    ("oauth", "code_challenge_methods", PKCE),
    ("oauth", "response_types", RESPONSE),
    ("oauth", "response_modes", RESPONSE),
    ("oauth", "issuer", "the issuer is that of `schemes.jwt`: remove the key"),
    (
        "oauth",
        "access_ttl",
        "an access token lives as `schemes.jwt.access_ttl` says: remove the key",
    ),
    (
        "oauth",
        "refresh_ttl",
        "a refresh token lives as `schemes.jwt.refresh_ttl` says: remove the key",
    ),
    ("oauth", "clients", CLIENTS),
    ("oauth", "redirect_uris", CLIENTS),
    ("headers", "x_frame_options", FRAMING),
    ("headers", "frame_options", FRAMING),
    ("headers", "frame_ancestors", FRAMING),
    ("headers", "x_content_type_options", "`nosniff` is always sent: remove the key"),
    ("headers", "x_xss_protection", "`X-XSS-Protection: 0` is always sent: remove the key"),
    ("cors", "allow_any_origin", "name the origins: `origins: [https://app.example]`"),
    ("passwords", "max_age", NO_EXPIRY),
    ("passwords", "expiry", NO_EXPIRY),
    ("passwords", "expires", NO_EXPIRY),
    ("passwords", "hint", NO_EXPIRY),
];

const COOKIE: &str = "session cookies are always Secure and HttpOnly with Path=/: remove the key";
const TOKEN_COOKIE: &str = "cookies of tokens are always Secure and HttpOnly, without Domain, and \
     only `refresh_path` can be chosen: remove the key";
const FRAMING: &str = "`frame-ancestors` in `content_security_policy` says who may frame pages, and \
     `X-Frame-Options` follows it: remove the key";
const CODE_FLOW: &str =
    "sign-in is always the authorization code flow with PKCE S256: remove the key";
const PKCE: &str = "PKCE with S256 is always asked for, of every client: remove the key";
const RESPONSE: &str =
    "the answer is always a code, in the query of the redirect URI: remove the key";
const CLIENTS: &str = "clients are registered at run time, with `oauth::Clients`: remove the key";
const NO_EXPIRY: &str =
    "passwords neither expire nor have hints, as NIST SP 800-63B asks: remove the key";

/// What to tell somebody who tried a key that does not exist.
pub(crate) fn hint(path: &str, key: &str) -> Option<&'static str> {
    let key = key.to_ascii_lowercase();
    HINTS.iter().find(|(at, name, _)| *at == path && *name == key).map(|(.., help)| *help)
}
