//! Several blogs on one store: what holds for one of them holds for all together, and still when
//! they are killed. `./test stores` runs these: they need a Redis and a PostgreSQL.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use auth_tests::{free_port, postgresql, redis};
use serde_json::{Value, json};

use super::process::{Blog, Folder};
use crate::files::workspace;

const BLOGS: usize = 4;
const ATTEMPTS: usize = 1_000;
const KILLS: usize = 200;
const PASSWORD: &str = "a long walk along the river";

/// Blogs on one store that sign with the same keys.
struct Fleet {
    blogs: Vec<Mutex<Option<Blog>>>,
    addresses: Vec<SocketAddr>,
    store: String,
    keys: String,
    /// The policy without limits that a crowd of tests would meet.
    policy: String,
    _folder: Folder,
}

impl Fleet {
    fn start(store: &str) -> Self {
        let folder = Folder::new();
        let policy = folder.0.join("policy.yaml");
        std::fs::write(&policy, unlimited()).expect("written");
        let policy = policy.to_str().expect("UTF-8").to_owned();
        let first = Blog::start(&[("BLOG_STORE", store)]);
        let keys = std::fs::read_to_string(first.folder.0.join(".blog-keys.json")).expect("keys");
        drop(first);
        let port = |_| SocketAddr::from(([127, 0, 0, 1], free_port()));
        let addresses: Vec<_> = (0..BLOGS).map(port).collect();
        let store = store.to_owned();
        let mut fleet = Self { blogs: Vec::new(), addresses, store, keys, policy, _folder: folder };
        fleet.blogs = (0..BLOGS).map(|number| Mutex::new(Some(fleet.blog(number)))).collect();
        fleet
    }

    fn blog(&self, number: usize) -> Blog {
        let address = self.addresses[number].to_string();
        Blog::start(&[
            ("BLOG_STORE", &self.store),
            ("BLOG_ADDR", &address),
            ("AUTH_JWT_KEYS", &self.keys),
            ("BLOG_POLICY", &self.policy),
        ])
    }

    /// Kills a blog in the middle of whatever it does, and starts it again.
    fn kill(&self, number: usize) {
        let mut blog = self.blogs[number].lock().expect("no thread panics here");
        drop(blog.take());
        *blog = Some(self.blog(number));
    }

    /// Asks any blog, and another one for as long as none answers.
    fn ask_until_answered(&self, from: usize, path: &str, body: &Value) -> (u16, Value) {
        for attempt in 0..500 {
            let address = self.addresses[(from + attempt) % BLOGS];
            match post(address, path, body) {
                Some((503, _)) | None => thread::sleep(Duration::from_millis(10)),
                Some(answer) => return answer,
            }
        }
        panic!("no blog answers {path}");
    }
}

/// The blog's policy with rates that are never reached.
fn unlimited() -> String {
    let text = std::fs::read_to_string(workspace().join("policies/blog.yaml")).expect("the policy");
    let rates = ["5/minute", "100/hour", "30/hour", "600/minute"];
    rates.iter().fold(text, |text, rate| {
        assert!(text.contains(&format!("rate: {rate},")), "{rate}");
        text.replace(&format!("rate: {rate},"), "rate: 1000000/minute,")
    })
}

/// One request; nothing when the blog went away before it had answered in full.
fn post(address: SocketAddr, path: &str, body: &Value) -> Option<(u16, Value)> {
    let body = body.to_string();
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(2)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: blog\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(body).ok()?))
}

fn register(fleet: &Fleet, from: usize, name: &str) -> u16 {
    let body = json!({ "username": name, "password": PASSWORD });
    fleet.ask_until_answered(from, "/auth/register", &body).0
}

fn sign_in(fleet: &Fleet, name: &str) -> (u16, Value) {
    let body = json!({ "username": name, "password": PASSWORD });
    fleet.ask_until_answered(0, "/auth/login", &body)
}

fn refresh(fleet: &Fleet, from: usize, token: &Value) -> (u16, Value) {
    fleet.ask_until_answered(from, "/auth/refresh", &json!({ "refresh_token": token }))
}

/// Of very many uses of one token, in all blogs at once, one rotates it.
fn one_rotation_wins(store: &str) {
    let fleet = Fleet::start(store);
    assert_eq!(register(&fleet, 0, "ada"), 201);
    let token = sign_in(&fleet, "ada").1["refresh_token"].clone();
    let answers = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for thread in 0..50 {
            let (fleet, token, answers) = (&fleet, &token, &answers);
            scope.spawn(move || {
                for attempt in 0..ATTEMPTS / 50 {
                    let answer = refresh(fleet, thread + attempt, token);
                    answers.lock().expect("no thread panics here").push(answer);
                }
            });
        }
    });
    let answers = answers.into_inner().expect("no thread panicked");
    assert_eq!(answers.len(), ATTEMPTS);
    let (renewed, late): (Vec<_>, Vec<_>) = answers.iter().partition(|(status, _)| *status == 200);
    assert!(late.iter().all(|(status, body)| *status == 401 && body["code"] == "invalid_grant"));
    let successors: BTreeSet<_> =
        renewed.iter().map(|(_, body)| body["refresh_token"].to_string()).collect();
    assert_eq!(successors.len(), 1, "{} answers of 200", renewed.len());
    if late.is_empty() {
        assert_eq!(refresh(&fleet, 1, &renewed[0].1["refresh_token"]).0, 200);
    }
}

