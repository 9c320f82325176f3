//! The programs of others. In: an admin, and what a program is to be called and allowed. Out: a
//! client with a secret that is seen once; another secret; or none of them any more.

use auth_runtime::{
    Denial, Identity, authenticate,
    extract::{Json, Path},
    oauth::{ClientError, Clients, NewClient},
    policy_types::GrantType,
    problem::Problem,
    secret::Secret,
};
use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;

/// A client as an admin describes it.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewClient)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    id: String,
    name: String,
    #[serde(default)]
    redirect_uris: Vec<String>,
    scopes: Vec<String>,
    #[serde(default = "let_in")]
    #[schema(value_type = Vec<String>)]
    grants: Vec<GrantType>,
    /// Whether it runs where it can keep no secret.
    #[serde(default)]
    public: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Client)]
pub(crate) struct Made {
    client_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

/// What most programs are for: people let them in.
fn let_in() -> Vec<GrantType> {
    vec![GrantType::AuthorizationCode, GrantType::RefreshToken]
}

#[authenticate(jwt | session, role = "admin")]
#[utoipa::path(
    post,
    path = "/admin/clients",
    operation_id = "registerClient",
    request_body = Wanted,
    responses((status = 201, description = "It is registered; its secret is seen once", body = Made))
)]
pub(crate) async fn register(
    admin: Identity,
    State(app): State<App>,
    Json(wanted): Json<Wanted>,
) -> Result<(StatusCode, Json<Made>), Denial> {
    let new = NewClient::new(wanted.id, wanted.name)
        .grants(wanted.grants)
        .redirect_uris(wanted.redirect_uris)
        .scopes(wanted.scopes);
    let new = if wanted.public { new.public() } else { new };
    let made = clients(&app, &admin).register(new).await.map_err(refused)?;
    Ok((StatusCode::CREATED, shown(made.client.id, made.secret.as_ref())))
}

/// Another secret beside the one before it, which stays good until the next.
#[authenticate(jwt | session, role = "admin")]
#[utoipa::path(
    post,
    path = "/admin/clients/{id}/secret",
    operation_id = "makeClientSecret",
    params(("id" = String, Path, description = "The client")),
    responses((status = 201, description = "Another secret, which is seen once", body = Made))
)]
pub(crate) async fn another_secret(
    admin: Identity,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Made>), Denial> {
    let secret = clients(&app, &admin).new_secret(&id).await.map_err(refused)?;
    Ok((StatusCode::CREATED, shown(id, Some(&secret))))
}

/// Removes a client: its tokens are worth nothing from then on.
#[authenticate(jwt | session, role = "admin")]
#[utoipa::path(
    delete,
    path = "/admin/clients/{id}",
    operation_id = "removeClient",
    params(("id" = String, Path, description = "The client")),
    responses((status = 204, description = "It is removed"))
)]
pub(crate) async fn remove(
    admin: Identity,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<StatusCode, Denial> {
    match clients(&app, &admin).delete(&id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found().into()),
    }
}

/// The clients, changed by that admin.
fn clients(app: &App, admin: &Identity) -> Clients {
    app.oauth.clients().by(admin)
}

fn shown(client_id: String, secret: Option<&Secret>) -> Json<Made> {
    // The answer is the one place where it is seen.
    Json(Made { client_id, client_secret: secret.map(|secret| secret.expose().to_owned()) })
}

fn refused(error: ClientError) -> Denial {
    match error {
        ClientError::Store(error) => error.into(),
        ClientError::Random => Problem::internal().into(),
        ClientError::NoSuchClient => Problem::not_found().into(),
        ClientError::Taken => Problem::new(StatusCode::CONFLICT, "client_taken", "Taken")
            .detail(error.to_string())
            .into(),
        error => Problem::unprocessable(error.to_string()).into(),
    }
}
