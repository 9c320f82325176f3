//! What makes a verdict. In: who asks, what is asked for, and the verdict. Out: sentences, each with
//! the words of the policy that say so.

use super::{Reason, Word, origin::Origins};
use crate::{
    access::{Credential, Holder, Lack, Verdict},
    lock::Guard,
    name::listed,
    settings::Place,
};

/// The parts of a verdict: of one that admits, what lets in; of one that refuses, what is lacking.
pub(super) fn because(
    origins: &Origins<'_>,
    guard: &Guard,
    credential: &Credential,
    verdict: &Verdict,
) -> Vec<Reason> {
    let reasons = Reasons { origins, guard, credential };
    match verdict {
        Verdict::Allowed => reasons.allowed(),
        Verdict::Denied(lacks) => lacks.iter().map(|lack| reasons.lacking(lack)).collect(),
    }
}

struct Reasons<'r> {
    origins: &'r Origins<'r>,
    guard: &'r Guard,
    credential: &'r Credential,
}

impl Reasons<'_> {
    fn allowed(&self) -> Vec<Reason> {
        let mut reasons = Vec::new();
        reasons.extend(self.guard.role.as_deref().map(|role| self.has_role(role)));
        let effective = self.guard.scopes.iter().filter(|scope| self.has(scope));
        let needed = if self.guard.any_scope { 1 } else { usize::MAX };
        reasons.extend(effective.take(needed).map(|scope| self.has_scope(scope)));
        if reasons.is_empty() {
            let scheme = &self.credential.scheme;
            let word = word(self.origins.scheme_place(scheme), "counts, whatever it carries");
            let sentence = format!("every credential of the scheme `{scheme}` is enough");
            reasons.push(Reason { sentence, words: vec![word] });
        }
        reasons
    }

    fn has_role(&self, asked: &str) -> Reason {
        let held = self.held();
        let mut words = self.origins.entries(&self.credential.scheme, &self.credential.roles);
        let (start, way) = self.origins.path(&held, |role| role == asked).unwrap_or_default();
        words.retain(|(ours, _)| *ours == start);
        let mut words: Vec<_> = words
            .into_iter()
            .map(|(ours, place)| word(place, &format!("means our role `{ours}`")))
            .collect();
        words.extend(included(&start, &way));
        if words.is_empty() {
            words.push(word(self.origins.role_place(asked), "held"));
        }
        let sentence = match start == asked {
            true => format!("the role `{asked}` is asked for, and held"),
            false => format!("`{start}` comes to the role `{asked}`"),
        };
        Reason { sentence, words }
    }

    /// The words by which a scope is in effect.
    fn has_scope(&self, scope: &str) -> Reason {
        let mut words = Vec::new();
        let mut who = "the credential".to_owned();
        if self.is_granted() {
            let held = self.held();
            let grants = self.origins.grants(&held, scope);
            let granting = |role: &str| grants.iter().any(|granted| granted.of == role);
            if let Some((start, way)) = self.origins.path(&held, granting) {
                let role = way.last().map_or(start.as_str(), |(role, _)| role.as_str());
                words.extend(included(&start, &way));
                let granted = grants.iter().find(|granted| granted.of == role);
                words.extend(
                    granted.map(|granted| {
                        word(granted.place, &grants_label(role, scope, &granted.word))
                    }),
                );
                who = format!("`{start}`");
            }
        }
        let scheme = &self.credential.scheme;
        let ceiling = self.origins.ceiling(scheme, scope);
        words.extend(
            ceiling.first().map(|granted| word(granted.place, &format!("`{scheme}` may carry it"))),
        );
        Reason { sentence: format!("{who} has the scope `{scope}`"), words }
    }

    fn lacking(&self, lack: &Lack) -> Reason {
        let (sentence, words) = match lack {
            Lack::Scopes { missing, any } => return self.lacking_scopes(missing, *any),
            Lack::Scheme(scheme) => self.wrong_scheme(scheme),
            Lack::Role(role) => {
                let place = self.origins.role_place(role);
                (self.no_role(role), vec![word(place, "asked for here")])
            }
            Lack::Acr(acr) => {
                let declared = self.origins.document.acr_values.iter();
                let place = declared.filter(|at| at.value == *acr).map(|at| at.place).next();
                let words = place.map(|place| word(place, "the weakest that is enough"));
                (format!("it lacks {lack}"), words.into_iter().collect())
            }
            _ => (format!("it lacks {lack}"), Vec::new()),
        };
        Reason { sentence, words: words.into_iter().chain(self.rule()).collect() }
    }

    fn wrong_scheme(&self, scheme: &str) -> (String, Vec<Word>) {
        let counting = listed(self.guard.schemes.iter().map(String::as_str));
        let sentence =
            format!("credentials of `{scheme}` do not count here, those of {counting} do");
        let place = self.origins.scheme_place(scheme);
        let words =
            self.origins.policy.scheme_id(scheme).map(|_| word(place, "does not count here"));
        (sentence, words.into_iter().collect())
    }

    fn no_role(&self, role: &str) -> String {
        match (
            self.credential.holder,
            self.is_granted() && self.origins.ceiling_words(&self.credential.scheme).is_some(),
        ) {
            (Holder::Client | Holder::Delegate, _) => {
                format!("it lacks the role `{role}`: a client has scopes and no roles")
            }
            (_, true) => format!("it lacks the role `{role}`: a key has scopes and no roles"),
            _ => format!("it lacks the role `{role}`"),
        }
    }

    fn lacking_scopes(&self, missing: &[String], any: bool) -> Reason {
        let lack = Lack::Scopes { missing: missing.to_vec(), any };
        let mut causes = Vec::new();
        let mut words = Vec::new();
        let carried = |scope: &&String| self.credential.scopes.contains(scope) || self.is_session();
        let uncarried: Vec<_> = missing.iter().filter(|scope| !carried(scope)).collect();
        if !uncarried.is_empty() {
            causes.push(format!(
                "the credential does not carry {}",
                listed(uncarried.iter().map(|scope| scope.as_str()))
            ));
        }
        let scheme = &self.credential.scheme;
        let capped: Vec<_> = missing.iter().filter(|scope| self.is_capped(scope)).collect();
        if !capped.is_empty() {
            let names = listed(capped.iter().map(|scope| scope.as_str()));
            causes.push(format!("no credential of `{scheme}` may carry {names}"));
            words.push(word(self.origins.scheme_place(scheme), &format!("may not carry {names}")));
        }
        let ungranted: Vec<_> = missing.iter().filter(|scope| self.is_ungranted(scope)).collect();
        if !ungranted.is_empty() {
            let names = listed(ungranted.iter().map(|scope| scope.as_str()));
            causes.push(self.ungranted(&names));
            let declared = self.credential.roles.iter();
            let declared = declared.filter(|role| self.origins.policy.role_id(role).is_some());
            words.extend(declared.map(|role| {
                word(self.origins.role_place(role), &format!("does not come to {names}"))
            }));
        }
        words.extend(self.rule());
        Reason { sentence: format!("it lacks {lack}: {}", causes.join(", and ")), words }
    }

    fn ungranted(&self, names: &str) -> String {
        let (known, unknown): (Vec<_>, Vec<_>) = self
            .credential
            .roles
            .iter()
            .partition(|role| self.origins.policy.role_id(role).is_some());
        if let ([], [unknown, ..]) = (known.as_slice(), unknown.as_slice()) {
            return format!("the policy declares no role `{unknown}`");
        }
        match known.as_slice() {
            [] => "it holds no role".to_owned(),
            [role] => format!("`{role}` does not come to {names}"),
            roles => format!(
                "none of {} comes to {names}",
                listed(roles.iter().map(|role| role.as_str()))
            ),
        }
    }

    /// The named rule that asks for it.
    fn rule(&self) -> Option<Word> {
        let rule = self.origins.policy.rule(self.guard.name.as_deref()?)?;
        Some(word(rule.place, "this rule asks for it"))
    }

    fn has(&self, scope: &str) -> bool {
        let carried = self.is_session() || self.credential.scopes.iter().any(|it| it == scope);
        carried && !self.is_capped(scope) && !self.is_ungranted(scope)
    }

    fn is_capped(&self, scope: &str) -> bool {
        let scheme = &self.credential.scheme;
        self.origins.ceiling_words(scheme).is_some()
            && self.origins.ceiling(scheme, scope).is_empty()
    }

    fn is_ungranted(&self, scope: &str) -> bool {
        self.is_granted() && self.origins.grants(&self.credential.roles, scope).is_empty()
    }

    fn is_granted(&self) -> bool {
        matches!(self.credential.holder, Holder::Account | Holder::Delegate)
    }

    fn is_session(&self) -> bool {
        let session = self.origins.policy.session();
        session.is_some() && self.credential.scheme == "session"
    }

    fn held(&self) -> Vec<String> {
        self.origins.meaning(&self.credential.scheme, &self.credential.roles)
    }
}

fn word(place: Place, label: &str) -> Word {
    Word { place, label: label.to_owned() }
}

fn grants_label(role: &str, scope: &str, word: &str) -> String {
    if word == scope {
        format!("`{role}` is granted it")
    } else {
        format!("`{role}` is granted it by `{word}`")
    }
}

/// The `includes` on the way from a role.
fn included(start: &str, way: &[(String, Place)]) -> Vec<Word> {
    let from = std::iter::once(start).chain(way.iter().map(|(role, _)| role.as_str()));
    let steps = from.zip(way);
    steps
        .map(|(from, (role, place))| word(*place, &format!("`{from}` includes `{role}`")))
        .collect()
}
