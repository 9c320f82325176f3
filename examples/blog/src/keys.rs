//! The engine and its keys. In: settings. Out: an [`Auth`] that signs with the keys of
//! `AUTH_JWT_KEYS`, or in development with keys made at the first start and kept.

use std::{error::Error, io::ErrorKind, path::Path, sync::Arc};

use auth_runtime::{
    Auth, Https,
    audit::{Thresholds, TracingSink, Watch},
    jwt::KeySet,
    limit::{self, Limiter},
    policy,
    policy_types::{Algorithm, KeyEnvironment},
    secret::Secret,
    store::Store,
};

use crate::{kept, settings::Settings};

/// Where development keys are kept, in the folder the blog is started in.
const KEPT: &str = ".blog-keys.json";

pub(crate) async fn engine(
    settings: &Settings,
    store: Arc<dyn Store>,
) -> Result<Auth, Box<dyn Error>> {
    // One policy serves both, and keys of the one are no keys in the other.
    let environment = if settings.production { KeyEnvironment::Live } else { KeyEnvironment::Test };
    let limiter = limiter(settings).await?;
    let builder = Auth::from_policy(policy!()).store(store).limiter(limiter);
    let https = if settings.production { Https::Required } else { Https::Optional };
    // Events go to the log, and with them what several of them together look like.
    let audit = Watch::new(TracingSink, Thresholds::default());
    let mut builder = builder.key_environment(environment).https(https).audit(audit);
    if !settings.keys_given && !settings.production {
        builder = builder.keys("jwt", development_keys(Path::new(KEPT))?);
        tracing::warn!("signing with development keys from {KEPT}: set AUTH_JWT_KEYS for your own");
    }
    let Some(file) = &settings.policy else { return Ok(builder.build().await?) };
    let built = builder.policy_file(file).build().await;
    let auth = built.map_err(|error| format!("BLOG_POLICY: {error}"))?;
    auth.follow_policy(file);
    Ok(auth)
}

/// Limits are kept where the store is, if that is a Redis: then several processes share them.
async fn limiter(settings: &Settings) -> Result<Arc<dyn Limiter>, Box<dyn Error>> {
    let url = if settings.store.starts_with("redi") { &settings.store } else { "memory:" };
    limit::open(url).await.map_err(|why| format!("BLOG_STORE: {why}").into())
}

fn development_keys(kept: &Path) -> Result<KeySet, Box<dyn Error>> {
    let text = match kept::read(kept) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => make(kept)?,
        Err(error) => return Err(format!("{} cannot be read: {error}", kept.display()).into()),
    };
    // The keys are inside the text: parsing them is what it is for.
    KeySet::from_jwk_set(text.expose()).map_err(|error| {
        format!("{}: {error}; delete the file to have new keys made", kept.display()).into()
    })
}

fn make(kept: &Path) -> Result<Secret, Box<dyn Error>> {
    let keys = KeySet::generate(Algorithm::EdDSA)?;
    kept::write(kept, &keys)?;
    Ok(keys)
}
