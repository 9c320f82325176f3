//! A rule for people, as tables of endpoints show it. In: a rule. Out: `jwt | session; scope
//! write:posts; limit writes`, which nothing reads back.

use std::fmt;

use super::{Guard, Rule};

impl Rule {
    /// All that it asks for, as answers tell it: as `Display` does, and whether it is for people alone.
    pub fn asks(&self) -> String {
        match self {
            Self::Guarded(guard) if guard.people_only => format!("{self}; people"),
            rule => rule.to_string(),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guarded(guard) => guard.fmt(f),
            Self::Public { reason, identity, limit } => {
                write!(f, "public: {reason}")?;
                let identity = identity.join(" | ");
                part(f, "identity", Some(identity.as_str()).filter(|names| !names.is_empty()))?;
                part(f, "limit", limit.as_deref())
            }
            Self::Unguarded { reason } => write!(f, "unguarded: {reason}"),
        }
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.schemes.join(" | "))?;
        if !self.scopes.is_empty() {
            let between = if self.any_scope { " or " } else { " and " };
            write!(f, "; scope {}", self.scopes.join(between))?;
        }
        part(f, "role", self.role.as_deref())?;
        part(f, "max_age", self.max_age.map(|span| span.to_string()).as_deref())?;
        part(f, "acr", self.acr.as_deref())?;
        part(f, "limit", self.limit.as_deref())?;
        part(f, "rule", self.name.as_deref())
    }
}

fn part(f: &mut fmt::Formatter<'_>, label: &str, value: Option<&str>) -> fmt::Result {
    value.map_or(Ok(()), |value| write!(f, "; {label} {value}"))
}
