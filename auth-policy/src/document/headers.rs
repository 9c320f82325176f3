//! `headers` as written. In: its node. Out: its form.

use super::{At, HeadersForm, HstsForm, fields::Fields, values};
use crate::{
    code::Code,
    report::Report,
    settings::{ReferrerPolicy, ResourcePolicy},
    source::quoted,
    yaml::{Node, Value},
};

/// Values of `Referrer-Policy` that tell other sites which page of this one was open, or tell it
/// over plain HTTP.
const TALKATIVE: &[&str] =
    &["unsafe-url", "origin", "origin-when-cross-origin", "no-referrer-when-downgrade"];

/// `{ hsts: { .. }, content_security_policy: "..", referrer_policy: no-referrer, .. }`.
pub(super) fn headers(node: Option<&Node>, report: &mut Report) -> HeadersForm {
    let Some(fields) = node.and_then(|node| Fields::open(node, "headers", report)) else {
        return HeadersForm::default();
    };
    let mut line = |key, what| fields.get(key).and_then(|node| values::text(node, what, report));
    let content_security_policy = line("content_security_policy", "a content security policy");
    let permissions_policy = line("permissions_policy", "a permissions policy");
    HeadersForm {
        hsts: hsts(fields.get("hsts"), report),
        content_security_policy,
        permissions_policy,
        referrer_policy: fields
            .get("referrer_policy")
            .and_then(|node| referrer_policy(node, report)),
        cross_origin_resource_policy: fields
            .get("cross_origin_resource_policy")
            .and_then(|node| resource_policy(node, report)),
    }
}

fn hsts(node: Option<&Node>, report: &mut Report) -> HstsForm {
    let Some(fields) = node.and_then(|node| Fields::open(node, "headers.hsts", report)) else {
        return HstsForm::default();
    };
    let mut flag = |key| {
        let node = fields.get(key)?;
        Some(At { value: values::boolean(node, report)?, place: node.place })
    };
    HstsForm {
        include_subdomains: flag("include_subdomains"),
        preload: flag("preload"),
        max_age: values::duration_or_zero(fields.get("max_age"), report),
    }
}

fn referrer_policy(node: &Node, report: &mut Report) -> Option<At<ReferrerPolicy>> {
    let words = [
        ReferrerPolicy::NoReferrer,
        ReferrerPolicy::SameOrigin,
        ReferrerPolicy::StrictOrigin,
        ReferrerPolicy::StrictOriginWhenCrossOrigin,
    ]
    .map(|policy| (policy.as_str(), policy));
    let help = "write `no-referrer`, or `strict-origin-when-cross-origin` where others need it";
    if is_weak(node, TALKATIVE, "lets others see where a request came from", help, report) {
        return None;
    }
    values::choice(node, &words, report)
}

fn resource_policy(node: &Node, report: &mut Report) -> Option<At<ResourcePolicy>> {
    let words = [ResourcePolicy::SameOrigin, ResourcePolicy::SameSite]
        .map(|policy| (policy.as_str(), policy));
    let help = "write `same-origin` or `same-site`; `cors` lets pages of other sites read answers";
    if is_weak(node, &["cross-origin"], "lets pages of every site load what is here", help, report)
    {
        return None;
    }
    values::choice(node, &words, report)
}

/// Reports a word that the header has and this language does not.
fn is_weak(node: &Node, weak: &[&str], what: &str, help: &str, report: &mut Report) -> bool {
    let Value::Text(word) = &node.value else { return false };
    let found = weak.contains(&word.as_str());
    if found {
        report.add(Code::WeakHeader, node.place, |found| {
            found.message(format!("{} {what}", quoted(word))).help(help)
        });
    }
    found
}
