//! The OpenAPI document: what it says of security is what the guards ask for, and nothing else.

use auth_runtime::{
    Router, authenticate,
    openapi::Undescribed,
    policy, public,
    routing::{any, delete, get, post},
};
use axum::extract::State;
use serde_json::{Value, json};
use utoipa::{
    OpenApi as _,
    openapi::{
        OpenApi,
        path::Operation,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::{
    fixture::{Door, Reached, guarded, open},
    forge,
};

#[authenticate(jwt | session, scopes = any("write:posts", "delete:posts"), role = "author")]
#[utoipa::path(post, path = "/either", responses((status = 403, description = "Our own words")))]
async fn either(State(reached): State<Reached>) -> &'static str {
    reached.note("either")
}

#[utoipa::path(delete, path = "/posts/{id}", security(("made_up" = ["everything"])))]
#[authenticate(jwt, scopes = ["write:posts", "delete:posts"], max_age = "90s", acr = "urn:example:mfa", limit = "plenty")]
async fn remove(State(reached): State<Reached>) -> &'static str {
    reached.note("remove")
}

#[authenticate(partner | api_key, scopes = "read:posts")]
#[utoipa::path(get, path = "/machines", extensions(("x-public-reason" = json!("so it says"))))]
async fn machines(State(reached): State<Reached>) -> &'static str {
    reached.note("machines")
}

#[public(reason = "says more to those it knows", identity = jwt | session)]
#[utoipa::path(get, path = "/known")]
async fn known(State(reached): State<Reached>) -> &'static str {
    reached.note("known")
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(either, remove, machines, known), security(("made_up" = [])))]
struct Whole;

fn routes() -> Router<Reached> {
    Router::new()
        .route("/either", post(either))
        .route("/posts/{id}", delete(remove))
        .route("/machines", get(machines))
        .route("/known", get(known))
}

fn json_of(document: OpenApi) -> Value {
    serde_json::to_value(document).unwrap()
}

/// The document of these routes.
async fn described(routes: Router<Reached>, document: OpenApi, undescribed: Undescribed) -> Value {
    json_of(Door::of(routes).await.app.openapi(document, undescribed).unwrap())
}

#[tokio::test]
async fn z4_each_operation_says_what_its_guard_asks_for_and_nothing_else() {
    let mut written = Whole::openapi();
    let back_door = HttpBuilder::new().scheme(HttpAuthScheme::Basic).build();
    let components = written.components.get_or_insert_default();
    components.add_security_scheme("made_up", SecurityScheme::Http(back_door));
    let document = described(routes(), written, Undescribed::Refuse).await;
    let operation = |path: &str, method: &str| document["paths"][path][method].clone();

    let either = operation("/either", "post");
    assert_eq!(
        either["security"],
        json!([
            { "jwt": ["delete:posts"] }, { "jwt": ["write:posts"] },
            { "session": ["delete:posts"] }, { "session": ["write:posts"] },
        ])
    );
    assert_eq!(either["x-required-role"], "author");
    assert_eq!(
        either["responses"]["403"]["description"], "Our own words",
        "what is described stays"
    );

    let remove = operation("/posts/{id}", "delete");
    assert_eq!(remove["security"], json!([{ "jwt": ["delete:posts", "write:posts"] }]));
    assert_eq!((&remove["x-max-age"], &remove["x-acr"]), (&json!(90), &json!("urn:example:mfa")));
    assert_eq!(remove["x-rate-limit"], "plenty");
    assert_eq!(remove["responses"]["429"]["$ref"], "#/components/responses/AuthTooManyRequests");

    let machines = operation("/machines", "get");
    let alternatives = json!([{ "api_key": ["read:posts"] }, { "partner": ["read:posts"] }]);
    assert_eq!(machines["security"], alternatives);
    assert_eq!(machines.get("x-public-reason"), None, "what is not so is taken out");
    assert_eq!(machines["responses"]["401"]["$ref"], "#/components/responses/AuthUnauthenticated");
    assert_eq!(machines["responses"].get("429"), None);

    let known = operation("/known", "get");
    assert_eq!(known["security"], json!([{}, { "jwt": [] }, { "session": [] }]));
    assert_eq!(known["x-public-reason"], "says more to those it knows");
    assert_eq!(known["responses"].get("403"), None, "a GET changes nothing");

    assert_eq!(document.get("security"), None, "no operation inherits anything");
    assert!(!document.to_string().contains("made_up"));
}

