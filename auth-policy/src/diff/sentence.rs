//! A change in one line. In: the change. Out: a sentence for people, with every word that is not
//! ours in backticks; and the line that approves it.
//!
//! SECURITY: paths, reasons and texts are chosen by whoever wrote the change. None of them gets out
//! of its backticks, or onto a line of its own.

use std::fmt;

use super::{Access, Change, Presence, Setting, Target, Turn, Verdict, What, Which};
use crate::{
    access::{Carrier, Holder},
    treacherous::is_treacherous,
};

/// How many characters of a value are shown.
const LONGEST: usize = 160;

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widens = self.verdict == Verdict::Widens;
        match &self.what {
            What::NoLock(which) => f.write_str(no_lock(*which)),
            What::LockGone(name) => write!(
                f,
                "{} has no lock any more: what its callers reach is not known, nor what they gain",
                application(name.as_deref())
            ),
            What::Access(access) => {
                f.write_str(&self.access(access, &ticked(&access.target), "is"))
            }
            What::Limit { target, old, new, .. } => {
                write!(f, "{} is held to {} instead of {}", ticked(target), limit(new), limit(old))
            }
            What::Identity { target, schemes } => {
                let verb = if widens { "now recognises" } else { "no longer recognises" };
                write!(f, "{} {verb} {}", ticked(target), list(schemes, "and"))
            }
            What::Unreached { target, presence: Presence::Gone } => {
                write!(f, "{} is gone, and nobody could call it", ticked(target))
            }
            What::Unreached { target, .. } => {
                write!(f, "{} is new, and nobody can call it", ticked(target))
            }
            What::Words { target, which, old, new } => {
                write!(
                    f,
                    "the {which} of {} was {} and is {}",
                    ticked(target),
                    tick(old),
                    tick(new)
                )
            }
            What::Setting(setting) => say_setting(setting, f),
        }
    }
}

impl Change {
    /// The line that approves this change and no other, as the file of `--approve` has it; nothing
    /// for a change that does not widen.
    pub fn approval(&self) -> Option<String> {
        (self.verdict == Verdict::Widens).then(|| match &self.what {
            What::NoLock(Which::Old) => "no lock before".to_owned(),
            What::NoLock(Which::New) => "no lock after".to_owned(),
            What::NoLock(Which::Both) => "no lock".to_owned(),
            What::LockGone(name) => match name {
                Some(name) => format!("no lock of {} after", name.escape_debug()),
                None => "no lock of the application without a name after".to_owned(),
            },
            What::Access(access) => {
                let through = match &access.carrier {
                    Some(carrier) => format!(" through {carrier}"),
                    None => String::new(),
                };
                let who = bare(&access.who());
                format!("{}{through}: {who} [{}]", one_line(&access.target), access.mark)
            }
            What::Limit { target, old, new, mark } => {
                let name = |name: &Option<String>| name.clone().unwrap_or("none".to_owned());
                format!("{} limit: {} -> {} [{mark}]", one_line(target), name(old), name(new))
            }
            What::Identity { target, schemes } => {
                format!("{} recognises: {}", one_line(target), schemes.join(", "))
            }
            // Neither of them ever widens.
            What::Unreached { target, .. } | What::Words { target, .. } => one_line(target),
            What::Setting(Setting { path, change }) => match change {
                Turn::Value { old, new } => format!("{path}: {old} -> {new}"),
                Turn::Added(members) => format!("{path}: with {}", members.join(", ")),
                Turn::Removed(members) => format!("{path}: without {}", members.join(", ")),
                Turn::Appeared(said) => format!("{path}: new [{}]", super::facts::mark("", said)),
                Turn::Disappeared(said) => {
                    format!("{path}: gone [{}]", super::facts::mark(said, ""))
                }
            },
        })
    }

    /// The same of so many endpoints.
    pub(super) fn said_of_several(&self, count: usize) -> String {
        match &self.what {
            What::Access(access) => self.access(access, &format!("{count} endpoints"), "are"),
            _ => self.to_string(),
        }
    }

    fn access(&self, access: &Access, what: &str, are: &str) -> String {
        let widens = self.verdict == Verdict::Widens;
        let verb = match (widens, access.who_are_several()) {
            (true, false) => "gains",
            (true, true) => "gain",
            (false, false) => "loses",
            (false, true) => "lose",
        };
        let through = match &access.carrier {
            Some(carrier) => format!(" through `{}`", carrier.scheme),
            None if widens => ", without any credential".to_owned(),
            None => " without a credential".to_owned(),
        };
        let presence = match access.presence {
            Presence::Kept => String::new(),
            Presence::New => format!(", which {are} new"),
            Presence::Gone => format!(", which {are} gone"),
        };
        format!("{} {verb} {what}{through}{presence}", access.who())
    }
}

