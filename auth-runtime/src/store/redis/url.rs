//! The URL of a Redis. In: its text. Out: how to reach it, checked.

use redis::{
    Client, IntoConnectionInfo, ProtocolVersion, RedisError, TlsCertificates,
    cluster::{ClusterClient, ClusterClientBuilder},
};

use crate::store::{StoreError, bounds::CONNECT, is_name};

/// How to reach one Redis, or a cluster.
pub(crate) struct Address {
    pub(crate) target: Target,
    /// Those that can be asked to subscribe, in order.
    pub(crate) nodes: Vec<Client>,
    /// What the keys begin with.
    pub(crate) prefix: String,
}

pub(crate) enum Target {
    One(Box<Client>),
    Cluster(Box<ClusterClient>),
}

/// `SCHEME://[USER:PASSWORD@]HOST[:PORT][,HOST..][/DB][?prefix=..&ca=FILE]`.
pub(crate) fn parse(url: &str) -> Result<Address, StoreError> {
    let (scheme, rest) = url.split_once("://").ok_or_else(unreadable)?;
    // SECURITY: to redis-rs, `#insecure` means to take any certificate.
    if rest.contains('#') {
        return Err(unreadable());
    }
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let parameters = Parameters::of(query)?;
    let (plain, is_cluster) = match scheme.strip_suffix("+cluster") {
        Some(plain) => (plain, true),
        None => (scheme, false),
    };
    if parameters.ca.is_some() && plain != "rediss" {
        return Err(StoreError::Unsuitable("`ca` is for `rediss://`".to_owned()));
    }
    let certificates = parameters.certificates()?;
    if plain == "rediss" {
        ensure_provider();
    }
    let urls =
        if is_cluster { each_node(plain, place) } else { vec![format!("{plain}://{place}")] };
    let nodes = urls.iter().map(|url| client(url, certificates.clone()));
    let nodes = nodes.collect::<Result<Vec<_>, _>>()?;
    let target = match nodes.first() {
        Some(first) if !is_cluster => Target::One(Box::new(first.clone())),
        _ => Target::Cluster(Box::new(cluster(&urls, certificates)?)),
    };
    Ok(Address { target, nodes, prefix: parameters.prefix })
}

/// What follows the `?`.
struct Parameters {
    prefix: String,
    ca: Option<String>,
}

impl Parameters {
    fn of(query: &str) -> Result<Self, StoreError> {
        let mut found = Self { prefix: "auth".to_owned(), ca: None };
        for parameter in query.split('&').filter(|text| !text.is_empty()) {
            match parameter.split_once('=') {
                Some(("prefix", prefix)) if is_name(prefix) => found.prefix = prefix.to_owned(),
                Some(("ca", path)) => found.ca = Some(path.to_owned()),
                _ => return Err(unreadable()),
            }
        }
        Ok(found)
    }

    fn certificates(&self) -> Result<Option<TlsCertificates>, StoreError> {
        let Some(path) = &self.ca else { return Ok(None) };
        let failed = |error: std::io::Error| {
            StoreError::Unsuitable(format!("its `ca` file cannot be read: {}", error.kind()))
        };
        let root_cert = Some(std::fs::read(path).map_err(failed)?);
        Ok(Some(TlsCertificates { client_tls: None, root_cert }))
    }
}

/// rustls asks for one provider per process, and panics without. Who chose one keeps it.
fn ensure_provider() {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // It can only fail because another thread has just chosen, which is as good.
        drop(provider.install_default());
    }
}

/// `user:password@a:1,b:2` as a URL for each node.
fn each_node(scheme: &str, place: &str) -> Vec<String> {
    let (user, hosts) = match place.rsplit_once('@') {
        Some((user, hosts)) => (format!("{user}@"), hosts),
        None => (String::new(), place),
    };
    hosts.split(',').map(|host| format!("{scheme}://{user}{host}")).collect()
}

fn client(url: &str, certificates: Option<TlsCertificates>) -> Result<Client, StoreError> {
    let information = url.into_connection_info().map_err(|error| refused(&error))?;
    // Ordinary replies need nothing of the newer protocol, and subscribing has a simpler form here.
    let settings = information.redis_settings().clone().set_protocol(ProtocolVersion::RESP2);
    let information = information.set_redis_settings(settings);
    match certificates {
        Some(certificates) => {
            Client::build_with_tls(information, certificates).map_err(|error| refused(&error))
        }
        None => Client::open(information).map_err(|error| refused(&error)),
    }
}

fn cluster(
    urls: &[String],
    certificates: Option<TlsCertificates>,
) -> Result<ClusterClient, StoreError> {
    let builder = ClusterClientBuilder::new(urls.iter().map(String::as_str))
        .connection_timeout(CONNECT)
        .response_timeout(super::link::RESPONSE)
        .overall_response_timeout(None)
        // It would send a command again whose answer was lost, and a `take` that was made would
        // then say that nothing was there. What may be sent again, `link` knows.
        .retries(0);
    let builder = match certificates {
        Some(certificates) => builder.certs(certificates),
        None => builder,
    };
    builder.build().map_err(|error| refused(&error))
}

fn refused(error: &RedisError) -> StoreError {
    // SECURITY: the kind alone. The detail may repeat the URL.
    StoreError::Unsuitable(format!("its URL or certificate is refused: {}", error.category()))
}

fn unreadable() -> StoreError {
    StoreError::Unsuitable(
        "its URL is not of the form `redis://HOST:PORT/DB?prefix=NAME&ca=FILE`".to_owned(),
    )
}
