//! OpenAPI. In: a document that the application wrote, with `#[utoipa::path]` or by hand. Out: the
//! same document with who may call what, written from the guards that are enforced.
//!
//! ```text
//! inventory ─┬─ operations ─> which operation is which endpoint, or what one of them lacks
//!            ├─ security ───> `security` of each operation, and why it is public
//!            └─ responses ──> 401, 403 and 429 where they can happen
//! policy ────── schemes ────> `components.securitySchemes`
//! ```
//!
//! What a document says of security by itself is replaced, so the two cannot drift apart.

mod drift;
mod operations;
mod place;
mod responses;
mod schemes;
mod security;

use utoipa::openapi::{OpenApi, extensions::ExtensionsBuilder};

pub use drift::OpenApiDrift;

use crate::routing::Protected;
use operations::Served;
use schemes::Schemes;

/// What happens to endpoints that a document does not describe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Undescribed {
    /// They are an error: the document is meant to be whole.
    #[default]
    Refuse,
    /// They are added with their method, path, parameters and rule: for endpoints that this crate
    /// brings, which describe themselves no further.
    Add,
}

impl Protected {
    /// Writes who may call what into a document: `components.securitySchemes` from the policy and,
    /// from its guard, `security` of each operation, as alternatives with the scopes that are asked
    /// for. Each operation gets the answers 401, 403 and 429 where it can give them, unless the
    /// document describes them.
    ///
    /// A public operation gets `security: []` and `x-public-reason`; one that takes an identity if
    /// there is one, `{}` among its alternatives. What OpenAPI has no word for is an extension:
    /// `x-required-role`, `x-max-age` (in seconds), `x-acr`, `x-rate-limit`. Endpoints it has no form
    /// for (fallbacks, mounted services and what answers any method) are listed under
    /// `x-undescribed`.
    ///
    /// # Errors
    ///
    /// When the document has an operation that is not served, or with [`Undescribed::Refuse`] lacks
    /// one that is. The error lists all of both.
    ///
    /// # Example
    ///
    /// ```
    /// use auth_runtime::{Auth, Router, authenticate, policy, openapi::Undescribed, routing::get};
    /// use utoipa::openapi::{Info, OpenApi, Paths};
    ///
    /// #[authenticate(jwt, scopes = "read:posts")]
    /// async fn posts() -> &'static str {
    ///     "all of them"
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use auth_runtime::{jwt::KeySet, policy_types::Algorithm, store::MemoryStore};
    /// # let partner = KeySet::parse(KeySet::generate(Algorithm::ES256)?.expose(), &[])?;
    /// # let partner = KeySet::published(&partner.public_jwk_set().to_string(), &[Algorithm::ES256])?;
    /// # let own = KeySet::from_jwk_set(KeySet::generate(Algorithm::EdDSA)?.expose())?;
    /// let builder = Auth::from_policy(policy!());
    /// # let builder = builder.keys("jwt", own).keys("partner", partner);
    /// # let builder = builder.store(std::sync::Arc::new(MemoryStore::new()));
    /// let app = Router::new().route("/posts", get(posts)).protect(builder.build().await?);
    ///
    /// let document = OpenApi::new(Info::new("Posts", "1.0.0"), Paths::new());
    /// assert!(app.openapi(document.clone(), Undescribed::Refuse).is_err());
    /// let document = serde_json::to_value(app.openapi(document, Undescribed::Add)?)?;
    /// let security = &document["paths"]["/posts"]["get"]["security"];
    /// assert_eq!(security[0]["jwt"][0], "read:posts");
    /// # Ok(())
    /// # }
    /// ```
    pub fn openapi(
        &self,
        mut document: OpenApi,
        undescribed: Undescribed,
    ) -> Result<OpenApi, OpenApiDrift> {
        let policy = self.policy();
        let served = Served::of(self.inventory());
        let mut drift = served.compare(&document);
        if undescribed == Undescribed::Add {
            for endpoint in std::mem::take(&mut drift.undescribed) {
                served.add(&endpoint, &mut document);
            }
        }
        if !drift.is_none() {
            return Err(drift);
        }
        let schemes = Schemes::of(&policy, self.inventory());
        for (endpoint, operation) in served.operations(&mut document) {
            security::write(endpoint, &schemes, operation);
            responses::write(endpoint, &policy, operation);
        }
        let components = document.components.get_or_insert_default();
        // A scheme that the document declares and no guard knows would promise a way in.
        components.security_schemes = schemes.into_components();
        responses::declare(components);
        // What holds for all operations is said of each of them.
        document.security = None;
        if !served.formless.is_empty() {
            let listed = ExtensionsBuilder::new().add("x-undescribed", served.formless).build();
            document.extensions.get_or_insert_default().merge(listed);
        }
        Ok(document)
    }
}
