//! S9, RL6: the Redis of a running blog stops answering, under load, and comes back.
//! Nobody restarts the blog. `./test stores` runs these.

use std::{
    fs,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use auth_tests::{Server, redis};
use serde_json::json;

use super::{
    process::{Answer, Blog, Folder},
    wire::Connection,
};
use crate::files::workspace;

const PASSWORD: &str = "a long walk along the river";

/// How long silence of the store is borne, by the policy of these tests, and how much later a busy
/// machine may still be in finding out.
const MAX_STALE: Duration = Duration::from_secs(3);
const SLACK: Duration = Duration::from_secs(2);
/// How long an answer may take while the store hangs: its two seconds, and the machine's.
const PATIENCE: Duration = Duration::from_millis(3_500);
/// How soon all works again.
const RECOVERY: Duration = Duration::from_secs(10);
/// How long the store is away.
const OUTAGE: Duration = Duration::from_secs(8);

/// What is asked over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    /// A record has to be looked up.
    Session,
    /// The token says it all, but for revocations.
    Token,
    /// Counted, before a password is looked at.
    Login,
    /// Counted for nobody, and free.
    Public,
}

const ROUTES: [Route; 4] = [Route::Session, Route::Token, Route::Login, Route::Public];

/// One request: when it was asked, when it was answered, and with what.
#[derive(Clone, Copy, Debug)]
struct Sample {
    route: Route,
    asked: Instant,
    answered: Instant,
    status: u16,
}

/// A blog on a Redis, and somebody who is signed in there in both ways.
struct World {
    blog: Blog,
    token: String,
    cookie: String,
    _folder: Folder,
}

impl World {
    fn start(redis: &Server, on_store_down: &str) -> Self {
        let folder = Folder::new();
        let file = folder.0.join("policy.yaml");
        let mut text = fs::read_to_string(workspace().join("policies/blog.yaml")).expect("it");
        for (old, new) in [
            ("max_stale: 30s", "max_stale: 3s"),
            ("on_store_down: refuse", &format!("on_store_down: {on_store_down}")),
            ("login: { rate: 5/minute", "login: { rate: 10000/minute"),
        ] {
            assert!(text.contains(old), "the policy has `{old}`");
            text = text.replacen(old, new, 1);
        }
        fs::write(&file, text).expect("written");
        let policy = file.to_str().expect("UTF-8");
        let blog = Blog::start(&[("BLOG_STORE", &redis.url), ("BLOG_POLICY", policy)]);
        let credentials = json!({ "username": "ada", "password": PASSWORD });
        let post = |path| -> Answer { blog.write("POST", path, None, &credentials) };
        assert_eq!(post("/auth/register").status, 201);
        let token = post("/auth/login").json()["access_token"].as_str().expect("it").to_owned();
        let session = post("/session");
        let cookie = session.headers("set-cookie")[0].split(';').next().expect("it").to_owned();
        Self { blog, token, cookie, _folder: folder }
    }

    fn ask(&self, connection: &mut Connection, route: Route) -> Sample {
        let asked = Instant::now();
        let told = match route {
            Route::Session => connection.get("/session", &[format!("Cookie: {}", self.cookie)]),
            Route::Token => {
                connection.get("/auth/me", &[format!("Authorization: Bearer {}", self.token)])
            }
            Route::Login => {
                let body = json!({ "username": "ada", "password": PASSWORD });
                connection.post("/auth/login", &[], &body.to_string())
            }
            Route::Public => connection.get("/healthz", &[]),
        };
        if told.status == 503 {
            assert!(told.body.contains("\"unavailable\""), "{told:?}");
        }
        Sample { route, asked, answered: Instant::now(), status: told.status }
    }

    /// Asks everything over and over until `meanwhile` is through, and what it returned.
    fn under_load<T>(&self, meanwhile: impl FnOnce() -> T) -> (Vec<Sample>, T) {
        let (over, samples) = (AtomicBool::new(false), Mutex::new(Vec::new()));
        let result = thread::scope(|scope| {
            for route in ROUTES.into_iter().chain(ROUTES) {
                let (over, samples) = (&over, &samples);
                scope.spawn(move || {
                    let mut connection = Connection::to(self.blog.address);
                    while !over.load(Ordering::Relaxed) {
                        let sample = self.ask(&mut connection, route);
                        samples.lock().expect("no thread panics here").push(sample);
                        thread::sleep(Duration::from_millis(20));
                    }
                });
            }
            let result = meanwhile();
            over.store(true, Ordering::Relaxed);
            result
        });
        (samples.into_inner().expect("no thread panicked"), result)
    }

