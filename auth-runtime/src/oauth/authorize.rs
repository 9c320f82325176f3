//! `/oauth/authorize` (RFC 6749, 7636, 9207): where people let clients in. In: a browser that a client
//! sent, and what the one at it decides. Out: the page that asks; and the browser, sent back with a
//! code or an error.

use auth_policy::settings::{EndpointKind, GrantType, OAuth as Settings};
use axum::{
    extract::{RawQuery, State},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};

use super::{
    OAuth,
    code::{self, CodeError, Granted},
    consent::{AskedScope, Consent, ConsentPage, is_way_back},
    form::Parameters,
    request::{Asked, Lost, Mistake, Wanted, again},
    scopes::granted,
};
use crate::{
    Denial, Identity,
    account::Account,
    audit::{Decision, Event, Kind, Tag},
    authorize::Door,
    context::Context,
    csrf::CsrfForm,
    guard::{Guard, Public},
    limit,
    problem::Problem,
    rule::{Opening, Openness, Own, SESSION, Schemes, everybody},
    secret::Secret,
    step_up::StepUp,
    tokens::password_mark,
    url::carries_credential,
    visit::Visit,
};

/// The longest query that is read, in bytes.
pub(super) const MAX_QUERY: usize = 8192;

/// Who may call it, and why.
type Opened = everybody!("asks whoever is not signed in to sign in");

/// Whoever has a session, with the token of its pages in the form.
type Holder = Guard<Own<{ SESSION }, true>>;

/// Asks the one at the browser, who is sent to sign in first if need be.
pub(super) async fn ask(
    _: Public<Opened>,
    State(oauth): State<OAuth>,
    peer: limit::Client,
    RawQuery(query): RawQuery,
    parts: Parts,
) -> Result<Response, Denial> {
    let pages = oauth.open()?;
    limit::count(oauth.auth(), EndpointKind::Token, None, &peer).await?;
    let parameters = oauth.read(query.as_deref().unwrap_or_default());
    let parameters = parameters.map_err(|cause| oauth.nowhere(None, cause))?;
    let asked = oauth.known(&parameters).await?;
    // SECURITY: nobody is sent on who has not signed in here, not even with an error: a link to us
    // must not lead to somebody else's page by itself (RFC 9700, section 4.11.2).
    let Some(caller) = oauth.signed_in(&parts).await? else {
        return to(&pages.sign_in(&again(&parameters)));
    };
    let wanted = match &asked.wanted {
        Ok(wanted) => wanted,
        Err(mistake) => return oauth.mistaken_in(&parts, &asked, &caller, *mistake),
    };
    if !oauth.is_recent(&caller, wanted) {
        return to(&pages.sign_in(&again(&parameters)));
    }
    let account = oauth.account(&caller).await?;
    let policy = oauth.auth().policy();
    let names = oauth.to_be_had(&asked, wanted, &account);
    if names.is_empty() {
        return oauth.mistaken_in(&parts, &asked, &caller, NOTHING_LEFT);
    }
    let described = policy.scopes().iter().filter(|scope| names.contains(&scope.name));
    let consent = Consent {
        client: &asked.client,
        account: &account,
        scopes: described
            .map(|scope| AskedScope { name: &scope.name, is: &scope.description })
            .collect(),
        asked: &asked,
        wanted,
        csrf_token: caller.csrf_token().unwrap_or_else(|| Secret::from(String::new())),
    };
    Ok(unframed(pages.draw(&consent), &consent))
}

/// Takes the decision, and sends the browser back with it.
pub(super) async fn decide(
    caller: Holder,
    State(oauth): State<OAuth>,
    peer: limit::Client,
    CsrfForm(fields): CsrfForm<Vec<(String, String)>>,
) -> Result<Response, Denial> {
    let pages = oauth.open()?;
    limit::count(oauth.auth(), EndpointKind::Token, None, &peer).await?;
    let caller = caller.identity();
    let parameters = Parameters::of(fields).map_err(|_| oauth.nowhere(None, "parameter-twice"))?;
    let asked = oauth.known(&parameters).await?;
    let wanted = match &asked.wanted {
        Ok(wanted) => wanted,
        Err(mistake) => return oauth.mistaken(&asked, &caller, *mistake),
    };
    match parameters.get("decision") {
        // Somebody may have left the page open for long.
        Some("allow") if !oauth.is_recent(&caller, wanted) => {
            to(&pages.sign_in(&again(&parameters)))
        }
        Some("allow") => oauth.allowed(&asked, wanted, &caller).await,
        Some("deny") => {
            oauth.report_consent(Kind::ConsentDenied, &caller, &asked);
            let denied = Mistake::new("access_denied", "the client was not let in");
            to(&oauth.error(&asked, denied))
        }
        _ => Err(oauth.nowhere(Some(&asked.client.id), "decision-missing")),
    }
}

