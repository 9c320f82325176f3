//! Lists of scopes that a policy grants. In: the words of a list, wildcards among them. Out: ids,
//! each with the place of the word that granted it.

use std::collections::HashSet;

use crate::{
    code::Code,
    document::At,
    policy::{Contents, Scope, ScopeId},
    report::Report,
    requirement::{several, several_words},
    settings::Place,
    source::{quoted, to_u32},
    undeclared::{Kind, Undeclared},
};

/// How many scopes all lists of a policy may come to, counting each list for itself.
const MOST_GRANTED: usize = 2_000_000;

/// The declared scopes, ready to be looked up by name and by wildcard.
pub(super) struct Grants<'a> {
    contents: &'a Contents,
    /// The names reversed and sorted, each with its id: `*:posts` is a prefix among them.
    reversed: Vec<(String, u32)>,
    granted: usize,
}

impl<'a> Grants<'a> {
    pub(super) fn new(contents: &'a Contents) -> Self {
        let reverse = |scope: &Scope| scope.name.chars().rev().collect();
        let mut reversed: Vec<(String, u32)> =
            contents.scopes.iter().zip(0..).map(|(scope, id)| (reverse(scope), id)).collect();
        reversed.sort_unstable();
        Self { contents, reversed, granted: 0 }
    }

    /// The scopes a list comes to: sorted, each once, with the place of the first word for it.
    pub(super) fn expand(
        &mut self,
        words: &[At<String>],
        report: &mut Report,
    ) -> Vec<(ScopeId, Place)> {
        let mut seen = HashSet::with_capacity(words.len());
        let mut scopes = Vec::new();
        for word in words {
            if seen.insert(word.value.as_str()) {
                let found = self.word(word, report);
                scopes.extend(found.into_iter().map(|id| (ScopeId(id), word.place)));
            } else {
                report.add(Code::NamedTwice, word.place, |found| {
                    let message = format!("the scope {} is named twice", quoted(&word.value));
                    found.message(message).help("remove one of them")
                });
            }
        }
        scopes.sort_by_key(|(id, _)| *id);
        scopes.dedup_by_key(|(id, _)| *id);
        scopes
    }

    fn word(&mut self, word: &At<String>, report: &mut Report) -> Vec<u32> {
        if self.granted > MOST_GRANTED {
            return Vec::new();
        }
        let found = if word.value.contains('*') {
            self.wildcard(word, report)
        } else {
            self.scope(word, report).into_iter().collect()
        };
        self.granted += found.len();
        if self.granted <= MOST_GRANTED {
            return found;
        }
        report.add(Code::TooComplex, word.place, |found| {
            found.message(format!(
                "the grants of this policy come to more than {MOST_GRANTED} scopes"
            ))
        });
        Vec::new()
    }

    fn scope(&self, word: &At<String>, report: &mut Report) -> Option<u32> {
        let id = self.contents.scope_id(&word.value);
        if id.is_none() {
            match several(&word.value) {
                Some(list) => report.add(Code::SeveralScopesInOne, word.place, |found| {
                    let (message, help) = several_words(&list);
                    found.message(message).help(help)
                }),
                None => undeclared(Kind::Scope, word, self.contents, report),
            }
        }
        id.map(|id| id.0)
    }

    fn wildcard(&self, word: &At<String>, report: &mut Report) -> Vec<u32> {
        let Some(found) = self.matching(&word.value) else {
            report.add(Code::InvalidWildcard, word.place, |found| {
                found
                    .message(format!("{} is no wildcard", quoted(&word.value)))
                    .help("write `*` for every scope, `write:*` or `*:posts`")
            });
            return Vec::new();
        };
        if found.is_empty() {
            report.add(Code::WildcardMatchesNothing, word.place, |found| {
                found
                    .message(format!("{} stands for no declared scope", quoted(&word.value)))
                    .help("declare a scope of that form, or remove the wildcard")
            });
        }
        found
    }

    fn matching(&self, pattern: &str) -> Option<Vec<u32>> {
        let scopes = &self.contents.scopes;
        if pattern == "*" {
            return Some((0..to_u32(scopes.len())).collect());
        }
        let fits = |rest: &str| rest.len() > 1 && !rest.contains('*');
        if let Some(start) = pattern.strip_suffix('*').filter(|start| start.ends_with(':')) {
            let from = scopes.partition_point(|scope| scope.name.as_str() < start);
            let run = scopes.iter().skip(from).take_while(|scope| scope.name.starts_with(start));
            return fits(start).then(|| (to_u32(from)..).zip(run).map(|(id, _)| id).collect());
        }
        let end = pattern.strip_prefix('*').filter(|end| end.starts_with(':'))?;
        let start: String = end.chars().rev().collect();
        let from = self.reversed.partition_point(|(name, _)| *name < start);
        let run = self.reversed.iter().skip(from).take_while(|(name, _)| name.starts_with(&start));
        fits(end).then(|| run.map(|(_, id)| *id).collect())
    }
}

/// The lists that bound what credentials carry.
pub(super) struct Ceilings<'a> {
    grants: Grants<'a>,
    wrong: bool,
}

impl<'a> Ceilings<'a> {
    pub(super) fn new(contents: &'a Contents) -> Self {
        Self { grants: Grants::new(contents), wrong: false }
    }

    /// Whether one of them was.
    pub(super) const fn are_wrong(&self) -> bool {
        self.wrong
    }

    pub(super) fn scopes(&mut self, words: &[At<String>], report: &mut Report) -> Vec<ScopeId> {
        let before = report.errors();
        let scopes = self.grants.expand(words, report);
        self.wrong |= report.errors() > before;
        scopes.into_iter().map(|(id, _)| id).collect()
    }
}

/// Reports a name that nothing declares.
pub(super) fn undeclared(kind: Kind, word: &At<String>, contents: &Contents, report: &mut Report) {
    let guess = report.guesses();
    report.add(kind.code(), word.place, |found| {
        let Undeclared { message, help, nearest } =
            Undeclared::new(kind, &word.value, contents, guess);
        let found = found.message(message).maybe_help(help);
        match nearest {
            Some((place, label)) => found.other(place, label),
            None => found,
        }
    });
}
