//! The same service three times. In: a variant, and how many handlers. Out: the text of those
//! handlers and of the router that serves them, alike but for what stands above a handler and whose
//! router it is.

use std::fmt::Write;

/// Every service has as many modules, with as many handlers in each.
const MODULES: usize = 10;

/// How a handler is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// axum, and nothing above the handlers.
    Plain,
    /// axum, and `#[axum::debug_handler]` above each.
    DebugHandler,
    /// Our router, and `#[authenticate(..)]` above each.
    Authenticate,
}

impl Variant {
    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::DebugHandler, Self::Authenticate];

    const fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::DebugHandler => "debug-handler",
            Self::Authenticate => "authenticate",
        }
    }

    /// How the table names it.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Plain => "axum alone",
            Self::DebugHandler => "`#[debug_handler]` on each",
            Self::Authenticate => "`#[authenticate(..)]` on each",
        }
    }

    fn imports(self, names: &str) -> String {
        let from = if self == Self::Authenticate { "auth_runtime" } else { "axum" };
        format!("use {from}::{{{names}}};\n")
    }

    /// What stands above a handler: the rules of a service are few, and its handlers many.
    fn above(self, number: usize) -> &'static str {
        const RULES: [&str; 5] = [
            "#[authenticate(jwt, scopes = \"write:posts\")]\n",
            "#[authenticate(jwt | session, scopes = [\"read:posts\", \"write:posts\"])]\n",
            "#[authenticate(jwt | api_key | session, scopes = \"read:posts\")]\n",
            "#[authenticate(rule = \"edit_post\")]\n",
            "#[authenticate(jwt | session, role = \"admin\")]\n",
        ];
        match self {
            Self::Plain => "",
            Self::DebugHandler => "#[axum::debug_handler]\n",
            Self::Authenticate => RULES.get(number % RULES.len()).copied().unwrap_or_default(),
        }
    }
}

/// A service: how its handlers are written, and how many there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    pub(crate) variant: Variant,
    pub(crate) handlers: usize,
}

impl Source {
    /// The name of its package, and of the folder it is in.
    pub(crate) fn package(self) -> String {
        format!("{}-{}", self.variant.word(), self.handlers)
    }

    pub(crate) fn manifest(self) -> String {
        let name = self.package();
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [package.metadata.auth]\npolicy = \"../policy.yaml\"\n\n\
             [dependencies]\nauth-runtime.workspace = true\naxum.workspace = true\nserde.workspace = true\n"
        )
    }

    /// The crate, file by file.
    pub(crate) fn files(self) -> Vec<(String, String)> {
        let modules = (0..MODULES).map(|module| (format!("part{module}.rs"), self.module(module)));
        modules.chain([("lib.rs".to_owned(), self.library())]).collect()
    }

    fn library(self) -> String {
        let modules: String = (0..MODULES).map(|module| format!("mod part{module};\n")).collect();
        let merges: String =
            (0..MODULES).map(|module| format!(".merge(part{module}::router())")).collect();
        format!(
            "{}
{modules}
#[derive(Clone)]
pub struct App {{
    pub offset: u64,
}}

#[derive(serde::Deserialize, serde::Serialize)]
pub struct Item {{
    pub id: u64,
    pub title: String,
}}

pub fn router(app: App) -> Router {{
    Router::new(){merges}.with_state(app)
}}
",
            self.variant.imports("Router")
        )
    }

    fn module(self, module: usize) -> String {
        let mut text = self.variant.imports("Router, routing::post");
        if self.variant == Variant::Authenticate {
            text.push_str("use auth_runtime::authenticate;\n");
        }
        text.push_str("use axum::{Json, extract::{Path, State}, http::StatusCode};\n");
        text.push_str("use crate::{App, Item};\n");
        let mut routes = String::new();
        let in_each = self.handlers / MODULES;
        for number in module * in_each..(module + 1) * in_each {
            let _ = write!(text, "{}{}", self.variant.above(number), body(number, 0));
            let _ = write!(routes, "\n        .route(\"/{number}/{{id}}\", post(handler{number}))");
        }
        let _ =
            write!(text, "\npub fn router() -> Router<App> {{\n    Router::new(){routes}\n}}\n");
        text
    }
}

/// A handler as somebody might write it; an edit changes its number.
pub(crate) fn body(number: usize, edit: usize) -> String {
    format!(
        "pub async fn handler{number}(
    State(app): State<App>,
    Path(id): Path<u64>,
    Json(item): Json<Item>,
) -> Result<Json<Item>, StatusCode> {{
    if item.id == {edit} {{
        return Err(StatusCode::NOT_FOUND);
    }}
    Ok(Json(Item {{ id: id + app.offset, title: item.title }}))
}}

"
    )
}
