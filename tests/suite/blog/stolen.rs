//! A stolen copy of the store opens nothing. In: a blog that was used, and a dump of its store.
//! Out: every string of the dump, tried as every credential there is. `./test stores` runs these
//! on servers.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    process::Command,
    sync::Mutex,
    thread,
    time::Duration,
};

use auth_tests::{postgresql, redis};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::process::{Answer, Blog, Folder};
use crate::files::workspace;

const PASSWORD: &str = "a long walk along the river";

/// What is too short to be a secret of 128 bits in any alphabet.
const SHORTEST: usize = 16;

/// Where no header is to be sent.
const NONE: &str = "X-Nothing: here";

/// As what a text is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    AccessToken,
    AccessCookie,
    Session,
    ApiKey,
    Password,
    ResetToken,
    RefreshToken,
    /// A credential only beside another, or no more: it is looked for, and not tried.
    Nothing,
}

const TRIED: [Kind; 7] = [
    Kind::AccessToken,
    Kind::AccessCookie,
    Kind::Session,
    Kind::ApiKey,
    Kind::Password,
    Kind::ResetToken,
    Kind::RefreshToken,
];

/// A blog, and everything that it handed out.
struct Used {
    blog: Blog,
    handed_out: Vec<(Kind, String)>,
}

impl Used {
    /// A blog with an account that has tokens, a session, a key, and a reset under way.
    fn on(store: &str) -> Self {
        let blog = unlimited(store);
        let account = json!({ "username": "ada", "password": PASSWORD }).to_string();
        assert_eq!(blog.post("/auth/register", &[], &account).status, 201);
        let mut handed_out = vec![(Kind::Password, PASSWORD.to_owned())];
        let mut keep = |kind, value: &Value| {
            let text = value.as_str().expect("a text").to_owned();
            handed_out.push((kind, text.clone()));
            text
        };

        let tokens = blog.post("/auth/login", &[], &account).json();
        keep(Kind::AccessToken, &tokens["access_token"]);
        // Its use leaves the successor in the store, sealed.
        let first = keep(Kind::Nothing, &tokens["refresh_token"]);
        let renewal = json!({ "refresh_token": first }).to_string();
        let tokens = blog.post("/auth/refresh", &[], &renewal).json();
        let bearer =
            format!("Authorization: Bearer {}", tokens["access_token"].as_str().expect("one"));
        keep(Kind::AccessCookie, &tokens["access_token"]);
        keep(Kind::RefreshToken, &tokens["refresh_token"]);

        let begun = blog.post("/session", &[], &account);
        assert_eq!(begun.status, 200, "{begun:?}");
        keep(Kind::Nothing, &begun.json()["csrf_token"]);
        keep(Kind::Session, &json!(cookie(&begun)));

        let new = json!({ "name": "a script", "scopes": ["read:posts"] }).to_string();
        let made = blog.post("/api-keys", &[bearer], &new);
        assert_eq!(made.status, 201, "{made:?}");
        keep(Kind::ApiKey, &made.json()["key"]);

        assert_eq!(blog.post("/auth/password/reset", &[], r#"{"username":"ada"}"#).status, 202);
        keep(Kind::ResetToken, &json!(reset_token(&blog)));
        Self { blog, handed_out }
    }

    /// Whether a text opens what such a credential does. Nothing is used up by that but a refresh
    /// token.
    fn opens(&self, kind: Kind, text: &str) -> bool {
        let get = |path, header: &str| self.ask("GET", path, header, None) == 200;
        let post = |path, body: Value| self.ask("POST", path, NONE, Some(&body.to_string()));
        match kind {
            Kind::AccessToken => get("/auth/me", &format!("Authorization: Bearer {text}")),
            Kind::AccessCookie => get("/auth/me", &format!("Cookie: __Host-access={text}")),
            Kind::Session => get("/session", &format!("Cookie: __Host-session={text}")),
            Kind::ApiKey => get("/api/data", &format!("X-API-Key: {text}")),
            Kind::Password => {
                post("/auth/login", json!({ "username": "ada", "password": text })) == 200
            }
            // Too short a password is told to who has the token alone, and does not cost it.
            Kind::ResetToken => {
                let body = json!({ "token": text, "new": "short" });
                post("/auth/password/reset/confirm", body) == 422
            }
            Kind::RefreshToken => post("/auth/refresh", json!({ "refresh_token": text })) == 200,
            Kind::Nothing => false,
        }
    }

    fn ask(&self, method: &str, path: &str, header: &str, body: Option<&str>) -> u16 {
        let status = status(self.blog.address, method, path, header, body);
        let status = status.expect("an answer");
        assert!(!matches!(status, 429 | 500..), "{status} says nothing of {path}");
        status
    }

    fn the(&self, kind: Kind) -> &str {
        let found = self.handed_out.iter().find(|(known, _)| *known == kind);
        &found.expect("handed out").1
    }

    /// What was tried would have been noticed if it worked: the real ones do.
    fn real_ones_open(&self) {
        for kind in TRIED {
            assert!(self.opens(kind, self.the(kind)), "{kind:?} does not open anything");
        }
    }

    /// The strings of a dump as they are, and where the secret of a credential stands.
    fn candidates(&self, strings: &BTreeSet<String>) -> BTreeSet<String> {
        let before = |kind, separator, parts| {
            let parts = self.the(kind).rsplitn(parts, separator);
            parts.last().expect("what stands before the secret").to_owned()
        };
        let (session, reset) = (before(Kind::Session, '.', 2), before(Kind::ResetToken, '.', 2));
        let key = before(Kind::ApiKey, '_', 3);
        let mut candidates = strings.clone();
        for text in strings {
            candidates.insert(format!("{session}.{text}"));
            candidates.insert(format!("{reset}.{text}"));
            let as_number = URL_SAFE_NO_PAD.decode(text).ok().map(|bytes| base62(&bytes, 43));
            for secret in as_number.iter().chain([text]) {
                let body = format!("{key}_{secret}");
                candidates.insert(format!("{body}_{}", checksum(&body)));
            }
        }
        candidates
    }

    /// Holds a dump of the store against what was handed out, and tries all there is in it.
    fn survives(&self, dump: &[u8]) {
        let strings = strings(dump);
        assert!(strings.iter().any(|text| text.contains("argon2id")), "no account: {strings:?}");
        assert!(strings.iter().any(|text| text.len() == 43), "no hash");
        for (kind, text) in &self.handed_out {
            let parts = match kind {
                // What stands before it is public, and where the record is found.
                Kind::ApiKey => text.rsplit('_').skip(1).take(1).collect(),
                Kind::Password => vec![text.as_str()],
                _ => text.split('.').collect::<Vec<_>>(),
            };
            for part in parts.into_iter().filter(|part| part.len() > 22).chain([text.as_str()]) {
                let held = strings.iter().any(|held| held.contains(part));
                assert!(
                    !held && !contains(dump, part.as_bytes()),
                    "{kind:?} {part} is in the store"
                );
            }
        }
        assert_eq!(self.opened(&self.candidates(&strings)), []);
        self.real_ones_open();
    }

    /// What opens something, and what.
    fn opened(&self, candidates: &BTreeSet<String>) -> Vec<(Kind, String)> {
        let candidates: Vec<_> = candidates.iter().collect();
        let opened = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for share in candidates.chunks(candidates.len().div_ceil(4)) {
                let opened = &opened;
                scope.spawn(move || {
                    for (kind, text) in
                        TRIED.iter().flat_map(|kind| share.iter().map(move |it| (*kind, *it)))
                    {
                        if self.opens(kind, text) {
                            opened.lock().expect("no thread panics").push((kind, text.clone()));
                        }
                    }
                });
            }
        });
        opened.into_inner().expect("no thread panicked")
    }
}

