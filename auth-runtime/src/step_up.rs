//! Step-up (RFC 9470). In: a caller, and what is asked of the sign-in behind the credential: how
//! recent it has to be and how strong. Out: nothing, or what it lacks. The one place that decides it.

use auth_policy::{Policy, policy::AcrId, settings::Seconds};

use crate::{Identity, clock::Timestamp, rule::Requirement};

/// How far ahead another clock may be that says when somebody signed in.
const AHEAD: Seconds = Seconds(60);

/// What is asked of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StepUp {
    /// How long ago it may be.
    pub(crate) max_age: Option<Seconds>,
    /// The weakest authentication context that is enough.
    pub(crate) acr: Option<AcrId>,
}

/// What a sign-in lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// It is too long ago, or it is not known when it was.
    TooOld,
    /// It is too weak, or it is not known how strong it was.
    TooWeak,
}

impl Lack {
    /// The cause for the audit.
    pub(crate) const fn cause(self) -> &'static str {
        match self {
            Self::TooOld => "authentication-too-old",
            Self::TooWeak => "authentication-too-weak",
        }
    }
}

impl StepUp {
    pub(crate) const fn of(requirement: &Requirement) -> Self {
        Self { max_age: requirement.max_age, acr: requirement.acr }
    }

    /// What this caller's sign-in lacks.
    ///
    /// SECURITY: what a credential does not say counts as the weakest (J16).
    pub(crate) fn lack(self, caller: &Identity, policy: &Policy, now: Timestamp) -> Option<Lack> {
        if !self.is_recent(caller.authenticated_at(), now) {
            Some(Lack::TooOld)
        } else if !self.is_strong(caller.acr().and_then(|acr| policy.acr_id(acr))) {
            Some(Lack::TooWeak)
        } else {
            None
        }
    }

    /// The authentication contexts that are enough, the weakest of them first.
    pub(crate) fn acr_values(self, policy: &Policy) -> impl Iterator<Item = &str> {
        let enough = self.acr.and_then(|acr| policy.acr_values().get(acr.0 as usize..));
        enough.unwrap_or_default().iter().map(|acr| acr.value.as_str())
    }

    /// SECURITY: what lies ahead says that some clock is wrong, and is recent for nobody.
    fn is_recent(self, authenticated_at: Option<Timestamp>, now: Timestamp) -> bool {
        let been = |at: &Timestamp| *at <= now.plus(AHEAD);
        let at = authenticated_at.filter(been);
        self.max_age.is_none_or(|age| at.is_some_and(|at| now < at.plus(age)))
    }

    /// The later in the policy's list, the stronger.
    fn is_strong(self, held: Option<AcrId>) -> bool {
        self.acr.is_none_or(|asked| held.is_some_and(|held| held >= asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(max_age: Option<u64>, acr: Option<u32>) -> StepUp {
        StepUp { max_age: max_age.map(Seconds), acr: acr.map(AcrId) }
    }

    #[test]
    fn j16_a_sign_in_is_recent_up_to_the_very_second() {
        let within = asked(Some(600), None);
        assert!(within.is_recent(Some(Timestamp(1_000)), Timestamp(1_599)));
        assert!(!within.is_recent(Some(Timestamp(1_000)), Timestamp(1_600)));
        assert!(!within.is_recent(None, Timestamp(0)), "not known counts as too long ago");
        assert!(asked(None, None).is_recent(None, Timestamp(0)));
    }

    #[test]
    fn j16_a_sign_in_that_lies_ahead_is_recent_for_nobody() {
        let within = asked(Some(600), None);
        assert!(within.is_recent(Some(Timestamp(1_060)), Timestamp(1_000)), "clocks differ");
        assert!(!within.is_recent(Some(Timestamp(1_061)), Timestamp(1_000)));
        assert!(!within.is_recent(Some(Timestamp(i64::MAX)), Timestamp(1_000)));
        assert!(asked(None, None).is_recent(Some(Timestamp(i64::MAX)), Timestamp(0)));
    }

    #[test]
    fn j16_a_stronger_context_is_enough_and_an_unknown_one_is_not() {
        let second = asked(None, Some(1));
        assert!(!second.is_strong(Some(AcrId(0))));
        assert!(second.is_strong(Some(AcrId(1))) && second.is_strong(Some(AcrId(2))));
        assert!(!second.is_strong(None) && !asked(None, Some(0)).is_strong(None));
        assert!(asked(None, None).is_strong(None));
    }
}
