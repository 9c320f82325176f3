//! The table itself: every map of the language, with every key. In: nothing. Out: constants.

use super::{
    Form::{
        self, Boolean, Choice, Either, ForeignNames, List, Name, Names, Number, OneOrMore, Pattern,
        Reference, Some, Text, Time, Version,
    },
    Key, Map,
    Need::{self, Default, Optional, Required},
    Weaker::{
        self, Absent, Access, Addresses, Changed, Faster, Fewer, Finer, Greater, Inside, Last,
        Limit, More, Neutral, Off, On, Present, Smaller, Unset, Whole,
    },
};

/// A key. Whoever adds one says which way it is weaker, or it does not compile: `cargo auth diff`
/// has a verdict on every change of a policy.
const fn key(
    name: &'static str,
    need: Need,
    form: Form,
    weaker: Weaker,
    meaning: &'static str,
) -> Key {
    Key { name, need, form, weaker, meaning }
}

/// What is compared byte for byte with what somebody else sends.
const EXACT: Form = Pattern("^[!-~]+$");
const ISSUER: Form = Pattern("^https?://[^\\s?#\"\\\\<>]+$");
const ENDPOINT: Form = Pattern("^https?://[^\\s#\"\\\\<>]+$");
const LOCAL_PATH: Form = Pattern("^/([A-Za-z0-9._~-]+/)*[A-Za-z0-9._~-]*$");
const NAMED_ENDPOINT: Form = Pattern("^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|ANY) /");
const RATE: Form = Pattern("^ *[0-9]+/(second|minute|hour|day)( +burst +[0-9]+)? *$");
const BUCKET: Form =
    Pattern("^ *(address|account|credential|route) *(\\+ *(address|account|credential|route) *)*$");
const ALGORITHMS: Form = Some(&Choice(&["HS256", "RS256", "PS256", "ES256", "EdDSA"]));
const SAME_SITE: Form = Choice(&["lax", "strict"]);
const LAX: Weaker = Last(&["strict", "lax"]);
const TEXTS: Form = List(&Text);
const SCOPES: Form = Either(&[Text, List(&Text), Form::Map("scopes")]);

