//! What is recommended, and by whom. In: a policy. Out: each setting that a standard speaks of, with
//! the value it has and whether that is as recommended or stricter.

use super::markup::counted;
use crate::{
    policy::{Policy, SchemeKind},
    settings::{
        ApiKeyScheme, AudienceKind, EndpointKind, JwtScheme, LimitKey, LimitOnStoreDown,
        OnStoreDown, Rejected, Seconds, SessionScheme,
    },
};

/// A setting beside what is recommended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    /// The key, with dots between its parts.
    pub(super) key: String,
    /// What the policy says, or what counts because it says nothing.
    pub(super) value: String,
    /// What is recommended.
    pub(super) recommended: &'static str,
    /// By which standard.
    pub(super) source: &'static str,
    /// Whether the value is that or stricter.
    pub(super) is_met: bool,
}

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
const REAUTHENTICATION: &str = "NIST SP 800-63B-4, 2.2.3 (AAL2)";
const MEMORIZED: &str = "NIST SP 800-63B-4, 3.1.1.2";
const FAIL_SECURELY: &str = "OWASP ASVS 5.0, 16.5.3";

pub(super) fn recommended(policy: &Policy) -> Vec<Setting> {
    let mut settings = Vec::new();
    for scheme in policy.schemes() {
        match &scheme.kind {
            SchemeKind::Jwt(jwt) => settings.extend(tokens(jwt)),
            SchemeKind::ApiKey(keys) => settings.extend(api_keys(keys)),
            SchemeKind::Session(session) => settings.extend(sessions(session)),
            SchemeKind::Issuer(issuer) => {
                settings.push(leeway(format!("issuers.{}.leeway", scheme.name), issuer.leeway));
            }
        }
    }
    settings.extend(passwords(policy));
    settings.extend(limits(policy));
    settings.extend(transport(policy));
    settings.extend(policy.oauth().map(|oauth| Setting {
        key: "oauth.code_ttl".to_owned(),
        value: oauth.code_ttl.to_string(),
        recommended: "at most 10m",
        source: "RFC 6749, 4.1.2; OWASP ASVS 5.0, 10.4.3",
        is_met: oauth.code_ttl <= Seconds(600),
    }));
    settings
}

fn tokens(jwt: &JwtScheme) -> Vec<Setting> {
    let names: Vec<_> = jwt.algorithms.iter().map(|algorithm| algorithm.name()).collect();
    let shared = jwt.algorithms.iter().any(|algorithm| algorithm.is_symmetric());
    let public = jwt.audience_kind == AudienceKind::Public;
    vec![
        Setting {
            key: "schemes.jwt.algorithms".to_owned(),
            value: names.join(", "),
            recommended: "no shared secret where tokens leave the operator",
            source: "RFC 8725, 3.2",
            is_met: !(shared && public),
        },
        Setting {
            key: "schemes.jwt.access_ttl".to_owned(),
            value: jwt.access_ttl.to_string(),
            recommended: "at most 1h",
            source: "RFC 6750, 5.3",
            is_met: jwt.access_ttl <= Seconds(HOUR),
        },
        Setting {
            key: "schemes.jwt.refresh_ttl".to_owned(),
            value: jwt.refresh_ttl.to_string(),
            recommended: "at most 30d",
            source: "NIST SP 800-63B-4, 2.1.3 (AAL1)",
            is_met: jwt.refresh_ttl <= Seconds(30 * DAY),
        },
        leeway("schemes.jwt.leeway".to_owned(), jwt.leeway),
        Setting {
            key: "schemes.jwt.revocation.on_store_down".to_owned(),
            value: match jwt.revocation.on_store_down {
                OnStoreDown::Refuse => "refuse".to_owned(),
                OnStoreDown::AcceptUntilExpiry => "accept_until_expiry".to_owned(),
            },
            recommended: "refuse",
            source: FAIL_SECURELY,
            is_met: jwt.revocation.on_store_down == OnStoreDown::Refuse,
        },
    ]
}

fn leeway(key: String, leeway: Seconds) -> Setting {
    Setting {
        key,
        value: leeway.to_string(),
        recommended: "at most a few minutes",
        source: "RFC 7519, 4.1.4",
        is_met: leeway <= Seconds(180),
    }
}

