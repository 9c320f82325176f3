//! What people put around a word to make a password of it. In: a password, folded. Out: what it may
//! be without.

/// As many digits and signs around a word make no password of it: a date, a telephone number.
const AROUND: usize = 10;

/// The password as it is, and without digits and signs at its beginning, its end, or both.
pub(super) fn without_ornament(plain: &[char]) -> impl Iterator<Item = &[char]> {
    let (left, right) = (trim_start(plain), trim_end(plain));
    [plain, left, right, trim_end(left)]
        .into_iter()
        .filter(|word| plain.len() - word.len() <= AROUND)
}

fn trim_start(mut word: &[char]) -> &[char] {
    while let [first, rest @ ..] = word
        && !first.is_alphabetic()
    {
        word = rest;
    }
    word
}

fn trim_end(mut word: &[char]) -> &[char] {
    while let [rest @ .., last] = word
        && !last.is_alphabetic()
    {
        word = rest;
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(password: &str) -> Vec<String> {
        let plain = password.chars().collect::<Vec<_>>();
        without_ornament(&plain).map(|word| word.iter().collect()).collect()
    }

    #[test]
    fn p4_digits_and_signs_around_are_ornament_up_to_ten() {
        assert_eq!(words("!a-1b2."), ["!a-1b2.", "a-1b2.", "!a-1b", "a-1b"]);
        assert_eq!(words("12345word67890"), ["12345word67890", "word67890", "12345word", "word"]);
        assert_eq!(words("12345word678901"), ["12345word678901", "word678901", "12345word"]);
        assert_eq!(words("583920174652"), ["583920174652"]);
        assert_eq!(words(""), ["", "", "", ""]);
    }
}
