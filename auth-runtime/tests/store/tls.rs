//! Redis behind TLS, with a certificate made for the test.

use auth_runtime::store::{self, StoreError};
use auth_tests::{Folder, PASSWORD, Server, free_port};

use crate::{
    certificate::certificate,
    changes,
    world::{Shared, fresh, put, value},
};

/// Its URL, too: what it is started with listens without TLS.
fn start(certificate: &str, key: &str) -> (Server, String) {
    let port = free_port().to_string();
    let settings = ["--tls-port", &port, "--tls-cert-file", certificate, "--tls-key-file", key];
    let more = ["--tls-ca-cert-file", certificate, "--tls-auth-clients", "no"];
    let server = auth_tests::redis::start(&[&settings[..], &more[..]].concat());
    (server, format!("rediss://:{PASSWORD}@127.0.0.1:{port}"))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Redis and openssl: ./test stores"]
async fn redis_speaks_tls_to_those_it_can_prove_itself_to() {
    let folder = Folder::in_memory();
    let (certificate, key) = certificate(&folder);
    let (_server, url) = start(&certificate, &key);
    let trusting = format!("{url}/?ca={certificate}");
    let store: Shared = store::open(&trusting).await.unwrap();
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
