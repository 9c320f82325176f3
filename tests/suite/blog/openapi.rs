//! The blog's OpenAPI document, held against the blog: what it says of an operation is what happens.

use serde_json::{Map, Value};

use super::process::{Answer, Blog};

/// The methods of OpenAPI 3.1.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// A credential that is none, for each way to show one: the way's name in the document, and a header.
/// A guard that takes the way refuses it; one that does not, does not look at it.
const WAYS: [(&str, &str); 4] = [
    ("jwt", "Authorization: Bearer of.no.use"),
    ("jwt_cookie", "Cookie: __Host-access=of.no.use"),
    ("api_key", "X-API-Key: of_no_use"),
    ("session", "Cookie: __Host-session=of_no_use"),
];

/// An operation of the document: method, path and what is said of it.
type Operation<'d> = (String, &'d str, &'d Value);

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            assert!(METHODS.contains(&method.as_str()), "{method} {path}");
            operations.push((method.to_uppercase(), path.as_str(), operation));
        }
    }
    operations
}

fn alternatives(operation: &Value) -> Vec<&Map<String, Value>> {
    let security = operation["security"].as_array().expect("every operation says it");
    security.iter().map(|alternative| alternative.as_object().expect("an object")).collect()
}

/// Asks as a page of the blog's own would, with nothing in the body.
fn ask(blog: &Blog, (method, path, _): &Operation<'_>, credential: Option<&str>) -> Answer {
    let path = path.replace("{id}", "1").replace("{provider}", "local").replace("{file}", "x");
    let mut headers = vec!["Sec-Fetch-Site: same-origin".to_owned()];
    headers.extend(credential.map(str::to_owned));
    blog.send(method, &path, &headers, None)
}

#[test]
fn z4_every_operation_is_guarded_as_its_document_says() {
    let blog = Blog::seeded();
    let document = blog.get("/openapi.json", None).json();
    let operations = operations(&document);
    let (mut guarded, mut public) = (0, 0);
    for operation in &operations {
        let what = format!("{} {}", operation.0, operation.1);
        let alternatives = alternatives(operation.2);
        let open = alternatives.is_empty() || alternatives.iter().any(|one| one.is_empty());
        let nobody = ask(&blog, operation, None);
        if open {
            public += 1;
            assert!(operation.2["x-public-reason"].is_string(), "{what} is public for no reason");
            assert_ne!(code(&nobody), "unauthenticated", "{what}");
        } else {
            guarded += 1;
            assert_eq!(nobody.status, 401, "{what} lets in whoever comes: {nobody:?}");
            assert!(!nobody.headers("www-authenticate").is_empty(), "{what}");
            assert_eq!(operation.2.get("x-public-reason"), None, "{what}");
        }
        for (way, credential) in WAYS {
            let listed = alternatives.iter().any(|one| one.contains_key(way));
            let answer = ask(&blog, operation, Some(credential));
            if listed {
                assert_eq!(
                    (answer.status, code(&answer).as_str()),
                    (401, "invalid_token"),
                    "{what}, {way}"
                );
            } else {
                assert_ne!(
                    code(&answer),
                    "invalid_token",
                    "{what} takes {way}, which is not in its document"
                );
            }
        }
    }
    assert!(guarded >= 20 && public >= 10, "{guarded} guarded, {public} public");
}

/// The code of a problem; empty for what is no problem.
fn code(answer: &Answer) -> String {
    let body: Option<Value> = serde_json::from_str(&answer.body).ok();
    body.and_then(|body| Some(body.get("code")?.as_str()?.to_owned())).unwrap_or_default()
}

/// The scopes and roles of the document are those that the refusal names.
#[test]
fn h3_what_a_caller_lacks_is_what_the_document_asks_for() {
    let blog = Blog::seeded();
    let document = blog.get("/openapi.json", None).json();
    let token = format!("Authorization: Bearer {}", blog.login("reader"));
    let mut refused = 0;
    for operation in &operations(&document) {
        // Asking for somebody else's things needs more than a reader has; one's own would be ended.
        let role = operation.2["x-required-role"].as_str();
        let scopes = alternatives(operation.2).into_iter().find_map(|one| one.get("jwt"));
        let lacking = scopes.is_some_and(|scopes| scopes.to_string().contains(":posts"))
            && operation.0 != "GET";
        if role.is_none() && !lacking {
            continue;
        }
        refused += 1;
        let answer = ask(&blog, operation, Some(&token));
        let what = format!("{} {}", operation.0, operation.1);
        assert_eq!(answer.status, 403, "{what}: {answer:?}");
        match role {
            Some(role) => assert_eq!(answer.json()["missing_role"], role, "{what}"),
            None => assert_eq!(Some(&answer.json()["missing_scopes"]), scopes, "{what}"),
        }
    }
    assert!(refused >= 6, "{refused}");
}

