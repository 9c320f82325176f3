//! The tests of a policy against the running application. In: an application and the file of tests
//! beside its policy. Out: every expectation that its guards do not meet.
//!
//! `cargo auth test` asks the policy; this asks the router. Every role, scheme and endpoint is tried
//! over HTTP with a credential that the engine of the application issues, those that are expected to
//! be refused as well as those that get in. An application declares it in one line:
//!
//! ```
//! # use auth_runtime::Protected;
//! # async fn app() -> Protected { unreachable!() }
//! auth_runtime::policy_test!(app());
//! # fn main() {}
//! ```
//!
//! No handler runs: a request that a guard lets in ends there. It is sent to the service itself,
//! without a connection.
//!
//! # Security
//!
//! The feature `testing` belongs under `dev-dependencies`. It lets nobody in: all that it adds to a
//! guard is a way to refuse, at the end, a request which this module made.

mod ask;
mod mint;
mod people;
mod probe;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    io::Write,
    path::Path,
    sync::{Arc, atomic::AtomicU32},
};

use auth_policy::{
    Diagnostic, Source,
    lock::Rule,
    testing::{PolicyTests, Trial},
};
use axum::http::HeaderMap;

use self::{
    ask::{Answer, Asker},
    mint::{Mint, Sign, Unissued},
};
use crate::{Protected, clock::Timestamp, lock::Application};

pub use auth_policy::access::{Credential, Holder};
pub use people::People;

pub(crate) use probe::Probe;

/// How many expectations that are not met are told.
const MOST: usize = 100;

/// The tests of a policy, to be run against an application.
///
/// ```
/// # use auth_runtime::{Protected, testing::PolicyTest};
/// # async fn app() -> Protected { unreachable!() }
/// # fn token_of_partner(_: &auth_runtime::testing::Credential) -> String { unreachable!() }
/// # async fn the_policy_holds() -> Result<(), String> {
/// let report = PolicyTest::new(app().await)
///     .issuer("partner", |credential, _now| token_of_partner(credential))
///     .run(env!("CARGO_MANIFEST_DIR"))
///     .await?;
/// assert!(report.holds() && report.untried().is_empty(), "{report}");
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is tried before `run`"]
pub struct PolicyTest {
    app: Protected,
    people: Option<Arc<dyn People>>,
    issuers: Vec<(String, Sign)>,
    /// The tests themselves, if they are not in the file beside the policy.
    text: Option<String>,
    /// Which of the applications that share the policy it is.
    name: Option<String>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    tried: usize,
    failures: Vec<String>,
    skipped: usize,
    /// How many expectations could not be tried, by the reason.
    untried: BTreeMap<String, usize>,
}

impl PolicyTest {
    /// The tests of that application's policy.
    pub fn new(app: Protected) -> Self {
        Self { app, people: None, issuers: Vec::new(), text: None, name: None }
    }

    /// Makes accounts where they are the application's own. Without it they are made in the store of
    /// the engine.
    pub fn people(mut self, people: impl People + 'static) -> Self {
        self.people = Some(Arc::new(people));
        self
    }

    /// Signs tokens of that foreign issuer: with the roles and scopes of the credential, for the
    /// audience of the policy, valid at that moment. Without it such tokens are not tried.
    pub fn issuer(
        mut self,
        name: impl Into<String>,
        sign: impl Fn(&Credential, Timestamp) -> String + Send + Sync + 'static,
    ) -> Self {
        self.issuers.push((name.into(), Arc::new(sign)));
        self
    }