impl Access {
    /// Those for whom it makes a difference, with every name in backticks.
    fn who(&self) -> String {
        let Some(Carrier { holder, .. }) = &self.carrier else { return "everybody".to_owned() };
        let held = self.witness.as_ref().map(|witness| &witness.roles[..]).unwrap_or_default();
        let of_holder = |who: &str| match holder {
            Holder::Delegate => format!("a client for {who}"),
            Holder::Account | Holder::Client | Holder::Foreign => who.to_owned(),
        };
        match (holder, self.roles.is_empty(), held) {
            (Holder::Client, ..) => "a client for itself".to_owned(),
            (Holder::Foreign, true, []) => "any token".to_owned(),
            (_, true, []) => of_holder("any account"),
            (_, true, [_]) => of_holder(&format!("{} on easier terms", list(held, "and"))),
            (_, true, several) => of_holder(&format!("who is {}", list(several, "and"))),
            (_, false, _) => of_holder(&self.names()),
        }
    }

    /// The roles, and in brackets those that include them.
    fn names(&self) -> String {
        let first = self.roles.iter().filter(|role| !self.heirs.contains(role));
        let first = list(&first.cloned().collect::<Vec<_>>(), "and");
        match &self.heirs[..] {
            [] => first,
            heirs => format!("{first} (and so {})", list(heirs, "and")),
        }
    }

    fn who_are_several(&self) -> bool {
        let is_role = self
            .carrier
            .as_ref()
            .is_some_and(|carrier| matches!(carrier.holder, Holder::Account | Holder::Foreign));
        is_role && self.roles.len() > self.heirs.len() + 1
    }
}

fn no_lock(which: Which) -> &'static str {
    match which {
        Which::Old => {
            "the old policy has no lock: what its callers reach is not known, nor what they gain"
        }
        Which::New => {
            "the new policy has no lock: what its callers reach is not known, nor what they gain"
        }
        Which::Both => "neither policy has a lock: what the code asks of callers is not compared",
    }
}

fn application(name: Option<&str>) -> String {
    name.map_or_else(
        || "the application without a name".to_owned(),
        |name| format!("the application {}", tick(name)),
    )
}

fn say_setting(Setting { path, change }: &Setting, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let path = tick(path);
    match change {
        Turn::Value { old, new } => write!(f, "{path} was {} and is {}", tick(old), tick(new)),
        Turn::Added(members) => write!(f, "{path} has {} now", some(members)),
        Turn::Removed(members) => write!(f, "{path} has {} no more", some(members)),
        Turn::Appeared(said) => write!(f, "{path} is new: {}", tick(said)),
        Turn::Disappeared(said) => write!(f, "{path} is gone, which was {}", tick(said)),
    }
}

/// Names in backticks, with a word before the last one.
pub(super) fn list(names: &[String], word: &str) -> String {
    let names: Vec<_> = names.iter().map(|name| tick(name)).collect();
    match names.split_last() {
        Some((last, first)) if !first.is_empty() => format!("{} {word} {last}", first.join(", ")),
        _ => names.concat(),
    }
}

/// The first of many members, in backticks.
fn some(members: &[String]) -> String {
    const FIRST: usize = 12;
    match members.len().checked_sub(FIRST).filter(|more| *more > 0) {
        None => list(members, "and"),
        Some(more) => {
            let first: Vec<_> = members.iter().take(FIRST).cloned().collect();
            format!("{} and {more} more", list(&first, ","))
        }
    }
}

fn limit(name: &Option<String>) -> String {
    name.as_ref().map_or_else(|| "no limit".to_owned(), |name| format!("the limit {}", tick(name)))
}

fn ticked(target: &Target) -> String {
    match target {
        Target::Endpoint { .. } => tick(&target.to_string()),
        Target::Rule(name) => format!("the rule {}", tick(name)),
    }
}

/// A word in backticks that stays in them and on its line.
pub(super) fn tick(word: &str) -> String {
    let mut kept: String = word.chars().take(LONGEST).map(visible).collect();
    if word.chars().nth(LONGEST).is_some() {
        kept.push_str("..");
    }
    format!("`{kept}`")
}

fn visible(c: char) -> char {
    match c {
        '`' => '\'',
        c if is_treacherous(c) => '\u{fffd}',
        c => c,
    }
}

fn one_line(target: &Target) -> String {
    target.to_string().escape_debug().to_string()
}

fn bare(said: &str) -> String {
    said.replace('`', "")
}
