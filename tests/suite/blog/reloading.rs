//! BLOG_POLICY: another policy for a running blog. In: a policy file that is edited. Out: other
//! answers within a second, no failed request, and of a broken edit nothing.

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{
    process::{Blog, Folder, bearer},
    wire::Connection,
};
use crate::files::workspace;

/// A blog that follows a copy of its policy.
struct Following {
    blog: Blog,
    file: PathBuf,
    text: String,
}

impl Following {
    fn start() -> Self {
        let folder = Folder::new();
        let file = folder.0.join("policy.yaml");
        let text = policy();
        fs::write(&file, &text).expect("written");
        let path = file.to_str().expect("UTF-8").to_owned();
        let blog = Blog::start_in(folder, &[("BLOG_SEED", "1"), ("BLOG_POLICY", &path)]);
        Self { blog, file, text }
    }

    /// Replaces one piece of the policy as it was at start by another.
    fn edit(&self, old: &str, new: &str) {
        assert!(self.text.contains(old), "the policy has `{old}`");
        fs::write(&self.file, self.text.replacen(old, new, 1)).expect("written");
    }

    /// How long it takes until something holds.
    fn takes(&self, mut holds: impl FnMut() -> bool) -> Duration {
        let begun = Instant::now();
        while !holds() {
            assert!(begun.elapsed() < PATIENCE, "{}", self.blog.folder.log());
            thread::sleep(Duration::from_millis(20));
        }
        begun.elapsed()
    }

    /// Waits until the log says that.
    fn tells(&self, what: &str) {
        self.takes(|| self.blog.folder.log().contains(what));
    }
}

/// How long a busy machine may take. That a reload is in force within a second is said of most.
const PATIENCE: Duration = Duration::from_secs(10);

fn policy() -> String {
    fs::read_to_string(workspace().join("policies/blog.yaml")).expect("the policy")
}

const READER: &str = "reader: { grants: [read:posts, read:profile, write:profile] }";
const LESS: &str = "reader: { grants: [read:profile, write:profile] }";

#[test]
fn z10_an_edit_is_in_force_within_a_second_and_fails_no_request() {
    let following = Following::start();
    let blog = &following.blog;
    let (reader, admin) = (blog.login("reader"), blog.login("admin"));
    assert_eq!(blog.get("/posts", None).status, 200);
    let posts = blog.get("/posts", None).json();
    let post = format!("/posts/{}", posts[0]["id"]);
    assert_eq!(blog.get(&post, Some(&reader)).status, 200);

    let (done, asked) = (AtomicBool::new(false), AtomicU32::new(0));
    let mut waits = thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut connection = Connection::to(blog.address);
                let headers = bearer(Some(&admin));
                while !done.load(Ordering::Relaxed) {
                    // Under either policy an admin reads posts.
                    let told = connection.get(&post, &headers);
                    assert_eq!(told.status, 200, "{told:?}");
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        // What an admin may do comes from `*:posts`, and a reader's token is worth less at once.
        let mut connection = Connection::to(blog.address);
        let headers = bearer(Some(&reader));
        let mut waits = Vec::new();
        for _ in 0..3 {
            for (new, status) in [(LESS, 403), (READER, 200)] {
                following.edit(READER, new);
                waits.push(following.takes(|| connection.get(&post, &headers).status == status));
            }
        }
        done.store(true, Ordering::Relaxed);
        waits
    });
    waits.sort();
    assert!(waits[waits.len() / 2] < Duration::from_secs(1), "{waits:?}");
    assert!(asked.into_inner() > 100, "there was load");
}

#[test]
fn z10_rates_are_those_of_the_file() {
    let following = Following::start();
    let blog = &following.blog;
    // Counted before the body is read, which is none of a registration.
    let rate = || blog.post("/auth/register", &[], "{}").headers("ratelimit-policy").join("");
    assert_eq!(rate(), "\"register\";q=100;w=3600");
    following.edit("register: { rate: 100/hour", "register: { rate: 200/minute");
    following.takes(|| rate() == "\"register\";q=200;w=60");
    following.edit("register: { rate: 100/hour", "register: { rate: 1/day");
    following.takes(|| blog.post("/auth/register", &[], "{}").status == 429);
}

#[test]
fn z10_lifetimes_are_those_of_the_file() {
    let following = Following::start();
    let blog = &following.blog;
    let expires_in = || {
        let body = serde_json::json!({ "username": "reader", "password": blog.password("reader") });
        blog.post("/auth/login", &[], &body.to_string()).json()["expires_in"].as_u64()
    };
    assert_eq!(expires_in(), Some(900));
    following.edit("access_ttl: 15m", "access_ttl: 5m");
    following.takes(|| expires_in() == Some(300));
}

#[test]
fn a4_a_broken_edit_changes_nothing_and_is_told() {
    let following = Following::start();
    let blog = &following.blog;
    let reader = blog.login("reader");
    for (old, new, told) in [
        (READER, "reader: { grants: [read:post] }", "did you mean `read:posts`?"),
        ("version: 1", "version: 1 [", "error[wrong-type]"),
        (
            "  read:posts: Read posts\n",
            "  read:posts: Read posts\n  new:scope: New\n",
            "other scopes",
        ),
        ("min_length: 12", "min_length: 15", "passwords, which is settled when the service starts"),
    ] {
        following.edit(old, new);
        following.tells(told);
        assert_eq!(blog.get("/profile", Some(&reader)).status, 200, "{new}");
    }
    fs::remove_file(&following.file).expect("removed");
    following.tells("cannot be read");
    assert_eq!(blog.get("/profile", Some(&reader)).status, 200);
    // And a good one is still taken.
    following.edit(READER, LESS);
    let post = blog.get("/posts", None).json()[0]["id"].to_string();
    following.takes(|| blog.get(&format!("/posts/{post}"), Some(&reader)).status == 403);
    assert_eq!(blog.get("/profile", Some(&reader)).status, 200);
    for cause in ["policy-refused", "policy-of-other-structure", "policy-needs-restart"] {
        let log = blog.folder.log();
        assert!(log.contains("auth.policy.reloaded") && log.contains(cause), "{log}");
    }
    following.tells("auth.policy.reloaded auth.decision=\"allow\"");
}

#[test]
fn a_policy_that_is_refused_stops_the_start() {
    let folder = Folder::new();
    for (text, told) in [
        (
            policy().replacen("[read:posts, read:profile", "[read:post, read:profile", 1),
            "did you mean",
        ),
        (
            policy().replacen(
                "  read:posts: Read posts\n",
                "  read:posts: Read posts\n  new:scope: New\n",
                1,
            ),
            "other scopes",
        ),
    ] {
        let file = folder.0.join("policy.yaml");
        fs::write(&file, text).expect("written");
        let (code, said) = Blog::refused(&[("BLOG_POLICY", file.to_str().expect("UTF-8"))]);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("BLOG_POLICY") && said.contains(told), "{said}");
    }
    let (code, said) = Blog::refused(&[("BLOG_POLICY", "nowhere.yaml")]);
    assert_eq!(code, 1);
    assert!(said.contains("nowhere.yaml cannot be read"), "{said}");
}
