//! From names to ids. In: an [`Asked`] and the policy it speaks of. Out: the [`Requirement`], or
//! every [`Problem`] with it at once.

use std::collections::HashSet;

use super::{
    Requirement,
    asked::{Asked, AskedScopes, Named, Problem},
    reach,
    sign_in::{self, Fault},
};
use crate::{
    code::Code,
    duration, name,
    policy::{AcrId, Contents, LimitId, Policy, RoleId, Scheme, SchemeId, ScopeId},
    settings::Seconds,
    source::quoted,
    undeclared::{Kind, Undeclared},
};

/// How many problems of one requirement come with a guess at what was meant.
const MOST_GUESSES: usize = 20;

/// Turns names into ids, and finds what no credential could ever satisfy.
///
/// # Errors
///
/// Every problem there is, each at the word that causes it.
pub fn resolve<P: Copy>(asked: &Asked<P>, policy: &Policy) -> Result<Requirement, Vec<Problem<P>>> {
    resolve_among(asked, &Names::new(policy.contents(), false))
}

/// The same for a rule that lets everybody in: schemes say who the caller is, if they name any.
///
/// # Errors
///
/// Every problem there is, each at the word that causes it.
pub fn resolve_identity<P: Copy>(
    asked: &Asked<P>,
    policy: &Policy,
) -> Result<Requirement, Vec<Problem<P>>> {
    if !asked.schemes.is_empty() {
        return resolve(asked, policy);
    }
    let names = Names::new(policy.contents(), false);
    let mut resolver = Resolver { names: &names, problems: Vec::new() };
    let limit = asked.limit.as_ref().and_then(|limit| resolver.limit(limit));
    let requirement = Requirement { limit, ..Requirement::default() };
    if resolver.problems.is_empty() { Ok(requirement) } else { Err(resolver.problems) }
}

/// The names that can be asked for, with what is worked out once for many requirements.
pub(crate) struct Names<'a> {
    contents: &'a Contents,
    /// Which scopes some role grants.
    granted: Vec<bool>,
    /// Whether grants hold mistakes, so that what nobody can carry is not known.
    doubtful: bool,
    /// Whether to search for the nearest of all names when one is not declared.
    pub(crate) guess: bool,
}

impl<'a> Names<'a> {
    pub(crate) fn new(contents: &'a Contents, doubtful: bool) -> Self {
        Self { contents, granted: reach::granted(contents), doubtful, guess: true }
    }
}

pub(crate) fn resolve_among<P: Copy>(
    asked: &Asked<P>,
    names: &Names<'_>,
) -> Result<Requirement, Vec<Problem<P>>> {
    let mut resolver = Resolver { names, problems: Vec::new() };
    let requirement = match &asked.rule {
        Some(rule) => resolver.by_rule(rule, asked),
        None => resolver.by_parts(asked),
    };
    if resolver.problems.is_empty() { Ok(requirement) } else { Err(resolver.problems) }
}

struct Resolver<'a, P> {
    names: &'a Names<'a>,
    problems: Vec<Problem<P>>,
}

/// A name and the scheme it turned out to be.
type Found<'a, P> = (&'a Named<P>, SchemeId, &'a Scheme);

impl<'a, P: Copy> Resolver<'a, P> {
    fn by_rule(&mut self, rule: &Named<P>, asked: &Asked<P>) -> Requirement {
        self.refuse_parts(rule, asked);
        let limit = asked.limit.as_ref().and_then(|limit| self.limit(limit));
        let Some(found) = self.names.contents.rule(&rule.name) else {
            self.undeclared(Kind::Rule, rule);
            return Requirement::default();
        };
        if let (Some(second), Some(_)) = (&asked.limit, found.requirement.limit) {
            let message = format!("the rule {} has a limit of its own", quoted(&rule.name));
            let problem = Problem::new(second.at, Code::RuleCombined, message)
                .help("remove one of the two limits")
                .declared(found.place, "the rule");
            self.problems.push(problem);
        }
        let mut requirement = found.requirement.clone();
        requirement.limit = requirement.limit.or(limit);
        requirement
    }