    /// Reads `POLICY.NAME.test.yaml`: where several applications share a policy, each has tests of
    /// its own, as it has a lock of its own.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Takes this text for the tests, instead of the file beside the policy.
    pub fn tests(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// Tries every expectation in `NAME.test.yaml` beside the policy. `package` is the folder of the
    /// application's package: `env!("CARGO_MANIFEST_DIR")`.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or names what the policy or the application does not have.
    pub async fn run(self, package: &str) -> Result<Report, String> {
        let policy = self.app.policy();
        let source = match self.text {
            Some(text) => Source::new("the tests", text.into_bytes()),
            None => tests_beside(policy.path(), Path::new(package), self.name.as_deref())?,
        };
        let lock = self.app.inventory().lock();
        let tests = PolicyTests::read(&source).map_err(|found| rendered(&found, &source))?;
        let expected = tests.expect(&source, &policy, &lock);
        let expected = expected.map_err(|found| rendered(&found, &source))?;
        let mint = Mint { auth: self.app.auth(), people: self.people, issuers: self.issuers };
        let asker = Asker { app: self.app.over_tls(), lock: lock.clone(), sent: AtomicU32::new(0) };
        let mut runner = Runner { mint, asker, issued: HashMap::new(), report: Report::default() };
        for trial in expected.trials() {
            runner.trial(&trial).await;
        }
        Ok(runner.report)
    }
}

struct Runner {
    mint: Mint,
    asker: Asker,
    /// The credentials that were issued before.
    issued: HashMap<Credential, HeaderMap>,
    report: Report,
}

impl Runner {
    async fn trial(&mut self, trial: &Trial<'_>) {
        if let Rule::Unguarded { reason } = &trial.endpoint.rule {
            let reason = format!("a service that is mounted beside the rules: {reason}");
            return self.report.leave_out(reason);
        }
        let expected = if trial.admitted { Answer::LetIn } else { Answer::Refused };
        match self.ask(trial, &expected).await {
            Ok(answer) => self.report.compare(trial, &expected, &answer),
            Err(Unissued::Untried(reason)) => self.report.leave_out(reason),
            Err(Unissued::Failed(reason)) => {
                let problem = format!("the credential could not be issued: {reason}");
                self.report.compare(trial, &expected, &Answer::Unclear(problem));
            }
        }
    }

    /// A credential that has been in use for long can have met a limit, or its end: then a new one
    /// is tried before the answer counts.
    async fn ask(&mut self, trial: &Trial<'_>, expected: &Answer) -> Result<Answer, Unissued> {
        let Some(credential) = &trial.credential else {
            return Ok(self.asker.ask(trial.endpoint, None, &HeaderMap::new()).await);
        };
        let scheme = Some(credential.scheme.as_str());
        if let Some(headers) = self.issued.get(credential) {
            let answer = self.asker.ask(trial.endpoint, scheme, headers).await;
            if answer == *expected {
                return Ok(answer);
            }
        }
        let headers = self.mint.headers(credential).await?;
        let answer = self.asker.ask(trial.endpoint, scheme, &headers).await;
        self.issued.insert(credential.clone(), headers);
        Ok(answer)
    }
}

impl Report {
    /// Whether everybody was let in who should be, and nobody else.
    pub fn holds(&self) -> bool {
        self.failures.is_empty()
    }

    /// How many expectations were tried.
    pub fn tried(&self) -> usize {
        self.tried
    }

    /// Why some were not tried, and how many for each reason.
    pub fn untried(&self) -> &BTreeMap<String, usize> {
        &self.untried
    }

    fn leave_out(&mut self, reason: String) {
        *self.untried.entry(reason).or_default() += 1;
    }

    fn compare(&mut self, trial: &Trial<'_>, expected: &Answer, answer: &Answer) {
        self.tried += 1;
        if answer == expected {
            return;
        }
        if self.failures.len() >= MOST {
            self.skipped += 1;
            return;
        }
        let who = trial.credential.as_ref().map_or("no credential".to_owned(), ToString::to_string);
        let endpoint = format!("{} {}", trial.endpoint.method, trial.endpoint.path);
        let expected = if trial.admitted { "let in" } else { "refused" };
        let actual = match answer {
            Answer::LetIn => "let in",
            Answer::Refused => "refused",
            Answer::Unclear(what) => what,
        };
        self.failures.push(format!("{endpoint}: {who}: expected {expected}, found {actual}"));
    }
}

/// Failures a line each, and then what was tried.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failures.iter().try_for_each(|failure| writeln!(f, "{failure}"))?;
        if self.skipped > 0 {
            writeln!(f, ".. and {} more", self.skipped)?;
        }
        self.untried.iter().try_for_each(|(why, count)| writeln!(f, "{count} not tried: {why}"))?;
        let failed = self.failures.len() + self.skipped;
        write!(f, "{} expectations tried over HTTP, {failed} not met", self.tried)
    }
}