/// Blogs are killed at random while one client renews its token and another registers people.
fn nothing_is_lost(store: &str) {
    let fleet = Fleet::start(store);
    assert_eq!(register(&fleet, 0, "ada"), 201);
    let first = sign_in(&fleet, "ada").1["refresh_token"].clone();
    let over = AtomicBool::new(false);
    let (leaf, people) = thread::scope(|scope| {
        let renewing = scope.spawn(|| renew_until(&fleet, first, &over));
        let registering = scope.spawn(|| register_until(&fleet, &over));
        for kill in 0..KILLS {
            // Any order will do; this one repeats.
            fleet.kill(kill * 7 % BLOGS);
        }
        over.store(true, Ordering::SeqCst);
        (renewing.join().expect("renewed"), registering.join().expect("registered"))
    });

    let (retired, leaf) = leaf;
    assert!(retired.len() > 10 && people.len() > 10, "{} {}", retired.len(), people.len());
    for name in &people {
        assert_eq!(sign_in(&fleet, name).0, 200, "{name} is lost");
    }
    // One live leaf: it renews, and then an old token ends the family and it with them.
    let (status, next) = refresh(&fleet, 0, &leaf);
    assert_eq!(status, 200, "the last token of the chain is dead");
    assert_eq!(refresh(&fleet, 1, &retired[0]).0, 401);
    assert_eq!(refresh(&fleet, 2, &next["refresh_token"]).0, 401);
}

/// The tokens that were retired, and the last one.
fn renew_until(fleet: &Fleet, first: Value, over: &AtomicBool) -> (Vec<Value>, Value) {
    let (mut retired, mut leaf) = (Vec::new(), first);
    while !over.load(Ordering::SeqCst) {
        let (status, body) = refresh(fleet, retired.len(), &leaf);
        assert_eq!(status, 200, "after {} renewals: {body}", retired.len());
        let next = body["refresh_token"].clone();
        assert!(!retired.contains(&next), "a token came back");
        retired.push(std::mem::replace(&mut leaf, next));
        thread::sleep(Duration::from_millis(20));
    }
    (retired, leaf)
}

/// The names of all who were told that they are registered.
fn register_until(fleet: &Fleet, over: &AtomicBool) -> Vec<String> {
    let mut people = Vec::new();
    for number in 0.. {
        if over.load(Ordering::SeqCst) {
            break;
        }
        let name = format!("person-{number:04}");
        // 409 after a retry: the blog died between doing it and saying so, or before it had done.
        if register(fleet, number, &name) == 201 {
            people.push(name);
        }
    }
    people
}

#[test]
#[ignore = "needs a Redis: ./test stores"]
fn r04_on_one_redis_one_rotation_of_a_thousand_wins() {
    one_rotation_wins(&redis::start(&[]).url);
}

#[test]
#[ignore = "needs a PostgreSQL: ./test stores"]
fn r04_on_one_postgresql_one_rotation_of_a_thousand_wins() {
    one_rotation_wins(&postgresql::start(&[]).url);
}

#[test]
#[ignore = "needs a Redis: ./test stores"]
fn r04_m10_on_redis_two_hundred_kills_lose_nothing() {
    nothing_is_lost(&redis::start(&[]).url);
}

#[test]
#[ignore = "needs a PostgreSQL: ./test stores"]
fn r04_m10_on_postgresql_two_hundred_kills_lose_nothing() {
    nothing_is_lost(&postgresql::start(&[]).url);
}

/// What was there before a restart is there after it: people, their sign-ins, and what was revoked.
#[test]
fn m10_z10_a_restart_on_sqlite_forgets_nothing() {
    let blog = Blog::start(&[]);
    let body = |name: &str| json!({ "username": name, "password": PASSWORD });
    assert_eq!(blog.write("POST", "/auth/register", None, &body("ada")).status, 201);
    let kept = blog.write("POST", "/auth/login", None, &body("ada")).json();
    let ended = blog.write("POST", "/auth/login", None, &body("ada")).json();
    let access = |tokens: &Value| tokens["access_token"].as_str().map(str::to_owned);
    let logout = blog.write("POST", "/auth/logout", access(&ended).as_deref(), &json!({}));
    assert_eq!(logout.status, 204);

    let blog = blog.restart();
    assert_eq!(blog.get("/auth/me", access(&kept).as_deref()).status, 200);
    assert_eq!(blog.get("/auth/me", access(&ended).as_deref()).status, 401);
    let renew = json!({ "refresh_token": kept["refresh_token"] });
    assert_eq!(blog.write("POST", "/auth/refresh", None, &renew).status, 200);
    let renew = json!({ "refresh_token": ended["refresh_token"] });
    assert_eq!(blog.write("POST", "/auth/refresh", None, &renew).status, 401);
    assert_eq!(blog.write("POST", "/auth/login", None, &body("ada")).status, 200);
}