#[tokio::test]
async fn the_schemes_are_those_of_the_policy() {
    let document = described(routes(), Whole::openapi(), Undescribed::Refuse).await;
    let schemes = &document["components"]["securitySchemes"];
    let names: Vec<_> = schemes.as_object().unwrap().keys().collect();
    assert_eq!(names, ["api_key", "jwt", "partner", "session"]);
    let without_words = |name: &str| {
        let mut scheme = schemes[name].clone();
        assert!(scheme["description"].take().as_str().unwrap().ends_with('.'));
        scheme.as_object_mut().unwrap().remove("description");
        scheme
    };
    let bearer = json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT" });
    assert_eq!(without_words("jwt"), bearer);
    let key = json!({ "type": "apiKey", "in": "header", "name": "X-API-Key" });
    assert_eq!(without_words("api_key"), key);
    let cookie = json!({ "type": "apiKey", "in": "cookie", "name": "__Host-session" });
    assert_eq!(without_words("session"), cookie);
    let discovery = "https://partner.example/.well-known/openid-configuration";
    let partner = json!({ "type": "openIdConnect", "openIdConnectUrl": discovery });
    assert_eq!(without_words("partner"), partner);
}

/// A token that travels in a cookie is another way to show it, with its own name.
#[tokio::test]
async fn m03_tokens_in_cookies_are_a_way_of_their_own() {
    let policy = policy!("policies/cookies.yaml");
    let door = Door::under(
        policy,
        [("jwt", forge::own_keys()), ("partner", forge::p256_keys())],
        Router::new().route("/me", get(open)),
    );
    let document = OpenApi::default();
    let document = json_of(door.await.app.openapi(document, Undescribed::Add).unwrap());
    let way = &document["components"]["securitySchemes"]["jwt_cookie"];
    assert_eq!((&way["type"], &way["in"]), (&json!("apiKey"), &json!("cookie")));
    assert_eq!(way["name"], "__Host-access");
}

#[tokio::test]
async fn what_is_served_and_not_described_is_an_error_that_names_it() {
    let more = routes().route("/new", get(guarded)).route("/either", get(open));
    let app = Door::of(more).await.app;
    let error = app.openapi(Whole::openapi(), Undescribed::Refuse).err().unwrap();
    assert_eq!(error.undescribed().collect::<Vec<_>>(), ["GET /either", "GET /new"]);
    assert_eq!(error.unserved().count(), 0);
    assert!(error.to_string().contains("\n  GET /new is served and not described"), "{error}");

    let document = json_of(app.openapi(Whole::openapi(), Undescribed::Add).unwrap());
    assert_eq!(document["paths"]["/new"]["get"]["security"], json!([{ "jwt": ["read:posts"] }]));
    assert_eq!(document["paths"]["/either"]["get"]["security"], json!([]));
    assert_eq!(document["paths"]["/either"]["get"]["x-public-reason"], "says nothing");
}

#[tokio::test]
async fn what_is_described_and_not_served_is_an_error_whatever_else_is_added() {
    let fewer = Router::new().route("/either", post(either)).route("/known", post(open));
    let app = Door::of(fewer).await.app;
    for undescribed in [Undescribed::Refuse, Undescribed::Add] {
        let error = app.openapi(Whole::openapi(), undescribed).err().unwrap();
        let unserved: Vec<_> = error.unserved().collect();
        assert_eq!(unserved, ["GET /known", "GET /machines", "DELETE /posts/{id}"]);
        let added = undescribed == Undescribed::Add;
        assert_eq!(error.undescribed().count(), usize::from(!added), "POST /known");
    }
    // A parameter of another name is another operation.
    let renamed = Router::new().route("/posts/{post}", delete(remove));
    let app = Door::of(renamed).await.app;
    let error = app.openapi(Whole::openapi(), Undescribed::Refuse).err().unwrap();
    assert!(error.undescribed().any(|place| place == "DELETE /posts/{post}"));
}

/// `HEAD` is answered where `GET` is, behind the same guard; a route of its own for it counts first.
#[tokio::test]
async fn z4_head_is_described_as_the_get_that_answers_it() {
    let mut document = Whole::openapi();
    for path in ["/machines", "/known"] {
        let item = document.paths.paths.get_mut(path).unwrap();
        item.head = Some(Operation::new());
    }
    let document = described(routes(), document.clone(), Undescribed::Refuse).await;
    for path in ["/machines", "/known"] {
        let item = &document["paths"][path];
        assert_eq!(item["head"]["security"], item["get"]["security"]);
    }
    let mut unserved = Whole::openapi();
    unserved.paths.paths.get_mut("/either").unwrap().head = Some(Operation::new());
    let error = Door::of(routes()).await.app.openapi(unserved, Undescribed::Add).err().unwrap();
    assert_eq!(error.unserved().collect::<Vec<_>>(), ["HEAD /either"], "a POST answers no HEAD");
}

/// What OpenAPI has no form for is not hidden.
#[tokio::test]
async fn what_cannot_be_described_is_listed() {
    let routes = Router::new()
        .route("/files/{*rest}", get(guarded))
        .route("/all", any(guarded))
        .fallback(open);
    let document = described(routes, OpenApi::default(), Undescribed::Add).await;
    assert_eq!(document["x-undescribed"], json!(["ANY /*", "ANY /all"]));
    let parameters = &document["paths"]["/files/{rest}"]["get"]["parameters"];
    assert_eq!((&parameters[0]["name"], &parameters[0]["in"]), (&json!("rest"), &json!("path")));
    assert_eq!(parameters[0]["required"], true);
}
