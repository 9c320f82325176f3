//! A lock's text, read. In: the text. Out: the [`Lock`], or the first line that is none of one.
//!
//! Who reaches an endpoint is in the text for readers. It follows from the rest and the policy, so
//! it is passed over here: whoever trusts a lock compares the whole of it with what
//! [`Lock::write`] says now.

use std::collections::HashSet;

use super::{
    Endpoint, Guard, Lock, LockError, METHODS, Rule,
    word::{Line, Token, TokenKind, Torn},
};
use crate::{
    duration,
    settings::{Place, Seconds},
};

/// The longest lock that is read, in bytes: 8 MiB.
pub const MAX_LOCK_BYTES: usize = 8 * 1024 * 1024;

/// The most endpoints of a lock: nobody reviews more.
const MOST_ENDPOINTS: usize = 5_000;
/// The most lines, those of comments and the empty ones included.
const MOST_LINES: u32 = 20_000;
/// The most words of a line that are read.
const MOST_WORDS: usize = 10_000;

/// The version of the format.
const VERSION: &str = "1";
/// What to do about a lock that somebody or something else wrote.
const HELP: &str = "`cargo auth lock` writes it anew";
const MERGE_HELP: &str =
    "resolve the conflict in the code and the policy, and `cargo auth lock` writes the lock";

/// A lock, and for each of its endpoints the line that says it.
pub(crate) fn parse_numbered(text: &str) -> Result<(Lock, Vec<u32>), LockError> {
    if text.len() > MAX_LOCK_BYTES {
        return Err(at_start("a lock has at most 8 MiB"));
    }
    let mut policy: Option<String> = None;
    let mut endpoints = Vec::new();
    let mut seen = HashSet::new();
    for (line, number) in text.lines().zip(1..) {
        if number > MOST_LINES {
            return Err(LockError {
                place: LockError::place(number, 1, 1),
                message: "a lock has at most 20,000 lines".to_owned(),
                help: Some(HELP.to_owned()),
            });
        }
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark)) {
            return Err(LockError {
                place: LockError::place(number, 1, 7),
                message: "a merge left its mark here".to_owned(),
                help: Some(MERGE_HELP.to_owned()),
            });
        }
        let mut words = Words::of(line, number)?;
        match policy {
            None => policy = Some(words.head()?),
            Some(_) => {
                let endpoint = words.endpoint()?;
                let key = (endpoint.method.clone(), endpoint.path.clone());
                if endpoint.method != "ANY" && !seen.insert(key) {
                    return Err(LockError {
                        place: LockError::place(number, 1, endpoint.method.len()),
                        message: "this endpoint stands here twice".to_owned(),
                        help: Some(HELP.to_owned()),
                    });
                }
                if endpoints.len() == MOST_ENDPOINTS {
                    return Err(words.wrong("a lock has at most 5,000 endpoints"));
                }
                endpoints.push((endpoint, number));
            }
        }
    }
    let policy = policy
        .ok_or_else(|| at_start("this is no lock: one begins with `lock 1 of` and the policy"))?;
    endpoints.sort_by(|(a, _): &(Endpoint, u32), (b, _)| a.order(b));
    let (endpoints, lines) = endpoints.into_iter().unzip();
    Ok((Lock { policy, endpoints }, lines))
}

/// Where a line of an endpoint names something behind its path: column and length in characters.
#[cfg(feature = "yaml")]
pub(crate) fn column_of(text: &str, name: &str) -> (usize, usize) {
    let mut line = Line::new(text);
    let mut index = 0;
    while let Ok(Some(token)) = line.next() {
        let is_name = match &token.kind {
            TokenKind::Bare(word) => *word == name,
            TokenKind::Quoted(word) => word == name,
            TokenKind::Mark(_) => false,
        };
        if is_name && index > 1 {
            let column = line.column(token.span.start);
            return (column, line.column(token.span.end).saturating_sub(column).max(1));
        }
        index += 1;
    }
    (1, 1)
}

