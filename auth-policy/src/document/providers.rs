//! `providers` as written. In: a node. Out: the form of an OpenID provider, which has an issuer, or
//! of one without OpenID Connect, which has endpoints of its own.

use super::{At, OAuthProviderForm, ProviderForm, fields::Fields, schemes::exact, values};
use crate::{
    code::Code,
    report::Report,
    settings::{ClientAuth, ClientId, NewAccounts, Place, ProfileNames, SignInResult},
    source::quoted,
    yaml::Node,
};

/// What a provider without OpenID Connect has instead of an issuer.
const OWN_KEYS: [&str; 6] = [
    "identity",
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "client_auth",
    "profile",
];

const RESULTS: [(&str, SignInResult); 2] =
    [("session", SignInResult::Session), ("tokens", SignInResult::Tokens)];

const NEW_ACCOUNTS: [(&str, NewAccounts); 2] =
    [("create", NewAccounts::Create), ("refuse", NewAccounts::Refuse)];

/// The longest name of a field in a profile, dots included, in bytes.
const MAX_PATH_BYTES: usize = 128;

/// An entry of `providers`.
pub(super) fn provider(node: &Node, report: &mut Report) -> ProviderForm {
    let Some(fields) = Fields::open(node, "providers.*", report) else {
        return ProviderForm::default();
    };
    let (issuer, own) = kind(&fields, report);
    let id = fields.need("client_id", "who we are there", report);
    let secret =
        fields.need("client_secret", "where our secret comes from, such as `${SECRET}`", report);
    ProviderForm {
        issuer,
        own,
        client_id: id.and_then(|node| client_id(node, report)),
        client_secret: values::reference(secret, "client_secret", report),
        scopes_place: fields.entry("scopes").map(|(place, _)| place).unwrap_or_default(),
        scopes: fields.get("scopes").map(|node| {
            values::words(Some(node), "a list of scopes such as `[openid, email]`", report)
        }),
        result: fields.get("result").and_then(|node| values::choice(node, &RESULTS, report)),
        after: values::some_words(
            fields.get("after"),
            "a list of paths such as `[/account, /]`",
            report,
        ),
        on_failure: fields
            .get("on_failure")
            .and_then(|node| values::text(node, "a path such as `/login`", report)),
        new_accounts: fields
            .get("new_accounts")
            .and_then(|node| values::choice(node, &NEW_ACCOUNTS, report))
            .map(|word| word.value)
            .unwrap_or_default(),
    }
}

/// An issuer, or endpoints: never both, and never neither.
fn kind(
    fields: &Fields<'_>,
    report: &mut Report,
) -> (Option<At<String>>, Option<OAuthProviderForm>) {
    let own = OWN_KEYS.iter().find_map(|key| Some((*key, fields.entry(key)?.0)));
    match (fields.entry("issuer"), own) {
        (Some((issuer, _)), Some((key, place))) => {
            refuse_both(key, place, issuer, report);
            (None, None)
        }
        (None, Some(_)) => (None, Some(own_endpoints(fields, report))),
        _ => {
            let meaning = "whose discovery document to read; a provider without OpenID Connect \
                           has `identity`, three endpoints and `profile` in its place";
            (values::issuer(fields.need("issuer", meaning, report), report), None)
        }
    }
}

fn refuse_both(key: &str, place: Place, issuer: Place, report: &mut Report) {
    report.add(Code::MixedProvider, place, |found| {
        found
            .message(format!("a provider with an `issuer` has no key {}", quoted(key)))
            .other(issuer, "the issuer")
            .help("keep the issuer, whose discovery document says it; or, if it speaks OAuth 2.0 alone, remove `issuer`")
    });
}

fn own_endpoints(fields: &Fields<'_>, report: &mut Report) -> OAuthProviderForm {
    let identity = fields.need(
        "identity",
        "the URL that its people are known by here, such as `https://github.com`, for good",
        report,
    );
    let mut endpoint = |key, meaning| {
        let node = fields.need(key, meaning, report);
        values::endpoint(node, report).map(|url| url.value)
    };
    let authorization_endpoint = endpoint("authorization_endpoint", "where browsers are sent");
    let token_endpoint = endpoint("token_endpoint", "where a code is exchanged");
    let userinfo_endpoint =
        endpoint("userinfo_endpoint", "where the provider tells who somebody is");
    let places = [("header", ClientAuth::Header), ("form", ClientAuth::Form)];
    let names = fields.need("profile", "what it calls what is known of somebody", report);
    OAuthProviderForm {
        identity: values::issuer(identity, report),
        authorization_endpoint,
        token_endpoint,
        userinfo_endpoint,
        client_auth: fields
            .get("client_auth")
            .and_then(|node| values::choice(node, &places, report))
            .map(|word| word.value)
            .unwrap_or_default(),
        profile: names.and_then(|node| profile(node, report)),
    }
}

fn profile(node: &Node, report: &mut Report) -> Option<ProfileNames> {
    let fields = Fields::open(node, "providers.*.profile", report)?;
    let subject =
        fields.need("subject", "which field says who it is, and is never another's", report);
    let mut name = |node: Option<&Node>| node.and_then(|node| path(node, report));
    Some(ProfileNames {
        subject: name(subject).unwrap_or_default(),
        email: name(fields.get("email")),
        email_verified: name(fields.get("email_verified")),
        name: name(fields.get("name")),
        given_name: name(fields.get("given_name")),
        family_name: name(fields.get("family_name")),
        username: name(fields.get("username")),
    })
}

/// The name of a field, or several with dots between them.
fn path(node: &Node, report: &mut Report) -> Option<String> {
    let word = exact(node, "the name of a field", report)?;
    let empty = word.value.split('.').any(str::is_empty);
    if empty || word.value.len() > MAX_PATH_BYTES {
        report.add(Code::InvalidName, word.place, |found| {
            found
                .message(format!("{} leads to no field of an answer", quoted(&word.value)))
                .help("write the names of fields with single dots between them, such as `user.id`")
        });
        return None;
    }
    Some(word.value)
}

/// A client id is public, so it may stand in the file.
fn client_id(node: &Node, report: &mut Report) -> Option<ClientId> {
    let text = exact(node, "a client id or a reference to one", report)?.value;
    match values::parse_reference(&text) {
        Some(reference) => Some(ClientId::Reference(reference)),
        None => Some(ClientId::Literal(text)),
    }
}
