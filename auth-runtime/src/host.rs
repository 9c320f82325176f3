//! Which host a request is for. In: its headers and its target. Out: the host and perhaps a port, as
//! the client wrote them.

use axum::http::{HeaderMap, Uri, header};

/// The host that was asked: of HTTP/2 and of a whole URI its authority, else the one `Host` (RFC
/// 9110, section 7.2).
pub(crate) fn host<'r>(headers: &'r HeaderMap, uri: &'r Uri) -> Option<&'r str> {
    if let Some(authority) = uri.authority() {
        return Some(authority.as_str());
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    hosts.next().is_none().then_some(host)
}
