//! `cors`: whose pages may read what this service answers.

use serde::{Deserialize, Serialize};

use super::Seconds;

/// `cors`. Without the section no answer carries a header of CORS, and browsers keep answers from
/// pages of other origins.
///
/// # Security
///
/// Origins are exact and compared byte for byte; the one that asks is echoed, with `Vary: Origin`.
/// There is neither `*` nor `null`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cors {
    /// The origins whose pages may read answers, sorted. Never empty.
    pub origins: Vec<String>,
    /// The methods they may use, sorted. Default `GET`, `HEAD` and `POST`, which browsers allow
    /// anyway.
    pub methods: Vec<CorsMethod>,
    /// The request headers they may set, in lower case, sorted. Default `authorization`,
    /// `content-type` and `x-csrf-token`.
    pub headers: Vec<String>,
    /// The response headers they may read, in lower case, sorted. Default none but those that
    /// browsers allow anyway.
    pub expose: Vec<String>,
    /// Whether browsers send cookies along. Default no: a page brings its token itself.
    pub credentials: bool,
    /// How long a browser may remember the answer to a preflight; at most 24 h. Default 10 m.
    pub max_age: Seconds,
}

/// A method that pages of other origins may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum CorsMethod {
    /// `DELETE`.
    Delete,
    /// `GET`.
    Get,
    /// `HEAD`.
    Head,
    /// `PATCH`.
    Patch,
    /// `POST`.
    Post,
    /// `PUT`.
    Put,
}

impl CorsMethod {
    /// All of them, sorted by name.
    pub const ALL: [Self; 6] =
        [Self::Delete, Self::Get, Self::Head, Self::Patch, Self::Post, Self::Put];

    /// The method as requests say it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}