fn api_keys(keys: &ApiKeyScheme) -> Vec<Setting> {
    vec![
        Setting {
            key: "schemes.api_key.max_ttl".to_owned(),
            value: keys.max_ttl.to_string(),
            recommended: "an end; at most 365d is what is meant by it here",
            source: "OWASP ASVS 5.0, 13.3.4",
            is_met: keys.max_ttl <= Seconds(365 * DAY),
        },
        Setting {
            key: "schemes.api_key.limit".to_owned(),
            value: if keys.limit.is_some() { "set" } else { "none" }.to_owned(),
            recommended: "a limit",
            source: "OWASP ASVS 5.0, 2.4.1",
            is_met: keys.limit.is_some(),
        },
    ]
}

fn sessions(session: &SessionScheme) -> Vec<Setting> {
    vec![
        Setting {
            key: "schemes.session.idle".to_owned(),
            value: session.idle.to_string(),
            recommended: "at most 1h",
            source: REAUTHENTICATION,
            is_met: session.idle <= Seconds(HOUR),
        },
        Setting {
            key: "schemes.session.lifetime".to_owned(),
            value: session.lifetime.to_string(),
            recommended: "at most 24h",
            source: REAUTHENTICATION,
            is_met: session.lifetime <= Seconds(DAY),
        },
    ]
}

fn passwords(policy: &Policy) -> Vec<Setting> {
    let passwords = policy.passwords();
    let cost = &passwords.argon2;
    vec![
        Setting {
            key: "passwords.min_length".to_owned(),
            value: passwords.min_length.to_string(),
            recommended: "at least 15 where nothing but the password is asked for",
            source: MEMORIZED,
            is_met: passwords.min_length >= 15,
        },
        Setting {
            key: "passwords.classes".to_owned(),
            value: match passwords.classes.len() {
                0 => "none".to_owned(),
                count => format!("{count} required"),
            },
            recommended: "none",
            source: MEMORIZED,
            is_met: passwords.classes.is_empty(),
        },
        Setting {
            key: "passwords.reject".to_owned(),
            value: match passwords.reject.contains(&Rejected::Common) {
                true => "common ones refused".to_owned(),
                false => "common ones accepted".to_owned(),
            },
            recommended: "common ones refused",
            source: MEMORIZED,
            is_met: passwords.reject.contains(&Rejected::Common),
        },
        Setting {
            key: "passwords.argon2".to_owned(),
            value: format!(
                "{} KiB, {} passes, {}",
                cost.memory_kib,
                cost.iterations,
                counted(cost.parallelism as usize, "lane")
            ),
            recommended: "19456 KiB, 2 passes, 1 lane or more",
            source: "OWASP Password Storage Cheat Sheet",
            is_met: cost.memory_kib >= 19_456 && cost.iterations >= 2,
        },
    ]
}

fn limits(policy: &Policy) -> Vec<Setting> {
    let login = policy.endpoint_limit(EndpointKind::Login).and_then(|id| policy.limit(id));
    let by_account = login.map(|limit| {
        let counted = limit.by.iter().any(|bucket| bucket.contains(&LimitKey::Account));
        Setting {
            key: "endpoints.login".to_owned(),
            value: format!(
                "{}, {}",
                limit.name,
                if counted { "by account" } else { "not by account" }
            ),
            recommended: "a limit by account",
            source: "NIST SP 800-63B-4, 3.2.2; OWASP ASVS 5.0, 6.3.1",
            is_met: counted,
        }
    });
    let open = policy.limits().iter().filter(|it| it.on_store_down == LimitOnStoreDown::Allow);
    let open: Vec<_> = open.map(|limit| limit.name.as_str()).collect();
    let store = (!policy.limits().is_empty()).then(|| Setting {
        key: "limits.*.on_store_down".to_owned(),
        value: if open.is_empty() {
            "refuse".to_owned()
        } else {
            format!("allow: {}", open.join(", "))
        },
        recommended: "refuse",
        source: FAIL_SECURELY,
        is_met: open.is_empty(),
    });
    by_account.into_iter().chain(store).collect()
}

fn transport(policy: &Policy) -> Vec<Setting> {
    let hsts = policy.headers().hsts;
    vec![
        Setting {
            key: "headers.hsts.max_age".to_owned(),
            value: hsts.max_age.to_string(),
            recommended: "at least 365d",
            source: "OWASP ASVS 5.0, 3.4.1",
            is_met: hsts.max_age >= Seconds(365 * DAY),
        },
        Setting {
            key: "headers.hsts.include_subdomains".to_owned(),
            value: hsts.include_subdomains.to_string(),
            recommended: "true",
            source: "OWASP ASVS 5.0, 3.4.1",
            is_met: hsts.include_subdomains,
        },
    ]
}
