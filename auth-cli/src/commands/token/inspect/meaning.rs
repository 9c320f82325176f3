//! What the members of a token mean. In: a name. Out: a sentence of the standard that defines it.

/// What a member of the header means (RFC 7515, 7516, 7797).
const HEADER: [(&str, &str); 13] = [
    ("alg", "the algorithm of the signature"),
    ("typ", "what kind of token it is; `at+jwt` is an access token"),
    ("kid", "which key signed it: a name to look up, nothing more"),
    ("cty", "what kind of payload it has"),
    ("crit", "extensions that a receiver has to understand, or else refuse the token"),
    ("jku", "an address of keys; nothing is fetched from it"),
    ("jwk", "a key that the token itself brings along; never used"),
    ("x5u", "an address of certificates; nothing is fetched from it"),
    ("x5c", "certificates that the token itself brings along; never used"),
    ("x5t", "the SHA-1 hash of a certificate"),
    ("x5t#S256", "the SHA-256 hash of a certificate"),
    ("b64", "whether the payload is base64url"),
    ("zip", "how the payload is compressed"),
];

/// What a claim means (RFC 7519, 9068, 8693, 7800, OpenID Connect).
const CLAIMS: [(&str, &str); 30] = [
    ("iss", "who issued it"),
    ("sub", "whom it is about; unique within the issuer alone"),
    ("aud", "for which services it is"),
    ("exp", "when it expires: it is refused from then on"),
    ("nbf", "before when it is not valid"),
    ("iat", "when it was issued"),
    ("jti", "its own name, by which it can be revoked"),
    ("client_id", "the client it was issued to"),
    ("azp", "the client it was issued to, of an ID token"),
    ("scope", "what it may be used for: names with spaces between"),
    ("scp", "what it may be used for, as some issuers call it"),
    ("roles", "what its subject is"),
    ("groups", "which groups its subject is in"),
    ("sid", "the sign-in it belongs to, whose end is its end"),
    ("auth_time", "when its subject signed in"),
    ("acr", "how surely its subject signed in"),
    ("amr", "by which means its subject signed in"),
    ("nonce", "which sign-in of a browser it answers, of an ID token"),
    ("at_hash", "which access token came with it, of an ID token"),
    ("c_hash", "which code it was exchanged for, of an ID token"),
    ("cnf", "the key its bearer has to prove"),
    ("act", "who acts for its subject"),
    ("may_act", "who may act for its subject"),
    ("events", "what happened, of a logout or security event token"),
    ("name", "a person's name"),
    ("given_name", "a person's given name"),
    ("family_name", "a person's family name"),
    ("email", "a person's address"),
    ("email_verified", "whether the issuer has seen that the address is theirs"),
    ("phone_number", "a person's telephone number"),
];

/// The claims that are moments.
const MOMENTS: [&str; 4] = ["exp", "nbf", "iat", "auth_time"];

pub(super) fn of_header(name: &str) -> &'static str {
    find(&HEADER, name).unwrap_or("not known here; ignored")
}

pub(super) fn of_claim(name: &str) -> &'static str {
    find(&CLAIMS, name).unwrap_or("the application's own")
}

pub(super) fn is_moment(name: &str) -> bool {
    MOMENTS.contains(&name)
}

fn find(table: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == name).map(|(_, meaning)| *meaning)
}
