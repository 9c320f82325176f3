//! Sign-in with a provider. In: `BLOG_OIDC_*`, and people whom the provider vouches for. Out: their
//! accounts, with a name nobody else has.

use std::sync::Arc;

use auth_runtime::{
    account::{Account, AccountError},
    clock::Timestamp,
    oidc::{Creating, People as Newcomers, Profile as Claims, Provider, ProviderSignIn, Stage},
    random,
    secret::Secret,
    store::{Answer, StoreError},
};

use crate::{
    accounts::{MAX_USERNAME, People, Profile, is_email, is_username},
    app::App,
    register::FIRST_ROLE,
    settings::{Oidc, Settings},
};

/// The provider's name in `/login/{provider}`.
const NAME: &str = "local";

/// Where a sign-in leads: one's own page, the start, or on with the request of a program.
const AFTER: [&str; 3] = ["/account", "/", "/oauth/authorize"];

/// How often a name is tried that somebody may have.
const ATTEMPTS: usize = 4;

/// Sign-in with the provider of the settings, and those of the policy, if there are any.
pub(crate) async fn sign_in(
    app: &App,
    settings: &Settings,
) -> Result<Option<ProviderSignIn>, Box<dyn std::error::Error>> {
    if settings.oidc.is_none() && app.auth.policy().providers().is_empty() {
        return Ok(None);
    }
    let stage = match settings.production {
        // The tokens of this service name it by the address it has.
        true => Stage::Production { origin: app.auth.own_issuer().to_string() },
        false => Stage::Development { over_tls: settings.tls },
    };
    let mut builder = ProviderSignIn::builder(app.auth.clone(), Arc::new(app.clone()), stage);
    if let Some(Oidc { issuer, client_id, client_secret }) = &settings.oidc {
        let local = Provider::new(NAME, issuer, client_id, client_secret.clone());
        builder = builder.provider(local.after(AFTER).on_failure("/login"));
    }
    let sign_in = builder.build().await;
    Ok(Some(
        sign_in.map_err(|why| format!("BLOG_OIDC_ISSUER, or `providers` of the policy: {why}"))?,
    ))
}

impl Newcomers for App {
    fn create<'a>(&'a self, claims: &'a Claims, now: Timestamp) -> Answer<'a, Creating> {
        Box::pin(async move {
            let account = register(self, claims, now).await?;
            self.people.learn(&account.id, claims, now).await?;
            Ok(Creating::Created(account))
        })
    }

    fn update<'a>(
        &'a self,
        account: &'a Account,
        claims: &'a Claims,
        now: Timestamp,
    ) -> Answer<'a, ()> {
        Box::pin(self.people.learn(&account.id, claims, now))
    }
}

/// An account under the wanted name, or one like it that is free. Its password is known to nobody.
async fn register(app: &App, claims: &Claims, now: Timestamp) -> Result<Account, StoreError> {
    let nobody_knows = Secret::from(random_text(32)?);
    let password = app.hasher.hash(nobody_knows).await;
    let password = password.map_err(|why| StoreError::Unavailable(why.to_string()))?;
    let wanted = wanted(claims);
    let mut name = wanted.clone();
    for _ in 0..ATTEMPTS {
        match app.people.register(&name, FIRST_ROLE, password.clone(), now).await {
            Ok(account) => return Ok(account),
            // SECURITY: whoever has that name is somebody else, whatever the provider calls them.
            Err(AccountError::NameTaken) => name = format!("{wanted}-{}", random_text(6)?),
            Err(AccountError::Store(error)) => return Err(error),
            Err(error) => return Err(StoreError::Unavailable(error.to_string())),
        }
    }
    Err(StoreError::Unavailable("every name that was tried is taken".to_owned()))
}

fn random_text(bytes: usize) -> Result<String, StoreError> {
    random::token(bytes).map_err(|why| StoreError::Unavailable(why.to_string()))
}

/// What the provider calls them, else what stands before the `@`, as far as it can be a name here.
fn wanted(claims: &Claims) -> String {
    let of_address = claims.email.as_deref().and_then(|email| email.split('@').next());
    let called = claims.preferred_username.as_deref().or(of_address).unwrap_or_default();
    let plain = |letter: &char| letter.is_alphanumeric() || "-_.".contains(*letter);
    let mut name = String::new();
    for letter in called.chars().filter(plain) {
        // Room for what makes it another's.
        if name.len() + letter.len_utf8() > MAX_USERNAME - 10 {
            break;
        }
        name.push(letter);
    }
    if is_username(&name) { name } else { "member".to_owned() }
}

impl People {
    /// Takes over what a provider says, but no name that somebody has chosen here.
    async fn learn(&self, id: &str, claims: &Claims, now: Timestamp) -> Result<(), StoreError> {
        let old = self.profile(id, now).await?;
        let chosen = !old.display_name.is_empty() && Some(&old.display_name) != old.called.as_ref();
        let (email, email_verified) = match claims.email.clone().filter(|email| is_email(email)) {
            Some(email) => (Some(email), claims.email_verified),
            None => (old.email, old.email_verified),
        };
        let called = claims.name.clone().or(old.called);
        let profile = Profile {
            email,
            email_verified,
            display_name: called.clone().filter(|_| !chosen).unwrap_or(old.display_name),
            called,
            given_name: claims.given_name.clone().or(old.given_name),
            family_name: claims.family_name.clone().or(old.family_name),
        };
        self.set_profile(id, &profile, now).await
    }
}