    /// Waits until all is answered again as if nothing had been.
    fn recovers(&self) {
        let begun = Instant::now();
        let mut connection = Connection::to(self.blog.address);
        while begun.elapsed() < RECOVERY {
            if ROUTES.iter().all(|route| self.ask(&mut connection, *route).status == 200) {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("it does not recover:\n{}", self.blog.folder.log());
    }

    /// A4: each end of the outage is told of, and not once for each request that met it.
    fn tells_of_it(&self) {
        let told = |cause: &str| {
            let log = self.blog.folder.log();
            log.lines().filter(|line| line.contains("auth.outage") && line.contains(cause)).count()
        };
        let begun = Instant::now();
        while told("store-reachable") == 0 && begun.elapsed() < RECOVERY {
            thread::sleep(Duration::from_millis(100));
        }
        assert_eq!((told("store-unreachable"), told("store-reachable")), (1, 1));
        // Requests that waited may hear of it after others are served again.
        let limiter = [told("limiter-unreachable"), told("limiter-reachable")];
        assert!(limiter.iter().all(|told| (1..=4).contains(told)), "{limiter:?}");
    }
}

/// When the store was made to go away, was gone, and was let back.
#[derive(Clone, Copy)]
struct Outage {
    going: Instant,
    gone: Instant,
    back: Instant,
}

/// What somebody sees of an outage.
fn hold(samples: &[Sample], outage: Outage, accepts_tokens: bool) {
    let Outage { going, gone, back } = outage;
    let during = |route| {
        let whole = move |it: &&Sample| it.asked > gone && it.answered < back && it.route == route;
        samples.iter().filter(whole)
    };
    for sample in samples {
        // Never for somebody else, never for nobody, and never without an answer.
        assert!(matches!(sample.status, 200 | 503), "{sample:?}");
        assert!(sample.answered - sample.asked < PATIENCE, "{sample:?}");
        assert!(sample.answered > going || sample.status == 200, "{sample:?}");
    }
    for route in [Route::Session, Route::Login] {
        assert!(during(route).count() > 2, "{route:?} was asked");
        assert!(during(route).all(|it| it.status == 503), "{:?}", during(route).next());
    }
    assert!(during(Route::Public).count() > 50);
    assert!(during(Route::Public).all(|it| it.status == 200));

    // What was heard last was heard up to a second before, and moments are whole seconds.
    let borne = gone + MAX_STALE - Duration::from_secs(2);
    let known = gone + MAX_STALE + SLACK;
    let early = |it: &&Sample| it.answered < borne;
    let late = |it: &&Sample| it.asked > known;
    assert!(during(Route::Token).filter(early).count() > 5);
    assert!(during(Route::Token).filter(early).all(|it| it.status == 200));
    let then = if accepts_tokens { 200 } else { 503 };
    assert!(during(Route::Token).filter(late).count() > 5);
    assert!(during(Route::Token).filter(late).all(|it| it.status == then));
}

/// A blog with that policy, whose Redis is sent away and let back.
fn survives(on_store_down: &str, away: fn(&mut Server), back: fn(&mut Server)) {
    let mut redis = redis::start(&[]);
    let world = World::start(&redis, on_store_down);
    let (samples, outage) = world.under_load(|| {
        thread::sleep(Duration::from_secs(1));
        let going = Instant::now();
        away(&mut redis);
        let gone = Instant::now();
        thread::sleep(OUTAGE);
        let outage = Outage { going, gone, back: Instant::now() };
        back(&mut redis);
        world.recovers();
        outage
    });
    hold(&samples, outage, on_store_down != "refuse");
    world.tells_of_it();
}

#[test]
#[ignore = "needs a Redis: ./test stores"]
fn s9_rl6_a_redis_that_hangs_is_503_in_time_and_tokens_are_refused_after_max_stale() {
    survives("refuse", |redis| redis.freeze(), |redis| redis.resume());
}

#[test]
#[ignore = "needs a Redis: ./test stores"]
fn s9_rl6_a_redis_that_hangs_is_503_in_time_and_tokens_are_accepted_if_the_policy_says_so() {
    survives("accept_until_expiry", |redis| redis.freeze(), |redis| redis.resume());
}

#[test]
#[ignore = "needs a Redis: ./test stores"]
fn s9_rl6_a_redis_that_is_killed_is_503_and_tokens_are_refused_after_max_stale() {
    survives("refuse", Server::kill, Server::start);
}

#[test]
#[ignore = "needs a Redis: ./test stores"]
fn s9_rl6_a_redis_that_is_killed_is_503_and_tokens_are_accepted_if_the_policy_says_so() {
    survives("accept_until_expiry", Server::kill, Server::start);
}
