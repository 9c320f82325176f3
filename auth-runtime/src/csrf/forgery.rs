//! What is wrong with a request that another page may have caused. In: which check it failed. Out:
//! one refusal for the client, and the exact cause for the audit event.

use axum::http::StatusCode;

use crate::problem::Problem;

/// Why a request is not believed to come from our own pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forgery {
    /// `Sec-Fetch-Site` says another site, or nothing that is known.
    CrossSite,
    /// `Sec-Fetch-Site` says another origin of this site, which the policy does not list.
    SameSite,
    /// `Origin` is neither this service's nor listed.
    Origin,
    /// Neither header, where one of them is all there is to go by.
    Untold,
    /// No token.
    NoToken,
    /// A token that is not this credential's, or several.
    Token,
}

impl Forgery {
    /// The cause in audit events: stable.
    pub(crate) const fn cause(self) -> &'static str {
        match self {
            Self::CrossSite => "csrf-cross-site",
            Self::SameSite => "csrf-same-site",
            Self::Origin => "csrf-origin",
            Self::Untold => "csrf-untold",
            Self::NoToken => "csrf-no-token",
            Self::Token => "csrf-token",
        }
    }

    /// What a developer who sees it can do.
    const fn detail(self) -> &'static str {
        match self {
            Self::CrossSite | Self::SameSite | Self::Origin => {
                "the request was caused by a page of another origin, which this service does not trust"
            }
            Self::Untold => {
                "nothing says which page caused the request: send JSON, or the header Origin with the origin of this service"
            }
            Self::NoToken | Self::Token => {
                "a request on a cookie that changes something needs the CSRF token of that sign-in: send it once, as the header X-CSRF-Token, or as the field csrf_token where the endpoint takes a form"
            }
        }
    }
}

/// 403, with nothing of the request in it.
impl From<Forgery> for Problem {
    fn from(forgery: Forgery) -> Self {
        Self::new(StatusCode::FORBIDDEN, "csrf", "Forged request refused").detail(forgery.detail())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e1_every_forgery_is_one_403() {
        let all = [
            Forgery::CrossSite,
            Forgery::SameSite,
            Forgery::Origin,
            Forgery::Untold,
            Forgery::NoToken,
            Forgery::Token,
        ];
        for forgery in all {
            let problem = Problem::from(forgery);
            assert_eq!((problem.status().as_u16(), problem.code()), (403, "csrf"));
            assert!(forgery.cause().starts_with("csrf-"));
        }
    }
}
