//! `headers`: what every answer says to browsers.

use serde::{Deserialize, Serialize};

use super::Seconds;

/// `headers`. What can be set stands here; `X-Content-Type-Options: nosniff` and
/// `X-XSS-Protection: 0` are sent with every answer. The latter switches off a filter of old
/// browsers that could itself be used to attack a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headers {
    /// `Strict-Transport-Security`, which browsers heed over TLS only (RFC 6797).
    pub hsts: Hsts,
    /// `Content-Security-Policy`, one line. It names `frame-ancestors`, and lets no script run that
    /// stands in a page. Default [`Headers::CONTENT_SECURITY_POLICY`].
    pub content_security_policy: String,
    /// The origins whose pages may frame this service, as `frame-ancestors` says; sorted. Default
    /// none, and then `X-Frame-Options: DENY` is sent too, for browsers that know no better.
    pub frame_ancestors: Vec<String>,
    /// `Referrer-Policy`. Default `no-referrer`.
    pub referrer_policy: ReferrerPolicy,
    /// `Permissions-Policy`, one line. Default none: the header is not sent.
    pub permissions_policy: Option<String>,
    /// `Cross-Origin-Resource-Policy`. Default `same-origin`.
    pub cross_origin_resource_policy: ResourcePolicy,
}

impl Headers {
    /// The default of `content_security_policy`: for a service that answers with data. One that has
    /// pages adds what they load.
    pub const CONTENT_SECURITY_POLICY: &str =
        "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
}

impl Default for Headers {
    fn default() -> Self {
        Self {
            hsts: Hsts::default(),
            content_security_policy: Self::CONTENT_SECURITY_POLICY.to_owned(),
            frame_ancestors: Vec::new(),
            referrer_policy: ReferrerPolicy::default(),
            permissions_policy: None,
            cross_origin_resource_policy: ResourcePolicy::default(),
        }
    }
}

/// `headers.hsts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hsts {
    /// How long a browser uses nothing but TLS for this host. At least 365 days. Default 730 days.
    pub max_age: Seconds,
    /// Whether that is so for every host below it. Always: `false` is refused, because a host below
    /// this one could otherwise set cookies for it over plain HTTP.
    pub include_subdomains: bool,
    /// Whether browsers may list the host in advance, which is hard to undo. Default no.
    pub preload: bool,
}

impl Default for Hsts {
    fn default() -> Self {
        Self { max_age: Seconds(730 * 86_400), include_subdomains: true, preload: false }
    }
}

/// The values of `Referrer-Policy` that send no path to other sites.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReferrerPolicy {
    /// Nothing, to nobody.
    #[default]
    NoReferrer,
    /// The address, to this origin alone.
    SameOrigin,
    /// The origin, to whoever is asked over TLS.
    StrictOrigin,
    /// The address to this origin, the origin to others asked over TLS.
    StrictOriginWhenCrossOrigin,
}

impl ReferrerPolicy {
    /// The value of the header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoReferrer => "no-referrer",
            Self::SameOrigin => "same-origin",
            Self::StrictOrigin => "strict-origin",
            Self::StrictOriginWhenCrossOrigin => "strict-origin-when-cross-origin",
        }
    }
}

/// The values of `Cross-Origin-Resource-Policy` that keep answers from pages of other sites.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResourcePolicy {
    /// For pages of this origin.
    #[default]
    SameOrigin,
    /// For pages of this site, its other hosts included.
    SameSite,
}

impl ResourcePolicy {
    /// The value of the header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SameOrigin => "same-origin",
            Self::SameSite => "same-site",
        }
    }
}