/// A blog on that store whose limits are no obstacle: a thief has time.
fn unlimited(store: &str) -> Blog {
    let folder = Folder::new();
    let policy = fs::read_to_string(workspace().join("policies/blog.yaml")).expect("the policy");
    let policy = policy.replace("5/minute", "60000/minute").replace("30/hour", "60000/hour");
    let policy = policy.replace("600/minute", "60000/minute");
    let file = folder.0.join("policy.yaml");
    fs::write(&file, policy).expect("written");
    let file = file.to_str().expect("UTF-8").to_owned();
    Blog::start_in(folder, &[("BLOG_STORE", store), ("BLOG_POLICY", &file)])
}

/// The value of the session's cookie.
fn cookie(answer: &Answer) -> String {
    let cookies = answer.headers("set-cookie");
    let value = cookies.iter().find_map(|cookie| cookie.strip_prefix("__Host-session="));
    value.and_then(|value| value.split(';').next()).expect("a cookie").to_owned()
}

/// The token that the blog would have sent to somebody.
fn reset_token(blog: &Blog) -> String {
    let outbox = blog.folder.0.join("outbox.jsonl");
    for _ in 0..100 {
        let sent = fs::read_to_string(&outbox).unwrap_or_default();
        if let Some(line) = sent.split_inclusive('\n').find(|line| line.ends_with('\n')) {
            let message: Value = serde_json::from_str(line).expect("JSON");
            return message["token"].as_str().expect("a token").to_owned();
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("nothing was sent");
}

/// Whatever in it could be a name or a secret: runs of their characters, whole and in pieces, and
/// hexadecimal text read as what it stands for.
fn strings(dump: &[u8]) -> BTreeSet<String> {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~+/=$,:".contains(byte);
    let runs = dump.split(|byte| !part(byte)).map(String::from_utf8_lossy);
    let mut found = BTreeSet::new();
    for run in runs.filter(|run| run.len() >= SHORTEST) {
        if let Some(bytes) = unhex(&run) {
            found.extend(strings(&bytes));
        }
        let pieces = run.split(['.', '$', ',', ':', '=', '/']);
        found.extend(pieces.filter(|piece| piece.len() >= SHORTEST).map(str::to_owned));
        found.insert(run.into_owned());
    }
    found
}

/// PostgreSQL writes bytes as `\x` and digits, and the backslash ends a run.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix('x').unwrap_or(text);
    let digits: Vec<u32> = text.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let byte = |pair: &[u32]| u8::try_from(pair.iter().fold(0, |all, digit| all * 16 + digit));
    digits.chunks(2).map(byte).collect::<Result<_, _>>().ok()
}

fn contains(dump: &[u8], text: &[u8]) -> bool {
    let encoded = URL_SAFE_NO_PAD.encode(text);
    [text, encoded.as_bytes()].iter().any(|text| dump.windows(text.len()).any(|at| at == *text))
}

/// The checksum of a key as the book has it: CRC-32 in six digits of base 62.
fn checksum(body: &str) -> String {
    let crc = !body.bytes().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
        })
    });
    base62(&crc.to_be_bytes(), 6)
}

