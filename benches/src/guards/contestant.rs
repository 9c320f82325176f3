//! One row of the table. In: a service and a request for it. Out: the same request again and again.

use std::{convert::Infallible, error::Error};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::Response,
};
use tower::{Service, ServiceExt, util::BoxService};

/// A service that answers, and what it is asked.
pub(crate) struct Contestant {
    pub(crate) label: &'static str,
    service: BoxService<Request, Response, Infallible>,
    path: &'static str,
    headers: HeaderMap,
    expected: StatusCode,
}

impl Contestant {
    /// Every one is boxed in the same way, so that what a box costs is in all of them.
    pub(crate) fn new<S>(
        label: &'static str,
        service: S,
        path: &'static str,
        credential: Option<(&'static str, &str)>,
        expected: u16,
    ) -> Result<Self, Box<dyn Error>>
    where
        S: Service<Request, Response = Response, Error = Infallible> + Send + 'static,
        S::Future: Send,
    {
        let mut headers = HeaderMap::new();
        if let Some((name, value)) = credential {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value)?);
        }
        let expected = StatusCode::from_u16(expected)?;
        Ok(Self { label, service: BoxService::new(service), path, headers, expected })
    }

    /// Asks once, and looks at the answer's status: a fast wrong answer is none.
    pub(crate) async fn ask(&mut self) -> Result<(), Box<dyn Error>> {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = http::Uri::from_static(self.path);
        *request.headers_mut() = self.headers.clone();
        let answer = self.service.ready().await?.call(request).await?;
        if answer.status() == self.expected {
            Ok(())
        } else {
            Err(format!("`{}` answered {}", self.label, answer.status()).into())
        }
    }
}
