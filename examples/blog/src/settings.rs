//! What the environment says. In: `BLOG_*` and `AUTH_ENV`. Out: [`Settings`], or what is wrong
//! with them.

use std::{env, error::Error, fmt, net::SocketAddr, path::PathBuf};

use auth_runtime::secret::Secret;

/// Where the blog listens unless `BLOG_ADDR` says otherwise.
const DEFAULT_ADDRESS: &str = "127.0.0.1:3000";

/// What is remembered, and where, unless `BLOG_STORE` says otherwise.
const DEFAULT_STORE: &str = "sqlite:blog.db";

/// Where messages to people go unless `BLOG_OUTBOX` says otherwise.
const DEFAULT_OUTBOX: &str = "outbox.jsonl";

/// Where browsers are sent back to that `svc-app` has sent, unless `BLOG_CLIENT_REDIRECT_URIS` says
/// otherwise.
const DEFAULT_REDIRECT_URI: &str = "http://127.0.0.1/callback";

/// The settings of one run.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) address: SocketAddr,
    pub(crate) seed: bool,
    /// The redirect URIs of the client that is planted.
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) production: bool,
    /// Whether it speaks HTTPS itself.
    pub(crate) tls: bool,
    /// Whether `AUTH_JWT_KEYS` is there for the policy to refer to.
    pub(crate) keys_given: bool,
    /// The URL of the store.
    pub(crate) store: String,
    /// Where messages to people go.
    pub(crate) outbox: PathBuf,
    /// A policy whose values count instead of those compiled in.
    pub(crate) policy: Option<PathBuf>,
    /// Who signs people in besides the blog.
    pub(crate) oidc: Option<Oidc>,
}

/// The sign-in provider `local`.
#[derive(Clone, Debug)]
pub(crate) struct Oidc {
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: Secret,
}

impl Settings {
    pub(crate) fn from_environment() -> Result<Self, SettingError> {
        Self::read(variable)
    }

    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let address = variable("BLOG_ADDR").unwrap_or_else(|| DEFAULT_ADDRESS.to_owned());
        let address: SocketAddr = address.parse().map_err(|_| {
            SettingError::new("BLOG_ADDR", "is no address: write IP:PORT, such as 127.0.0.1:3000")
        })?;
        let production = production(variable("AUTH_ENV").as_deref())?;
        let tls = flag("BLOG_TLS", variable("BLOG_TLS").as_deref())?;
        // In production the engine refuses every request that no trusted proxy vouches for.
        if !address.ip().is_loopback() && !tls && !production {
            let help = "is reachable from elsewhere, and the blog would speak plain HTTP: bind a loopback address, or set BLOG_TLS=1";
            return Err(SettingError::new("BLOG_ADDR", help));
        }
        Ok(Self {
            address,
            seed: flag("BLOG_SEED", variable("BLOG_SEED").as_deref())?,
            redirect_uris: redirect_uris(&variable),
            production,
            tls,
            keys_given: variable("AUTH_JWT_KEYS").is_some(),
            store: variable("BLOG_STORE").unwrap_or_else(|| DEFAULT_STORE.to_owned()),
            policy: variable("BLOG_POLICY").map(PathBuf::from),
            oidc: Oidc::read(&variable)?,
            outbox: variable("BLOG_OUTBOX").unwrap_or_else(|| DEFAULT_OUTBOX.to_owned()).into(),
        })
    }
}

fn production(value: Option<&str>) -> Result<bool, SettingError> {
    match value {
        None | Some("development") => Ok(false),
        Some("production") => Ok(true),
        Some(_) => Err(SettingError::new("AUTH_ENV", "is neither `development` nor `production`")),
    }
}

