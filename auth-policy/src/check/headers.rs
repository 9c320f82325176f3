//! `headers`. In: its form. Out: its settings, none weaker than the floor (H1).

use super::csp::{self, LONGEST_VALUE};
use crate::{
    code::Code,
    document::{At, HeadersForm, HstsForm},
    report::Report,
    settings::{Headers, Hsts, Seconds},
};

const YEAR: Seconds = Seconds(365 * 86_400);

pub(super) fn headers(form: &HeadersForm, report: &mut Report) -> Headers {
    let default = Headers::default();
    let written = form.content_security_policy.as_ref();
    let csp = written.and_then(|word| csp::policy(word, report));
    let (content_security_policy, frame_ancestors) =
        csp.unwrap_or((default.content_security_policy, default.frame_ancestors));
    let permissions = form.permissions_policy.as_ref();
    Headers {
        hsts: hsts(&form.hsts, report),
        content_security_policy,
        frame_ancestors,
        referrer_policy: form.referrer_policy.map_or(default.referrer_policy, |word| word.value),
        permissions_policy: permissions.and_then(|word| permissions_policy(word, report)),
        cross_origin_resource_policy: form
            .cross_origin_resource_policy
            .map_or(default.cross_origin_resource_policy, |word| word.value),
    }
}

fn hsts(form: &HstsForm, report: &mut Report) -> Hsts {
    let default = Hsts::default();
    if let Some(max_age) = form.max_age.filter(|max_age| max_age.value < YEAR) {
        report.add(Code::WeakHeader, max_age.place, |found| {
            found
                .message("browsers would go back to plain HTTP after less than a year")
                .help("write `365d` or more, or leave the key out for `730d`")
        });
    }
    if let Some(subdomains) = form.include_subdomains.filter(|subdomains| !subdomains.value) {
        report.add(Code::WeakHeader, subdomains.place, |found| {
            found
                .message("a host below this one could set its cookies over plain HTTP")
                .help("serve the hosts below this one over TLS as well, and remove the key")
        });
    }
    Hsts {
        max_age: form.max_age.map_or(default.max_age, |at| at.value),
        include_subdomains: form
            .include_subdomains
            .map_or(default.include_subdomains, |at| at.value),
        preload: form.preload.map_or(default.preload, |at| at.value),
    }
}

/// A list of `feature=(who)`, as one line.
fn permissions_policy(word: &At<String>, report: &mut Report) -> Option<String> {
    let line = word.value.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits =
        line.len() <= LONGEST_VALUE && line.split(',').all(|item| is_permission(item.trim()));
    if fits {
        return Some(line);
    }
    report.add(Code::InvalidHeader, word.place, |found| {
        found
            .message("this is no permissions policy: it is a list of features and who may use them")
            .help("write it as the header does, such as `camera=(), geolocation=(self)`")
    });
    None
}

fn is_permission(item: &str) -> bool {
    let Some((feature, who)) = item.split_once('=') else { return false };
    let plain = |c: char| c.is_ascii_lowercase() || c == '-';
    let list = who.strip_prefix('(').and_then(|who| who.strip_suffix(')'));
    let member = |c: char| c.is_ascii_graphic() && !matches!(c, '(' | ')' | ';') || c == ' ';
    !feature.is_empty()
        && feature.chars().all(plain)
        && (matches!(who, "*" | "self") || list.is_some_and(|list| list.chars().all(member)))
}

#[cfg(test)]
mod tests {
    use super::{super::tests::read, *};
    use crate::settings::{ReferrerPolicy, ResourcePolicy};

    fn told(headers: &str) -> Vec<Code> {
        read(&format!("headers: {{ {headers} }}\n")).1
    }

    #[test]
    fn h1_without_the_section_headers_are_strict() {
        let (contents, _) = read("");
        assert_eq!(contents.headers, Headers::default());
        assert_eq!(read("headers: {}\n").0.headers, Headers::default());
        let Headers { hsts, referrer_policy, cross_origin_resource_policy, .. } = contents.headers;
        assert!(hsts.max_age >= YEAR && hsts.include_subdomains && !hsts.preload);
        assert_eq!(referrer_policy.as_str(), "no-referrer");
        assert_eq!(cross_origin_resource_policy.as_str(), "same-origin");
    }

    #[test]
    fn h1_headers_are_what_the_policy_says() {
        let (contents, found) = read(
            "headers:
  hsts: { max_age: 365d, include_subdomains: true, preload: true }
  referrer_policy: strict-origin-when-cross-origin
  permissions_policy: >-
    camera=(),
    geolocation=(self \"https://maps.example\")
  cross_origin_resource_policy: same-site
",
        );
        let expected = Headers {
            hsts: Hsts { max_age: YEAR, include_subdomains: true, preload: true },
            referrer_policy: ReferrerPolicy::StrictOriginWhenCrossOrigin,
            permissions_policy: Some(
                "camera=(), geolocation=(self \"https://maps.example\")".to_owned(),
            ),
            cross_origin_resource_policy: ResourcePolicy::SameSite,
            ..Headers::default()
        };
        assert_eq!((contents.headers, found), (expected, vec![]));
    }

    #[test]
    fn h1_weaker_headers_are_refused() {
        for weak in [
            "hsts: { max_age: 364d }",
            "hsts: { max_age: 0s }",
            "hsts: { include_subdomains: false }",
            "referrer_policy: unsafe-url",
            "referrer_policy: origin",
            "cross_origin_resource_policy: cross-origin",
        ] {
            assert_eq!(told(weak), [Code::WeakHeader], "{weak}");
        }
        assert_eq!(told("referrer_policy: none"), [Code::UnknownValue]);
        assert_eq!(told("hsts: false"), [Code::WrongType]);
        assert_eq!(told("x_frame_options: SAMEORIGIN"), [Code::UnknownKey]);
    }

    #[test]
    fn a_permissions_policy_is_a_list_of_features() {
        let policy = |value: &str| told(&format!("permissions_policy: '{value}'"));
        for fine in ["camera=()", "camera=self", "camera=*, usb=(self)"] {
            assert_eq!(policy(fine), [], "{fine}");
        }
        for bad in [
            "camera",
            "camera=",
            "=()",
            "Camera=()",
            "camera=(",
            "camera=();a",
            "c=(),",
            "a=(\u{e9})",
        ] {
            assert_eq!(policy(bad), [Code::InvalidHeader], "{bad}");
        }
    }
}
