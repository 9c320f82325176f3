//! Who asks. In: what a person says of a caller. Out: the credentials that can be meant, and which
//! of them answers the question.

use super::{Explanation, flip, origin::Origins, reason};
use crate::{
    Policy, Source,
    access::{Carrier, Credential, Holder, admits, carriers},
    document::Document,
    lock::{Endpoint, Guard, Lock, Rule},
    report::Report,
    settings::Seconds,
    yaml,
};

/// What a question is about: the policy as written and as checked, and its lock.
pub struct Question<'q> {
    source: &'q Source,
    policy: &'q Policy,
    lock: &'q Lock,
    document: Document,
}

/// What is said of a caller. What is left out is assumed to be enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holds {
    /// The roles held.
    pub roles: Vec<String>,
    /// The scheme whose credential it is; without one, that by which they get furthest.
    pub scheme: Option<String>,
    /// The scopes carried; without any, all that such a credential can carry.
    pub scopes: Option<Vec<String>>,
    /// Whether it is a client that asks: for itself, or with roles for the account that holds them.
    pub client: bool,
    /// How long ago they signed in.
    pub signed_in: Option<Seconds>,
    /// How surely they proved then who they are.
    pub acr: Option<String>,
}

impl<'q> Question<'q> {
    /// About that policy. `policy` is what [`check`](crate::check()) made of `source`; nothing comes
    /// of a source that cannot be read.
    pub fn about(source: &'q Source, policy: &'q Policy, lock: &'q Lock) -> Option<Self> {
        let mut report = Report::default();
        let tree = yaml::read(source, &mut report)?;
        let document = Document::read(&tree, &mut report);
        Some(Self { source, policy, lock, document })
    }

    /// Why a caller of whom this is said is let in at that endpoint, or is not.
    ///
    /// Where several credentials can be meant, it is one that is admitted, or else the one that
    /// lacks least.
    ///
    /// # Errors
    ///
    /// One sentence, where no credential can be meant.
    pub fn explain(&self, endpoint: &Endpoint, holds: &Holds) -> Result<Explanation, String> {
        let Rule::Guarded(guard) = &endpoint.rule else { return Ok(self.public(endpoint)) };
        let meant = self.meant(guard, holds)?;
        let explanations = meant.iter().map(|carrier| self.with(endpoint, guard, holds, carrier));
        let least = explanations.min_by_key(|explanation| {
            let edits = explanation.flip.as_ref().map_or(usize::MAX, |flip| flip.edits.len());
            let allowed = explanation.verdict.is_allowed();
            (!allowed, if allowed { 0 } else { edits })
        });
        least.ok_or_else(|| "the policy knows no such credential".to_owned())
    }

    fn with(
        &self,
        endpoint: &Endpoint,
        guard: &Guard,
        holds: &Holds,
        carrier: &Carrier,
    ) -> Explanation {
        let (credential, assumed) = self.credential(guard, holds, carrier);
        let verdict = admits(self.policy, &endpoint.rule, Some(&credential));
        let origins = self.origins();
        let (source, lock) = (self.source, self.lock);
        let flips =
            flip::Flips { origins: &origins, source, lock, scopes: holds.scopes.as_deref() };
        Explanation {
            because: reason::because(&origins, guard, &credential, &verdict),
            flip: flips.flip(endpoint, guard, &credential, &verdict),
            endpoint: endpoint.clone(),
            credential: Some(credential),
            verdict,
            assumed,
        }
    }

    fn public(&self, endpoint: &Endpoint) -> Explanation {
        Explanation {
            verdict: admits(self.policy, &endpoint.rule, None),
            because: vec![super::Reason {
                sentence: format!("it is open to everybody: {}", endpoint.rule),
                words: Vec::new(),
            }],
            endpoint: endpoint.clone(),
            credential: None,
            assumed: Vec::new(),
            flip: None,
        }
    }

    fn origins(&self) -> Origins<'_> {
        Origins { policy: self.policy, document: &self.document }
    }

    /// The kinds of credential that can be meant.
    fn meant(&self, guard: &Guard, holds: &Holds) -> Result<Vec<Carrier>, String> {
        let known = carriers(self.policy).into_iter();
        let holder_fits = |carrier: &Carrier| match (holds.client, holds.roles.is_empty()) {
            (true, true) => carrier.holder == Holder::Client,
            (true, false) => carrier.holder == Holder::Delegate,
            (false, _) => matches!(carrier.holder, Holder::Account | Holder::Foreign),
        };
        let fitting: Vec<_> = known.filter(holder_fits).collect();
        let named = |scheme: &str| -> Vec<_> {
            fitting.iter().filter(|carrier| carrier.scheme == scheme).cloned().collect()
        };
        if let Some(scheme) = &holds.scheme {
            let named = named(scheme);
            let why = if holds.client {
                "the policy knows no clients by"
            } else {
                "the policy has no scheme"
            };
            return if named.is_empty() { Err(format!("{why} `{scheme}`")) } else { Ok(named) };
        }
        if fitting.is_empty() {
            return Err("the policy has no `oauth`, so it knows no clients".to_owned());
        }
        // An account's roles mean nothing in the tokens of others, unless that is asked.
        let ours = |carrier: &&Carrier| carrier.holder != Holder::Foreign;
        let counting = |carrier: &&Carrier| guard.schemes.contains(&carrier.scheme);
        let counting: Vec<_> = fitting.iter().filter(ours).filter(counting).cloned().collect();
        if counting.is_empty() {
            return Ok(fitting.iter().filter(ours).chain(&fitting).take(1).cloned().collect());
        }
        Ok(counting)
    }

    /// The credential as it is meant, and what had to be assumed.
    fn credential(
        &self,
        guard: &Guard,
        holds: &Holds,
        carrier: &Carrier,
    ) -> (Credential, Vec<String>) {
        let scopes = holds.scopes.clone().unwrap_or_else(|| guard.scopes.clone());
        let session = self.policy.session().is_some() && carrier.scheme == "session";
        let scopes = if session { Vec::new() } else { scopes };
        let mut credential = Credential::new(carrier).roles(holds.roles.clone()).scopes(scopes);
        let tells = carrier.holder != Holder::Client && carrier.scheme != "api_key";
        let (age, acr) = (guard.max_age.filter(|_| tells), guard.acr.clone().filter(|_| tells));
        let mut assumed = Vec::new();
        if let (Some(age), None) = (age, holds.signed_in) {
            assumed.push(format!("a sign-in less than {age} ago"));
        }
        if let (Some(acr), None) = (&acr, &holds.acr) {
            assumed.push(format!("a sign-in as strong as `{acr}`"));
        }
        credential.signed_in = holds.signed_in.or(age.map(|_| Seconds(0)));
        credential.acr = holds.acr.clone().or(acr);
        (credential, assumed)
    }
}