/// A number, big end first, in so many digits of base 62.
fn base62(bytes: &[u8], width: usize) -> String {
    let digits = ('0'..='9').chain('A'..='Z').chain('a'..='z').collect::<Vec<_>>();
    let mut number = bytes.to_vec();
    let mut text: Vec<_> = (0..width)
        .map(|_| {
            let rest = number.iter_mut().fold(0, |rest, byte| {
                let dividend = rest * 256 + usize::from(*byte);
                *byte = u8::try_from(dividend / 62).expect("below 256");
                dividend % 62
            });
            digits[rest]
        })
        .collect();
    text.reverse();
    text.into_iter().collect()
}

/// The status of one request over a connection of its own.
fn status(
    address: SocketAddr,
    method: &str,
    path: &str,
    header: &str,
    body: Option<&str>,
) -> Option<u16> {
    let body = body.unwrap_or_default();
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{header}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

#[test]
fn s1_k1_r01_a_stolen_sqlite_file_opens_nothing() {
    let used = Used::on("sqlite:blog.db");
    let mut dump = Vec::new();
    for entry in fs::read_dir(&used.blog.folder.0).expect("a folder").flatten() {
        if entry.file_name().to_string_lossy().starts_with("blog.db") {
            dump.extend(fs::read(entry.path()).expect("a file"));
        }
    }
    used.survives(&dump);
}

#[test]
#[ignore = "needs a Redis: ./test stores"]
fn s1_k1_r01_a_stolen_redis_dump_opens_nothing() {
    let server = redis::start(&[]);
    let used = Used::on(&server.url);
    let ask = |words: &[&str]| {
        let mut command = Command::new("redis-cli");
        command.env("REDISCLI_AUTH", auth_tests::PASSWORD).args(["-p", &server.port.to_string()]);
        let output = command.args(words).output();
        let said = String::from_utf8(output.expect("redis-cli is installed").stdout);
        said.expect("UTF-8").trim().to_owned()
    };
    assert_eq!(ask(&["CONFIG", "SET", "rdbcompression", "no"]), "OK");
    assert_eq!(ask(&["SAVE"]), "OK");
    let folder = ask(&["CONFIG", "GET", "dir"]);
    let folder = folder.lines().next_back().expect("a folder");
    used.survives(&fs::read(format!("{folder}/dump.rdb")).expect("a dump"));
}

#[test]
#[ignore = "needs a PostgreSQL: ./test stores"]
fn s1_k1_r01_a_stolen_postgresql_dump_opens_nothing() {
    let server = postgresql::start(&[]);
    let used = Used::on(&server.url);
    let mut dump = postgresql::program("pg_dump");
    let dump = dump.args(["--inserts", "-d", &server.url]).output().expect("pg_dump is installed");
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    used.survives(&dump.stdout);
}
