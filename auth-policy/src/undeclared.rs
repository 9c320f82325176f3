//! Names that nothing declares. In: the name, and those that are declared. Out: the sentence, the
//! help and the place of the nearest, the same for a policy's rules and a handler's attribute.

use crate::{
    code::Code, name, policy::Contents, settings::Place, source::quoted, suggest::nearest,
};

/// What a name was meant to name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Scope,
    Role,
    Scheme,
    Limit,
    Rule,
}

/// What to say about a name that nothing declares.
#[derive(Clone, Debug)]
pub(crate) struct Undeclared {
    pub(crate) message: String,
    pub(crate) help: String,
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
        }
    }

    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Scope => "scope",
            Self::Role => "role",
            Self::Scheme => "scheme",
            Self::Limit => "limit",
            Self::Rule => "rule",
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
        }
    }
}

impl Undeclared {
    pub(crate) fn new(kind: Kind, word: &str, contents: &Contents) -> Self {
        let declared = kind.declared(contents);
        let names = || declared.iter().map(|(name, _)| *name);
        let near = nearest(word, names());
        let place = near.and_then(|near| declared.iter().find(|(name, _)| *name == near));
        let noun = kind.noun();
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if declared.is_empty() => format!("the policy declares no {noun}s"),
            None => format!("the policy declares {}", name::listed(names())),
        };
        Self {
            message: format!("the policy declares no {noun} {}", quoted(word)),
            help,
            nearest: place.map(|(name, place)| (*place, format!("`{name}` is declared here"))),
        }
    }
}
