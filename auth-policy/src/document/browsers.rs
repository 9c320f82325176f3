//! What a policy says for browsers: the cookies that carry tokens, and `csrf`. In: their nodes.
//! Out: their forms.

use super::{At, CookiesForm, CsrfForm, fields::Fields, values};
use crate::{
    code::Code,
    report::Report,
    settings::{Place, SameSite},
    yaml::{Node, Value},
};

/// `{ access: .., refresh: .., refresh_path: .., same_site: .. }`, each of which may be left out.
pub(super) fn token_cookies(
    entry: Option<(Place, &Node)>,
    report: &mut Report,
) -> Option<CookiesForm> {
    let (place, node) = entry?;
    let fields = Fields::open(node, "schemes.jwt.cookies", report)?;
    let mut word = |key, what| fields.get(key).and_then(|node| values::text(node, what, report));
    Some(CookiesForm {
        place,
        access: word("access", "the name of a cookie"),
        refresh: word("refresh", "the name of a cookie"),
        refresh_path: word("refresh_path", "a path such as `/auth/refresh`"),
        same_site: fields.get("same_site").and_then(|node| same_site(node, report)),
    })
}

/// `lax` or `strict`.
pub(super) fn same_site(node: &Node, report: &mut Report) -> Option<At<SameSite>> {
    if matches!(&node.value, Value::Text(word) if word == "none") {
        report.add(Code::WeakCookie, node.place, |found| {
            found
                .message(
                    "`same_site: none` sends the cookie along with requests of every other site",
                )
                .help("write `lax` or `strict`")
        });
        return None;
    }
    values::choice(node, &[("lax", SameSite::Lax), ("strict", SameSite::Strict)], report)
}

/// `{ trusted_origins: [https://app.blog.example] }`.
pub(super) fn csrf(node: Option<&Node>, report: &mut Report) -> CsrfForm {
    let Some(fields) = node.and_then(|node| Fields::open(node, "csrf", report)) else {
        return CsrfForm::default();
    };
    let origins = "a list of origins such as `[https://app.blog.example]`";
    CsrfForm { trusted_origins: values::words(fields.get("trusted_origins"), origins, report) }
}