/// A client's own token opens what the document says it opens, and what is for people is closed.
#[test]
fn m06_a_clients_token_opens_what_the_document_offers_to_clients() {
    let blog = Blog::seeded();
    let document = blog.get("/openapi.json", None).json();
    let secret = blog.seed()["clients"]["svc-app"].as_str().expect("a secret").to_owned();
    let form = format!("grant_type=client_credentials&client_id=svc-app&client_secret={secret}");
    let urlencoded = ["Content-Type: application/x-www-form-urlencoded".to_owned()];
    let token = blog.send("POST", "/oauth/token", &urlencoded, Some(&form)).json();
    let token = format!("Authorization: Bearer {}", token["access_token"].as_str().expect("one"));
    let (mut opened, mut closed) = (0, 0);
    for operation in operations(&document).iter().filter(|operation| operation.0 == "GET") {
        let alternatives = alternatives(operation.2);
        if !alternatives.iter().any(|one| one.contains_key("jwt")) {
            continue;
        }
        let (what, answer) = (operation.1, ask(&blog, operation, Some(&token)));
        match alternatives.iter().find_map(|one| one.get("oauth2")) {
            Some(scopes) if *scopes == serde_json::json!(["read:posts"]) => {
                opened += 1;
                assert_eq!(answer.status, 200, "{what}: {answer:?}");
            }
            Some(scopes) if scopes.as_array().is_some_and(Vec::is_empty) => {
                assert_eq!(answer.status, 200, "{what}: {answer:?}");
            }
            Some(scopes) => assert_eq!(&answer.json()["missing_scopes"], scopes, "{what}"),
            None => {
                closed += 1;
                assert!([401, 403].contains(&answer.status), "{what}: {answer:?}");
            }
        }
    }
    assert!(opened >= 1 && closed >= 2, "{opened} opened, {closed} closed");
}

/// What OpenAPI 3.1 asks of a document, as far as it is about more than the shape of one object.
#[test]
fn the_document_is_one_of_openapi_3_1() {
    let blog = Blog::start(&[]);
    let answer = blog.get("/openapi.json", None);
    assert_eq!(answer.headers("content-type"), ["application/json"]);
    let document = answer.json();
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1.")));
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    let (mut ids, mut references) = (Vec::new(), Vec::new());
    let schemes = document["components"]["securitySchemes"].as_object().expect("schemes");
    for (method, path, operation) in operations(&document) {
        let what = format!("{method} {path}");
        assert!(path.starts_with('/'), "{what}");
        ids.extend(operation["operationId"].as_str());
        let responses = operation["responses"].as_object().expect("responses");
        assert!(!responses.is_empty(), "{what} answers nothing");
        for (status, response) in responses {
            assert!(
                status == "default" || status.parse().is_ok_and(|it: u16| (100..600).contains(&it)),
                "{what}"
            );
            assert!(
                response["description"].is_string() || response["$ref"].is_string(),
                "{what}, {status}"
            );
        }
        let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path");
        let mut declared: Vec<_> = in_path
            .map(|parameter| {
                assert_eq!(parameter["required"], true, "{what}");
                assert!(parameter["schema"].is_object(), "{what}");
                parameter["name"].as_str().expect("a name")
            })
            .collect();
        let mut named: Vec<_> =
            path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        declared.sort_unstable();
        named.sort_unstable();
        assert_eq!(declared, named, "{what}");
        for alternative in alternatives(operation) {
            for (scheme, scopes) in alternative {
                assert!(schemes.contains_key(scheme), "{what}: no scheme {scheme}");
                assert!(
                    scopes.as_array().is_some_and(|all| all.iter().all(Value::is_string)),
                    "{what}"
                );
            }
        }
    }
    for (name, scheme) in schemes {
        let needed: &[&str] = match scheme["type"].as_str() {
            Some("http") => &["scheme"],
            Some("apiKey") => &["in", "name"],
            Some("openIdConnect") => &["openIdConnectUrl"],
            Some("oauth2") => &["flows"],
            other => panic!("{name}: {other:?}"),
        };
        assert!(needed.iter().all(|member| !scheme[member].is_null()), "{name}");
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "an operationId is used twice");
    find_references(&document, &mut references);
    assert!(references.len() > 20, "{}", references.len());
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("within the document");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let server = &schemes["oauth2"]["flows"]["clientCredentials"];
    assert_eq!(server["tokenUrl"], "https://blog.example/oauth/token");
    assert_eq!(server["scopes"]["write:posts"], "Create and edit posts");
}

fn find_references<'d>(value: &'d Value, found: &mut Vec<&'d str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| find_references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| find_references(item, found)),
        _ => {}
    }
}

/// Where no scope is asked for, no client is let in that acts for somebody: `letting_in` has tried it.
#[test]
fn ot10_the_document_tells_clients_where_no_scope_lets_them_in() {
    let blog = Blog::seeded();
    let document = blog.get("/openapi.json", None).json();
    for (path, forbids) in [("/api-keys", true), ("/auth/me", false), ("/posts/{id}", true)] {
        let responses = &document["paths"][path]["get"]["responses"];
        assert!(responses.get("401").is_some(), "{path}");
        assert_eq!(responses.get("403").is_some(), forbids, "{path}");
    }
}
