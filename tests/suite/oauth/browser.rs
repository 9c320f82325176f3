//! Somebody at a browser, and the app that sent them. In: a service with clients. Out: what the
//! browser is shown, where it is sent, and what the app makes of that.

use std::collections::BTreeMap;

use auth_runtime::{account::Account, oauth::Client};
use axum::{
    body::Body,
    http::{HeaderMap, Request},
};

use super::world::{Answer, CALLBACK, World, basic, form};

/// The pair of RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The parameters of a request, in their order.
#[derive(Clone, Debug)]
pub(crate) struct Asking(pub(crate) Vec<(String, String)>);

/// A request that is whole, of a client of that id.
pub(crate) fn asking(client: &str) -> Asking {
    let parameters = [
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", CALLBACK),
        ("state", "st&te=1"),
        ("scope", "read:posts"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    Asking(parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec())
}

impl Asking {
    /// The same with another value, or another parameter.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut asking = self.without(name);
        asking.0.push((name.to_owned(), value.to_owned()));
        asking
    }

    pub(crate) fn without(&self, name: &str) -> Self {
        let others = self.0.iter().filter(|(other, _)| other != name);
        Self(others.cloned().collect())
    }

    pub(crate) fn path(&self) -> String {
        let pairs: Vec<_> = self.0.iter().map(|(name, value)| (&**name, &**value)).collect();
        format!("/oauth/authorize?{}", form(&pairs))
    }
}

/// A browser with a session.
pub(crate) struct Browser {
    pub(crate) account: Account,
    pub(crate) cookie: String,
}

impl World {
    /// A browser at which a new account has signed in.
    pub(crate) async fn browser(&self, name: &str, role: &str) -> Browser {
        let account = self.account(name, role).await;
        let begun = self.auth.sessions().unwrap().begin(&account, &HeaderMap::new()).await.unwrap();
        let cookie = begun.set_cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        Browser { account, cookie }
    }

    /// Lets time pass, during which the store is heard of.
    pub(crate) async fn pass(&self, seconds: i64) {
        self.clock.advance(seconds);
        self.auth.revocations().unwrap().follow(self.auth.now()).await.unwrap();
    }

    /// What a client gets for a code.
    pub(crate) async fn exchange(&self, client: &(Client, String), code: &str) -> Answer {
        self.exchange_with(client, code, &[]).await
    }

    /// The same with other parameters; an empty one is left out.
    pub(crate) async fn exchange_with(
        &self,
        (client, secret): &(Client, String),
        code: &str,
        others: &[(&str, &str)],
    ) -> Answer {
        let mut parameters = BTreeMap::from([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ]);
        parameters.extend(others.iter().copied());
        let authorization = basic(&client.id, secret);
        if client.public {
            parameters.insert("client_id", &client.id);
        }
        let parameters: Vec<_> =
            parameters.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let authorization = (!client.public).then_some(authorization.as_str());
        self.form("/oauth/token", authorization, &parameters).await
    }

    /// What `/read` answers to a token.
    pub(crate) async fn reads(&self, token: &str) -> u16 {
        self.asks("GET", "/read", token).await.status
    }
}

impl Browser {
    /// What it is shown that a client sent with such a request.
    pub(crate) async fn asks(&self, world: &World, asking: &Asking) -> Answer {
        let request = Request::get(asking.path()).header("cookie", &self.cookie);
        world.send(request.body(Body::empty()).unwrap()).await
    }

    /// What is answered to the form of the page, with that decision.
    pub(crate) async fn decides(&self, world: &World, page: &Answer, decision: &str) -> Answer {
        let fields = page.json()["fields"].clone();
        let fields: Vec<(String, String)> = serde_json::from_value(fields).unwrap();
        let mut fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        fields.push(("decision", decision));
        self.posts(world, &fields).await
    }

    pub(crate) async fn posts(&self, world: &World, fields: &[(&str, &str)]) -> Answer {
        let request = Request::post("/oauth/authorize")
            .header("cookie", &self.cookie)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded");
        world.send(request.body(Body::from(form(fields))).unwrap()).await
    }

    /// Lets the client in: what it is told.
    pub(crate) async fn allows(&self, world: &World, asking: &Asking) -> BTreeMap<String, String> {
        let page = self.asks(world, asking).await;
        assert_eq!(page.status, 200, "{page:?}");
        self.decides(world, &page, "allow").await.told()
    }

    /// Lets the client in: the code that it is sent.
    pub(crate) async fn code(&self, world: &World, asking: &Asking) -> String {
        self.allows(world, asking).await["code"].clone()
    }
}

impl Answer {
    /// What the app is told to whose address the browser is sent.
    pub(crate) fn told(&self) -> BTreeMap<String, String> {
        assert_eq!(self.status, 303, "{self:?}");
        assert_eq!(self.headers["cache-control"], "no-store");
        assert_eq!(self.headers["referrer-policy"], "no-referrer");
        let query = self.location().strip_prefix(CALLBACK).and_then(|rest| rest.strip_prefix('?'));
        let query = query.unwrap_or_else(|| panic!("sent elsewhere: {self:?}"));
        serde_urlencoded::from_str(query).unwrap()
    }
}
