//! HTTPS without a proxy. In: a listener, and a certificate that is made at the first start and kept.
//! Out: a listener whose connections are encrypted, for `Protected::serve_until`.
//!
//! The certificate is its own authority, so browsers ask before they go on. It is for development,
//! and for what `curl --cacert .blog-tls.pem` is pointed at.

use std::{
    error::Error,
    future::pending,
    io::{self, ErrorKind},
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::Duration,
};

use auth_runtime::secret::Secret;
use axum::serve::Listener;
use base64::{Engine, prelude::BASE64_STANDARD};
use rcgen::{CertificateParams, KeyPair};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{
        Semaphore,
        mpsc::{self, Receiver, Sender},
    },
    task::JoinHandle,
    time::timeout,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
    server::TlsStream,
};

use crate::kept;

/// Where certificate and key are kept, in the folder the blog is started in.
pub(crate) const KEPT: &str = ".blog-tls.pem";

/// How long a client may take for the handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How many handshakes go on at once. Further connections wait in the queue of the system.
const MOST_HANDSHAKES: usize = 1024;

/// The years that the certificate is good for. Nobody trusts it but by looking at it, so there is
/// no use in renewing it: delete the file to have another made.
const YEARS: (i32, i32) = (2026, 2049);

type Accepted = (TlsStream<TcpStream>, SocketAddr);

/// A listener that hands on a connection once its handshake is done.
pub(crate) struct TlsListener {
    accepted: Receiver<Accepted>,
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl TlsListener {
    /// Speaks TLS on that listener, with the certificate in the file `kept`.
    pub(crate) fn on(listener: TcpListener, kept: &Path) -> Result<Self, Box<dyn Error>> {
        let address = listener.local_addr()?;
        let acceptor = TlsAcceptor::from(Arc::new(config(kept, address)?));
        let (hand_on, accepted) = mpsc::channel(1);
        let accepting = tokio::spawn(accept(listener, acceptor, hand_on));
        Ok(Self { accepted, address, accepting })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> Accepted {
        match self.accepted.recv().await {
            Some(accepted) => accepted,
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl Drop for TlsListener {
    /// The port is free from then on, as with a plain listener.
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Accepts connections, and shakes hands with many clients at once: none waits for a slow one.
async fn accept(mut listener: TcpListener, acceptor: TlsAcceptor, hand_on: Sender<Accepted>) {
    let places = Arc::new(Semaphore::new(MOST_HANDSHAKES));
    // The semaphore is never closed.
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let (stream, peer) = Listener::accept(&mut listener).await;
        let (acceptor, hand_on) = (acceptor.clone(), hand_on.clone());
        tokio::spawn(async move {
            match timeout(HANDSHAKE, acceptor.accept(stream)).await {
                // Nobody takes it where the blog is stopping.
                Ok(Ok(stream)) => drop(hand_on.send((stream, peer)).await),
                Ok(Err(error)) => tracing::debug!(%peer, %error, "a handshake failed"),
                Err(_) => tracing::debug!(%peer, "a handshake took too long"),
            }
            drop(place);
        });
    }
}

/// TLS 1.2 and 1.3, and in them HTTP/2 and HTTP/1.1.
fn config(kept: &Path, address: SocketAddr) -> Result<ServerConfig, Box<dyn Error>> {
    let pem = match kept::read(kept) {
        Ok(pem) => pem,
        Err(error) if error.kind() == ErrorKind::NotFound => make(kept, address)?,
        Err(error) => return Err(format!("{} cannot be read: {error}", kept.display()).into()),
    };
    of_pem(&pem).map_err(|error| {
        format!("{}: {error}; delete the file to have a certificate made", kept.display()).into()
    })
}

fn of_pem(pem: &Secret) -> Result<ServerConfig, Box<dyn Error>> {
    // Key and certificate are inside the text: parsing them is what it is for.
    let text = pem.expose().as_bytes();
    let key = PrivateKeyDer::from_pem_slice(text)?;
    let certificates = CertificateDer::pem_slice_iter(text).collect::<Result<Vec<_>, _>>()?;
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?.with_no_client_auth();
    let mut config = builder.with_single_cert(certificates, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// A new key with a certificate for this machine, and for the address that is listened on.
fn make(kept: &Path, address: SocketAddr) -> Result<Secret, Box<dyn Error>> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let own = address.ip();
    if !own.is_unspecified() && !own.is_loopback() {
        names.push(own.to_string());
    }
    let mut params = CertificateParams::new(names)?;
    params.not_before = rcgen::date_time_ymd(YEARS.0, 1, 1);
    params.not_after = rcgen::date_time_ymd(YEARS.1, 12, 31);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let text = [pem("PRIVATE KEY", &key.serialize_der()), pem("CERTIFICATE", certificate.der())];
    let text = Secret::from(text.concat());
    kept::write(kept, &text)?;
    Ok(text)
}

/// A block of RFC 7468.
fn pem(label: &str, der: &[u8]) -> String {
    // 48 bytes are a line of 64 characters.
    let lines = der.chunks(48).map(|line| BASE64_STANDARD.encode(line) + "\n");
    format!("-----BEGIN {label}-----\n{}-----END {label}-----\n", lines.collect::<String>())
}
