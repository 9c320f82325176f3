//! Another policy without a restart. In: a policy file of the structure that handlers were compiled
//! against. Out: an engine that decides by its values from the next request on; or the old policy
//! still in force, and what is wrong with the new one.
//!
//! What handlers were compiled against (names of scopes, roles, schemes, limits, and rules) is
//! compared and must be the same. What was made from values at start and cannot be made anew is
//! compared too, and named: see [`ReloadError::NeedsRestart`].

use std::{
    error::Error,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use auth_policy::{
    Policy, Source, check,
    policy::{Scheme, SchemeId, SchemeKind},
    settings::{EndpointKind, Place, Provider},
};

use crate::{
    Auth,
    audit::{Decision, Event, Kind},
    in_force::InForce,
};

/// Part of an application that is made of a policy's values, beside the engine.
pub(crate) trait Follower: Send + Sync {
    /// Makes it anew of that policy, which may still be refused: nothing changes before the answer
    /// is called.
    ///
    /// # Errors
    ///
    /// Why it cannot be made.
    fn prepare(self: Arc<Self>, policy: &Policy) -> Result<Settle, String>;
}

/// Puts what was prepared in force.
pub(crate) type Settle = Box<dyn FnOnce() + Send>;

/// How often a file that is followed is looked at.
const PACE: Duration = Duration::from_millis(250);

impl Auth {
    /// Puts the policy in that file in the place of the one in force, all at once: a request that
    /// has begun ends with the policy it began with.
    ///
    /// Grants, lifetimes, limits, cookie settings, ceilings, trusted origins, headers, CORS and
    /// providers change; what providers refer to is read anew. Tokens that were issued live as long as they were told; what they are worth changes at
    /// once.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is refused by the check, has another structure, changes what
    /// needs a restart, or has providers that cannot be signed in with. Then the old policy stays. Either outcome is an event of kind
    /// `policy.reloaded`.
    pub fn reload(&self, file: impl AsRef<Path>) -> Result<(), ReloadError> {
        let reloaded = read(file.as_ref()).and_then(|policy| self.adopt(policy));
        self.report_reload(reloaded.as_ref().map(|_| ()));
        reloaded
    }

    /// Reloads the policy whenever that file changes, for as long as the engine lives: within half a
    /// second. A file that is refused is reported once, and tried again when it changes again.
    ///
    /// The file as it is now counts as known: [`AuthBuilder::policy_file`] reads it at start.
    ///
    /// [`AuthBuilder::policy_file`]: crate::AuthBuilder::policy_file
    #[allow(clippy::disallowed_methods, reason = "the pace of looking, not a moment of a record")]
    pub fn follow_policy(&self, file: impl Into<PathBuf>) {
        let (file, engine) = (file.into(), self.downgrade());
        tokio::spawn(async move {
            let mut known = Seen::of(&file).await;
            let mut settling = known.clone();
            loop {
                // The task holds no engine while it waits.
                tokio::time::sleep(PACE).await;
                let Some(engine) = engine.upgrade() else { return };
                let now = Seen::of(&file).await;
                // An editor may be in the middle of writing: what stays the same is finished.
                let settled = now == settling;
                settling = now;
                if settled && settling != known {
                    known = settling.clone();
                    if let Err(error) = engine.reload(&file) {
                        tracing::error!(target: "auth", %error, "the old policy stays in force");
                    }
                }
            }
        });
    }

    /// Decides by that policy from now on.
    fn adopt(&self, policy: Policy) -> Result<(), ReloadError> {
        // INVARIANT: one at a time, so that no part of the engine ends with another policy's values.
        let _one_at_a_time = self.replacing();
        let old = self.in_force();
        if policy.structure() != old.policy.structure() {
            return Err(ReloadError::OtherStructure);
        }
        let mut fixed = fixed(&old.policy, &policy);
        // Whoever serves none has no endpoints to sign in at.
        if self.followers().is_empty() && !same_providers(&old.policy, &policy) {
            fixed.push("providers".to_owned());
        }
        if !fixed.is_empty() {
            return Err(ReloadError::NeedsRestart(fixed));
        }
        let broken: Vec<_> =
            self.served().iter().flat_map(|served| served.broken_statements(&policy)).collect();
        if !broken.is_empty() {
            return Err(ReloadError::Refused(broken));
        }
        let new = old.under(&Arc::new(policy)).map_err(ReloadError::Keys)?;
        let prepared = self.followers().into_iter().map(|one| one.prepare(&new.policy));
        let prepared = prepared.collect::<Result<Vec<_>, _>>().map_err(ReloadError::Providers)?;
        let policy = Arc::clone(&new.policy);
        // SECURITY: before any token is issued that lives longer, revocations are kept as long.
        if let (Some(revocations), Some((_, scheme))) = (self.revocations(), policy.jwt()) {
            revocations.adopt(scheme);
        }
        if let (Some(sessions), Some((_, scheme))) = (self.session_book(), policy.session()) {
            sessions.adopt(scheme);
        }
        self.put_in_force(new);
        prepared.into_iter().for_each(|settle| settle());
        Ok(())
    }

    fn report_reload(&self, outcome: Result<(), &ReloadError>) {
        self.record(&Event {
            decision: if outcome.is_ok() { Decision::Allow } else { Decision::Deny },
            cause: outcome.err().map(ReloadError::code),
            ..self.event(Kind::PolicyReloaded)
        });
    }
}

/// Reads and checks a policy file.
pub(crate) fn read(file: &Path) -> Result<Policy, ReloadError> {
    let label = file.display().to_string();
    let source = Source::read(file, label).map_err(|error| ReloadError::Unreadable {
        file: file.to_owned(),
        error: error.to_string(),
    })?;
    let checked = check(&source);
    checked.policy.ok_or_else(|| {
        let errors = checked.diagnostics.iter();
        ReloadError::Refused(errors.map(|found| found.render(&source)).collect())
    })
}

/// What two policies say differently that was settled at start.
fn fixed(old: &Policy, new: &Policy) -> Vec<String> {
    let mut fixed = Vec::new();
    let mut settled = |same: bool, what: String| {
        if !same {
            fixed.push(what);
        }
    };
    settled(old.passwords() == new.passwords(), "passwords".to_owned());
    for kind in EndpointKind::ALL {
        // Endpoints that were mounted because they have a limit: see `Router::protect`.
        let kept = old.endpoint_limit(kind).is_none() || new.endpoint_limit(kind).is_some();
        settled(kept, format!("endpoints.{}", kind.as_str()));
    }
    let schemes = old.schemes().iter().zip(new.schemes());
    for (old, new) in schemes {
        let Scheme { name, kind: was, .. } = old;
        match (was, &new.kind) {
            (SchemeKind::Jwt(was), SchemeKind::Jwt(is)) => {
                settled(was.keys == is.keys, format!("schemes.{name}.keys"));
                settled(was.issuer == is.issuer, format!("schemes.{name}.issuer"));
                settled(was.algorithms == is.algorithms, format!("schemes.{name}.algorithms"));
                let check = (was.revocation.check, is.revocation.check);
                settled(check.0 == check.1, format!("schemes.{name}.revocation.check"));
                let cookies = (was.cookies.is_some(), is.cookies.is_some());
                settled(cookies.0 == cookies.1, format!("schemes.{name}.cookies"));
            }
            (SchemeKind::ApiKey(was), SchemeKind::ApiKey(is)) => {
                settled(was.pepper == is.pepper, format!("schemes.{name}.pepper"));
                settled(was.environment == is.environment, format!("schemes.{name}.environment"));
            }
            (SchemeKind::Issuer(was), SchemeKind::Issuer(is)) => {
                settled(was.keys == is.keys, format!("issuers.{name}.keys"));
                settled(was.issuer == is.issuer, format!("issuers.{name}.issuer"));
                settled(was.algorithms == is.algorithms, format!("issuers.{name}.algorithms"));
            }
            _ => {}
        }
    }
    fixed
}

/// Whether two policies say the same of the same providers, wherever they say it.
fn same_providers(old: &Policy, new: &Policy) -> bool {
    let said = |policy: &Policy| -> Vec<Provider> {
        let providers = policy.providers().iter().cloned();
        providers.map(|provider| Provider { place: Place::default(), ..provider }).collect()
    };
    said(old) == said(new)
}

impl InForce {
    /// The same keys under another policy of the same structure.
    fn under(&self, policy: &Arc<Policy>) -> Result<Self, String> {
        let mut new = Self::new(Arc::clone(policy), self.remembered());
        for (scheme, id) in policy.schemes().iter().zip(0u32..) {
            let Some(keys) = self.verifier(SchemeId(id)).map(|verifier| verifier.keyring().clone())
            else {
                continue;
            };
            let done = match &scheme.kind {
                SchemeKind::Jwt(_) => new.sign_with(keys),
                _ => new.trust(SchemeId(id), keys),
            };
            done.map_err(|error| format!("scheme `{}`: {error}", scheme.name))?;
        }
        Ok(new)
    }
}

/// A file as it was found.
#[derive(Clone, PartialEq, Eq)]
struct Seen(Option<Vec<u8>>);

impl Seen {
    /// What is in the file; nothing where it cannot be read, or is longer than a policy may be.
    async fn of(file: &Path) -> Self {
        let file = file.to_owned();
        let read = move || Source::read(&file, "").ok().map(|source| source.text().into());
        Self(tokio::task::spawn_blocking(read).await.ok().flatten())
    }
}

/// Why the old policy stays in force.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReloadError {
    /// The file cannot be read.
    Unreadable {
        /// Which one.
        file: PathBuf,
        /// What the system says.
        error: String,
    },
    /// The check refuses it: its findings, as `cargo auth check` shows them. Or what it says of
    /// endpoints under `never` and `always` is not so for those that are served.
    Refused(Vec<String>),
    /// It declares other names or rules than the handlers were compiled against.
    OtherStructure,
    /// It changes what is settled at start: the keys of the policy that differ.
    NeedsRestart(Vec<String>),
    /// The keys at hand cannot be used under it.
    Keys(String),
    /// Its providers cannot be signed in with.
    Providers(String),
}

impl ReloadError {
    /// The cause in an event: stable.
    fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "policy-unreadable",
            Self::Refused(_) => "policy-refused",
            Self::OtherStructure => "policy-of-other-structure",
            Self::NeedsRestart(_) => "policy-needs-restart",
            Self::Keys(_) => "policy-does-not-fit-keys",
            Self::Providers(_) => "policy-does-not-fit-providers",
        }
    }
}

impl fmt::Display for ReloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { file, error } => {
                write!(f, "the policy {} cannot be read: {error}", file.display())
            }
            Self::Refused(findings) => write!(f, "the policy is refused:\n{}", findings.join("\n")),
            Self::OtherStructure => f.write_str(
                "the policy has other scopes, roles, schemes, limits or rules than the binary was \
                 compiled against: build it with that policy, or take the change of names back",
            ),
            Self::NeedsRestart(what) => write!(
                f,
                "the policy changes {}, which is settled when the service starts: restart it",
                what.join(", ")
            ),
            Self::Keys(error) => write!(f, "the keys at hand do not fit the policy: {error}"),
            Self::Providers(error) => {
                write!(f, "the providers of the policy cannot be signed in with: {error}")
            }
        }
    }
}

impl Error for ReloadError {}