/// Of what was asked for, nothing may be had.
const NOTHING_LEFT: Mistake =
    Mistake::new("invalid_scope", "none of the scopes may be had by this client and user");

impl OAuth {
    /// The parameters of a query; if they are none, the cause.
    fn read(&self, query: &str) -> Result<Parameters, &'static str> {
        let policy = self.auth().policy();
        if query.len() > MAX_QUERY {
            return Err("request-too-long");
        }
        // Whoever signs in comes back with it, and is nobody once more.
        if carries_credential(query, policy.api_key().map(|(_, settings)| settings)) {
            return Err("credential-in-url");
        }
        let parameters = Parameters::read(query.as_bytes()).map_err(|_| "parameter-twice")?;
        // Written anew it may be longer.
        if is_way_back(&again(&parameters)) { Ok(parameters) } else { Err("request-too-long") }
    }

    /// The pages, where the grant is offered; else there is no such endpoint.
    fn open(&self) -> Result<&dyn ConsentPage, Denial> {
        let offered = self.offered().contains(&GrantType::AuthorizationCode);
        Ok(self.pages().filter(|_| offered).ok_or_else(Problem::not_found)?)
    }

    /// The request of a client that is known, for an address of its own.
    async fn known(&self, parameters: &Parameters) -> Result<Asked, Denial> {
        self.asked(parameters).await.map_err(|lost| match lost {
            Lost::Cause(cause) => self.nowhere(parameters.get("client_id"), cause),
            Lost::Store(error) => error.into(),
        })
    }

    /// Whoever has a session. One whose cookie is worth nothing has none.
    async fn signed_in(&self, parts: &Parts) -> Result<Option<Identity>, Denial> {
        let schemes = Schemes::Own(SESSION).bits(&self.auth().policy());
        let openness = Openness { schemes, ..<Opened as Opening>::OPENNESS };
        match Door::new(Context::visit(parts)?, parts).identify(&openness).await {
            Err(denial) if denial.status() == StatusCode::UNAUTHORIZED => Ok(None),
            found => found,
        }
    }

    /// Whether somebody proved who they are as lately as the client asks (RFC 9470, section 4).
    fn is_recent(&self, caller: &Identity, wanted: &Wanted) -> bool {
        let asked = StepUp { max_age: wanted.max_age, acr: None };
        asked.lack(caller, &self.auth().policy(), self.auth().now()).is_none()
    }

    async fn account(&self, caller: &Identity) -> Result<Account, Denial> {
        let accounts = self.auth().accounts().ok_or_else(Denial::internal)?;
        let account = accounts.by_id(&caller.subject().id, self.auth().now()).await?;
        Ok(account.ok_or_else(Problem::not_found)?)
    }

    /// The scopes that the client would get: those that it asks for, within its ceiling and what the
    /// account's roles grant now. Sorted.
    fn to_be_had(&self, asked: &Asked, wanted: &Wanted, account: &Account) -> Vec<String> {
        let policy = self.auth().policy();
        let mut names: Vec<_> = match &wanted.scopes {
            None => asked.client.scopes.iter().map(String::as_str).collect(),
            Some(named) => {
                let named = named.iter().filter(|name| asked.client.scopes.contains(name));
                named.map(String::as_str).collect()
            }
        };
        names.sort_unstable();
        names.dedup();
        let roles: Vec<_> = account.roles.iter().map(String::as_str).collect();
        granted(&names, &roles, &policy).into_iter().map(str::to_owned).collect()
    }

    /// The client is let in: it is sent a code.
    async fn allowed(
        &self,
        asked: &Asked,
        wanted: &Wanted,
        caller: &Identity,
    ) -> Result<Response, Denial> {
        let account = self.account(caller).await?;
        let scopes = self.to_be_had(asked, wanted, &account);
        if scopes.is_empty() {
            return self.mistaken(asked, caller, NOTHING_LEFT);
        }
        self.report_consent(Kind::ConsentGiven, caller, asked);
        let now = self.auth().now();
        let granted = Granted {
            client_id: asked.client.id.clone(),
            redirect_uri: asked.redirect_uri.clone(),
            challenge: wanted.challenge.clone(),
            password_mark: password_mark(&account.password),
            issued_at: now.0,
            account_id: account.id,
            session_id: caller.credential_id().unwrap_or_default().to_owned(),
            scopes,
            authenticated_at: caller.authenticated_at().map(|moment| moment.0),
            acr: caller.acr().map(str::to_owned),
        };
        let policy = self.auth().policy();
        let lives = policy.oauth().map_or(Settings::CODE_TTL, |oauth| oauth.code_ttl);
        let code = match code::issue(self.store(), granted, now.plus(lives), now).await {
            Ok(code) => code,
            Err(CodeError::Store(error)) => return Err(error.into()),
            Err(CodeError::Random) => return Err(Denial::internal()),
        };
        self.report_consent(Kind::CodeIssued, caller, asked);
        // The address of the client is the one place where the code is seen.
        to(&asked.answered(&[("code", code.expose())], &self.auth().own_issuer()))
    }

    /// Sends the browser back with an error, to one who is signed in.
    fn mistaken(
        &self,
        asked: &Asked,
        caller: &Identity,
        mistake: Mistake,
    ) -> Result<Response, Denial> {
        self.auth().record(&Event {
            decision: Decision::Deny,
            subject: Some(caller.subject()),
            client: Some(&asked.client.id),
            cause: Some(mistake.cause()),
            ..self.auth().event(Kind::CodeIssued)
        });
        to(&self.error(asked, mistake))
    }

    /// The same where a form of ours may have led here, the one to sign in with: browsers that hold
    /// redirects to its `form-action` would not go on, so the answer is a page that leads on.
    fn mistaken_in(
        &self,
        parts: &Parts,
        asked: &Asked,
        caller: &Identity,
        mistake: Mistake,
    ) -> Result<Response, Denial> {
        let sent = self.mistaken(asked, caller, mistake)?;
        let site = parts.headers.get("sec-fetch-site");
        if site.is_some_and(|site| site == "same-origin") { leading_on(sent) } else { Ok(sent) }
    }

    fn error(&self, asked: &Asked, mistake: Mistake) -> String {
        let Mistake { code, description } = mistake;
        let answer = [("error", code), ("error_description", description)];
        asked.answered(&answer, &self.auth().own_issuer())
    }

    /// 400, and the browser stays here.
    fn nowhere(&self, client_id: Option<&str>, cause: &'static str) -> Denial {
        self.auth().record(&Event {
            decision: Decision::Deny,
            account: client_id.and_then(Tag::of_name),
            cause: Some(cause),
            ..self.auth().event(Kind::CodeIssued)
        });
        refused()
    }

    fn report_consent(&self, kind: Kind, caller: &Identity, asked: &Asked) {
        self.auth().record(&Event {
            subject: Some(caller.subject()),
            client: Some(&asked.client.id),
            ..self.auth().event(kind)
        });
    }
}

