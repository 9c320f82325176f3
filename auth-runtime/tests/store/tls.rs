//! Redis behind TLS, with a certificate made for the test.

use auth_runtime::store::{self, StoreError};

use crate::{
    certificate::certificate,
    changes,
    directory::Directory,
    server::{self, Server},
    world::{Shared, fresh, put, value},
};

fn start(certificate: &str, key: &str) -> Server {
    let port = server::free_port().to_string();
    let settings = ["--port", "0", "--tls-port", &port, "--tls-cert-file", certificate];
    let more =
        ["--tls-key-file", key, "--tls-ca-cert-file", certificate, "--tls-auth-clients", "no"];
    let mut server = server::redis(&[&settings[..], &more[..]].concat());
    server.port = port.parse().unwrap();
    server
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Redis and openssl: ./test stores"]
async fn redis_speaks_tls_to_those_it_can_prove_itself_to() {
    let directory = Directory::new();
    let (certificate, key) = certificate(&directory);
    let mut server = start(&certificate, &key);
    let url = format!("rediss://127.0.0.1:{}", server.port);
    let trusting = format!("{url}/?ca={certificate}");
    let store: Shared = server.ready(async || store::open(&trusting).await).await;
    let record = fresh();
    put(&store, &record, b"x").await;
    assert_eq!(value(&store, &record).await.as_deref(), Some(&b"x"[..]));
    changes::settle(&store, &record).await;
    refused(&url).await;
    refused(&url.replace("rediss", "redis")).await;
    // The certificate has the address, not the name.
    refused(&trusting.replace("127.0.0.1", "localhost")).await;
}

async fn refused(url: &str) {
    let why = store::open(url).await.unwrap_err();
    assert!(matches!(why, StoreError::Unavailable(_)), "{url}: {why:?}");
}
