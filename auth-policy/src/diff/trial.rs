//! A request that shows a change. In: who gained what, under which policy. Out: a line for curl that
//! is let in after the change and was refused before, and where its variables come from.
//!
//! SECURITY: paths and names are chosen by whoever wrote the change, and reviewers paste the line
//! into their shells. Whatever is not plain is percent-encoded or stands in single quotes.

use std::fmt::Write as _;

use super::{
    Access, Application, Side, Target,
    sentence::{list, tick},
};
use crate::{
    Policy,
    access::{Carrier, Credential, Holder},
    policy::SchemeKind,
};

/// The handler that gives tokens for a password, as a lock names it.
const LOGIN: &str = "auth_runtime::endpoints::login::login";

/// A request to try a change with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trial {
    /// A line for a shell. It has variables and no placeholders; a parameter of the path is `1`.
    pub command: String,
    /// The variables of that line, and where the value of each comes from.
    pub variables: Vec<(&'static str, String)>,
}

impl Access {
    /// A request that is let in on one side alone, which is given: the new one for what widens, the
    /// old one for what narrows.
    ///
    /// Nothing for a rule, which nobody can call.
    pub fn trial(&self, side: Side<'_>) -> Option<Trial> {
        let Side { policy, applications } = side;
        let Target::Endpoint { method, path, .. } = &self.target else { return None };
        let method = if method == "ANY" { "GET" } else { method };
        let mut trial = Trial { command: "curl -i".to_owned(), variables: Vec::new() };
        if method != "GET" {
            let _ = write!(trial.command, " -X {}", plain(method));
        }
        if let Some(carrier) = &self.carrier {
            trial.present(policy, applications, carrier, self.witness.as_ref(), method);
        }
        if matches!(method, "POST" | "PUT" | "PATCH") {
            trial.header("Content-Type: application/json", None);
            trial.command.push_str(" -d \"$BODY\"");
            trial.needs("BODY", "what the endpoint takes, as JSON".to_owned());
        }
        let _ = write!(trial.command, " \"$BASE{}\"", requested(path));
        trial.needs("BASE", "where the service is, such as http://127.0.0.1:3000".to_owned());
        Some(trial)
    }
}

impl Trial {
    /// The credential, in the header where its scheme looks for it.
    fn present(
        &mut self,
        policy: &Policy,
        applications: &[Application],
        carrier: &Carrier,
        witness: Option<&Credential>,
        method: &str,
    ) {
        let scheme = policy.scheme_id(&carrier.scheme).and_then(|id| policy.scheme(id));
        let held = witness.map(credential).unwrap_or_default();
        match scheme.map(|scheme| &scheme.kind) {
            Some(SchemeKind::ApiKey(keys)) => {
                self.header(&format!("{}: ", keys.header), Some("KEY"));
                self.needs("KEY", format!("an API key{held}"));
            }
            Some(SchemeKind::Session(session)) => {
                self.header(&format!("Cookie: {}=", session.cookie), Some("SESSION"));
                self.needs("SESSION", format!("the session cookie{held}"));
                if !matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE") {
                    self.header("X-CSRF-Token: ", Some("CSRF"));
                    self.needs("CSRF", "the CSRF token of that session".to_owned());
                }
            }
            _ => {
                self.header("Authorization: Bearer ", Some("TOKEN"));
                let from = match carrier.holder {
                    Holder::Account => login(applications),
                    Holder::Foreign => format!(", from the issuer {}", tick(&carrier.scheme)),
                    Holder::Delegate | Holder::Client => String::new(),
                };
                self.needs("TOKEN", format!("an access token{held}{from}"));
            }
        }
    }

    /// A header whose value ends in that variable.
    fn header(&mut self, beginning: &str, variable: Option<&str>) {
        let end = variable.map(|name| format!("${name}")).unwrap_or_default();
        let _ = match is_plain(beginning) {
            true => write!(self.command, " -H \"{beginning}{end}\""),
            false => write!(self.command, " -H {}\"{end}\"", quoted(beginning)),
        };
    }

    fn needs(&mut self, variable: &'static str, from: String) {
        self.variables.push((variable, from));
    }
}

/// Whose credential, with what in it.
fn credential(witness: &Credential) -> String {
    let names = |what: &str, names: &[String]| match names {
        [] => String::new(),
        [one] => format!(" with {what} {}", tick(one)),
        several => format!(" with {what}s {}", list(several, "and")),
    };
    let roles = names("role", &witness.roles);
    let holder = match witness.holder {
        Holder::Account => format!(" of an account{roles}"),
        Holder::Delegate => format!(" of a client for an account{roles}"),
        Holder::Client => " of a client for itself".to_owned(),
        Holder::Foreign => roles,
    };
    let scopes = match &witness.scopes[..] {
        [] => String::new(),
        scopes => format!(", carrying {}", list(scopes, "and")),
    };
    let signed_in = match witness.signed_in {
        Some(ago) if ago.0 > 0 => format!(", signed in {ago} ago"),
        Some(_) => ", signed in just now".to_owned(),
        None => String::new(),
    };
    let acr =
        witness.acr.as_ref().map(|acr| format!(", with acr {}", tick(acr))).unwrap_or_default();
    format!("{holder}{scopes}{signed_in}{acr}")
}

/// Where tokens come from, if the application has the endpoint of this workspace for it.
fn login(applications: &[Application]) -> String {
    let mut endpoints = applications.iter().flat_map(|one| &one.lock.endpoints);
    let login = endpoints.find(|endpoint| endpoint.handler == LOGIN);
    login
        .map(|login| format!(", as `POST {}` gives it", requested(&login.path)))
        .unwrap_or_default()
}

/// A path with something in place of its parameters, and nothing in it that a shell would obey.
fn requested(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment.split_once('{') {
        Some((before, rest)) => {
            let after = rest.rsplit_once('}').map(|(_, after)| after).unwrap_or_default();
            format!("{}1{}", plain(before), plain(after))
        }
        None if segment == "*" => "1".to_owned(),
        None => plain(segment),
    });
    segments.collect::<Vec<_>>().join("/")
}

/// A segment of a path, percent-encoded.
fn plain(segment: &str) -> String {
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~@:".contains(&byte);
    let encode = |byte: u8| match kept(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    segment.bytes().map(encode).collect()
}

fn is_plain(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || " -_.:/=".contains(c))
}

/// A text that a shell takes for what it is.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_path_or_a_header_is_obeyed_by_a_shell() {
        assert_eq!(requested("/posts/{id}/x/{*rest}"), "/posts/1/x/1");
        assert_eq!(requested("/api/*"), "/api/1");
        assert_eq!(requested("/$(id)/`a`/\"b"), "/%24%28id%29/%60a%60/%22b");
        let mut trial = Trial { command: String::new(), variables: Vec::new() };
        trial.header("X-`id`'$: ", Some("KEY"));
        trial.header("X-Key: ", Some("KEY"));
        assert_eq!(trial.command, r#" -H 'X-`id`'\''$: '"$KEY" -H "X-Key: $KEY""#);
    }
}
