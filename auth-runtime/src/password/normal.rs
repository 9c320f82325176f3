//! The one form passwords are read in. In: what somebody typed. Out: the same in Unicode
//! normalization form C (RFC 8265), never trimmed, folded or cut.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::PasswordError;
use crate::secret::Secret;

/// The password in normalization form C, of at most `max_length` code points.
pub(super) fn normalize(
    password: &Secret,
    max_length: u32,
) -> Result<Zeroizing<String>, PasswordError> {
    // Exposed to be hashed: what comes out is wiped as the secret itself is.
    let typed = password.expose();
    let max = usize::try_from(max_length).unwrap_or(usize::MAX);
    let too_long = PasswordError::TooLong { max_length };
    // A code point decomposes into at most four, so what is longer than this stays too long. It is
    // turned away first, so that hostile text is never normalized whole.
    if typed.chars().nth(max.saturating_mul(4)).is_some() {
        return Err(too_long);
    }
    // Form C has at most three times the bytes: no reallocation leaves a copy behind.
    let mut normal = Zeroizing::new(String::with_capacity(typed.len().saturating_mul(3)));
    normal.extend(typed.nfc());
    if normal.chars().nth(max).is_some() {
        return Err(too_long);
    }
    Ok(normal)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn p5_normalizing_twice_changes_nothing_and_leaves_ascii_alone(text in ".{0,80}") {
            let once = normalize(&Secret::from(text.clone()), 1_000).unwrap();
            let twice = normalize(&Secret::from(once.to_string()), 1_000).unwrap();
            prop_assert_eq!(&*once, &*twice);
            prop_assert!(once.len() <= text.len() * 3);
            if text.is_ascii() {
                prop_assert_eq!(&*once, &text);
            }
        }
    }
}
