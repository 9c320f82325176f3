//! The pages that people see. In: requests of browsers. Out: HTML that works without script, from
//! the services that the JSON endpoints stand on too.

mod account;
mod assets;
mod consent;
mod device;
mod done;
mod landing;
mod layout;
mod login;
mod next;
mod refused;
mod safety;
#[cfg(test)]
mod tests;
mod when;

use auth_runtime::{
    Router,
    oauth::OAuth,
    public,
    routing::{get, post},
};
use axum::middleware::{from_fn, map_response};

pub(crate) use self::consent::Pages as ConsentPages;
use crate::app::App;

/// Every page, what pages are made of, and what forms are sent to.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(landing::show))
        .route("/login", get(login::show).post(login::sign_in))
        .route("/account", get(account::show))
        .route("/account/sign-out", post(account::sign_out::sign_out))
        .route("/account/sessions/end-others", post(account::sessions::end_others))
        .route("/account/sessions/{id}/end", post(account::sessions::end))
        .route("/account/keys", post(account::new_key::create))
        .route("/account/keys/{id}/rotate", post(account::keys::rotate))
        .route("/account/keys/{id}/revoke", post(account::keys::revoke))
        .route("/account/providers/{name}/link", post(account::providers::link))
        .route("/account/identities/{id}/unlink", post(account::providers::unlink))
        .layer(from_fn(refused::as_page))
        .layer(map_response(safety::headers))
        .route(assets::STYLE.path, get(assets::style))
        .route(assets::COPY.path, get(assets::copy))
        .route(assets::ICON.path, get(assets::icon))
}

/// The authorization server, whose refusals are pages for those who read HTML.
pub(crate) fn around(oauth: OAuth) -> Router<App> {
    oauth.router().layer(from_fn(refused::as_page)).layer(map_response(safety::of_html))
}

#[public(reason = "health check for load balancers")]
pub(crate) async fn health() -> &'static str {
    "ok"
}