/// Every map of the language.
pub(super) const MAPS: &[Map] = &[
    Map {
        path: "",
        keys: &[
            key("version", Required, Version, Neutral, "The version of the policy language."),
            key(
                "scopes",
                Optional,
                Names(&Either(&[Text, Form::Map("scopes.*")])),
                Neutral,
                "Permissions: what callers may do.",
            ),
            key(
                "roles",
                Optional,
                Names(&Form::Map("roles.*")),
                Present,
                "Sets of permissions that people hold.",
            ),
            key(
                "schemes",
                Optional,
                Form::Map("schemes"),
                Inside,
                "How callers authenticate here.",
            ),
            key(
                "issuers",
                Optional,
                Names(&Form::Map("issuers.*")),
                Present,
                "Whose tokens count besides our own.",
            ),
            key(
                "providers",
                Optional,
                Names(&Form::Map("providers.*")),
                Present,
                "Who signs people in.",
            ),
            key(
                "passwords",
                Optional,
                Form::Map("passwords"),
                Inside,
                "What a new password must be, and what a hash costs.",
            ),
            key(
                "csrf",
                Optional,
                Form::Map("csrf"),
                Inside,
                "Whose pages may send requests along with a cookie.",
            ),
            key(
                "limits",
                Optional,
                Names(&Form::Map("limits.*")),
                Absent,
                "How often callers may ask, by name.",
            ),
            key(
                "endpoints",
                Optional,
                Form::Map("endpoints"),
                Inside,
                "Which limit holds each kind of endpoint that the runtime brings.",
            ),
            key(
                "network",
                Optional,
                Form::Map("network"),
                Inside,
                "Who stands between the clients and this service.",
            ),
            key(
                "headers",
                Optional,
                Form::Map("headers"),
                Inside,
                "Response headers that protect browsers.",
            ),
            key("cors", Optional, Form::Map("cors"), Present, "Whose pages may read answers."),
            key(
                "acr_values",
                Optional,
                TEXTS,
                Neutral,
                "How surely somebody signed in, from the weakest to the strongest.",
            ),
            key(
                "oauth",
                Optional,
                Form::Map("oauth"),
                Present,
                "What this service offers to clients.",
            ),
            key(
                "rules",
                Optional,
                Names(&Form::Map("rules.*")),
                Access,
                "Requirements with a name.",
            ),
            key(
                "never",
                Optional,
                List(&Form::Map("never.*")),
                Fewer,
                "What no role of this name may reach.",
            ),
            key(
                "always",
                Optional,
                List(&Form::Map("always.*")),
                Neutral,
                "What a role must reach.",
            ),
        ],
    },
    Map {
        path: "scopes.*",
        keys: &[
            key(
                "is",
                Required,
                Text,
                Neutral,
                "What the scope lets one do, as a consent page would show it.",
            ),
            key(
                "mutates",
                Default("false"),
                Boolean,
                Off,
                "Whether it changes something: then no GET handler may ask for it.",
            ),
        ],
    },
    Map {
        path: "roles.*",
        keys: &[
            key(
                "includes",
                Default("[]"),
                TEXTS,
                More,
                "Roles whose permissions this one has too.",
            ),
            key(
                "grants",
                Default("[]"),
                TEXTS,
                More,
                "Scopes; `*`, `write:*` and `*:posts` stand for several.",
            ),
        ],
    },
    Map {
        path: "schemes",
        keys: &[
            key(
                "jwt",
                Optional,
                Form::Map("schemes.jwt"),
                Present,
                "Access tokens that this service issues and verifies.",
            ),
            key("api_key", Optional, Form::Map("schemes.api_key"), Present, "Keys for scripts."),
            key(
                "session",
                Optional,
                Form::Map("schemes.session"),
                Present,
                "Sessions of browsers.",
            ),
        ],
    },
    Map {
        path: "schemes.jwt",
        keys: &[
            key(
                "issuer",
                Required,
                ISSUER,
                Changed,
                "The `iss` claim, an https URL compared byte for byte.",
            ),
            key("audience", Required, EXACT, Changed, "The `aud` claim this service answers to."),
            key(
                "audience_kind",
                Default("\"internal\""),
                Choice(&["internal", "public"]),
                Last(&["public", "internal"]),
                "Who holds the tokens; `public` with HS256 is a warning.",
            ),
            key(
                "algorithms",
                Required,
                ALGORITHMS,
                More,
                "The first signs, all verify; HS256 stands alone.",
            ),
            key(
                "keys",
                Required,
                Reference,
                Changed,
                "Where the keys come from: a JWK set or PEM.",
            ),
            key(
                "access_ttl",
                Required,
                Time,
                Greater,
                "The life of an access token; more than `1h` is a warning.",
            ),
            key(
                "refresh_ttl",
                Required,
                Time,
                Greater,
                "The life of one sign-in, however much it is used.",
            ),
            key(
                "leeway",
                Default("\"0s\""),
                Time,
                Greater,
                "How far clocks may disagree; at most `60s`.",
            ),
            key("claims", Default("[]"), TEXTS, More, "Claims the application may add to a token."),
            key(
                "cookies",
                Optional,
                Form::Map("schemes.jwt.cookies"),
                Present,
                "Cookies that may carry the tokens of browsers; `{}` switches them on.",
            ),
            key(
                "revocation",
                Optional,
                Form::Map("schemes.jwt.revocation"),
                Inside,
                "How a token ends before its time.",
            ),
        ],
    },
    Map {
        path: "schemes.jwt.revocation",
        keys: &[
            key(
                "check",
                Default("\"feed\""),
                Choice(&["feed", "every_request"]),
                Last(&["every_request", "feed"]),
                "Whether it is looked up in memory, or in the store with every request.",
            ),
            key("within", Default("\"1s\""), Time, Greater, "How soon other processes know of it."),
            key(
                "max_stale",
                Default("\"30s\""),
                Time,
                Greater,
                "How much silence of the store is borne.",
            ),
            key(
                "on_store_down",
                Default("\"refuse\""),
                Choice(&["refuse", "accept_until_expiry"]),
                Last(&["refuse", "accept_until_expiry"]),
                "What happens then: 503, or tokens count until they expire.",
            ),
        ],
    },
    Map {
        path: "schemes.jwt.cookies",
        keys: &[
            key(
                "access",
                Default("\"__Host-access\""),
                Text,
                Changed,
                "The cookie of the access token.",
            ),
            key(
                "refresh",
                Default("\"__Secure-refresh\""),
                Text,
                Changed,
                "The cookie of the refresh token.",
            ),
            key(
                "refresh_path",
                Default("\"/auth/refresh\""),
                Pattern("^/[A-Za-z0-9_.~/-]+$"),
                Changed,
                "Where the refresh token is sent: the endpoint that renews.",
            ),
            key(
                "same_site",
                Default("\"lax\""),
                SAME_SITE,
                LAX,
                "When browsers send the access cookie along.",
            ),
        ],
    },
    Map {
        path: "schemes.api_key",
        keys: &[
            key(
                "header",
                Default("\"X-API-Key\""),
                Text,
                Changed,
                "The request header that carries the key.",
            ),
            key(
                "prefix",
                Required,
                Text,
                Changed,
                "What every key begins with, so that scanners find leaks.",
            ),
            key("grants", Required, TEXTS, More, "The most a key can be given."),
            key(
                "max_ttl",
                Required,
                Time,
                Greater,
                "The longest a key may live; more than `365d` is a warning.",
            ),
            key(
                "default_ttl",
                Default("\"90d\""),
                Time,
                Greater,
                "The life of a key whose owner does not say.",
            ),
            key(
                "rotation_overlap",
                Default("\"24h\""),
                Time,
                Greater,
                "How long a key that was replaced stays valid; at most `30d`.",
            ),
            key(
                "environment",
                Default("\"live\""),
                Choice(&["live", "test"]),
                Changed,
                "Which keys count here.",
            ),
            key(
                "pepper",
                Optional,
                Reference,
                Unset,
                "A secret that hashes of keys are keyed with, kept apart from the store.",
            ),
            key("limit", Optional, Name, Limit, "The limit that every key is held to."),
        ],
    },
    Map {
        path: "schemes.session",
        keys: &[
            key(
                "cookie",
                Default("\"__Host-session\""),
                Text,
                Changed,
                "The cookie; its name begins with `__Host-`.",
            ),
            key(
                "same_site",
                Default("\"lax\""),
                SAME_SITE,
                LAX,
                "When browsers send the cookie along.",
            ),
            key(
                "idle",
                Required,
                Time,
                Greater,
                "A session unused for this long is over; `30m` is usual.",
            ),
            key(
                "lifetime",
                Required,
                Time,
                Greater,
                "Any session is over after this long; `24h` is usual.",
            ),
            key(
                "max_per_account",
                Default("20"),
                Number(1, 1000),
                Greater,
                "How many sessions an account may have at a time.",
            ),
            key(
                "when_full",
                Default("\"end_oldest\""),
                Choice(&["end_oldest", "refuse"]),
                Changed,
                "What a sign-in does when there are as many.",
            ),
            key(
                "fresh_for",
                Default("\"10m\""),
                Time,
                Greater,
                "How long after signing in somebody may do what needs a fresh sign-in.",
            ),
        ],
    },
    Map {
        path: "issuers.*",
        keys: &[
            key(
                "issuer",
                Required,
                ISSUER,
                Changed,
                "The `iss` claim, an https URL compared byte for byte.",
            ),
            key("audience", Required, EXACT, Changed, "The `aud` claim this service answers to."),
            key(
                "algorithms",
                Default("[\"RS256\", \"PS256\", \"ES256\", \"EdDSA\"]"),
                Some(&Choice(&["HS256", "RS256", "PS256", "ES256", "EdDSA"])),
                More,
                "Which algorithms count; never HS256.",
            ),
            key("keys", Optional, Reference, Changed, "Static keys; without it they are fetched."),
            key(
                "scope_claim",
                Default("\"scope\""),
                EXACT,
                Changed,
                "Where the scopes are; dots reach into objects.",
            ),
            key(
                "role_claim",
                Default("\"roles\""),
                EXACT,
                Changed,
                "Where the roles are; dots reach into objects.",
            ),
            key(
                "may_grant",
                Required,
                TEXTS,
                More,
                "The ceiling: no token of this issuer is worth more.",
            ),
            key(
                "roles",
                Required,
                ForeignNames(&Name),
                More,
                "Which of its roles are which of ours; `{}` for none.",
            ),
            key(
                "token_type",
                Default("\"at_jwt\""),
                Choice(&["at_jwt", "relaxed"]),
                Last(&["at_jwt", "relaxed"]),
                "Whether `typ` must say `at+jwt` (RFC 9068).",
            ),
            key(
                "leeway",
                Default("\"0s\""),
                Time,
                Greater,
                "How far clocks may disagree; at most `60s`.",
            ),
        ],
    },
    Map {
        path: "providers.*",
        keys: &[
            key(
                "issuer",
                Optional,
                ISSUER,
                Changed,
                "Of an OpenID provider: whose discovery document says the rest.",
            ),
            key(
                "identity",
                Optional,
                ISSUER,
                Changed,
                "Of a provider without OpenID Connect: the URL that its people are known by here.",
            ),
            key(
                "authorization_endpoint",
                Optional,
                ENDPOINT,
                Changed,
                "Where that one sends browsers on.",
            ),
            key("token_endpoint", Optional, ENDPOINT, Changed, "Where that one exchanges a code."),
            key(
                "userinfo_endpoint",
                Optional,
                ENDPOINT,
                Changed,
                "Where that one says who somebody is.",
            ),
            key(
                "profile",
                Optional,
                Form::Map("providers.*.profile"),
                Inside,
                "What that one calls what is known of somebody.",
            ),
            key("client_id", Required, EXACT, Changed, "Who we are there; it is public."),
            key("client_secret", Required, Reference, Changed, "Where our secret comes from."),
            key(
                "client_auth",
                Optional,
                Choice(&["header", "form"]),
                Neutral,
                "Where that one takes our id and secret; in the `header` unless it says `form`.",
            ),
            key(
                "scopes",
                Optional,
                TEXTS,
                Neutral,
                "What is asked of it; of an OpenID provider `[openid, profile, email]` if left out.",
            ),
            key(
                "result",
                Default("\"session\""),
                Choice(&["session", "tokens"]),
                Changed,
                "What somebody has in the end: a session, or tokens in cookies.",
            ),
            key(
                "after",
                Default("[\"/\"]"),
                Some(&LOCAL_PATH),
                More,
                "The paths of ours that a sign-in may lead to, the usual one first.",
            ),
            key(
                "on_failure",
                Default("\"/\""),
                LOCAL_PATH,
                Neutral,
                "The path of ours that a sign-in leads to that failed.",
            ),
            key(
                "new_accounts",
                Default("\"create\""),
                Choice(&["create", "refuse"]),
                Last(&["refuse", "create"]),
                "Whether somebody gets an account who comes for the first time.",
            ),
        ],
    },
    Map {
        path: "providers.*.profile",
        keys: &[
            key(
                "subject",
                Required,
                EXACT,
                Changed,
                "Who it is there, and never another person; dots reach into objects.",
            ),
            key("email", Optional, EXACT, Changed, "The e-mail address."),
            key(
                "email_verified",
                Optional,
                EXACT,
                Changed,
                "Whether it saw that the address is theirs.",
            ),
            key("name", Optional, EXACT, Changed, "The whole name."),
            key("given_name", Optional, EXACT, Changed, "The given name."),
            key("family_name", Optional, EXACT, Changed, "The family name."),
            key("username", Optional, EXACT, Changed, "What they would like to be called."),
        ],
    },
    Map {
        path: "passwords",
        keys: &[
            key(
                "min_length",
                Default("15"),
                Number(12, 4096),
                Smaller,
                "The fewest characters; never below 12.",
            ),
            key(
                "max_length",
                Default("256"),
                Number(128, 4096),
                Smaller,
                "The most characters; longer is refused, never cut.",
            ),
            key(
                "classes",
                Default("[]"),
                List(&Choice(&["lower", "upper", "digit", "symbol"])),
                Fewer,
                "Kinds of characters that must occur; NIST SP 800-63B advises against it.",
            ),
            key(
                "reject",
                Default("[\"common\", \"username\"]"),
                List(&Choice(&["common", "username"])),
                Fewer,
                "Which passwords are refused whatever their length.",
            ),
            key("argon2", Optional, Form::Map("passwords.argon2"), Inside, "The cost of a hash."),
        ],
    },
    Map {
        path: "passwords.argon2",
        keys: &[
            key("memory_kib", Default("19456"), Number(1, u32::MAX), Smaller, "The memory in KiB."),
            key("iterations", Default("2"), Number(1, u32::MAX), Smaller, "The passes over it."),
            key("parallelism", Default("1"), Number(1, u32::MAX), Changed, "The lanes."),
        ],
    },
    Map {
        path: "csrf",
        keys: &[key(
            "trusted_origins",
            Default("[]"),
            TEXTS,
            More,
            "Exact origins besides our own, such as `https://app.blog.example`.",
        )],
    },
    Map {
        path: "limits.*",
        keys: &[
            key(
                "rate",
                Required,
                RATE,
                Faster,
                "How many requests, such as `1000/minute burst 50`.",
            ),
            key(
                "by",
                Required,
                Either(&[BUCKET, Some(&BUCKET)]),
                Finer,
                "What is counted: `address`, `account`, `credential`, `route`, or several with `+`.",
            ),
            key(
                "on_store_down",
                Default("\"refuse\""),
                Choice(&["refuse", "allow"]),
                Last(&["refuse", "allow"]),
                "What happens while the store that counts cannot answer.",
            ),
        ],
    },
    Map {
        path: "endpoints",
        keys: &[
            key(
                "login",
                Optional,
                Form::Map("endpoints.*"),
                Neutral,
                "Where somebody says a password to sign in.",
            ),
            key(
                "register",
                Optional,
                Form::Map("endpoints.*"),
                Neutral,
                "Where accounts are made.",
            ),
            key(
                "reset",
                Optional,
                Form::Map("endpoints.*"),
                Neutral,
                "Where a password reset is asked for and used.",
            ),
            key(
                "refresh",
                Optional,
                Form::Map("endpoints.*"),
                Neutral,
                "Where a refresh token is exchanged.",
            ),
            key(
                "token",
                Optional,
                Form::Map("endpoints.*"),
                Neutral,
                "Where programs get, look up and revoke tokens.",
            ),
        ],
    },
    Map {
        path: "endpoints.*",
        keys: &[key(
            "limit",
            Required,
            Name,
            Limit,
            "Which of `limits` these endpoints are held to.",
        )],
    },
    Map {
        path: "network",
        keys: &[
            key(
                "trusted_proxies",
                Optional,
                Some(&Text),
                Addresses,
                "Addresses and blocks whose word counts, such as `10.0.0.0/8`.",
            ),
            key(
                "header",
                Optional,
                Choice(&["forwarded", "x_forwarded_for"]),
                Changed,
                "The one header in which they say whom they speak for.",
            ),
            key(
                "ipv6_prefix",
                Default("64"),
                Number(32, 64),
                Greater,
                "How many leading bits of an IPv6 address make one client.",
            ),
        ],
    },
    Map {
        path: "headers",
        keys: &[
            key(
                "hsts",
                Optional,
                Form::Map("headers.hsts"),
                Inside,
                "`Strict-Transport-Security`.",
            ),
            key(
                "content_security_policy",
                Default(
                    "\"default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'\"",
                ),
                Text,
                Changed,
                "What pages may load, and who may frame them.",
            ),
            key(
                "referrer_policy",
                Default("\"no-referrer\""),
                Choice(&[
                    "no-referrer",
                    "same-origin",
                    "strict-origin",
                    "strict-origin-when-cross-origin",
                ]),
                Last(&[
                    "no-referrer",
                    "same-origin",
                    "strict-origin",
                    "strict-origin-when-cross-origin",
                ]),
                "What other sites learn of where somebody came from.",
            ),
            key(
                "permissions_policy",
                Optional,
                Text,
                Unset,
                "Which features of the browser pages may use.",
            ),
            key(
                "cross_origin_resource_policy",
                Default("\"same-origin\""),
                Choice(&["same-origin", "same-site"]),
                Last(&["same-origin", "same-site"]),
                "Whose pages may load answers as images, scripts and the like.",
            ),
        ],
    },
    Map {
        path: "headers.hsts",
        keys: &[
            key(
                "max_age",
                Default("\"730d\""),
                Time,
                Smaller,
                "How long browsers use nothing but TLS; at least `365d`.",
            ),
            key(
                "include_subdomains",
                Default("true"),
                Boolean,
                Off,
                "Also for the hosts below this one; `false` is refused.",
            ),
            key(
                "preload",
                Default("false"),
                Boolean,
                Off,
                "Whether browsers may know it in advance.",
            ),
        ],
    },
    Map {
        path: "cors",
        keys: &[
            key(
                "origins",
                Required,
                Some(&Text),
                More,
                "Exact origins whose pages may read answers.",
            ),
            key(
                "methods",
                Default("[\"GET\", \"HEAD\", \"POST\"]"),
                List(&Choice(&["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])),
                More,
                "What they may do.",
            ),
            key(
                "headers",
                Default("[\"Authorization\", \"Content-Type\", \"X-CSRF-Token\"]"),
                TEXTS,
                More,
                "The request headers they may set.",
            ),
            key("expose", Default("[]"), TEXTS, More, "The response headers they may read."),
            key(
                "credentials",
                Default("false"),
                Boolean,
                On,
                "Whether browsers send cookies along.",
            ),
            key(
                "max_age",
                Default("\"10m\""),
                Time,
                Greater,
                "How long browsers remember it; at most `24h`.",
            ),
        ],
    },
    Map {
        path: "rules.*",
        keys: &[
            key(
                "schemes",
                Required,
                OneOrMore(&Name),
                Access,
                "Whose credentials count; one of them.",
            ),
            key(
                "scopes",
                Optional,
                SCOPES,
                Access,
                "A list asks for all of them, `{ any: [..] }` for one.",
            ),
            key("role", Optional, Name, Access, "Held itself, or through a role that includes it."),
            key("limit", Optional, Name, Access, "How often callers may ask."),
            key("max_age", Optional, Time, Access, "How long ago somebody signed in, at most."),
            key("acr", Optional, Text, Access, "One of `acr_values`: at least as surely as this."),
        ],
    },
    Map {
        path: "oauth",
        keys: &[
            key(
                "grants",
                Required,
                List(&Choice(&["authorization_code", "client_credentials", "refresh_token"])),
                More,
                "What clients may be given tokens for.",
            ),
            key(
                "code_ttl",
                Default("\"60s\""),
                Time,
                Greater,
                "How long an authorization code can be exchanged; at most `10m`.",
            ),
        ],
    },
    Map {
        path: "scopes",
        keys: &[key("any", Required, TEXTS, Access, "Scopes of which one is enough.")],
    },
    Map { path: "never.*", keys: STATEMENT },
    Map { path: "always.*", keys: STATEMENT },
    Map {
        path: "reaches",
        keys: &[
            key("scopes", Optional, OneOrMore(&Text), Whole, "One scope, or a list of them."),
            key(
                "endpoint",
                Optional,
                NAMED_ENDPOINT,
                Whole,
                "A method and a path as the lock has them, such as `GET /admin/users`.",
            ),
        ],
    },
];

const STATEMENT: &[Key] = &[
    key("role", Required, Name, Whole, "The role of which it speaks."),
    key("reaches", Required, Form::Map("reaches"), Whole, "What the role reaches."),
];
