//! Every way in which a handler can take a form with the CSRF token in it.
use auth_runtime::{
    Identity, Router, authenticate,
    csrf::{CsrfForm, SameOrigin},
    public,
    routing::post,
};

#[derive(Default)]
struct NewPost;

impl<'de> serde::Deserialize<'de> for NewPost {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Ok(Self)
    }
}

#[authenticate(session, scopes = "write:posts")]
async fn behind_a_rule(_caller: Identity, CsrfForm(_new): CsrfForm<NewPost>) {}

#[authenticate(jwt | session)]
#[axum::debug_handler]
async fn debugged(form: auth_runtime::csrf::CsrfForm<NewPost>) {
    let _ = form;
}

#[authenticate(session)]
async fn generic<T: serde::de::DeserializeOwned + Send + 'static>(_: CsrfForm<T>) {}

#[public(reason = "knows some", identity = session)]
async fn known(_caller: Option<Identity>, CsrfForm(_new): CsrfForm<NewPost>) {}

#[public(reason = "signs in")]
async fn sign_in(_: SameOrigin, CsrfForm(_new): CsrfForm<NewPost>) {}

fn main() {
    let _: Router = Router::new()
        .route("/", post(behind_a_rule).put(debugged).patch(generic::<NewPost>))
        .route("/known", post(known))
        .route("/sign-in", post(sign_in));
}
