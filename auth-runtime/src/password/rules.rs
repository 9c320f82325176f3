//! What a password must be. In: the policy's section `passwords`, the service's own words, and a
//! password somebody chose. Out: every reason to refuse it.

use auth_policy::settings::{CharacterClass, Passwords, Rejected};

use super::{
    Context, Weakness, Weaknesses, common::is_common, context::Words, fold::plain,
    normal::normalize,
};
use crate::secret::Secret;

/// The policy's rules for new passwords. They are not asked when somebody signs in.
///
/// A password is measured as it is hashed: in normalization form C, in code points. To be compared
/// with names and with the list it is folded, without case, accents and look-alikes.
///
/// # Security
///
/// The application hands over its own words, such as its name: they are the first that guessers
/// add to their lists.
///
/// # Example
///
/// ```
/// use auth_policy::settings::Passwords;
/// use auth_runtime::{
///     password::{Context, Rules},
///     secret::Secret,
/// };
///
/// let rules = Rules::new(&Passwords::default(), &["blog"]);
/// let mallory = Context { username: "mallory", ..Context::default() };
/// let check = |password: &str| rules.check(&Secret::from(password.to_owned()), &mallory);
///
/// assert_eq!(check("correct horse battery"), Ok(()));
/// let refused = check("M4llory").unwrap_err();
/// assert_eq!(refused.codes().collect::<Vec<_>>(), ["too_short", "contains_username"]);
/// ```
#[derive(Clone, Debug)]
pub struct Rules {
    /// In code points, after normalization.
    min_length: u32,
    max_length: u32,
    classes: Vec<CharacterClass>,
    reject: Vec<Rejected>,
    service: Words,
}

impl Rules {
    /// The rules of the policy, and what the service calls itself.
    pub fn new(settings: &Passwords, service_words: &[&str]) -> Self {
        Self {
            min_length: settings.min_length,
            max_length: settings.max_length,
            classes: settings.classes.clone(),
            reject: settings.reject.clone(),
            service: Words::of(service_words.iter().copied()),
        }
    }

    /// Whether somebody may choose this password. Takes microseconds and asks nobody; see
    /// [`check_with`](Self::check_with) for what others know of it.
    ///
    /// # Errors
    ///
    /// Every rule it breaks, at once. Of a password that is too long, that alone.
    pub fn check(&self, password: &Secret, context: &Context<'_>) -> Result<(), Weaknesses> {
        let Ok(password) = normalize(password, self.max_length) else {
            return Err(Weakness::TooLong.into());
        };
        let plain = plain(&password);
        Weaknesses::those(|weakness| match weakness {
            Weakness::TooShort => is_shorter(&password, self.min_length),
            Weakness::MissingLower => self.misses(CharacterClass::Lower, &password),
            Weakness::MissingUpper => self.misses(CharacterClass::Upper, &password),
            Weakness::MissingDigit => self.misses(CharacterClass::Digit, &password),
            Weakness::MissingSymbol => self.misses(CharacterClass::Symbol, &password),
            Weakness::Common => self.rejects(Rejected::Common) && is_common(&plain),
            Weakness::ContainsUsername => {
                self.rejects(Rejected::Username)
                    && (self.service.are_near(&plain) || context.words().are_near(&plain))
            }
            Weakness::TooLong | Weakness::Breached => false, // asked before, and elsewhere
        })
    }

    pub(super) fn max_length(&self) -> u32 {
        self.max_length
    }

    fn misses(&self, class: CharacterClass, password: &str) -> bool {
        self.classes.contains(&class) && !password.chars().any(|sign| class_of(sign) == class)
    }

    fn rejects(&self, what: Rejected) -> bool {
        self.reject.contains(&what)
    }
}

fn is_shorter(password: &str, min_length: u32) -> bool {
    let least = usize::try_from(min_length).unwrap_or(usize::MAX);
    password.chars().take(least).count() < least
}

