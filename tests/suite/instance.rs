//! What is never the same twice in two refusals that look the same: the `instance` of a problem.

/// A body without its `instance`, and that.
pub(crate) fn split(body: &[u8]) -> (Vec<u8>, Option<String>) {
    const BEGINNING: &[u8] = br#","instance":""#;
    let Some(from) = body.windows(BEGINNING.len()).position(|part| part == BEGINNING) else {
        return (body.to_vec(), None);
    };
    let (before, rest) = (&body[..from], &body[from + BEGINNING.len()..]);
    let length = rest.iter().position(|byte| *byte == b'"').unwrap();
    let instance = String::from_utf8(rest[..length].to_vec()).unwrap();
    let id = instance.strip_prefix("urn:auth-engine:denial:").unwrap();
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    assert!(id.len() == 22 && id.bytes().all(is_base64url), "{instance}");
    ([before, &rest[length + 1..]].concat(), Some(instance))
}

/// A body without its `instance`.
pub(crate) fn without(body: &[u8]) -> Vec<u8> {
    split(body).0
}
