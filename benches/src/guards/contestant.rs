//! One row of the table. In: a service and a request for it. Out: the same request again and again.

use std::{convert::Infallible, error::Error};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::Response,
};
use tower::{Service, ServiceExt, util::BoxCloneService};

/// A service that answers, and what it is asked.
#[derive(Clone)]
pub(crate) struct Contestant {
    pub(crate) label: &'static str,
    service: BoxCloneService<Request, Response, Infallible>,
    path: &'static str,
    /// Those of one request after the other, from the first again after the last.
    headers: Vec<HeaderMap>,
    asked: usize,
    expected: StatusCode,
}

/// A credential: the header it comes in, and the header's value.
pub(crate) type Credential<'a> = (&'static str, &'a str);

impl Contestant {
    /// Every one is boxed in the same way, so that what a box costs is in all of them.
    pub(crate) fn new<S>(
        label: &'static str,
        service: S,
        path: &'static str,
        credential: Option<Credential<'_>>,
        expected: u16,
    ) -> Result<Self, Box<dyn Error>>
    where
        S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send,
    {
        let headers = vec![headers(credential)?];
        let expected = StatusCode::from_u16(expected)?;
        let service = BoxCloneService::new(service);
        Ok(Self { label, service, path, headers, asked: 0, expected })
    }

    /// The same, asked with each of these in turn.
    pub(crate) fn with_each(
        self,
        name: &'static str,
        values: &[String],
    ) -> Result<Self, Box<dyn Error>> {
        let headers = values.iter().map(|value| headers(Some((name, value))));
        Ok(Self { headers: headers.collect::<Result<_, _>>()?, ..self })
    }

    /// Asks once, and looks at the answer's status: a fast wrong answer is none.
    pub(crate) async fn ask(&mut self) -> Result<(), Box<dyn Error>> {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = http::Uri::from_static(self.path);
        if let Some(headers) = self.headers.get(self.asked % self.headers.len()) {
            *request.headers_mut() = headers.clone();
        }
        self.asked = self.asked.wrapping_add(1);
        let answer = self.service.ready().await?.call(request).await?;
        if answer.status() == self.expected {
            Ok(())
        } else {
            Err(format!("`{}` answered {}", self.label, answer.status()).into())
        }
    }
}

fn headers(credential: Option<Credential<'_>>) -> Result<HeaderMap, Box<dyn Error>> {
    let mut headers = HeaderMap::new();
    if let Some((name, value)) = credential {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value)?);
    }
    Ok(headers)
}
