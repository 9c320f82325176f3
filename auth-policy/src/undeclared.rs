//! Names that nothing declares. In: the name, and those that are declared. Out: the sentence, the
//! help and the place of the nearest, the same for a policy's rules and a handler's attribute.

use crate::{
    code::Code, name, policy::Contents, settings::Place, source::quoted, suggest::nearest,
    treacherous::is_treacherous,
};

/// What a name was meant to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Scope,
    Role,
    Scheme,
    Limit,
    Rule,
    AcrValue,
}

/// What to say about a name that nothing declares.
#[derive(Clone, Debug)]
pub(crate) struct Undeclared {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    pub(crate) nearest: Option<(Place, String)>,
}

impl Kind {
    pub(crate) fn code(self) -> Code {
        match self {
            Self::Scope => Code::UndeclaredScope,
            Self::Role => Code::UndeclaredRole,
            Self::Scheme => Code::UndeclaredScheme,
            Self::Limit => Code::UndeclaredLimit,
            Self::Rule => Code::UndeclaredRule,
            Self::AcrValue => Code::UndeclaredAcr,
        }
    }

    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Scope => "scope",
            Self::Role => "role",
            Self::Scheme => "scheme",
            Self::Limit => "limit",
            Self::Rule => "rule",
            Self::AcrValue => "authentication context",
        }
    }

    /// The declared names of this kind, with their places.
    fn declared(self, contents: &Contents) -> Vec<(&str, Place)> {
        match self {
            Self::Scope => contents.scopes.iter().map(|x| (x.name.as_str(), x.place)).collect(),
            Self::Role => contents.roles.iter().map(|x| (x.name.as_str(), x.place)).collect(),
            Self::Scheme => contents.schemes.iter().map(|x| (x.name.as_str(), x.place)).collect(),
            Self::Limit => contents.limits.iter().map(|x| (x.name.as_str(), x.place)).collect(),
            Self::Rule => contents.rules.iter().map(|x| (x.name.as_str(), x.place)).collect(),
            Self::AcrValue => {
                contents.acr_values.iter().map(|x| (x.value.as_str(), x.place)).collect()
            }
        }
    }
}

impl Undeclared {
    /// `guess` is whether to search for the nearest name, which costs a look at every one.
    pub(crate) fn new(kind: Kind, word: &str, contents: &Contents, guess: bool) -> Self {
        let message = format!("the policy declares no {} {}", kind.noun(), quoted(word));
        if !guess {
            return Self { message, help: None, nearest: None };
        }
        let declared = kind.declared(contents);
        let near = nearest(word, declared.iter().map(|(name, _)| *name));
        let near = near.and_then(|near| declared.iter().find(|(name, _)| *name == near));
        Self {
            message,
            help: Some(near.map_or_else(
                || no_guess(kind, &declared),
                |(near, _)| format!("did you mean `{near}`?{}", foreign_letter(word)),
            )),
            nearest: near.map(|(name, place)| (*place, format!("`{name}` is declared here"))),
        }
    }
}

/// What the eye may not see: a letter of another alphabet that looks like one of ours.
fn foreign_letter(word: &str) -> String {
    let letter = word.chars().find(|c| !c.is_ascii() && !is_treacherous(*c));
    let said = |c| format!(" `{c}` is U+{:04X}, and names are written in ASCII", u32::from(c));
    letter.map(said).unwrap_or_default()
}

fn no_guess(kind: Kind, declared: &[(&str, Place)]) -> String {
    if declared.is_empty() {
        return format!("it declares no {}s at all", kind.noun());
    }
    format!("it declares {}", name::listed(declared.iter().map(|(name, _)| *name)))
}
