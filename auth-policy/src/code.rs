//! The stable names of everything `check` can find. In: nothing. Out: one [`Code`] for each kind
//! of finding, with its name, how much it weighs and one line that explains it.

use std::fmt;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The policy is refused.
    Error,
    /// The policy is accepted; somebody should look.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    /// The word that begins a message: `error`, `warning` or `note`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

macro_rules! codes {
    ($($variant:ident $severity:ident $name:literal $explanation:literal)*) => {
        /// A kind of finding. Its name is stable: tools and suppressions may rely on it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $explanation] $variant,)*
        }

        impl Code {
            /// All of them, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stable name, in kebab case.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// How much such a finding weighs.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }

            /// One sentence for the documentation.
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $explanation,)* }
            }
        }
    };
}

codes! {
    // The file.
    TooLarge Error "too-large" "The file is longer than 1 MiB."
    TooComplex Error "too-complex" "The file nests deeper, or holds more, than a policy may."
    NotUtf8 Error "not-utf8" "The file is not UTF-8 text."
    ForbiddenCharacter Error "forbidden-character" "A character that is invisible, reorders text or controls a terminal."
    YamlSyntax Error "yaml-syntax" "The file is not YAML."
    SeveralDocuments Error "several-documents" "The file holds more than one YAML document."
    Anchor Error "anchor" "A YAML anchor: a reviewer cannot see what it is used for."
    Alias Error "alias" "A YAML alias: a reviewer cannot see what it stands for."
    MergeKey Error "merge-key" "A YAML merge key: a reviewer cannot see what it brings."
    Tag Error "tag" "A YAML tag: it changes what a value means."
    Directive Error "directive" "A YAML directive: it changes how the file is read."

    // Its shape.
    UnknownKey Error "unknown-key" "A key the policy language does not have."
    DuplicateKey Error "duplicate-key" "A key given twice in one map."
    MissingKey Error "missing-key" "A key without which the entry means nothing safe."
    WrongType Error "wrong-type" "A value of another kind than its key takes."
    EmptyValue Error "empty-value" "A key, a list or a name with nothing in it."
    UnknownValue Error "unknown-value" "A word that is none of those its key takes."
    UnsupportedVersion Error "unsupported-version" "A version of the policy language this release does not read."
    InvalidName Error "invalid-name" "A name with characters or a length that names may not have."
    InvalidDuration Error "invalid-duration" "A span of time that is zero, too long or without a unit."
    InvalidRate Error "invalid-rate" "A rate that does not say how many requests in which time."
    InvalidUrl Error "invalid-url" "An issuer or an endpoint that is not an exact https URL."
    InvalidOrigin Error "invalid-origin" "An origin that no browser sends, or one that stands for several."
    InvalidAddress Error "invalid-address" "An address, or a block of them, that is none or stands for too many."
    InvalidPath Error "invalid-path" "A path that a cookie cannot be kept to, or that a sign-in cannot lead to."
    InvalidHeader Error "invalid-header" "A header, or a value of one, that cannot be sent or means something else already."
    InvalidWildcard Error "invalid-wildcard" "A wildcard of a form that grants do not have."
    OutOfRange Error "out-of-range" "A number or a span of time outside what its key allows."

    // Its names.
    NamedTwice Error "named-twice" "One list names the same thing twice."
    NameClash Error "name-clash" "Two entries that share one namespace have the same name."
    TooManySchemes Error "too-many-schemes" "More than 64 schemes and issuers."
    UndeclaredScope Error "undeclared-scope" "A scope that `scopes` does not declare."
    UndeclaredRole Error "undeclared-role" "A role that `roles` does not declare."
    UndeclaredScheme Error "undeclared-scheme" "A scheme that neither `schemes` nor `issuers` declares."
    UndeclaredLimit Error "undeclared-limit" "A limit that `limits` does not declare."
    UndeclaredRule Error "undeclared-rule" "A rule that `rules` does not declare."
    UndeclaredAcr Error "undeclared-acr" "An authentication context that `acr_values` does not declare."
    RoleCycle Error "role-cycle" "Roles that include one another in a circle."
    WildcardMatchesNothing Error "wildcard-matches-nothing" "A wildcard that stands for no declared scope."

    // Its values.
    InlineSecret Error "inline-secret" "A secret in the file itself instead of a reference to one."
    LifetimeOrder Error "lifetime-order" "A lifetime that is not below the one that bounds it."
    LeewayTooLong Error "leeway-too-long" "A leeway of more than 60 s."
    MixedAlgorithms Error "mixed-algorithms" "HMAC beside asymmetric algorithms for one issuer."
    SymmetricForeignIssuer Error "symmetric-foreign-issuer" "HMAC for tokens that somebody else issues."
    DuplicateIssuer Error "duplicate-issuer" "Two entries trust the same issuer."
    MixedProvider Error "mixed-provider" "A provider with both an issuer and endpoints of its own."
    NoOpenidScope Error "no-openid-scope" "An OpenID provider that is not asked who somebody is."
    ReservedClaim Error "reserved-claim" "A claim the application may not set, because it already has a meaning."
    WeakCookie Error "weak-cookie" "A cookie weaker than its prefix, Secure, HttpOnly and SameSite make it."
    WeakHeader Error "weak-header" "A response header weaker than the floor."
    LimitFailsOpen Error "limit-fails-open" "A limit on sign-in that lets requests pass while its store is down."
    LimitCountsNothing Error "limit-counts-nothing" "A limit that counts by what callers of its endpoint do not have."
    EndpointWithoutLimit Error "endpoint-without-limit" "An endpoint for passwords, tokens or providers that nothing limits."
    WeakPasswordRule Error "weak-password-rule" "A password rule below the floor."
    InvariantBroken Error "invariant-broken" "A statement under `never` or `always` that does not hold."

    // Endpoints, where the lock of an application says what there are.
    UndeclaredEndpoint Error "undeclared-endpoint" "A statement or a test about an endpoint that no lock beside the policy has."
    InvalidLock Error "invalid-lock" "A file that is no lock."
    StaleLock Error "stale-lock" "A lock that names what the policy does not declare."
    NoLock Warning "no-lock" "A statement about an endpoint, and no lock to hold it to."
    LockOutOfDate Warning "lock-out-of-date" "A lock that is not what the policy comes to now."
    RuleNotAsked Warning "rule-not-asked" "A rule that no endpoint asks for."
    ScopeNotAsked Warning "scope-not-asked" "A scope that no endpoint asks for."
    SchemeNotAsked Warning "scheme-not-asked" "A scheme whose credentials no endpoint takes."
    LimitNotUsed Warning "limit-not-used" "A limit that nothing is held to."
    RoleOpensNothing Warning "role-opens-nothing" "A role that opens no endpoint."

    // Requirements, in a policy's rules and in the attributes of handlers.
    NoScheme Error "no-scheme" "A requirement that names no scheme."
    SeveralScopesInOne Error "several-scopes-in-one" "One string that holds several scopes."
    ScopeOutOfReach Error "scope-out-of-reach" "A scope that a named scheme can never carry."
    RoleOutOfReach Error "role-out-of-reach" "A role that a named scheme can never carry."
    Unsatisfiable Error "unsatisfiable" "A requirement that no role can satisfy."
    NoSignIn Error "no-sign-in" "A requirement about the sign-in that names a scheme nobody signs in with."
    RuleCombined Error "rule-combined" "A named rule combined with what the rule already says."

    // Tests of a policy.
    ExpectedAccess Error "expected-access" "Somebody is refused whom a test expects to be let in."
    UnexpectedAccess Error "unexpected-access" "Somebody is let in whom no test expects."

    // Advice.
    SymmetricForPublic Warning "symmetric-for-public" "HS256 where tokens leave the operator's hands."
    LongAccessTtl Warning "long-access-ttl" "Access tokens that live for more than an hour."
    LongKeyTtl Warning "long-key-ttl" "API keys that live for more than a year."
    PersonalClaim Warning "personal-claim" "Personal data in tokens, which everybody who holds one can read."
    LimitNotPerAccount Warning "limit-not-per-account" "A limit on sign-in under which one account can be tried from everywhere."
    ScopeNeverGranted Warning "scope-never-granted" "A scope that nothing in the policy grants."
    RoleWithoutEffect Warning "role-without-effect" "A role that grants nothing and that no role includes."
    Untested Warning "untested" "A line of the policy that could change without a test that fails."
    PasswordClasses Note "password-classes" "Character classes, which NIST SP 800-63B advises against."
    NotAllShown Note "not-all-shown" "There were more findings than one run shows."
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_kebab_case() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(names.iter().all(|name| name.chars().all(kebab)));
    }

    #[test]
    fn every_code_is_explained_in_one_sentence() {
        for code in Code::ALL {
            let explanation = code.explanation();
            assert!(explanation.ends_with('.') && !explanation.contains('\n'), "{code}");
        }
    }
}
