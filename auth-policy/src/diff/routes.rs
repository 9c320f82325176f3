//! Which endpoint answers a request. In: a lock, and the method and path of an endpoint of the other
//! one. Out: the endpoint that answers what that one answers.
//!
//! An endpoint that goes may leave its requests to another: to `ANY` of the same path, to a path with
//! a parameter, to a fallback. So what an endpoint is compared with is not just what has its name.

use std::{cmp::Ordering, collections::HashMap};

use crate::lock::{Endpoint, Lock, Rule};

/// The endpoints of a lock, ready to be asked.
pub(super) struct Routes<'l> {
    /// By method and path; of several, which only `ANY` has, in the order of the lock.
    named: HashMap<(&'l str, &'l str), Vec<&'l Endpoint>>,
    /// The paths that match more than themselves, the most particular first.
    patterns: Vec<&'l str>,
}

impl<'l> Routes<'l> {
    pub(super) fn of(lock: &'l Lock) -> Self {
        let mut named: HashMap<_, Vec<&Endpoint>> = HashMap::new();
        for endpoint in &lock.endpoints {
            let key = (endpoint.method.as_str(), endpoint.path.as_str());
            named.entry(key).or_default().push(endpoint);
        }
        let patterns = lock.endpoints.iter().map(|endpoint| endpoint.path.as_str());
        let mut patterns: Vec<_> = patterns.filter(|path| path.contains(['{', '*'])).collect();
        patterns.dedup();
        // Whatever is a fallback answers only what no path does, however particular its prefix is.
        let is_service = |path: &'l str| {
            let mut there = named.get(&("ANY", path)).into_iter().flatten();
            there.any(|one| matches!(one.rule, Rule::Unguarded { .. }))
        };
        let is_fallback = |path: &'l str| path.ends_with("/*") && !is_service(path);
        patterns.sort_by(|one, other| {
            is_fallback(one).cmp(&is_fallback(other)).then_with(|| particular(one, other))
        });
        Self { named, patterns }
    }

    /// What answers that method and path; of several with one name, the one in that place.
    pub(super) fn answering(&self, method: &str, path: &str, place: usize) -> Option<&'l Endpoint> {
        if let Some(same) = self.named.get(&(method, path)) {
            return same.get(place).copied();
        }
        let at = |path| self.at(method, path);
        let elsewhere = || self.patterns.iter().find(|pattern| matches(pattern, path));
        at(path).unwrap_or_else(|| elsewhere().and_then(|pattern| at(pattern).flatten()))
    }

    /// What answers the method at that very path. The router does not look further once a path
    /// matches: `Some(None)` is its answer 405.
    fn at(&self, method: &str, path: &str) -> Option<Option<&'l Endpoint>> {
        let answer = |method| self.named.get(&(method, path))?.first().copied();
        let head = if method == "HEAD" { answer("GET") } else { None };
        let found = answer(method).or(head).or_else(|| answer("ANY"));
        let is_there = || METHODS.iter().any(|method| answer(method).is_some());
        (found.is_some() || is_there()).then_some(found)
    }
}

const METHODS: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "ANY"];

/// Whether a pattern matches what stands for the requests of another path.
fn matches(pattern: &str, path: &str) -> bool {
    let (mut patterns, mut segments) = (pattern.split('/'), path.split('/'));
    loop {
        match (patterns.next(), segments.next()) {
            (None, None) | (Some("*"), _) => return true,
            (Some(pattern), Some(_)) if is_rest(pattern) => return true,
            (Some(pattern), Some(segment)) if matches_one(pattern, segment) => {}
            _ => return false,
        }
    }
}

fn matches_one(pattern: &str, segment: &str) -> bool {
    let braces = pattern.split_once('{').zip(pattern.rsplit_once('}'));
    match braces {
        Some(((before, _), (_, after))) => {
            segment.len() > before.len() + after.len()
                && segment.starts_with(before)
                && segment.ends_with(after)
                // What may be anything is not sure to be that.
                && (before.is_empty() && after.is_empty() || !is_rest(segment))
        }
        None => pattern == segment,
    }
}

fn is_rest(segment: &str) -> bool {
    segment == "*" || segment.starts_with("{*")
}

/// The router prefers the more particular, segment by segment: words, then parameters, then rests.
fn particular(one: &str, other: &str) -> Ordering {
    let rank = |segment: &str| match segment {
        "*" => 3,
        segment if is_rest(segment) => 2,
        segment if segment.contains('{') => 1,
        _ => 0,
    };
    let ranks = |path: &str| path.split('/').map(rank).collect::<Vec<_>>();
    ranks(one).cmp(&ranks(other))
}
