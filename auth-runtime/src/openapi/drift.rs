//! What a document and a router disagree about. In: operations without an endpoint, and endpoints
//! without an operation. Out: an error that lists them all.

use std::{error::Error, fmt};

use super::place::Place;

/// A document that describes something else than what is served. Sorted by path and method.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenApiDrift {
    /// Endpoints that are served and that the document lacks.
    pub(super) undescribed: Vec<Place>,
    /// Operations that the document has and nothing serves.
    pub(super) unserved: Vec<Place>,
}

impl OpenApiDrift {
    /// Endpoints that are served and that the document lacks, such as `GET /posts`.
    pub fn undescribed(&self) -> impl Iterator<Item = String> + '_ {
        self.undescribed.iter().map(Place::to_string)
    }

    /// Operations that the document has and nothing serves, such as `GET /posts`.
    pub fn unserved(&self) -> impl Iterator<Item = String> + '_ {
        self.unserved.iter().map(Place::to_string)
    }

    pub(super) fn is_none(&self) -> bool {
        self.undescribed.is_empty() && self.unserved.is_empty()
    }
}

impl fmt::Display for OpenApiDrift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the OpenAPI document describes something else than what is served")?;
        for place in &self.undescribed {
            write!(f, "\n  {place} is served and not described: list its `#[utoipa::path]`")?;
        }
        for place in &self.unserved {
            write!(f, "\n  {place} is described and not served: route it, or take it out")?;
        }
        Ok(())
    }
}

impl Error for OpenApiDrift {}
