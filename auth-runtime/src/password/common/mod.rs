//! Common passwords. In: a password, folded. Out: whether guessers try it, or what it is made
//! from, among the first.
//!
//! The list is 30,000 entries as fingerprints of five bytes, sorted: a look-up is a hash and a
//! binary search in the binary itself, without allocating. `README.md` says where it comes from.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{fold::skeleton, ornament::without_ornament};

#[cfg(test)]
mod generate;

type Fingerprint = [u8; 5];

static LIST: &[Fingerprint] = include_bytes!("fingerprints.bin").as_chunks().0;

/// What is longer is not compared: no entry is, and nobody tries it first.
const LONGEST: usize = 32;

/// How many times a word may be repeated and still be that word.
const COPIES: usize = 4;

/// Whether the folded password is on the list: as it is, between digits and signs, or repeated.
/// A run such as `abcdef`, `987654` or `aaaaaa` counts as listed.
pub(super) fn is_common(plain: &[char]) -> bool {
    without_ornament(plain).any(is_known)
}

fn is_known(word: &[char]) -> bool {
    word.len() <= LONGEST
        && (1..=COPIES)
            .filter_map(|copies| repeated(word, copies))
            .any(|unit| is_run(unit) || is_listed(unit))
}

fn is_listed(word: &[char]) -> bool {
    LIST.binary_search(&fingerprint(word)).is_ok()
}

/// The first bytes of a SHA-256. One look-up in 37 million finds what is not there.
fn fingerprint(word: &[char]) -> Fingerprint {
    let mut hash = Sha256::new();
    let mut utf8 = Zeroizing::new([0; 4]);
    word.iter().for_each(|sign| hash.update(skeleton(*sign).encode_utf8(&mut *utf8).as_bytes()));
    let [a, b, c, d, e, ..] = <[u8; 32]>::from(hash.finalize());
    [a, b, c, d, e]
}

/// What the word consists of so many copies of.
fn repeated(word: &[char], copies: usize) -> Option<&[char]> {
    let length = word.len().checked_div(copies).filter(|length| *length > 0)?;
    let mut units = word.chunks(length);
    let first = units.next()?;
    (length * copies == word.len() && units.all(|unit| unit == first)).then_some(first)
}

/// Whether each sign follows the one before by the same step of 1, 0 or -1.
fn is_run(word: &[char]) -> bool {
    let mut steps = word.iter().zip(word.iter().skip(1)).map(|(one, next)| step(*one, *next));
    let Some(first) = steps.next().filter(|_| word.len() > 2) else { return false };
    (-1..=1).contains(&first) && steps.all(|step| step == first)
}

/// How far it is from one sign to the next; from 9 it goes on to 0.
fn step(one: char, next: char) -> i64 {
    match (one, next) {
        ('9', '0') => 1,
        ('0', '9') => -1,
        _ => i64::from(u32::from(next)) - i64::from(u32::from(one)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::fold::plain, *};

    fn common(password: &str) -> bool {
        is_common(&plain(password))
    }

    #[test]
    fn p4_the_list_is_the_one_that_was_reviewed() {
        let bytes = include_bytes!("fingerprints.bin");
        assert_eq!(bytes.len(), LIST.len() * 5);
        assert!(LIST.len() >= 10_000, "{}", LIST.len());
        assert!(LIST.is_sorted_by(|one, next| one < next));
        let digest =
            Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(digest, "c2a3605e2f2131e137569a6fe0d3047600acbe5e3e4c2e3c86f6cb7c0c90c7eb");
    }

    #[test]
    fn p4_common_passwords_are_found_however_they_are_dressed_up() {
        for password in [
            "password",
            "trustno1",
            "1qaz2wsx3edc4rfv",
            "PassWord1234",
            "P@ssw0rd1234!",
            "!!password2024",
            "$$p455w0rd--2024",
            "Pässwörd-1999",
            "ｐａｓｓｗｏｒｄ１２３４",
            "qwerty1234567890",
            "letmeinletmein",
            "dragondragondragon",
            "iloveyouiloveyou!1",
            "1234567890123456",
            "098765432109876",
            "abcdefghijklmno",
            "aaaaaaaaaaaaaaa",
            "abcabcabcabc",
            "passwordpassword2024",
        ] {
            assert!(common(password), "{password}");
        }
    }

    #[test]
    fn p4_others_are_not() {
        for password in [
            "",
            " ",
            "correct horse battery staple",
            "correcthorsebatterystaple",
            "purple monkey dishwasher",
            "password of my grandmother",
            "monkey4821736095518",
            "583920174652",
            "kD8#vQz!pL2m",
            "τυφλός ποντικός 7",
            "\u{301}\u{301}\u{301}",
        ] {
            assert!(!common(password), "{password}");
        }
    }

    /// Long passwords have to work, also those that somebody tries long passwords with.
    #[test]
    fn p2_what_is_longer_than_any_entry_is_not_compared() {
        for password in ["a".repeat(33), "a".repeat(64), "password".repeat(8), "1".repeat(128)] {
            assert!(!common(&password), "{password}");
        }
    }

    proptest! {
        #[test]
        fn p4_random_passwords_pass(password in "[a-z0-9]{16}") {
            prop_assert!(!common(&password));
        }

        #[test]
        fn p4_any_text_gets_an_answer(password in "\\PC{0,40}|[\\PC\0-\u{1f}]{0,40}") {
            let _ = common(&password);
        }
    }
}