    /// A rule says everything but the limit: what stands beside it would widen or narrow it
    /// without showing in the policy.
    fn refuse_parts(&mut self, rule: &Named<P>, asked: &Asked<P>) {
        let scheme = asked.schemes.first().map(|scheme| (scheme.at, "schemes"));
        let scopes = asked.scopes.as_ref().map(|scopes| (scopes.at, "scopes"));
        let role = asked.role.as_ref().map(|role| (role.at, "a role"));
        let max_age = asked.max_age.as_ref().map(|max_age| (max_age.at, "a maximum age"));
        let acr = asked.acr.as_ref().map(|acr| (acr.at, "an authentication context"));
        for (at, what) in [scheme, scopes, role, max_age, acr].into_iter().flatten() {
            let message = format!("{what} cannot be combined with the rule {}", quoted(&rule.name));
            let problem = Problem::new(at, Code::RuleCombined, message).help(
                "the rule says which schemes, scopes and role it asks for: name either it or them",
            );
            self.problems.push(problem);
        }
    }

    fn by_parts(&mut self, asked: &Asked<P>) -> Requirement {
        let schemes = self.schemes(asked);
        let role = asked.role.as_ref().and_then(|role| self.role(role, &schemes));
        let scopes = asked.scopes.as_ref().map(|scopes| self.scopes(scopes, &schemes));
        let limit = asked.limit.as_ref().and_then(|limit| self.limit(limit));
        let max_age = asked.max_age.as_ref().and_then(|max_age| self.max_age(max_age));
        let acr = asked.acr.as_ref().and_then(|acr| self.acr(acr));
        if let Some(sign_in) = asked.max_age.as_ref().or(asked.acr.as_ref()) {
            self.schemes_with_sign_in(sign_in, &schemes);
        }
        let mut ids: Vec<_> = schemes.iter().map(|(_, id, _)| *id).collect();
        ids.sort_unstable();
        let any_scope = asked.scopes.as_ref().is_some_and(|scopes| scopes.any);
        let scopes = scopes.unwrap_or_default();
        Requirement { schemes: ids, scopes, any_scope, role, limit, max_age, acr }
    }