fn at_start(message: &str) -> LockError {
    let (message, help) = (message.to_owned(), Some(HELP.to_owned()));
    LockError { place: LockError::place(1, 1, 1), message, help }
}

/// The words of one line, the next of which is at hand.
struct Words<'l> {
    line: Line<'l>,
    number: u32,
    next: Option<Token<'l>>,
    /// How many there were.
    count: usize,
}

impl<'l> Words<'l> {
    fn of(line: &'l str, number: u32) -> Result<Self, LockError> {
        let mut words = Self { line: Line::new(line), number, next: None, count: 0 };
        words.advance()?;
        Ok(words)
    }

    /// `lock 1 of policies/blog.yaml`
    fn head(&mut self) -> Result<String, LockError> {
        self.keyword("lock", "`lock 1 of` and the policy, with which a lock begins")?;
        let place = self.place();
        let version = self.text("the version of the format")?;
        if version != VERSION {
            let message = "this version of the format is none that this release reads";
            return Err(LockError { place, ..self.wrong(message) });
        }
        self.keyword("of", "`of` and the policy")?;
        let policy = self.text("the path of the policy")?;
        self.finish()?;
        Ok(policy)
    }

    fn endpoint(&mut self) -> Result<Endpoint, LockError> {
        let method = self.method()?;
        let path = self.text("a path")?;
        let mut rule = self.rule()?;
        if !self.is_next("->") {
            return Err(self.expected("`->` and who reaches it"));
        }
        self.line.skip_to_handler();
        self.advance()?;
        self.keyword("@", "`@` and the handler")?;
        let handler = self.text("a handler")?;
        if let Rule::Public { reason, .. } | Rule::Unguarded { reason } = &mut rule {
            self.keyword("reason", "`reason` and why it has no guard")?;
            *reason = self.text("the reason")?;
        }
        self.finish()?;
        Ok(Endpoint { method, path, handler, rule })
    }

    fn method(&mut self) -> Result<String, LockError> {
        let place = self.place();
        let method = self.text("a method")?;
        if METHODS.contains(&method.as_str()) {
            return Ok(method);
        }
        let message = format!("a method is one of {}", METHODS.join(", "));
        Err(LockError { place, ..self.wrong(message) })
    }

    fn rule(&mut self) -> Result<Rule, LockError> {
        if self.takes("public")? {
            return self.public();
        }
        if self.takes("unguarded")? {
            return Ok(Rule::Unguarded { reason: String::new() });
        }
        let schemes =
            if self.takes("nobody")? { Vec::new() } else { self.between("a scheme", '|')? };
        let mut guard = Guard { schemes, ..Guard::default() };
        self.parts(|words, keyword| words.part(keyword, &mut guard))?;
        Ok(Rule::Guarded(guard))
    }

