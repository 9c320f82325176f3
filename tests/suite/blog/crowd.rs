//! RL5, RL3, RL4: a thousand requests at once over sockets, and headers that pretend to come from
//! elsewhere.

use std::{
    fs,
    net::SocketAddr,
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use auth_tests::redis;

use super::{
    process::{Blog, Folder},
    wire::Connection,
};
use crate::files::workspace;

/// How many may register in an hour, by the policy of the blog.
const LIMIT: usize = 100;
const REQUESTS: usize = 1_000;
const CONNECTIONS: usize = 200;
const BLOGS: usize = 4;

/// What each request says of where it comes from, none of which any policy here believes.
fn pretences(number: usize) -> Vec<String> {
    let (high, low) = (number / 250, number % 250);
    vec![
        format!("X-Forwarded-For: 203.{high}.113.{low}"),
        format!("Forwarded: for=\"[2001:db8:{number:x}::1]\""),
        format!("X-Real-IP: 198.{high}.100.{low}"),
        format!("CF-Connecting-IP: 192.{high}.2.{low}"),
        format!("True-Client-IP: 10.{high}.0.{low}"),
    ]
}

/// What a proxy that is believed says: one network of IPv6, and left of it what the client made up.
fn suffixes(number: usize) -> Vec<String> {
    let (client, made_up) = (format!("2001:db8:1:2:{number:x}::{number:x}"), number % 250);
    vec![
        format!("X-Forwarded-For: 203.0.113.{made_up}, {client}"),
        format!("Forwarded: for=203.0.113.{made_up}"),
        format!("X-Real-IP: 198.51.100.{made_up}"),
    ]
}

/// How many of a thousand requests to register were not turned away for their number.
fn admitted(blogs: &[SocketAddr], headers: fn(usize) -> Vec<String>) -> usize {
    let (passed, start) = (AtomicUsize::new(0), Barrier::new(CONNECTIONS));
    thread::scope(|scope| {
        for number in 0..CONNECTIONS {
            let (passed, start) = (&passed, &start);
            let address = blogs[number % blogs.len()];
            scope.spawn(move || {
                let mut connection = Connection::to(address);
                start.wait();
                for attempt in 0..REQUESTS / CONNECTIONS {
                    let headers = headers(attempt * CONNECTIONS + number);
                    // Counted before the body is read, which is none of a registration.
                    let told = connection.post("/auth/register", &headers, "{}");
                    match told.status {
                        429 => assert!(told.body.contains("\"register\""), "{told:?}"),
                        422 => drop(passed.fetch_add(1, Ordering::Relaxed)),
                        _ => panic!("{told:?}"),
                    }
                }
            });
        }
    });
    passed.into_inner()
}

/// A folder with a policy that believes the proxy on this machine.
fn behind_a_proxy() -> (Folder, String) {
    let folder = Folder::new();
    let file = folder.0.join("policy.yaml");
    let text = fs::read_to_string(workspace().join("policies/blog.yaml")).expect("the policy");
    let network = "\nnetwork: { trusted_proxies: [127.0.0.0/8], header: x_forwarded_for }\n";
    fs::write(&file, text + network).expect("written");
    let path = file.to_str().expect("UTF-8").to_owned();
    (folder, path)
}

#[test]
fn rl5_rl3_in_memory_a_hundred_of_a_thousand_pass_whatever_their_headers_say() {
    let blog = Blog::start(&[]);
    assert_eq!(admitted(&[blog.address], pretences), LIMIT);
}

#[test]
fn rl5_rl4_no_suffix_of_an_ipv6_network_is_another_client() {
    let (_folder, policy) = behind_a_proxy();
    let blog = Blog::start(&[("BLOG_POLICY", &policy)]);
    assert_eq!(admitted(&[blog.address], suffixes), LIMIT);
    // From another network there is room again: the proxy is believed.
    let other = ["X-Forwarded-For: 2001:db8:1:3::1".to_owned()];
    let told = Connection::to(blog.address).post("/auth/register", &other, "{}");
    assert_eq!(told.status, 422, "{told:?}");
}

#[test]
#[ignore = "needs a Redis: ./test stores"]
fn rl5_rl3_rl4_on_one_redis_a_hundred_of_a_thousand_pass_in_four_processes() {
    let (_folder, policy) = behind_a_proxy();
    for (settings, headers) in
        [(None, pretences as fn(usize) -> Vec<String>), (Some(policy.as_str()), suffixes)]
    {
        let server = redis::start(&[]);
        let mut settings: Vec<_> =
            settings.map(|policy| ("BLOG_POLICY", policy)).into_iter().collect();
        settings.push(("BLOG_STORE", &server.url));
        let blogs: Vec<_> = (0..BLOGS).map(|_| Blog::start(&settings)).collect();
        let addresses: Vec<_> = blogs.iter().map(|blog| blog.address).collect();
        assert_eq!(admitted(&addresses, headers), LIMIT);
    }
}
