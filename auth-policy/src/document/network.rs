//! `network` and `cors` as written. In: their nodes. Out: their forms.

use super::{CorsForm, NetworkForm, fields::Fields, values};
use crate::{
    report::Report,
    settings::{CorsMethod, ForwardedHeader},
    yaml::Node,
};

/// `{ trusted_proxies: [10.0.0.0/8], header: forwarded, ipv6_prefix: 64 }`.
pub(super) fn network(node: Option<&Node>, report: &mut Report) -> NetworkForm {
    let Some(fields) = node.and_then(|node| Fields::open(node, "network", report)) else {
        return NetworkForm::default();
    };
    // SECURITY: a header that nobody in front sets is set by clients, so neither is guessed.
    if fields.get("trusted_proxies").is_some() {
        let meaning = "in which header the proxies say whom they speak for: `forwarded` or \
                       `x_forwarded_for`; clients could set the other one";
        fields.need("header", meaning, report);
    } else if fields.get("header").is_some() {
        let meaning = "whose word the header is: addresses such as `10.0.0.0/8`";
        fields.need("trusted_proxies", meaning, report);
    }
    let headers = [
        ("forwarded", ForwardedHeader::Forwarded),
        ("x_forwarded_for", ForwardedHeader::XForwardedFor),
    ];
    let blocks = "a list of addresses such as `[10.0.0.0/8]`";
    NetworkForm {
        trusted_proxies: values::some_words(fields.get("trusted_proxies"), blocks, report),
        header: fields.get("header").and_then(|node| values::choice(node, &headers, report)),
        ipv6_prefix: fields
            .get("ipv6_prefix")
            .and_then(|node| values::integer(node, "a number of bits", report)),
    }
}

/// `{ origins: [https://app.example], methods: [..], credentials: false, max_age: 10m }`.
pub(super) fn cors(node: Option<&Node>, report: &mut Report) -> Option<CorsForm> {
    let fields = Fields::open(node?, "cors", report)?;
    let origins = fields.need("origins", "whose pages may read answers", report);
    let methods = CorsMethod::ALL.map(|method| (method.as_str(), method));
    let method = |node: &Node, report: &mut Report| {
        let items = values::list(node, "a list of methods such as `[GET, POST]`", report);
        items.iter().filter_map(|item| values::choice(item, &methods, report)).collect()
    };
    let names = "a list of header names";
    Some(CorsForm {
        origins: values::some_words(
            origins,
            "a list of origins such as `[https://app.example]`",
            report,
        ),
        methods: fields.get("methods").map(|node| method(node, report)),
        headers: fields.get("headers").map(|node| values::words(Some(node), names, report)),
        expose: values::words(fields.get("expose"), names, report),
        credentials: fields
            .get("credentials")
            .and_then(|node| values::boolean(node, report))
            .unwrap_or(false),
        max_age: values::duration_or_zero(fields.get("max_age"), report),
    })
}