/// A letter without case is a symbol: nobody is asked for two alphabets.
fn class_of(sign: char) -> CharacterClass {
    if sign.is_lowercase() {
        CharacterClass::Lower
    } else if sign.is_uppercase() {
        CharacterClass::Upper
    } else if sign.is_numeric() {
        CharacterClass::Digit
    } else {
        CharacterClass::Symbol
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found_by(settings: &Passwords, password: &str) -> Vec<&'static str> {
        let context = Context { username: "mallory", email: Some("mal@x.example"), names: &[] };
        let password = Secret::from(password.to_owned());
        let rules = Rules::new(settings, &["Blogosphere"]);
        rules.check(&password, &context).map_or_else(|weak| weak.codes().collect(), |()| Vec::new())
    }

    fn found(password: &str) -> Vec<&'static str> {
        found_by(&Passwords::default(), password)
    }

    fn none() -> Vec<&'static str> {
        Vec::new()
    }

    #[test]
    fn p1_length_counts_code_points_of_what_is_hashed() {
        assert_eq!(found("fourteen: ok ?"), ["too_short"]);
        assert_eq!(found("fifteen: so ok?"), none());
        // Fifteen as typed, fourteen in form C; and 14 code points of 4 bytes each.
        assert_eq!(found("fourteen: o\u{308}k ?"), ["too_short"]);
        assert_eq!(found("🦀🐢🐇🦔🐎🦒🐘🐪🦉🦚🦜🦢🦩🐋"), ["too_short"]);
        let twelve = Passwords { min_length: 12, ..Passwords::default() };
        assert_eq!(found_by(&twelve, "twelve? ok !"), none());
        assert_eq!(found_by(&twelve, "eleven? ok!"), ["too_short"]);
        assert_eq!(found(""), ["too_short"]);
    }

    #[test]
    fn p2_long_ones_and_any_signs_pass_and_the_cap_refuses() {
        for length in [15, 64, 128, 256] {
            let long: String = "ü 🦀\t\0م".chars().cycle().take(length).collect();
            assert_eq!(found(&long), none(), "{length}");
            assert_eq!(found(&"a".repeat(length.max(64))), none(), "{length}");
        }
        assert_eq!(found(&"ü".repeat(257)), ["too_long"]);
        assert_eq!(found(&"mallory".repeat(1_000_000)), ["too_long"]);
        // 257 as typed, 256 in form C.
        assert_eq!(found(&("ü".repeat(255) + "u\u{308}")), none());
    }

    #[test]
    fn p3_classes_are_off_by_default_and_each_can_be_asked_for() {
        use CharacterClass::{Digit, Lower, Symbol, Upper};

        let all = Passwords { classes: vec![Lower, Upper, Digit, Symbol], ..Passwords::default() };
        assert_eq!(found("justlowercaseletters"), none());
        for (password, missing) in [
            ("Mixed with 4 of them", none()),
            ("mixed with 4 of them", vec!["missing_upper"]),
            ("MIXED WITH 4 OF THEM", vec!["missing_lower"]),
            ("Mixed with five of them", vec!["missing_digit"]),
            ("Mixedwith4ofthem", vec!["missing_symbol"]),
            ("ПРИВЕТ дорогой 7 мир", none()),
            (
                "漢字漢漢字字漢字漢漢漢字字字字",
                vec!["missing_lower", "missing_upper", "missing_digit"],
            ),
        ] {
            assert_eq!(found_by(&all, password), missing, "{password}");
        }
        let digits = Passwords { classes: vec![Digit], ..Passwords::default() };
        assert_eq!(found_by(&digits, "justlowercaseletters"), ["missing_digit"]);
    }

    #[test]
    fn p4_common_ones_and_names_are_refused_each_with_its_code() {
        assert_eq!(found("password-1234567"), ["common"]);
        assert_eq!(found("M4llory is my name"), ["contains_username"]);
        assert_eq!(found("the bl0g0sphere is large"), ["contains_username"]);
        assert_eq!(found("the erehpsogolb is large"), ["contains_username"]);
        // Three letters before the @ are in too many words.
        assert_eq!(found("formal and normal"), none());
    }

    #[test]
    fn p4_a_policy_may_leave_either_out() {
        let only =
            |reject: &[Rejected]| Passwords { reject: reject.to_vec(), ..Passwords::default() };
        let (common, name) = ("password-1234567", "mallory is my name");
        assert_eq!(found_by(&only(&[Rejected::Common]), common), ["common"]);
        assert_eq!(found_by(&only(&[Rejected::Common]), name), none());
        assert_eq!(found_by(&only(&[Rejected::Username]), common), none());
        assert_eq!(found_by(&only(&[Rejected::Username]), name), ["contains_username"]);
    }

    #[test]
    fn all_reasons_come_at_once() {
        use CharacterClass::{Digit, Lower, Symbol, Upper};

        let all = Passwords { classes: vec![Lower, Upper, Digit, Symbol], ..Passwords::default() };
        let reasons = ["too_short", "missing_upper", "missing_digit", "missing_symbol", "common"];
        assert_eq!(found_by(&all, "password"), reasons);
        assert_eq!(found("mallory"), ["too_short", "contains_username"]);
    }

    #[test]
    fn p5_the_rules_see_what_is_hashed() {
        // The same password on two keyboards gets one answer.
        assert_eq!(found("caf\u{e9} caf\u{e9} caf\u{e9}"), ["too_short"]);
        assert_eq!(found("cafe\u{301} cafe\u{301} cafe\u{301}"), ["too_short"]);
        // Spaces at the ends count, as they do when it is hashed.
        assert_eq!(found("   fourteen ok "), none());
    }

    #[test]
    fn nothing_shows_a_password() {
        let rules = Rules::new(&Passwords::default(), &[]);
        let weak = rules.check(&Secret::from("hunter2".to_owned()), &Context::default());
        let weak = weak.unwrap_err();
        assert!(!format!("{rules:?} {weak:?} {weak}").contains("hunter"));
    }

    proptest! {
        #[test]
        fn p1_p5_any_text_gets_an_answer_that_normalization_does_not_change(
            password in "\\PC{0,40}", username in "\\PC{0,20}",
        ) {
            use unicode_normalization::UnicodeNormalization;

            let rules = Rules::new(&Passwords::default(), &["blog"]);
            let context = Context { username: &username, ..Context::default() };
            let check = |text: String| rules.check(&Secret::from(text), &context);
            let answer = check(password.clone());
            prop_assert_eq!(&check(password.nfc().collect()), &answer);
            prop_assert_eq!(&check(password.nfd().collect()), &answer);
        }
    }
}
