//! Where a sign-in leads. In: what an address asks for, which anybody may have written. Out: one of
//! our own pages, or on with the request of a program that somebody is to let in.

use auth_runtime::oauth::is_way_back;

/// The pages, the usual one first.
const PAGES: [&str; 2] = ["/account", "/"];

/// SECURITY: compared as a whole with a list, so that no address of another site, however written,
/// is ever sent a browser that has just signed in.
/// The one thing besides the list is a request to `/oauth/authorize`, which is checked there.
pub(super) fn page(asked: &str) -> &str {
    let [usual, ..] = PAGES;
    if is_way_back(asked) {
        return asked;
    }
    PAGES.into_iter().find(|page| *page == asked).unwrap_or(usual)
}

/// What the query of an address asks for.
pub(super) fn asked(query: Option<&str>) -> String {
    let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs.find(|(name, _)| name == "next").map(|(_, next)| next.into_owned()).unwrap_or_default()
}

/// The page to sign in with, on the way to that one.
pub(super) fn sign_in(next: &str) -> String {
    format!("/login?next={}", encoded(next))
}

/// The path as the value of a parameter. A slash stays what it is, for those who read addresses.
pub(super) fn encoded(next: &str) -> String {
    form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>().replace("%2F", "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oc9_a_sign_in_leads_to_listed_pages_alone() {
        assert_eq!([page("/"), page("/account")], ["/", "/account"]);
        for asked in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/account@evil.example",
            "/account?x",
            "%2f%2fevil.example",
            "/\t/evil.example",
            "javascript:alert(1)",
            "/oauth/authorize",
            "/oauth/authorize#?x",
            "/oauth/authorize?x\"><script>",
            "//evil.example/oauth/authorize?client_id=x",
            "https://evil.example/oauth/authorize?client_id=x",
        ] {
            assert_eq!(page(asked), "/account", "{asked}");
        }
    }
    #[test]
    fn oc9_a_sign_in_goes_on_with_the_request_of_a_program() {
        let back = "/oauth/authorize?client_id=app&state=a%26b+c";
        assert_eq!(page(back), back);
        let address = sign_in(back);
        assert_eq!(asked(address.split_once('?').map(|(_, query)| query)), back);
        assert_eq!(asked(Some("x=1&next=/")), "/");
        assert_eq!(asked(None), "");
    }
}
