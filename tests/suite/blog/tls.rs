//! BLOG_TLS=1: HTTPS without a proxy, spoken to by curl's TLS and HTTP/2, which are not ours.

use std::{
    io::{Read, Write},
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use super::process::{Blog, Folder};

fn encrypted() -> Blog {
    Blog::start(&[("BLOG_SEED", "1"), ("BLOG_TLS", "1")])
}

/// What curl prints with these arguments, and whether it was content.
fn curl(arguments: &[&str]) -> (bool, String) {
    let output = Command::new("curl").args(["-sS", "--max-time", "20"]).args(arguments).output();
    let output = output.expect("curl is installed");
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn m13_it_speaks_http_2_and_http_1_1_over_tls() {
    let blog = encrypted();
    let url = blog.url("/healthz");
    assert!(url.starts_with("https://"), "{url}");
    let told = "%{http_version} %{http_code}";
    for (version, expected) in [("--http2", "2 200"), ("--http1.1", "1.1 200")] {
        let (done, said) = curl(&["-k", version, "-o", "/dev/null", "-w", told, &url]);
        assert!(done && said == expected, "{version}: {said}");
    }
    for (version, works) in [("1.2", true), ("1.3", true), ("1.1", false)] {
        let only = format!("--tlsv{version}");
        let (done, _) = curl(&["-k", &only, "--tls-max", version, &url]);
        assert_eq!(done, works, "TLS {version}");
    }
    let token = blog.login("reader");
    assert_eq!(blog.get("/auth/me", Some(&token)).status, 200);
    let answer = blog.get("/posts/1", None);
    assert_eq!((answer.status, answer.code().as_str()), (401, "unauthenticated"));
    let hsts = answer.headers("strict-transport-security");
    assert_eq!(hsts, ["max-age=63072000; includeSubDomains"]);
}

#[test]
fn m13_the_certificate_is_made_once_and_kept_where_only_the_user_reads_it() {
    let blog = encrypted();
    let kept = blog.folder.0.join(".blog-tls.pem");
    let mode = std::fs::metadata(&kept).expect("kept").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let pem = std::fs::read_to_string(&kept).expect("PEM");
    assert!(blog.folder.log().contains("its own authority"), "a warning says so");

    // It names this machine, and who trusts it needs no `-k`.
    let file = kept.to_str().expect("UTF-8");
    let url = blog.url("/healthz");
    assert!(curl(&["--cacert", file, &url]).0);
    assert!(curl(&["--cacert", file, &url.replace("127.0.0.1", "localhost")]).0);
    assert!(!curl(&[&url]).0, "nobody else trusts it");

    let folder = Folder::new();
    std::fs::copy(&kept, folder.0.join(".blog-tls.pem")).expect("a copy");
    let again = Blog::start_in(folder, &[("BLOG_TLS", "1")]);
    assert!(curl(&["--cacert", file, &again.url("/healthz")]).0, "the same certificate");
    let now = std::fs::read_to_string(again.folder.0.join(".blog-tls.pem")).expect("PEM");
    assert_eq!(now, pem);
}

#[test]
fn m13_a_certificate_that_cannot_be_read_is_named_and_not_shown() {
    let folder = Folder::new();
    std::fs::write(folder.0.join(".blog-tls.pem"), "hunter2").expect("written");
    let (code, said) = Blog::refused_in(&folder, &[("BLOG_TLS", "1")]);
    assert_eq!(code, 1);
    assert!(said.contains(".blog-tls.pem") && said.contains("delete the file"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn m13_with_tls_it_may_be_reached_from_elsewhere() {
    let blog = Blog::start(&[("BLOG_TLS", "1"), ("BLOG_ADDR", "0.0.0.0:0")]);
    let url = format!("https://127.0.0.1:{}/healthz", blog.address.port());
    assert!(curl(&["-k", &url]).0);
}

/// Who connects and says nothing, or nonsense, keeps nobody waiting.
#[test]
fn m13_a_handshake_that_does_not_end_holds_up_nobody() {
    let blog = encrypted();
    let mut silent: Vec<_> =
        (0..200).map(|_| TcpStream::connect(blog.address).expect("it listens")).collect();
    let mut nonsense = TcpStream::connect(blog.address).expect("it listens");
    nonsense.write_all(b"GET / HTTP/1.1\r\nHost: blog\r\n\r\n").expect("it reads");
    assert_eq!(blog.get("/healthz", None).status, 200);
    // In the end they are let go.
    let last = silent.pop().expect("one of them");
    for mut stream in [last, nonsense] {
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        let mut rest = Vec::new();
        let read = stream.read_to_end(&mut rest);
        assert!(!read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock));
        assert!(!rest.starts_with(b"HTTP"), "nothing is answered in plain text");
    }
}

#[test]
fn m13_over_tls_too_a_request_in_flight_is_finished_first() {
    for version in ["--http2", "--http1.1"] {
        let blog = encrypted();
        let token = blog.login("author");
        let mut curl = Command::new("curl")
            .args(["-sS", "-k", version, "--max-time", "20", "-X", "POST", "-T", "-"])
            .args(["-H", "Content-Type: application/json"])
            .args(["-H", &format!("Authorization: Bearer {token}")])
            .args(["-o", "/dev/null", "-w", "%{http_code}", &blog.url("/posts")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("curl is installed");
        let mut body = curl.stdin.take().expect("piped");
        body.write_all(br#"{"title":"late","#).expect("it reads");
        body.flush().expect("it reads");
        // Long enough for the blog to have read the head: then the request is in flight.
        thread::sleep(Duration::from_millis(700));
        blog.signal("-TERM");
        thread::sleep(Duration::from_millis(300));
        body.write_all(br#""body":"but whole"}"#).expect("it still reads");
        drop(body);
        let output = curl.wait_with_output().expect("it ends");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "201", "{version}");
        assert_eq!(blog.stop_after_signal(), 0);
    }
}

#[test]
fn m13_it_stops_with_connections_that_are_idle_and_handshakes_that_are_not_done() {
    let blog = encrypted();
    let _silent = TcpStream::connect(blog.address).expect("it listens");
    assert_eq!(blog.get("/healthz", None).status, 200);
    assert_eq!(blog.stop(), 0);
}