    fn schemes<'b>(&mut self, asked: &'b Asked<P>) -> Vec<Found<'b, P>>
    where
        'a: 'b,
    {
        if asked.schemes.is_empty() {
            let all = name::listed(self.names.contents.schemes.iter().map(|s| s.name.as_str()));
            let problem = Problem::new(
                asked.at,
                Code::NoScheme,
                "no scheme is named, so nobody could ever pass",
            );
            self.problems.push(problem.help(format!("name one or more of {all}")));
        }
        let contents = self.names.contents;
        let mut found = Vec::with_capacity(asked.schemes.len());
        for named in self.once(&asked.schemes, Kind::Scheme) {
            let id = contents.scheme_id(&named.name);
            match id.and_then(|id| Some((id, contents.schemes.get(id.0 as usize)?))) {
                Some((id, scheme)) => found.push((named, id, scheme)),
                None => self.undeclared(Kind::Scheme, named),
            }
        }
        found
    }

    /// The names without the empty and the repeated ones, which are reported.
    fn once<'b>(&mut self, names: &'b [Named<P>], kind: Kind) -> Vec<&'b Named<P>> {
        let noun = kind.noun();
        let mut seen = HashSet::with_capacity(names.len());
        let mut kept = Vec::with_capacity(names.len());
        for named in names {
            if named.name.is_empty() {
                let message = format!("this {noun} has an empty name");
                self.problems.push(Problem::new(named.at, Code::EmptyValue, message));
            } else if seen.insert(named.name.as_str()) {
                kept.push(named);
            } else {
                let message = format!("the {noun} {} is named twice", quoted(&named.name));
                let problem = Problem::new(named.at, Code::NamedTwice, message);
                self.problems.push(problem.help("remove one of them"));
            }
        }
        kept
    }

    fn role(&mut self, named: &Named<P>, schemes: &[Found<'_, P>]) -> Option<RoleId> {
        let kept = self.once(std::slice::from_ref(named), Kind::Role);
        kept.first()?;
        let Some(role) = self.names.contents.role_id(&named.name) else {
            self.undeclared(Kind::Role, named);
            return None;
        };
        for (_, _, scheme) in schemes {
            if !self.names.doubtful && !reach::carries_role(scheme, role, self.names.contents) {
                self.role_out_of_reach(named, scheme);
            }
        }
        Some(role)
    }

    fn role_out_of_reach(&mut self, named: &Named<P>, scheme: &Scheme) {
        let message = format!(
            "no credential of {} can carry the role {}",
            quoted(&scheme.name),
            quoted(&named.name)
        );
        let help = if scheme.name == "api_key" {
            "API keys carry scopes and no roles: ask for a scope, or leave the scheme out"
                .to_owned()
        } else {
            format!(
                "map one of its roles to it under `issuers.{}.roles`, or leave the scheme out",
                scheme.name
            )
        };
        let problem = Problem::new(named.at, Code::RoleOutOfReach, message);
        self.problems.push(problem.help(help).declared(scheme.place, "the scheme"));
    }

    fn scopes(&mut self, asked: &AskedScopes<P>, schemes: &[Found<'_, P>]) -> Vec<ScopeId> {
        if asked.names.is_empty() {
            let problem = Problem::new(asked.at, Code::EmptyValue, "this list of scopes is empty");
            self.problems.push(problem.help("name a scope, or leave `scopes` out to ask for none"));
        }
        let mut found = Vec::with_capacity(asked.names.len());
        for named in self.once(&asked.names, Kind::Scope) {
            if let Some(id) = self.scope(named) {
                found.push((named, id));
            }
        }
        if !self.names.doubtful {
            self.scopes_in_reach(asked, &found, schemes);
        }
        let mut ids: Vec<_> = found.iter().map(|(_, id)| *id).collect();
        ids.sort_unstable();
        ids
    }

    fn scope(&mut self, named: &Named<P>) -> Option<ScopeId> {
        let id = self.names.contents.scope_id(&named.name);
        if id.is_none() {
            match several(&named.name) {
                Some(list) => self.problems.push(several_in_one(named.at, &list)),
                None => self.undeclared(Kind::Scope, named),
            }
        }
        id
    }

    fn scopes_in_reach(
        &mut self,
        asked: &AskedScopes<P>,
        scopes: &[(&Named<P>, ScopeId)],
        schemes: &[Found<'_, P>],
    ) {
        // A single alternative is no choice: it is asked for like any other scope.
        if asked.any && asked.names.len() > 1 {
            return self.any_in_reach(asked, scopes, schemes);
        }
        for (named, id) in scopes {
            let out: Vec<_> =
                schemes.iter().filter(|scheme| !self.carries(scheme.2, *id)).collect();
            if let Some((_, _, scheme)) =
                out.iter().find(|(_, _, scheme)| reach::awaits_role(scheme, *id))
            {
                self.ungranted(named, *id, scheme);
            }
            for (_, _, scheme) in
                out.iter().filter(|(_, _, scheme)| !reach::awaits_role(scheme, *id))
            {
                self.scope_out_of_reach(named, scheme);
            }
        }
    }

    /// Each scheme has to carry one alternative, and each alternative one scheme.
    fn any_in_reach(
        &mut self,
        asked: &AskedScopes<P>,
        scopes: &[(&Named<P>, ScopeId)],
        schemes: &[Found<'_, P>],
    ) {
        for (named, id) in scopes {
            if !schemes.iter().any(|scheme| self.carries(scheme.2, *id)) {
                let follower =
                    schemes.iter().find(|(_, _, scheme)| reach::awaits_role(scheme, *id));
                match (follower, schemes.first()) {
                    (Some((_, _, scheme)), _) => self.ungranted(named, *id, scheme),
                    (None, Some((_, _, scheme))) => self.scope_out_of_reach(named, scheme),
                    (None, None) => {}
                }
            }
        }
        for (named, _, scheme) in schemes {
            let some = scopes.iter().any(|(_, id)| self.carries(scheme, *id));
            if !some && scopes.len() == asked.names.len() {
                self.nothing_in_reach(named, scheme);
            }
        }
    }

    fn carries(&self, scheme: &Scheme, scope: ScopeId) -> bool {
        reach::carries_scope(scheme, scope, &self.names.granted)
    }

    fn ungranted(&mut self, named: &Named<P>, id: ScopeId, scheme: &Scheme) {
        let (scope, scheme) = (quoted(&named.name), quoted(&scheme.name));
        let message = format!(
            "no role grants the scope {scope}, so no credential of {scheme} ever carries it"
        );
        let mut problem = Problem::new(named.at, Code::Unsatisfiable, message)
            .help("grant it to a role under `roles`, or ask for another scope");
        if let Some(scope) = self.names.contents.scopes.get(id.0 as usize) {
            problem = problem.declared(scope.place, "declared here and granted by no role");
        }
        self.problems.push(problem);
    }

    fn scope_out_of_reach(&mut self, named: &Named<P>, scheme: &Scheme) {
        let message = format!(
            "no credential of {} can carry the scope {}",
            quoted(&scheme.name),
            quoted(&named.name)
        );
        let key = reach::ceiling_key(scheme);
        let problem = Problem::new(named.at, Code::ScopeOutOfReach, message)
            .help(format!("add it to `{key}`, or leave the scheme out"))
            .declared(scheme.place, format!("`{key}` is the most it can carry"));
        self.problems.push(problem);
    }

    fn nothing_in_reach(&mut self, named: &Named<P>, scheme: &Scheme) {
        let message =
            format!("no credential of {} can carry any of these scopes", quoted(&scheme.name));
        let code =
            if reach::follows_roles(scheme) { Code::Unsatisfiable } else { Code::ScopeOutOfReach };
        let problem = Problem::new(named.at, code, message)
            .help("leave the scheme out, or add a scope that it can carry")
            .declared(scheme.place, "the scheme");
        self.problems.push(problem);
    }

    fn limit(&mut self, named: &Named<P>) -> Option<LimitId> {
        let id = self.names.contents.limit_id(&named.name);
        if id.is_none() {
            self.undeclared(Kind::Limit, named);
        }
        id
    }

    fn max_age(&mut self, named: &Named<P>) -> Option<Seconds> {
        let problem = match sign_in::max_age(&named.name) {
            Ok(span) => return Some(span),
            Err(Fault::NoSpan(message)) => {
                Problem::new(named.at, Code::InvalidDuration, message).help(duration::HELP)
            }
            Err(Fault::OutOfRange) => {
                let message = "`max_age` is outside the range from `1s` to `30d`";
                Problem::new(named.at, Code::OutOfRange, message)
                    .help("write how long ago the sign-in may be, such as `10m`")
            }
        };
        self.problems.push(problem);
        None
    }

    fn acr(&mut self, named: &Named<P>) -> Option<AcrId> {
        let id = self.names.contents.acr_id(&named.name);
        if id.is_none() {
            self.undeclared(Kind::AcrValue, named);
        }
        id
    }

    /// Nobody signs in to use an API key, so a rule about the sign-in would refuse every one.
    fn schemes_with_sign_in(&mut self, asked: &Named<P>, schemes: &[Found<'_, P>]) {
        for (_, _, scheme) in schemes.iter().filter(|(_, _, found)| !sign_in::has_sign_in(found)) {
            let scheme_name = quoted(&scheme.name);
            let message = format!("nobody signs in with {scheme_name}, so it can never meet this");
            let problem = Problem::new(asked.at, Code::NoSignIn, message)
                .help("leave the scheme out, or `max_age` and `acr`")
                .declared(scheme.place, "the scheme");
            self.problems.push(problem);
        }
    }

    fn undeclared(&mut self, kind: Kind, named: &Named<P>) {
        let guess = self.names.guess && self.problems.len() < MOST_GUESSES;
        let Undeclared { message, help, nearest } =
            Undeclared::new(kind, &named.name, self.names.contents, guess);
        let problem = Problem { at: named.at, code: kind.code(), message, help, declared: nearest };
        self.problems.push(problem);
    }
}

/// The scopes in a string that holds several.
pub(crate) fn several(word: &str) -> Option<Vec<&str>> {
    let split = |c: char| c == ',' || c.is_whitespace();
    let parts: Vec<_> = word.split(split).filter(|part| !part.is_empty()).collect();
    (parts.len() > 1).then_some(parts)
}

fn several_in_one<P>(at: P, list: &[&str]) -> Problem<P> {
    let (message, help) = several_words(list);
    Problem::new(at, Code::SeveralScopesInOne, message).help(help)
}

/// What to say about a string that holds several scopes: the sentence and the help.
pub(crate) fn several_words(list: &[&str]) -> (String, String) {
    let quote = |word: &&str| format!("\"{}\"", quoted(word).trim_matches('`'));
    let shown: Vec<_> = list.iter().take(8).map(quote).collect();
    let dots = if list.len() > shown.len() { ", .." } else { "" };
    let message = "a scope holds no blanks and no commas, so this string is none".to_owned();
    (message, format!("write a list: [{}{dots}]", shown.join(", ")))
}
