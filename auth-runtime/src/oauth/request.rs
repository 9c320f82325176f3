//! What a client asks of somebody at a browser. In: the parameters of a request, of which anybody may
//! have written any. Out: the client and the address to send the browser back to, and then what is
//! wanted, or the error that the client is sent.

use auth_policy::settings::{GrantType, Seconds};

use super::{OAuth, client::Client, form::Parameters, pkce::Challenge, redirect_uri, router::path};
use crate::store::StoreError;

/// What a request is made of: other parameters mean nothing here (RFC 6749, section 3.1).
const KNOWN: [&str; 11] = [
    "response_type",
    "response_mode",
    "request",
    "request_uri",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "max_age",
];

/// The shortest `max_age` that is asked for: the way back from signing in has to fit into it.
const SHORTEST_MAX_AGE: Seconds = Seconds(30);

/// A request of a client that is registered, for an address that is one of its own.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) client: Client,
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    pub(super) wanted: Result<Wanted, Mistake>,
}

/// What is wanted by a request that is whole.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) challenge: Challenge,
    /// The scopes that it names, each declared by the policy; without any, all that there are.
    pub(super) scopes: Option<Vec<String>>,
    /// How long ago somebody may have proved who they are.
    pub(super) max_age: Option<Seconds>,
}

/// What a client is sent instead of a code (RFC 6749, section 4.1.2.1).
#[derive(Clone, Copy, Debug)]
pub(super) struct Mistake {
    pub(super) code: &'static str,
    pub(super) description: &'static str,
}

/// Why a browser is sent nowhere.
pub(super) enum Lost {
    /// The cause, for the audit event.
    Cause(&'static str),
    Store(StoreError),
}

impl From<StoreError> for Lost {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Mistake {
    pub(super) const fn new(code: &'static str, description: &'static str) -> Self {
        Self { code, description }
    }

    /// What the audit calls it.
    pub(super) const fn cause(&self) -> &'static str {
        match self.code.as_bytes() {
            b"invalid_scope" => "scope-not-to-be-had",
            b"unauthorized_client" => "grant-not-registered",
            _ => "request-malformed",
        }
    }

    const fn request(description: &'static str) -> Self {
        Self::new("invalid_request", description)
    }
}

impl OAuth {
    /// The request that these parameters make.
    ///
    /// SECURITY: the client and the address come first. Until both are known the browser is sent
    /// nowhere, or anybody could send it anywhere with a link to us (RFC 9700, section 4.11.2).
    pub(super) async fn asked(&self, parameters: &Parameters) -> Result<Asked, Lost> {
        let id = parameters.get("client_id").ok_or(Lost::Cause("client-unknown"))?;
        let client = self.clients().by_id(id).await?.ok_or(Lost::Cause("client-unknown"))?;
        if client.disabled {
            return Err(Lost::Cause("client-disabled"));
        }
        let uri = parameters.get("redirect_uri").ok_or(Lost::Cause("redirect-uri-not-its-own"))?;
        // SECURITY: to the byte (OT1). Every way to compare less strictly has sent codes astray.
        let own = client.redirect_uris.iter().find(|own| *own == uri);
        let redirect_uri = own.ok_or(Lost::Cause("redirect-uri-not-its-own"))?.clone();
        let state = parameters.get("state").map(str::to_owned);
        let wanted = self.wanted(&client, parameters);
        Ok(Asked { client, redirect_uri, state, wanted })
    }

    fn wanted(&self, client: &Client, parameters: &Parameters) -> Result<Wanted, Mistake> {
        refuse_request_objects(parameters)?;
        match parameters.get("response_type") {
            Some("code") => {}
            Some(_) => {
                return Err(Mistake::new("unsupported_response_type", "the answer is a code"));
            }
            None => return Err(Mistake::request("`response_type` is missing")),
        }
        if parameters.get("response_mode").is_some_and(|mode| mode != "query") {
            return Err(Mistake::request("the answer comes in the query"));
        }
        if !client.may(GrantType::AuthorizationCode) {
            let description = "the client is not registered for this grant";
            return Err(Mistake::new("unauthorized_client", description));
        }
        let (challenge, method) =
            (parameters.get("code_challenge"), parameters.get("code_challenge_method"));
        let challenge = Challenge::read(challenge, method).map_err(Mistake::request)?;
        let scopes = parameters.get("scope").map(|words| self.declared(words)).transpose()?;
        let max_age = parameters.get("max_age").map(max_age).transpose()?;
        Ok(Wanted { challenge, scopes, max_age })
    }

    /// The scopes that a parameter names, if the policy declares each.
    fn declared(&self, words: &str) -> Result<Vec<String>, Mistake> {
        let policy = self.auth().policy();
        let known = words.split(' ').all(|word| policy.scope_id(word).is_some());
        match known {
            true => Ok(words.split(' ').map(str::to_owned).collect()),
            false => Err(Mistake::new("invalid_scope", "a scope is unknown, or malformed")),
        }
    }
}

/// SECURITY: whoever reads a request object reads another request than the one that was checked.
fn refuse_request_objects(parameters: &Parameters) -> Result<(), Mistake> {
    let description = "requests are parameters, and not objects";
    if parameters.get("request").is_some() {
        return Err(Mistake::new("request_not_supported", description));
    }
    if parameters.get("request_uri").is_some() {
        return Err(Mistake::new("request_uri_not_supported", description));
    }
    Ok(())
}

fn max_age(text: &str) -> Result<Seconds, Mistake> {
    // `parse` takes a sign.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = text.parse().ok().filter(|_| digits);
    let seconds = seconds.ok_or(Mistake::request("`max_age` is no number of seconds"))?;
    Ok(Seconds(seconds).max(SHORTEST_MAX_AGE))
}

impl Asked {
    /// Where the browser goes with an answer: to the client, which learns whose answer it is
    /// (RFC 9207).
    pub(super) fn answered(&self, answer: &[(&str, &str)], issuer: &str) -> String {
        let state = self.state.as_deref().map(|state| ("state", state));
        let own = state.into_iter().chain([("iss", issuer)]);
        let answer: Vec<_> = answer.iter().copied().chain(own).collect();
        redirect_uri::with_answer(&self.redirect_uri, &answer)
    }
}

/// The path of our own that makes the same request again, for after a sign-in.
pub(super) fn again(parameters: &Parameters) -> String {
    let said = KNOWN.iter().filter_map(|name| Some((*name, parameters.get(name)?)));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(said).finish();
    format!("{}?{query}", path::AUTHORIZE)
}
