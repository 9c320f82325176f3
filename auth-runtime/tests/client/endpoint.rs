//! A token endpoint without a network. In: answers, in order. Out: a source that asks it, and how
//! often it was asked.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use auth_runtime::{
    client::{
        BearerToken, ClientCredentials, ClientError, Sending, TokenAnswer, TokenRequest,
        TokenSource, Transport,
    },
    clock::{ManualClock, Timestamp},
    secret::Secret,
};
use tokio::sync::Semaphore;

/// When every test begins, in seconds since 1970.
pub(crate) const START: i64 = 1_800_000_000;

/// What the endpoint does when asked.
pub(crate) enum Reply {
    /// Answers.
    Says(Result<TokenAnswer, ClientError>),
    /// Answers that after so many seconds, by the clock of the test.
    SaysLate(i64, TokenAnswer),
    /// Never answers.
    Hangs,
    Panics,
}

/// An endpoint; clones are the same one.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) clock: Arc<ManualClock>,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    asked: Arc<AtomicUsize>,
    /// A request takes a permit before it is answered.
    open: Arc<Semaphore>,
}

impl Endpoint {
    pub(crate) fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self {
            clock: Arc::new(ManualClock::at(Timestamp(START))),
            replies: Arc::new(Mutex::new(replies.into_iter().collect())),
            asked: Arc::default(),
            open: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
        }
    }

    /// An endpoint that answers nobody until told to.
    pub(crate) fn closed(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self { open: Arc::new(Semaphore::new(0)), ..Self::new(replies) }
    }

    /// Answers one request.
    pub(crate) fn answer_one(&self) {
        self.open.add_permits(1);
    }

    pub(crate) fn source(&self) -> TokenSource {
        let secret = Secret::from("hunter2".to_owned());
        let client = ClientCredentials::new("https://id.example/token", "svc", secret);
        TokenSource::with_clock(client, self.clone(), Arc::clone(&self.clock))
    }

    /// How many requests there were.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    async fn reply(&self) -> Result<TokenAnswer, ClientError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.open.acquire().await.expect("open").forget();
        let reply = self.replies.lock().expect("not poisoned").pop_front();
        match reply.expect("one request more than the test has answers for") {
            Reply::Says(answer) => answer,
            Reply::SaysLate(seconds, answer) => {
                self.clock.advance(seconds);
                Ok(answer)
            }
            Reply::Hangs => std::future::pending().await,
            Reply::Panics => panic!("the transport panics, as the test wants it"),
        }
    }
}

impl Transport for Endpoint {
    fn send<'t>(&'t self, _request: &'t TokenRequest) -> Sending<'t> {
        Box::pin(self.reply())
    }
}

/// A token that lives for so many seconds.
pub(crate) fn token(name: &str, expires_in: i64) -> Reply {
    Reply::Says(Ok(granted(name, expires_in)))
}

pub(crate) fn granted(name: &str, expires_in: i64) -> TokenAnswer {
    let json =
        format!(r#"{{"access_token":"{name}","token_type":"Bearer","expires_in":{expires_in}}}"#);
    TokenAnswer::ok(json)
}

pub(crate) fn fails(error: ClientError) -> Reply {
    Reply::Says(Err(error))
}

/// The text of a token, or why there is none.
pub(crate) async fn shown(source: &TokenSource) -> Result<String, ClientError> {
    source.token().await.map(|token: BearerToken| token.expose().to_owned())
}

/// Lets whatever can go on do so.
pub(crate) async fn settle() {
    for _ in 0..32 {
        tokio::task::yield_now().await;
    }
}
