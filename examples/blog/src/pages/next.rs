//! Where a sign-in leads. In: what an address asks for, which anybody may have written. Out: one of
//! our own pages.

/// The pages, the usual one first.
const PAGES: [&str; 2] = ["/account", "/"];

/// SECURITY: compared as a whole with a list, so that no address of another site, however written,
/// is ever sent a browser that has just signed in.
pub(super) fn page(asked: &str) -> &'static str {
    let [usual, ..] = PAGES;
    PAGES.into_iter().find(|page| *page == asked).unwrap_or(usual)
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
        ] {
            assert_eq!(page(asked), "/account", "{asked}");
        }
    }
}