impl fmt::Debug for PolicyTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyTest").field("app", &self.app).finish_non_exhaustive()
    }
}

fn rendered(found: &[Diagnostic], source: &Source) -> String {
    found.iter().map(|found| found.render(source) + "\n").collect()
}

fn tests_beside(policy: &str, package: &Path, name: Option<&str>) -> Result<Source, String> {
    let root = crate::lock::root_of(policy, package)?;
    let ending = name.map_or_else(|| "test.yaml".to_owned(), |name| format!("{name}.test.yaml"));
    let label = Path::new(policy).with_extension(ending);
    let name = label.display().to_string();
    Source::read(&root.join(&label), name.as_str())
        .map_err(|error| format!("the tests of the policy, `{name}`, cannot be read: {error}"))
}

/// Holds an application to the tests of its policy: see [`policy_test!`](crate::policy_test).
///
/// # Panics
///
/// When the application cannot be made, or does not meet an expectation.
#[doc(hidden)]
#[track_caller]
#[allow(clippy::panic, reason = "it is the body of a test")]
pub fn hold<A: Application<Kind>, Kind>(
    make: impl FnOnce() -> A,
    package: &str,
    name: Option<&str>,
) {
    match held(make, package, name) {
        Err(problem) => panic!("{problem}"),
        Ok(report) if !report.holds() => panic!("{report}"),
        Ok(report) if !report.untried.is_empty() => {
            // Nobody looks at the output of a test that passes, unless it is told.
            let _ = writeln!(std::io::stderr(), "{report}");
        }
        Ok(_) => {}
    }
}

fn held<A: Application<Kind>, Kind>(
    make: impl FnOnce() -> A,
    package: &str,
    name: Option<&str>,
) -> Result<Report, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("no runtime can be started: {error}"))?;
    runtime.block_on(async {
        let made = make().ready().await;
        let app = made.map_err(|error| format!("the application cannot be made: {error}"))?;
        PolicyTest { name: name.map(str::to_owned), ..PolicyTest::new(app) }.run(package).await
    })
}

/// Declares the test `auth_policy`, which tries over HTTP whatever the tests beside the policy expect
/// of the application, as [`testing`](crate::testing) says.
///
/// It takes an expression that makes the application as its users meet it, with a store in memory: a
/// [`Protected`](crate::Protected), a `Result` of one, or a future of either.
///
/// ```
/// # use auth_runtime::{Protected, testing::PolicyTest};
/// # type Error = Box<dyn std::error::Error>;
/// auth_runtime::policy_test!(app());
///
/// # async fn app() -> Result<Protected, Error> { unreachable!() }
/// # fn main() {}
/// ```
///
/// Where several applications share a policy, each names its own tests: `policy_test!(app(), name =
/// "admin")` reads `policies/blog.admin.test.yaml`.
///
/// Where accounts are the application's own, or issuers of others are trusted, write the test itself:
/// see [`PolicyTest`](crate::testing::PolicyTest).
#[macro_export]
macro_rules! policy_test {
    ($app:expr $(, name = $name:literal)? $(,)?) => {
        #[cfg(test)]
        #[test]
        fn auth_policy() {
            let name: ::core::option::Option<&str> = ::core::option::Option::None;
            $(let name = name.or(::core::option::Option::Some($name));)?
            $crate::testing::hold(|| $app, ::core::env!("CARGO_MANIFEST_DIR"), name);
        }
    };
}
