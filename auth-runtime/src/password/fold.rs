//! How a guesser spells. In: text. Out: the same without case, accents and look-alikes, and which
//! signs stand for which letters. For comparing with words, never for hashing.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use zeroize::Zeroizing;

/// The text in lower case, wide and accented letters as plain ones.
pub(super) fn plain(text: &str) -> Zeroizing<Vec<char>> {
    let folded =
        || text.nfkd().filter(|sign| !is_combining_mark(*sign)).flat_map(char::to_lowercase);
    // Counted first: growing would leave copies of a password behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(folded().count()));
    plain.extend(folded());
    plain
}

/// The letter this sign is read as. `i` and `l` become one, since `1` is either.
pub(super) fn skeleton(sign: char) -> char {
    match sign {
        'l' => 'i',
        _ => letters(sign).first().copied().unwrap_or(sign),
    }
}

/// Whether one may be written for the other: `4` for `a`, and not `l` for `i`.
pub(super) fn alike(one: char, other: char) -> bool {
    one == other || letters(one).contains(&other) || letters(other).contains(&one)
}

/// The letters a sign stands for, the usual one first.
const fn letters(sign: char) -> &'static [char] {
    match sign {
        '0' => &['o'],
        '1' | '!' | '|' => &['i', 'l'],
        '3' => &['e'],
        '4' | '@' => &['a'],
        '5' | '$' => &['s'],
        '7' | '+' => &['t'],
        '8' => &['b'],
        '9' => &['g'],
        '(' => &['c'],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded(text: &str) -> String {
        plain(text).iter().collect()
    }

    #[test]
    fn p4_case_accents_and_width_are_folded() {
        assert_eq!(folded("PÄSSWörd"), "password");
        assert_eq!(folded("ｐａｓｓｗｏｒｄ"), "password");
        assert_eq!(folded("İstanbul ΣΑΣ ﬁn"), "istanbul σασ fin");
    }

    #[test]
    fn p4_signs_are_read_as_letters() {
        let read = |text: &str| text.chars().map(skeleton).collect::<String>();
        assert_eq!(read("p4$$w0rd"), "password");
        assert_eq!(read("ha1!o"), read("hallo"));
        // Numbers stay different from one another, or half of them would be on every list.
        let digits = read("0123456789").chars().collect::<std::collections::BTreeSet<_>>();
        assert_eq!(digits.len(), 10);
        assert!(alike('1', 'l') && alike('i', '1') && !alike('i', 'l'));
    }

    proptest! {
        #[test]
        fn p4_folding_takes_any_text_and_never_grows(text in "\\PC{0,60}") {
            let plain = plain(&text);
            prop_assert_eq!(plain.capacity(), plain.len());
        }
    }
}