    fn public(&mut self) -> Result<Rule, LockError> {
        let (mut identity, mut limit) = (Vec::new(), None);
        self.parts(|words, keyword| {
            match keyword {
                "identity" if identity.is_empty() => identity = words.between("a scheme", '|')?,
                "limit" if limit.is_none() => limit = Some(words.text("a limit")?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Rule::Public { reason: String::new(), identity, limit })
    }

    /// The conditions up to `->`, with `;` between them; `take` reads one, or says that there is
    /// none of that name or no second one.
    fn parts(
        &mut self,
        mut take: impl FnMut(&mut Self, &str) -> Result<bool, LockError>,
    ) -> Result<(), LockError> {
        if self.next.is_none() || self.is_next("->") {
            return Ok(());
        }
        loop {
            let place = self.place();
            let keyword = self.text("a condition")?;
            if !take(self, &keyword)? {
                let message = "this is no condition, or stands here twice";
                return Err(LockError { place, ..self.wrong(message) });
            }
            if !self.takes_mark(';')? {
                return Ok(());
            }
        }
    }

    fn part(&mut self, keyword: &str, guard: &mut Guard) -> Result<bool, LockError> {
        match keyword {
            "scope" if guard.scopes.is_empty() => self.scopes(guard)?,
            "role" if guard.role.is_none() => guard.role = Some(self.text("a role")?),
            "max_age" if guard.max_age.is_none() => guard.max_age = Some(self.span()?),
            "acr" if guard.acr.is_none() => guard.acr = Some(self.text("a context")?),
            "people" if !guard.people_only => guard.people_only = true,
            "limit" if guard.limit.is_none() => guard.limit = Some(self.text("a limit")?),
            "rule" if guard.name.is_none() => guard.name = Some(self.text("a rule")?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `a`, `a and b` or `a or b`
    fn scopes(&mut self, guard: &mut Guard) -> Result<(), LockError> {
        guard.scopes.push(self.text("a scope")?);
        guard.any_scope = self.is_next("or");
        let between = if guard.any_scope { "or" } else { "and" };
        while self.takes(between)? {
            guard.scopes.push(self.text("a scope")?);
        }
        Ok(())
    }

    fn span(&mut self) -> Result<Seconds, LockError> {
        let place = self.place();
        let text = self.text("a span of time")?;
        duration::seconds(&text)
            .map_err(|fault| LockError { place, ..self.wrong(format!("this {fault}")) })
    }

    fn between(&mut self, what: &str, mark: char) -> Result<Vec<String>, LockError> {
        let mut names = vec![self.text(what)?];
        while self.takes_mark(mark)? {
            names.push(self.text(what)?);
        }
        Ok(names)
    }

    /// The next word, whatever it is called.
    fn text(&mut self, what: &str) -> Result<String, LockError> {
        let text = match self.next.as_mut().map(|token| &mut token.kind) {
            Some(TokenKind::Bare(text)) if !["->", "@"].contains(text) => (*text).to_owned(),
            Some(TokenKind::Quoted(text)) => std::mem::take(text),
            _ => return Err(self.expected(what)),
        };
        self.advance()?;
        Ok(text)
    }

    fn keyword(&mut self, word: &str, what: &str) -> Result<(), LockError> {
        if self.takes(word)? { Ok(()) } else { Err(self.expected(what)) }
    }

    fn takes(&mut self, word: &str) -> Result<bool, LockError> {
        let takes = self.is_next(word);
        if takes {
            self.advance()?;
        }
        Ok(takes)
    }

    fn takes_mark(&mut self, mark: char) -> Result<bool, LockError> {
        let takes = self.next.as_ref().is_some_and(|next| next.kind == TokenKind::Mark(mark));
        if takes {
            self.advance()?;
        }
        Ok(takes)
    }

    fn is_next(&self, word: &str) -> bool {
        self.next.as_ref().is_some_and(|next| next.kind == TokenKind::Bare(word))
    }

    fn finish(&self) -> Result<(), LockError> {
        if self.next.is_none() { Ok(()) } else { Err(self.expected("the end of the line")) }
    }

    fn advance(&mut self) -> Result<(), LockError> {
        self.count += 1;
        if self.count > MOST_WORDS {
            return Err(self.wrong("a line has at most 10,000 words"));
        }
        self.next = match self.line.next() {
            Ok(next) => next,
            Err(Torn { at, message }) => {
                let place = LockError::place(self.number, self.line.column(at), 1);
                return Err(LockError { place, ..self.wrong(message) });
            }
        };
        Ok(())
    }

    fn expected(&self, what: &str) -> LockError {
        self.wrong(format!("here belongs {what}"))
    }

    fn wrong(&self, message: impl Into<String>) -> LockError {
        LockError { place: self.place(), message: message.into(), help: Some(HELP.to_owned()) }
    }

    /// Where the next word is, or would be.
    fn place(&self) -> Place {
        let end = self.line.at..self.line.at;
        let span = self.next.as_ref().map_or(end, |token| token.span.clone());
        let column = self.line.column(span.start);
        let end = self.line.column(span.end);
        LockError::place(self.number, column, end.saturating_sub(column).max(1))
    }
}
