//! What is known of whoever sets a password, and of the service. In: names. Out: the words a
//! password must not be close to, and whether it is.

use std::iter;

use super::{
    fold::{alike, plain},
    ornament::without_ornament,
};

/// A word of fewer code points is in too many others.
const SHORTEST: usize = 4;

/// No more of a name is looked at, and no more of a password: it is bounded work for any text.
const LONGEST_NAME: usize = 64;
const LONGEST_PASSWORD: usize = 256;

/// How much a word may be misspelt and still be that word.
const EDITS: usize = 2;

/// A word this long is also found misspelt among others: a shorter one would be in most sentences.
const LONG: usize = 8;

/// What is known of whoever sets a password.
///
/// # Example
///
/// ```
/// use auth_runtime::password::Context;
///
/// let context = Context { username: "mallory", ..Context::default() };
/// assert_eq!(context.email, None);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// The name to sign in by.
    pub username: &'a str,
    /// The e-mail address. What stands before its last `@` counts.
    pub email: Option<&'a str>,
    /// Other names, such as the one that is shown, or the one before a change.
    pub names: &'a [&'a str],
}

impl Context<'_> {
    pub(super) fn words(&self) -> Words {
        let local =
            self.email.map(|email| email.rsplit_once('@').map_or(email, |(local, _)| local));
        Words::of(iter::once(self.username).chain(local).chain(self.names.iter().copied()))
    }
}

/// Words a password must not be close to, folded; each also backwards.
#[derive(Clone, Debug, Default)]
pub(super) struct Words(Vec<Vec<char>>);

impl Words {
    /// Each name as it is, without what separates its parts, and each part.
    pub(super) fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut words: Vec<_> = names.into_iter().flat_map(words_of).collect();
        words.sort();
        words.dedup();
        Self(words)
    }

    /// Whether the folded password holds one of them, or is one but for ornament and two edits.
    pub(super) fn are_near(&self, password: &[char]) -> bool {
        let password = password.get(..LONGEST_PASSWORD).unwrap_or(password);
        self.0.iter().any(|word| holds(password, word) || is_nearly(password, word))
    }
}

fn holds(password: &[char], word: &[char]) -> bool {
    let edits = if word.len() < LONG { 0 } else { EDITS };
    distances(password, word, |_| 0).min().is_some_and(|distance| distance <= edits)
}

fn is_nearly(password: &[char], word: &[char]) -> bool {
    without_ornament(password)
        .filter(|whole| whole.len() >= SHORTEST && whole.len().abs_diff(word.len()) <= EDITS)
        .any(|whole| distances(whole, word, |row| row).last().is_some_and(|last| last <= EDITS))
}

fn words_of(name: &str) -> Vec<Vec<char>> {
    let plain = plain(name);
    let name = plain.get(..LONGEST_NAME).unwrap_or(&plain);
    let parts = || name.split(|sign| !sign.is_alphanumeric());
    let joined = parts().flatten().copied().collect();
    let whole: [Vec<char>; 2] = [name.to_vec(), joined];
    let words = whole.into_iter().chain(parts().map(<[char]>::to_vec));
    words
        .filter(|word| word.len() >= SHORTEST)
        .flat_map(|word| [word.iter().rev().copied().collect(), word])
        .collect()
}

