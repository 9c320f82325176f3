//! Addresses of this service. In: a stage, a request, what somebody asks for. Out: where the
//! provider sends the browser back to, and which of our own pages a sign-in ends on.

use auth_policy::settings::{Seconds, is_local_path};
use axum::http::{Uri, uri::Authority};

use super::{ProviderError, Stage};
use crate::oauth::{AUTHORIZE, is_way_back};

/// How long somebody has to sign in at the provider.
pub(super) const PATIENCE: Seconds = Seconds(600);

/// Our own pages that a sign-in leads to.
#[derive(Clone, Debug)]
pub(super) struct Pages {
    after: Vec<String>,
    on_failure: String,
}

impl Pages {
    /// # Errors
    ///
    /// When one of them is no path of this service, or there is none.
    pub(super) fn new(after: Vec<String>, on_failure: String) -> Result<Self, ProviderError> {
        let wrong = after.iter().chain([&on_failure]).find(|path| !is_local_path(path));
        match wrong {
            Some(path) => Err(ProviderError::Path(path.clone())),
            None if after.is_empty() => Err(ProviderError::Path(String::new())),
            None => Ok(Self { after, on_failure }),
        }
    }

    /// The page that was asked for, or the first.
    ///
    /// SECURITY: compared as a whole with a list, so that no address of another site, however it is
    /// written, is ever sent a browser that has just signed in.
    pub(super) fn after<'p>(&'p self, asked: Option<&'p str>) -> &'p str {
        // Where the authorization endpoint is listed, so is every request that it may be asked.
        let endpoint = self.after.iter().any(|page| page == AUTHORIZE);
        if let Some(back) = asked.filter(|asked| endpoint && is_way_back(asked)) {
            return back;
        }
        let listed = self.after.iter().find(|page| Some(page.as_str()) == asked);
        listed.or_else(|| self.after.first()).map_or("/", String::as_str)
    }

    /// Where a sign-in that failed ends, with a code.
    pub(super) fn failed(&self, code: &str) -> String {
        format!("{}?error={code}", self.on_failure)
    }
}

/// Where the provider sends the browser back to: another address for each provider, so that the
/// answer of one is never taken for another's (RFC 9700, section 4.4).
///
/// `host` is the one that was asked: development goes by it, and production never does.
pub(super) fn callback(stage: &Stage, host: Option<&str>, provider: &str) -> Option<String> {
    let origin = match stage {
        Stage::Production { origin } => origin.clone(),
        Stage::Development { over_tls } => {
            let scheme = if *over_tls { "https" } else { "http" };
            format!("{scheme}://{}", own_machine(host?)?)
        }
    };
    Some(format!("{origin}/login/{provider}/callback"))
}

/// The host of the request, if it is this machine.
fn own_machine(text: &str) -> Option<&str> {
    let authority: Authority = text.parse().ok()?;
    let host = authority.host();
    let known = matches!(host, "127.0.0.1" | "[::1]" | "localhost");
    (known && !text.contains('@')).then_some(text)
}

/// Whether it is an origin: `https`, a host, perhaps a port.
pub(super) fn is_origin(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else { return false };
    let parsed = text.parse::<Uri>().ok();
    let host = parsed.as_ref().and_then(Uri::host).is_some_and(|host| !host.is_empty());
    host && !rest.contains(['/', '?', '#', '@', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages() -> Pages {
        let after = ["/account", "/"].map(str::to_owned).to_vec();
        Pages::new(after, "/login".to_owned()).unwrap()
    }

    #[test]
    fn oc9_a_sign_in_leads_to_listed_pages_alone() {
        let pages = pages();
        assert_eq!([pages.after(Some("/")), pages.after(Some("/account"))], ["/", "/account"]);
        for asked in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "https:/evil.example",
            "/account/",
            "/account?x",
            "/account#x",
            "/account@evil.example",
            "%2f%2fevil.example",
            "/%2fevil.example",
            "/\t/evil.example",
            "/.evil.example",
            " /account",
            "javascript:alert(1)",
        ] {
            assert_eq!(pages.after(Some(asked)), "/account", "{asked}");
        }
        assert_eq!(pages.after(None), "/account");
    }

    #[test]
    fn oc9_a_request_of_a_client_is_gone_on_with_where_its_endpoint_is_listed() {
        let back = "/oauth/authorize?client_id=app&state=x%26y";
        assert_eq!(pages().after(Some(back)), "/account");
        let after = ["/account", AUTHORIZE].map(str::to_owned).to_vec();
        let pages = Pages::new(after, "/login".to_owned()).unwrap();
        assert_eq!(pages.after(Some(back)), back);
        for asked in [
            "/oauth/authorize?x#y",
            "/oauth/authorize?x=\"><script>",
            "/oauth/authorize/?x",
            "//evil.example/oauth/authorize?x",
            "/oauth/authorize?x\\y",
        ] {
            assert_eq!(pages.after(Some(asked)), "/account", "{asked}");
        }
    }

    #[test]
    fn oc9_what_is_listed_must_be_a_path_of_this_service() {
        for path in ["//evil.example", "https://evil.example", "/\\evil", "", "account", "/a?b"] {
            let listed = Pages::new(vec![path.to_owned()], "/login".to_owned());
            assert!(matches!(listed, Err(ProviderError::Path(_))), "{path}");
            let failed = Pages::new(vec!["/".to_owned()], path.to_owned());
            assert!(matches!(failed, Err(ProviderError::Path(_))), "{path}");
        }
        assert!(Pages::new(Vec::new(), "/login".to_owned()).is_err());
    }

    #[test]
    fn oc4_the_callback_is_on_the_origin_that_was_set_and_names_the_provider() {
        let production = Stage::Production { origin: "https://blog.example".to_owned() };
        let set = callback(&production, Some("evil.example"), "google");
        assert_eq!(set.as_deref(), Some("https://blog.example/login/google/callback"));
        let [plain, encrypted] = [false, true].map(|over_tls| Stage::Development { over_tls });
        for host in ["127.0.0.1:3000", "localhost:3000", "[::1]:3000", "localhost"] {
            for (stage, scheme) in [(&plain, "http"), (&encrypted, "https")] {
                let found = callback(stage, Some(host), "x");
                assert_eq!(found, Some(format!("{scheme}://{host}/login/x/callback")));
            }
        }
        for host in ["localhost.evil.example", "evil@localhost", "127.0.0.1.evil", "10.0.0.1", ""] {
            assert_eq!(callback(&plain, Some(host), "x"), None, "{host}");
        }
        assert_eq!(callback(&plain, None, "x"), None);
    }

    #[test]
    fn m13_an_origin_is_https_a_host_and_nothing_else() {
        assert!(is_origin("https://blog.example") && is_origin("https://blog.example:8443"));
        for text in [
            "http://blog.example",
            "https://blog.example/",
            "https://blog.example?x",
            "https://a@blog.example",
            "https://",
            "blog.example",
        ] {
            assert!(!is_origin(text), "{text}");
        }
    }
}
