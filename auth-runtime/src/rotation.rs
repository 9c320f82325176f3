//! Replacing keys while the engine runs. In: new keys for a scheme. Out: an engine that signs and
//! verifies with them, all at once, without failing a request.

use std::sync::Arc;

use auth_policy::policy::{Scheme, SchemeKind};

use crate::{
    Auth, BuildError,
    audit::{Event, Kind, PolicyLine},
    jwt::{KeySet, SetupError},
    reference,
};

impl Auth {
    /// Replaces the keys of a scheme or foreign issuer: issuer, verifier and the published JWK set
    /// change at once. A request that has begun ends with the keys it began with.
    ///
    /// Tokens of a key that is no longer in the set are refused from now on. So rotate in three
    /// steps: add the new key behind the old one, and wait until everybody who reads the JWK set
    /// has it (5 minutes, its `max-age`); put it first; and take the old one away when the last
    /// token it signed has expired (`access_ttl` and the leeway later).
    ///
    /// # Errors
    ///
    /// When the keys do not fit the scheme, as at start, or it has none or fetches them. Then the
    /// old keys stay.
    ///
    /// # Example
    ///
    /// ```
    /// use auth_runtime::{Auth, jwt::{AccessGrant, KeySet, Verifier, verify}, policy};
    /// use auth_runtime::policy_types::Algorithm;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let partner = KeySet::parse(KeySet::generate(Algorithm::ES256)?.expose(), &[])?;
    /// # let partner = KeySet::published(&partner.public_jwk_set().to_string(), &[Algorithm::ES256])?;
    /// let old = KeySet::generate(Algorithm::EdDSA)?;
    /// let new = KeySet::generate(Algorithm::EdDSA)?;
    /// // Each is a JWK set with one key: `{"keys":[{..}]}`.
    /// let keys = |sets: &[&str]| {
    ///     let keys: Vec<_> = sets.iter().map(|set| &set[9..set.len() - 2]).collect();
    ///     KeySet::from_jwk_set(&format!(r#"{{"keys":[{}]}}"#, keys.join(",")))
    /// };
    /// let auth = Auth::from_policy(policy!())
    ///     .keys("jwt", keys(&[old.expose()])?)
    ///     # .keys("partner", partner).store(std::sync::Arc::new(auth_runtime::store::MemoryStore::new()))
    ///     .build()
    ///     .await?;
    /// let issuer = auth.issuer().ok_or("no scheme `jwt`")?;
    /// let earlier = issuer.access_token(&AccessGrant::new("user-1"), auth.now())?;
    ///
    /// auth.replace_keys("jwt", keys(&[old.expose(), new.expose()])?)?; // published
    /// auth.replace_keys("jwt", keys(&[new.expose(), old.expose()])?)?; // signs
    /// let later = issuer.access_token(&AccessGrant::new("user-1"), auth.now())?;
    ///
    /// let verifier = Verifier::own(&auth.policy(), keys(&[new.expose(), old.expose()])?)?;
    /// assert!(verify(earlier.token.expose(), [&verifier], auth.now()).is_ok());
    /// assert!(verify(later.token.expose(), [&verifier], auth.now()).is_ok());
    ///
    /// auth.replace_keys("jwt", keys(&[new.expose()])?)?; // and 15 minutes later it is alone
    /// # Ok(())
    /// # }
    /// ```
    pub fn replace_keys(&self, scheme: &str, keys: KeySet) -> Result<(), BuildError> {
        let in_force = self.in_force();
        let policy = &in_force.policy;
        let id = policy.scheme_id(scheme);
        if id.is_some_and(|id| self.remote_keys(id).is_some()) {
            return Err(BuildError::KeysAreFetched(scheme.to_owned()));
        }
        let verifier = id.and_then(|id| in_force.verifier(id));
        let verifier = verifier.ok_or_else(|| BuildError::NoSuchScheme(scheme.to_owned()))?;
        let own = policy.jwt().is_some_and(|(jwt, _)| Some(jwt) == id);
        let checked = match in_force.issuer.as_ref().filter(|_| own) {
            Some(issuer) => issuer.check(&keys),
            None => Ok(()),
        };
        let replaced = checked.and_then(|()| verifier.replace_keys(Arc::new(keys)));
        replaced.map_err(|error| refused(scheme, error.into()))?;
        let place = id.and_then(|id| policy.scheme(id));
        self.record(&Event {
            scheme: Some(scheme),
            place: place.map(|scheme| PolicyLine::of_scheme(policy, scheme)),
            cause: Some("keys-replaced"),
            ..self.event(Kind::Keys)
        });
        Ok(())
    }

    /// Reads the keys of a scheme anew from where the policy says they are, and replaces them: for
    /// a file that was rotated, on a signal or at a timer of the application's.
    ///
    /// # Errors
    ///
    /// When they are not there, or as [`replace_keys`](Self::replace_keys). Then the old keys stay.
    pub fn reload_keys(&self, scheme: &str) -> Result<(), BuildError> {
        let policy = self.policy();
        let found = policy.scheme_id(scheme).and_then(|id| policy.scheme(id));
        let found = found.ok_or_else(|| BuildError::NoSuchScheme(scheme.to_owned()))?;
        self.replace_keys(scheme, referred_to(found)?)
    }
}

impl KeySet {
    /// The keys that a scheme or foreign issuer refers to in the policy: in the environment or in a
    /// file.
    ///
    /// # Errors
    ///
    /// When they are not there, are not fit for the scheme, or it is one without keys of its own.
    pub fn referred_to(scheme: &Scheme) -> Result<Self, BuildError> {
        referred_to(scheme)
    }
}

/// The keys a scheme refers to in the policy.
pub(crate) fn referred_to(scheme: &Scheme) -> Result<KeySet, BuildError> {
    let name = || scheme.name.clone();
    let (own, keys, algorithms) = match &scheme.kind {
        SchemeKind::Jwt(jwt) => (true, Some(&jwt.keys), &jwt.algorithms),
        SchemeKind::Issuer(issuer) => (false, issuer.keys.as_ref(), &issuer.algorithms),
        SchemeKind::ApiKey(_) | SchemeKind::Session(_) => {
            return Err(BuildError::NoSuchScheme(name()));
        }
    };
    let reference = keys.ok_or_else(|| BuildError::NoKeys(name()))?;
    let text = reference::resolve(reference)
        .map_err(|error| BuildError::Reference { scheme: name(), error })?;
    // The keys are inside the text: parsing them is what it is for.
    let parse = if own { KeySet::parse } else { KeySet::published };
    parse(text.expose(), algorithms).map_err(|error| refused(&scheme.name, error.into()))
}

fn refused(scheme: &str, error: SetupError) -> BuildError {
    BuildError::Keys { scheme: scheme.to_owned(), error }
}
