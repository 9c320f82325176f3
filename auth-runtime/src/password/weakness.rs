//! Why a password is refused. In: the rules it breaks. Out: stable codes for a client, sentences
//! for a person.

use std::{error::Error, fmt};

use serde::{Serialize, Serializer};

/// A rule that a password breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Weakness {
    /// Fewer code points than the policy's `min_length`.
    TooShort,
    /// More code points than the policy's `max_length`. Nothing else is looked at then.
    TooLong,
    /// No lower-case letter, where the policy asks for one.
    MissingLower,
    /// No upper-case letter, where the policy asks for one.
    MissingUpper,
    /// No digit, where the policy asks for one.
    MissingDigit,
    /// Nothing but letters with a case and digits, where the policy asks for more.
    MissingSymbol,
    /// On the list of common passwords, or made from one as guessers would.
    Common,
    /// Close to the user's name, e-mail address, other names, or the service's own words.
    ContainsUsername,
    /// In the set of breached passwords that the application asks.
    Breached,
}

impl Weakness {
    /// All of them, in the order in which they are reported.
    pub const ALL: [Self; 9] = [
        Self::TooShort,
        Self::TooLong,
        Self::MissingLower,
        Self::MissingUpper,
        Self::MissingDigit,
        Self::MissingSymbol,
        Self::Common,
        Self::ContainsUsername,
        Self::Breached,
    ];

    /// The code for clients. It never changes.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::MissingLower => "missing_lower",
            Self::MissingUpper => "missing_upper",
            Self::MissingDigit => "missing_digit",
            Self::MissingSymbol => "missing_symbol",
            Self::Common => "common",
            Self::ContainsUsername => "contains_username",
            Self::Breached => "breached",
        }
    }
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooShort => "the password is too short",
            Self::TooLong => "the password is too long",
            Self::MissingLower => "the password has no lower-case letter",
            Self::MissingUpper => "the password has no upper-case letter",
            Self::MissingDigit => "the password has no digit",
            Self::MissingSymbol => "the password has no symbol",
            Self::Common => "the password is among the first that are guessed",
            Self::ContainsUsername => {
                "the password holds a name that belongs to you or the service"
            }
            Self::Breached => "the password is known from a breach",
        })
    }
}

impl Serialize for Weakness {
    /// As its [code](Self::code).
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// Every rule that a password breaks: at least one, each once, in the order of [`Weakness::ALL`].
///
/// Serialized, it is a list of codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Weaknesses(Vec<Weakness>);

impl Weaknesses {
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Weakness> {
        self.0.iter().copied()
    }

    /// Their codes.
    pub fn codes(&self) -> impl Iterator<Item = &'static str> {
        self.iter().map(Weakness::code)
    }

    /// Those for which the answer is yes, if there is one.
    pub(super) fn those(is: impl Fn(Weakness) -> bool) -> Result<(), Self> {
        let found: Vec<_> = Weakness::ALL.into_iter().filter(|weakness| is(*weakness)).collect();
        if found.is_empty() { Ok(()) } else { Err(Self(found)) }
    }
}

impl From<Weakness> for Weaknesses {
    fn from(weakness: Weakness) -> Self {
        Self(vec![weakness])
    }
}

impl fmt::Display for Weaknesses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, weakness) in self.iter().enumerate() {
            let between = if place == 0 { "" } else { "; " };
            write!(f, "{between}{weakness}")?;
        }
        Ok(())
    }
}

impl Error for Weaknesses {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_weakness_has_a_code_of_its_own_and_is_listed_in_order() {
        let codes: BTreeSet<_> = Weakness::ALL.into_iter().map(Weakness::code).collect();
        assert_eq!(codes.len(), Weakness::ALL.len());
        assert!(Weakness::ALL.is_sorted());
        assert_eq!(Weaknesses::those(|_| false), Ok(()));
    }

    #[test]
    fn weaknesses_are_a_list_of_codes_to_clients_and_sentences_to_people() {
        let both = |weakness| matches!(weakness, Weakness::Common | Weakness::TooShort);
        let found = Weaknesses::those(both).unwrap_err();
        assert_eq!(serde_json::to_string(&found).unwrap(), r#"["too_short","common"]"#);
        let text = "the password is too short; the password is among the first that are guessed";
        assert_eq!(found.to_string(), text);
    }
}
