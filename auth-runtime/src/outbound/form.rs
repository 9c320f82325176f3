//! Forms (`application/x-www-form-urlencoded`, RFC 6749 appendix B). In: names and values. Out: the
//! text in which they are sent.

use base64::{Engine, engine::general_purpose::STANDARD};
use zeroize::Zeroizing;

use crate::secret::Secret;

/// A form that is being written. It may hold a secret, so it is wiped.
#[derive(Default)]
pub(crate) struct Form(Zeroizing<String>);

impl Form {
    /// Adds a field.
    pub(crate) fn field(mut self, name: &str, value: &str) -> Self {
        let between = if self.0.is_empty() { "" } else { "&" };
        let written = [between, &encode(name), "=", &encode(value)].concat();
        self.0.push_str(&Zeroizing::new(written));
        self
    }

    /// Adds a field that may be missing.
    #[cfg(feature = "client")]
    pub(crate) fn optional(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    /// The form as it is sent.
    pub(crate) fn into_text(mut self) -> String {
        std::mem::take(&mut *self.0)
    }
}

/// A client's id and secret as the value of `Authorization` (RFC 6749, section 2.3.1): both are
/// encoded as in a form first, so a colon in the id ends nothing.
pub(crate) fn basic(client_id: &str, secret: &Secret) -> Secret {
    // The secret is written into the header that is sent.
    let (id, secret) = (encode(client_id), encode(secret.expose()));
    let pair = Zeroizing::new([id.as_str(), ":", secret.as_str()].concat());
    let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
    Secret::from(["Basic ", encoded.as_str()].concat())
}

/// One name or value, as it is written in a form.
fn encode(text: &str) -> Zeroizing<String> {
    const HEX: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |value: u8| HEX.get(usize::from(value & 15)).copied().unwrap_or('0');
    // Room for all of it, so that growing leaves no copies behind.
    let mut encoded = Zeroizing::new(String::with_capacity(text.len() * 3));
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            b'*' | b'-' | b'.' | b'_' => encoded.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => encoded.push(char::from(byte)),
            _ => encoded.extend(['%', digit(byte >> 4), digit(byte)]),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m06_the_vector_of_appendix_b_is_encoded_as_printed() {
        assert_eq!(*encode(" %&+£€"), "+%25%26%2B%C2%A3%E2%82%AC");
        assert_eq!(*encode("aZ09*-._"), "aZ09*-._");
        assert_eq!(*encode("a:b/~\0\n"), "a%3Ab%2F%7E%00%0A");
    }

    #[test]
    #[cfg(feature = "client")]
    fn fields_stand_in_the_order_they_were_added() {
        let form = Form::default().field("a", "1 2").optional("b", None).optional("c", Some("&"));
        assert_eq!(form.into_text(), "a=1+2&c=%26");
    }
}
