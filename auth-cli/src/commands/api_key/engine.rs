//! The service's own engine, without its server. In: a policy file and the URL of a store. Out: what
//! looks after the keys, as the service itself would.

use std::{io, path::Path, sync::Arc};

use auth_policy::Policy;
use auth_runtime::{
    Auth, EmbeddedPolicy,
    account::StoredAccounts,
    api_key::ApiKeys,
    audit::JsonLines,
    jwt::KeySet,
    policy_types::{Algorithm, KeyEnvironment, SchemeKind},
    store::{self, Store},
};

use super::{Environment, Place, Problem};
use crate::policies;

/// An engine that answers no requests.
pub(super) struct Engine {
    pub(super) auth: Auth,
    pub(super) keys: ApiKeys,
    pub(super) accounts: StoredAccounts,
}

impl Engine {
    /// Opens the store and makes the engine of the policy.
    pub(super) async fn open(place: &Place) -> Result<Self, Problem> {
        let policy = policies::read(place.policy.as_deref()).map_err(Problem::Usage)?;
        if policy.api_key().is_none() {
            return Err(Problem::Usage("the policy declares no scheme `api_key`".to_owned()));
        }
        let store = open_store(&place.store).await?;
        let auth = build(&policy, Arc::clone(&store), place.environment).await?;
        let keys = auth.api_keys();
        let keys = keys.ok_or_else(|| Problem::Usage("the policy has no API keys".to_owned()))?;
        Ok(Self { auth, keys, accounts: StoredAccounts::new(store) })
    }
}

/// The store of a URL, or of the variable that `${NAME}` names.
async fn open_store(written: &str) -> Result<Arc<dyn Store>, Problem> {
    let name = written.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let url = match name {
        Some(name) => variable(name)?,
        None => written.to_owned(),
    };
    if url.starts_with("memory:") {
        return Err(Problem::Usage(
            "`memory:` ends with the process that holds it: name the store of the service".into(),
        ));
    }
    // A file that is not there would be made, empty, and hold nobody's account.
    if let Some(path) = url.strip_prefix("sqlite:")
        && !path.is_empty()
        && !Path::new(path).is_file()
    {
        let path = path.escape_debug();
        return Err(Problem::Refused(format!("there is no file `{path}`: the service makes it")));
    }
    if let Some(feature) = switched_off(&url) {
        return Err(Problem::Usage(format!(
            "this `cargo auth` was built without {feature}: install it with `--features {feature}`"
        )));
    }
    Ok(store::open(&url).await?)
}

/// The feature that the URL needs, if it is off.
fn switched_off(url: &str) -> Option<&'static str> {
    let features = [
        ("sqlite:", "sqlite", cfg!(feature = "sqlite")),
        ("postgres:", "postgres", cfg!(feature = "postgres")),
        ("postgresql:", "postgres", cfg!(feature = "postgres")),
        ("redis", "redis", cfg!(feature = "redis")),
    ];
    let found = features.into_iter().find(|(beginning, _, _)| url.starts_with(beginning));
    found.filter(|(_, _, on)| !on).map(|(_, feature, _)| feature)
}

#[allow(clippy::disallowed_methods, reason = "the one place that reads where the store is")]
fn variable(name: &str) -> Result<String, Problem> {
    std::env::var(name).map_err(|_| {
        let name = name.escape_debug();
        Problem::Usage(format!("`--store` names the variable `{name}`, which holds no text"))
    })
}

async fn build(
    policy: &Policy,
    store: Arc<dyn Store>,
    environment: Option<Environment>,
) -> Result<Auth, Problem> {
    let usage = |problem: String| Problem::Usage(problem);
    let text = policy.to_embedded().map_err(|error| usage(error.to_string()))?;
    // A policy that is compiled in lives as long as the process, and so does this one.
    let embedded = EmbeddedPolicy::new(text.leak(), policy.structure().0);
    let audit = JsonLines::new(io::stderr()).map_err(|error| usage(error.to_string()))?;
    let mut builder = Auth::from_policy(embedded).store(store).audit(audit);
    if let Some(environment) = environment {
        builder = builder.key_environment(match environment {
            Environment::Live => KeyEnvironment::Live,
            Environment::Test => KeyEnvironment::Test,
        });
    }
    for scheme in policy.schemes() {
        let keys = match &scheme.kind {
            SchemeKind::Jwt(jwt) => unused(&jwt.algorithms, false)?,
            SchemeKind::Issuer(issuer) => unused(&issuer.algorithms, true)?,
            SchemeKind::ApiKey(_) | SchemeKind::Session(_) => continue,
        };
        builder = builder.keys(scheme.name.clone(), keys);
    }
    builder.build().await.map_err(|error| match error {
        auth_runtime::BuildError::Store(error) => error.into(),
        error => usage(error.to_string()),
    })
}

/// Keys for a scheme of tokens, none of which is issued or verified here. SECURITY: made for this and
/// dropped with it, so that no key of the service has to be where its store is administered.
fn unused(algorithms: &[Algorithm], foreign: bool) -> Result<KeySet, Problem> {
    let algorithm = algorithms.first().copied().unwrap_or(Algorithm::EdDSA);
    let made = || {
        let keys = KeySet::generate(algorithm)?;
        // Exposed to be read back.
        let own = KeySet::parse(keys.expose(), &[algorithm])?;
        let published = own.public_jwk_set().to_string();
        if foreign { KeySet::published(&published, &[algorithm]) } else { Ok(own) }
    };
    made().map_err(|error| Problem::Usage(error.to_string()))
}
