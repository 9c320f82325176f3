//! The parameters of a request. In: a form. Out: each parameter once; or a refusal in the words of
//! OAuth, where another extractor would use its own.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};

use super::error::OAuthError;
use crate::{csrf::form::is_form, secret::Secret};

/// The most parameters that are looked at.
const MAX_PARAMETERS: usize = 64;

/// Parameters of OAuth. One without a value is as if it were not there (RFC 6749, section 3.1).
#[derive(Debug, Default)]
pub(super) struct Parameters(BTreeMap<String, Secret>);

impl Parameters {
    /// Reads them; none may be there twice.
    pub(super) fn read(text: &[u8]) -> Result<Self, OAuthError> {
        Self::of(form_urlencoded::parse(text).into_owned())
    }

    /// The same of a form that was taken apart already.
    pub(super) fn of(
        pairs: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, OAuthError> {
        let mut parameters = BTreeMap::new();
        for (name, value) in pairs {
            if parameters.len() == MAX_PARAMETERS {
                return Err(OAuthError::invalid_request("there are too many parameters"));
            }
            if parameters.insert(name, Secret::from(value)).is_some() {
                return Err(OAuthError::invalid_request("a parameter is there twice"));
            }
        }
        Ok(Self(parameters))
    }

    /// A parameter that is no secret.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        // Read here by names that are no secrets' alone.
        self.secret(name).map(Secret::expose)
    }

    pub(super) fn secret(&self, name: &str) -> Option<&Secret> {
        // Only whether it is empty is looked at.
        self.0.get(name).filter(|value| !value.expose().is_empty())
    }
}

impl<S: Send + Sync> FromRequest<S> for Parameters {
    type Rejection = OAuthError;

    async fn from_request(request: Request, state: &S) -> Result<Self, OAuthError> {
        if !is_form(request.headers()) {
            let description = "send the body as application/x-www-form-urlencoded";
            return Err(OAuthError::invalid_request(description));
        }
        let body = Bytes::from_request(request, state).await;
        let unread = |_| OAuthError::invalid_request("the body is too long, or was cut short");
        Self::read(&body.map_err(unread)?)
    }
}