/// The fewest edits from the word to what ends at each sign of the text (Levenshtein). What stands
/// before the match costs what `skipped` says: nothing if the word may be anywhere (Sellers).
fn distances(
    text: &[char],
    word: &[char],
    skipped: impl Fn(usize) -> usize,
) -> impl Iterator<Item = usize> {
    let mut column: Vec<usize> = (1..=word.len()).collect();
    text.iter().enumerate().map(move |(row, sign)| {
        let (mut before, mut above) = (skipped(row), skipped(row + 1));
        for (cell, letter) in column.iter_mut().zip(word) {
            let changed = before + usize::from(!alike(*sign, *letter));
            before = *cell;
            above = changed.min(before + 1).min(above + 1);
            *cell = above;
        }
        above
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(name: &str, password: &str) -> bool {
        Words::of([name]).are_near(&plain(password))
    }

    #[test]
    fn p4_a_name_is_found_however_it_is_written() {
        for (name, password) in [
            ("mallory", "my name is Mallory"),
            ("mallory", "MALLORY-2024-x"),
            ("mallory", "m4ll0ry rules ok"),
            ("m4ll0ry", "mallory rules ok"),
            ("mallory", "yrollam rules ok"),
            ("Müller", "muller rules ok!"),
            ("john_q.smith", "the smith of old"),
            ("al.bo.cy", "xx albocy xx 1234"),
            ("al.bo.cy", "xx al.bo.cy xx 12"),
            ("administrator", "adminstrator"),
            ("administrator", "4dm1n1str470r"),
            ("administrator", "rotartsinimda!"),
            ("administrator", "adminisxxtrator"),
            ("alexandra", "i am alexamdre really"),
            ("mallory", "mallorie-20241999"),
            ("mallory", "##m4lory!!!!"),
            ("mark", "1234-marrk-5678"),
        ] {
            assert!(near(name, password), "{name} {password}");
        }
    }

    #[test]
    fn p4_what_is_further_away_passes() {
        for (name, password) in [
            ("", "correct horse battery"),
            ("al", "always a walk in the hall"),
            ("bob", "a kebab, not bobbing"),
            ("reader", "my header is blue and red"),
            ("carl", "an even scarier evening"),
            ("mark", "marc-83920174652"),
            ("mark", "mk1234567890"),
            ("mark", "123456789012"),
            ("administrator", "admin is tired of tractors"),
            ("....", "correct horse battery"),
        ] {
            assert!(!near(name, password), "{name} {password}");
        }
    }

    #[test]
    fn p4_of_an_address_only_the_local_part_counts() {
        let context = Context {
            username: "u17",
            email: Some("wonderland@looking-glass.example"),
            names: &["Alice Liddell"],
        };
        let near = |password: &str| context.words().are_near(&plain(password));
        assert!(
            near("through wonderland!") && near("what a liddell thing") && near("malice afore")
        );
        assert!(!near("the looking-glass war"));
    }

    #[test]
    fn p4_a_very_long_name_or_password_is_bounded_work() {
        let long = "a.b-cdef ".repeat(100_000);
        assert!(Words::of([long.as_str()]).0.iter().all(|word| word.len() <= LONGEST_NAME));
        assert!(!near("mallory", &format!("{}mallory", "x".repeat(LONGEST_PASSWORD))));
    }

    proptest! {
        #[test]
        fn p4_two_edits_do_not_hide_a_long_name(
            name in "[a-z]{8,20}", before in "\\PC{0,9}", after in "\\PC{0,9}",
            first in 0usize..20, second in 0usize..20, letter in "[a-z]",
        ) {
            let mut edited: Vec<String> = name.chars().map(String::from).collect();
            edited[first % name.len()] = letter.clone();
            edited[second % name.len()].clear();
            let password = format!("{before}{}{after}", edited.concat());
            prop_assert!(near(&name, &password));
        }

        #[test]
        fn p4_two_edits_and_ornament_do_not_hide_a_short_one(
            name in "[a-z]{5,7}", before in "[0-9!-.]{0,5}", after in "[0-9!-.]{0,5}",
            at in 0usize..20, letter in "[a-z]",
        ) {
            let mut edited: Vec<String> = name.chars().map(String::from).collect();
            edited[at % name.len()].push_str(&letter);
            let password = format!("{before}{}{after}", edited.concat());
            prop_assert!(near(&name, &password));
        }

        #[test]
        fn p4_any_names_and_any_password_get_an_answer(name in "\\PC{0,80}", password in "\\PC{0,80}") {
            let _ = near(&name, &password);
        }
    }
}
