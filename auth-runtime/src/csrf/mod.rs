//! Requests that another page made a browser send. In: a request that a cookie vouches for, or that
//! nothing vouches for yet. Out: whether it comes from our own pages.
//!
//! A guard does this by itself: wherever the credential of a request came in a cookie and its method
//! is any but `GET`, `HEAD`, `OPTIONS` and `TRACE`, it wants Fetch Metadata or `Origin` to say that
//! the page is ours, and the token of that credential in `X-CSRF-Token`. What it cannot do by itself
//! is here: [`CsrfForm`] for HTML forms, which can send no header, and [`SameOrigin`] for handlers
//! that sign somebody in.

mod check;
mod forgery;
pub(crate) mod form;
mod key;
mod provenance;
mod same_origin;

pub(crate) use check::check;
pub(crate) use forgery::Forgery;
pub use form::CsrfForm;
pub(crate) use key::CsrfKey;
pub use same_origin::SameOrigin;