/// 400 for somebody whom a client sent with a request that leads nowhere: the client is not known,
/// the address is not its own, or the request says something twice. From outside these look alike.
pub fn refused() -> Denial {
    let detail = "the app that sent you here is not known, or asks in a way that leads nowhere; \
                  go back to it and begin anew";
    Problem::new(StatusCode::BAD_REQUEST, "invalid_authorization", "Invalid authorization request")
        .detail(detail)
        .denied_as(Visit::denial())
        .into()
}

/// The page, which no other page may be around.
///
/// SECURITY: whoever could put it into a frame could have somebody click `Allow` unseen. This holds
/// where the page, or the policy, lets others frame the service, too.
fn unframed(mut page: Response, consent: &Consent<'_>) -> Response {
    let headers = page.headers_mut();
    let alone = HeaderValue::from_static("frame-ancestors 'none'");
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        let strict = format!("default-src 'none'; form-action {}", consent.form_action());
        if let Ok(strict) = HeaderValue::from_str(&strict) {
            headers.append(header::CONTENT_SECURITY_POLICY, strict);
        }
    }
    // Of several policies each one holds.
    headers.append(header::CONTENT_SECURITY_POLICY, alone);
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    page
}

/// 303, so that a form is never sent on to a client (RFC 9700, section 4.12).
fn to(location: &str) -> Result<Response, Denial> {
    let location = HeaderValue::from_str(location).map_err(|_| Denial::internal())?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

/// The same way by a page instead of a redirect.
fn leading_on(redirect: Response) -> Result<Response, Denial> {
    let (mut parts, body) = redirect.into_parts();
    let location = parts.headers.remove(header::LOCATION).ok_or_else(Denial::internal)?;
    let refresh = [b"0; url=", location.as_bytes()].concat();
    let refresh = HeaderValue::from_bytes(&refresh).map_err(|_| Denial::internal())?;
    parts.headers.insert(header::REFRESH, refresh);
    parts.status = StatusCode::OK;
    Ok(Response::from_parts(parts, body))
}

/// SECURITY: the address of what follows holds a code, and the page a token: no cache keeps any
/// answer, and no other page is told its address.
pub(super) async fn kept_to_itself(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
