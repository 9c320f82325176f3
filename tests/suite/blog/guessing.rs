//! P8, RL6: somebody guesses a password of the running blog, under the policy it comes with.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{
    process::{Answer, Blog},
    wire::Connection,
};

/// As NIST SP 800-63B has it.
const MOST_FAILURES: usize = 100;
const PASSWORD: &str = "a long walk along the river";

fn body(password: &str) -> String {
    json!({ "username": "ada", "password": password }).to_string()
}

fn json_headers() -> [String; 1] {
    ["Content-Type: application/json".to_owned()]
}

/// An attempt from the address of that number on this machine.
fn attempt(blog: &Blog, number: usize, password: &str) -> Answer {
    let from = format!("127.0.{}.{}", 1 + number / 250, 1 + number % 250);
    blog.send_from(&from, "POST", "/auth/login", &json_headers(), Some(&body(password)))
}

#[test]
fn p8_rl6_however_many_addresses_guess_few_guesses_are_looked_at_and_the_owner_comes_in() {
    let blog = Blog::start(&[]);
    let registered = blog.write(
        "POST",
        "/auth/register",
        None,
        &json!({ "username": "ada", "password": PASSWORD }),
    );
    assert_eq!(registered.status, 201);
    let token = attempt(&blog, 0, PASSWORD).json()["access_token"].as_str().map(str::to_owned);

    let begun = Instant::now();
    let answers: Vec<_> =
        (0..200).map(|number| attempt(&blog, number, "a guess of theirs")).collect();
    let failures = answers.iter().filter(|answer| answer.status == 401).count();
    assert!(answers.iter().all(|answer| matches!(answer.status, 401 | 429)));
    // Five at once, and one more every twelve seconds.
    let most = 5 + usize::try_from(begun.elapsed().as_secs()).expect("few") / 12 + 1;
    assert!((5..=most.min(MOST_FAILURES)).contains(&failures), "{failures} of at most {most}");

    // The owner is told how long to wait, and after that is let in; a sign-in that is there holds.
    let refused = attempt(&blog, 210, PASSWORD);
    assert_eq!(blog.get("/auth/me", token.as_deref()).status, 200);
    if refused.status == 429 {
        let wait: u64 = refused.headers("retry-after")[0].parse().expect("seconds");
        assert!((1..=12).contains(&wait), "{wait}");
        std::thread::sleep(Duration::from_secs(wait));
        assert_eq!(attempt(&blog, 210, PASSWORD).status, 200);
    }
    // Who came in has used nothing up.
    assert_eq!(attempt(&blog, 211, PASSWORD).status, 200);
}

/// The limit is taken before the password is hashed, and given back when it was right.
#[test]
fn rl6_a_refused_sign_in_costs_no_hash_and_a_right_one_no_attempt() {
    let blog = Blog::start(&[]);
    let mut connection = Connection::to(blog.address);
    assert_eq!(connection.post("/auth/register", &[], &body(PASSWORD)).status, 201);
    for _ in 0..8 {
        assert_eq!(connection.post("/auth/login", &[], &body(PASSWORD)).status, 200);
    }
    let mut timed = |status| {
        let begun = Instant::now();
        let told = connection.post("/auth/login", &[], &body("a guess of theirs"));
        assert_eq!(told.status, status, "{told:?}");
        begun.elapsed()
    };
    let hashed = (0..5).map(|_| timed(401)).min().expect("five");
    let refused = (0..5).map(|_| timed(429)).min().expect("five");
    // The best of five each, so that a busy machine does not decide.
    assert!(refused * 3 < hashed, "{refused:?} without a hash, {hashed:?} with one");
}
