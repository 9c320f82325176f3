//! Is this HMAC secret one? In: its bytes. Out: nothing, or what is wrong with it.
//!
//! Entropy cannot be measured in one sample; this finds what people paste: short ones, the ones
//! in tutorials, patterns, and public keys (the confusion behind many forged tokens).

use aws_lc_rs::rsa;

use super::{der::Reader, key_error::KeyFault};

/// HS256 needs a key at least as long as its hash (RFC 7518, section 3.2).
const MIN_BYTES: usize = 32;
/// 32 random bytes have about 30 different values; fewer than this is no accident.
const MIN_DIFFERENT: usize = 10;
/// Words of six letters and more: random text holds one of them less than once in a million keys.
const WORDS: [&str; 12] = [
    "secret",
    "changeme",
    "change-me",
    "change_me",
    "change this",
    "password",
    "placeholder",
    "example",
    "your-256-bit",
    "your_jwt",
    "insecure",
    "abcdefgh",
];

pub(super) fn judge(secret: &[u8]) -> Result<(), KeyFault> {
    if is_placeholder(secret) {
        return Err(KeyFault::Placeholder);
    }
    if is_public_key(secret) {
        return Err(KeyFault::PublicAsSecret);
    }
    if secret.len() < MIN_BYTES {
        return Err(KeyFault::ShortSecret { bits: secret.len() * 8 });
    }
    Ok(())
}

fn is_placeholder(secret: &[u8]) -> bool {
    has_word(secret) || secret.len() >= MIN_BYTES && (is_sequence(secret) || is_monotonous(secret))
}

/// A text with a word in it that stands for "put yours here".
fn has_word(secret: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(secret) else { return false };
    let text = text.to_ascii_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

/// Bytes that go up or down by the same step: 0, 1, 2, 3 ..
fn is_sequence(secret: &[u8]) -> bool {
    let mut steps = secret.iter().zip(secret.iter().skip(1)).map(|(a, b)| b.wrapping_sub(*a));
    let first = steps.next();
    steps.all(|step| Some(step) == first)
}

/// A few bytes over and over.
fn is_monotonous(secret: &[u8]) -> bool {
    let mut seen = [false; 256];
    secret.iter().for_each(|byte| {
        if let Some(seen) = seen.get_mut(usize::from(*byte)) {
            *seen = true;
        }
    });
    let different = seen.iter().filter(|seen| **seen).count();
    different < MIN_DIFFERENT || repeats(secret)
}

/// Whether the second half is the first once more.
fn repeats(secret: &[u8]) -> bool {
    (1..=secret.len() / 2).any(|period| {
        secret.iter().zip(secret.iter().skip(period)).all(|(early, late)| early == late)
    })
}

/// PEM text, JSON text, or the DER of a public key: of the keys people mistake for secrets.
fn is_public_key(secret: &[u8]) -> bool {
    is_key_text(secret) || is_spki(secret) || rsa::PublicKey::from_der(secret).is_ok()
}

/// PEM, OpenSSH's one line, or a JWK.
fn is_key_text(secret: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(secret) else { return false };
    let text = text.trim();
    let json = text.starts_with('{') && text.ends_with('}');
    json || text.starts_with("-----BEGIN") || text.starts_with("ssh-")
}

/// `SubjectPublicKeyInfo`: a sequence of an algorithm and a bit string.
fn is_spki(secret: &[u8]) -> bool {
    let mut outer = Reader::new(secret);
    outer.sequence().is_some_and(|mut inner| {
        inner.sequence().is_some() && inner.bit_string().is_some_and(|key| !key.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn j14_placeholders_are_refused() {
        let repeated = "0123456789abcdef".repeat(2);
        let sequence: Vec<u8> = (0..64).collect();
        let placeholders: [&[u8]; 9] = [
            b"your-256-bit-secret",
            b"secret",
            b"changeme",
            b"ChangeMe-ChangeMe-ChangeMe-ChangeMe",
            b"this is the super-secret key of production",
            &[0; 32],
            &[0xff; 64],
            repeated.as_bytes(),
            &sequence,
        ];
        for placeholder in placeholders {
            assert_eq!(judge(placeholder), Err(KeyFault::Placeholder), "{placeholder:?}");
        }
    }

    #[test]
    fn j14_fewer_than_256_bits_are_refused() {
        let long: Vec<u8> = (0..32u8).map(|byte| byte.wrapping_mul(byte) ^ 0x5a).collect();
        assert_eq!(judge(&long), Ok(()));
        assert_eq!(judge(&long[..31]), Err(KeyFault::ShortSecret { bits: 248 }));
        assert_eq!(judge(b""), Err(KeyFault::ShortSecret { bits: 0 }));
    }

    #[test]
    fn j03_a_public_key_is_no_secret() {
        let pem = include_bytes!("../../tests/keys/rs256.public.pem");
        assert_eq!(judge(pem), Err(KeyFault::PublicAsSecret));
    }
}
