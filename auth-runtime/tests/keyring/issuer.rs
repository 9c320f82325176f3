//! A foreign issuer in memory: documents under URLs, a record of what was asked for, and a gate
//! that holds answers back.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex},
};

use auth_runtime::{
    discovery::{Fetch, FetchError, Fetched, Fetching},
    policy_types::Seconds,
};
use serde_json::json;
use tokio::sync::Semaphore;

use super::forge::{TestKey, jwks};

pub(crate) const PARTNER: &str = "https://partner.example/a";
pub(crate) const METADATA: &str = "https://partner.example/a/.well-known/openid-configuration";
pub(crate) const KEYS: &str = "https://keys.partner.example/jwks";

/// What the engine fetches with.
#[derive(Default)]
pub(crate) struct FakeNet {
    answers: Mutex<HashMap<String, Result<Fetched, FetchError>>>,
    asked: Mutex<Vec<String>>,
    gate: Mutex<Option<Arc<Semaphore>>>,
}

impl FakeNet {
    /// A net in which `partner` publishes these keys.
    pub(crate) fn with(keys: &[&TestKey]) -> Arc<Self> {
        let net = Arc::new(Self::default());
        net.publish(PARTNER, KEYS, &jwks(keys));
        net
    }

    /// Makes an issuer publish this set there.
    pub(crate) fn publish(&self, issuer: &str, location: &str, set: &str) {
        let metadata = json!({ "issuer": issuer, "jwks_uri": location }).to_string();
        let slashless = issuer.trim_end_matches('/');
        self.says(&format!("{slashless}/.well-known/openid-configuration"), &metadata);
        self.says(location, set);
    }

    pub(crate) fn rotate(&self, keys: &[&TestKey]) {
        self.says(KEYS, &jwks(keys));
    }

    pub(crate) fn says(&self, url: &str, body: &str) {
        self.answers_with(url, Ok(Fetched { body: body.to_owned(), max_age: None }));
    }

    pub(crate) fn says_for(&self, url: &str, body: &str, seconds: u64) {
        let max_age = Some(Seconds(seconds));
        self.answers_with(url, Ok(Fetched { body: body.to_owned(), max_age }));
    }

    pub(crate) fn answers_with(&self, url: &str, answer: Result<Fetched, FetchError>) {
        self.answers.lock().unwrap().insert(url.to_owned(), answer);
    }

    /// From now on nobody is reached.
    pub(crate) fn goes_down(&self) {
        let down = Err(FetchError::Unreachable("the test pulled the plug".to_owned()));
        self.answers.lock().unwrap().values_mut().for_each(|answer| *answer = down.clone());
    }

    /// From now on answers wait until the gate is given permits.
    pub(crate) fn close_gate(&self) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        *self.gate.lock().unwrap() = Some(Arc::clone(&gate));
        gate
    }

    /// What was asked for since the last call.
    pub(crate) fn asked(&self) -> Vec<String> {
        mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Fetch for FakeNet {
    fn get<'f>(&'f self, url: &'f str) -> Fetching<'f> {
        self.asked.lock().unwrap().push(url.to_owned());
        let gate = self.gate.lock().unwrap().clone();
        Box::pin(async move {
            if let Some(gate) = gate {
                gate.acquire().await.unwrap().forget();
            }
            let answers = self.answers.lock().unwrap();
            answers.get(url).cloned().unwrap_or(Err(FetchError::Status(404)))
        })
    }
}