impl Oidc {
    /// All of the three, or none.
    fn read(variable: &impl Fn(&str) -> Option<String>) -> Result<Option<Self>, SettingError> {
        let names = ["BLOG_OIDC_ISSUER", "BLOG_OIDC_CLIENT_ID", "BLOG_OIDC_CLIENT_SECRET"];
        let values = names.map(|name| variable(name).filter(|value| !value.is_empty()));
        let missing = names.iter().zip(&values).find(|(_, value)| value.is_none());
        let missing = missing.map_or("BLOG_OIDC_ISSUER", |(name, _)| name);
        match values {
            [Some(issuer), Some(client_id), Some(secret)] => {
                Ok(Some(Self { issuer, client_id, client_secret: Secret::from(secret) }))
            }
            [None, None, None] => Ok(None),
            _ => {
                let help = "is not set: a provider needs BLOG_OIDC_ISSUER, BLOG_OIDC_CLIENT_ID and BLOG_OIDC_CLIENT_SECRET";
                Err(SettingError::new(missing, help))
            }
        }
    }
}

/// Those of a list with commas; which of them may be registered is for the store of clients to say.
fn redirect_uris(variable: &impl Fn(&str) -> Option<String>) -> Vec<String> {
    let listed = variable("BLOG_CLIENT_REDIRECT_URIS").filter(|listed| !listed.is_empty());
    let listed = listed.unwrap_or_else(|| DEFAULT_REDIRECT_URI.to_owned());
    listed.split(',').map(|uri| uri.trim().to_owned()).collect()
}

fn flag(name: &'static str, value: Option<&str>) -> Result<bool, SettingError> {
    match value {
        None | Some("" | "0") => Ok(false),
        Some("1") => Ok(true),
        Some(_) => Err(SettingError::new(name, "is neither `0` nor `1`")),
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place that reads the blog's environment")]
fn variable(name: &str) -> Option<String> {
    env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SettingError {
    name: &'static str,
    help: &'static str,
}

impl SettingError {
    fn new(name: &'static str, help: &'static str) -> Self {
        Self { name, help }
    }
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.help)
    }
}

impl Error for SettingError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, SettingError> {
        Settings::read(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_set_is_development_on_loopback() -> Result<(), SettingError> {
        let settings = read(&[])?;
        assert_eq!(settings.address.to_string(), DEFAULT_ADDRESS);
        assert!(!settings.production && !settings.seed && !settings.keys_given);
        Ok(())
    }

    #[test]
    fn m13_plain_http_beyond_loopback_is_refused() {
        for address in ["0.0.0.0:3000", "[::]:3000", "192.0.2.1:80"] {
            assert!(read(&[("BLOG_ADDR", address)]).is_err(), "{address}");
        }
        assert!(read(&[("BLOG_ADDR", "[::1]:0")]).is_ok());
        let open = ("BLOG_ADDR", "0.0.0.0:3000");
        assert!(read(&[open, ("BLOG_TLS", "0")]).is_err());
        assert!(read(&[open, ("AUTH_ENV", "development")]).is_err());
        assert!(read(&[open, ("BLOG_TLS", "1")]).is_ok_and(|settings| settings.tls));
        assert!(read(&[open, ("AUTH_ENV", "production")]).is_ok_and(|settings| !settings.tls));
    }

    #[test]
    fn what_is_not_understood_is_refused_rather_than_ignored() {
        for (name, value) in [("BLOG_TLS", "yes"), ("AUTH_ENV", "prod"), ("BLOG_SEED", "yes")] {
            assert_eq!(read(&[(name, value)]).err().map(|error| error.name), Some(name));
        }
    }

    #[test]
    fn m05_a_provider_is_named_with_all_it_needs_or_not_at_all() -> Result<(), SettingError> {
        let whole = [
            ("BLOG_OIDC_ISSUER", "https://id.example"),
            ("BLOG_OIDC_CLIENT_ID", "blog"),
            ("BLOG_OIDC_CLIENT_SECRET", "hunter2"),
        ];
        assert!(read(&[])?.oidc.is_none());
        let settings = read(&whole)?;
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert!(settings.oidc.is_some_and(|oidc| oidc.client_secret.matches("hunter2")));
        for left_out in 0..whole.len() {
            let mut rest = whole.to_vec();
            let (name, _) = rest.remove(left_out);
            assert_eq!(read(&rest).err().map(|error| error.name), Some(name));
        }
        Ok(())
    }
}
