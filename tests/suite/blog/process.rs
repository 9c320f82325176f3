//! A running blog. In: settings. Out: its address, the seed it printed, and curl to talk to it. It
//! ends with the test.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::LazyLock,
    time::Duration,
};

pub(crate) use auth_tests::Folder;
use serde_json::{Value, json};

use crate::{files::workspace, instance};

/// The binary, built once: a test of another package has no other way to come by it.
static BINARY: LazyLock<PathBuf> = LazyLock::new(|| built("blog", "blog"));

/// The binary of a package, built by cargo.
pub(crate) fn built(package: &str, name: &str) -> PathBuf {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--package", package, "--message-format", "json", "--locked"])
        .current_dir(workspace())
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo runs");
    assert!(built.status.success(), "{package} does not build");
    let messages = String::from_utf8(built.stdout).expect("cargo speaks UTF-8");
    let binary = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let binary = binary.filter(|message| message["target"]["name"] == name);
    let mut binary = binary.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    binary.next_back().expect("cargo names the binary")
}

pub(crate) struct Blog {
    child: Child,
    pub(crate) address: SocketAddr,
    /// `http` or `https`.
    scheme: &'static str,
    /// What it printed before the address: the table and the seed.
    pub(crate) printed: String,
    pub(crate) folder: Folder,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Blog {
    pub(crate) fn seeded() -> Self {
        Self::start(&[("BLOG_SEED", "1")])
    }

    /// Starts a blog on a free port, in a folder of its own.
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        Self::start_in(Folder::new(), settings)
    }

    pub(crate) fn start_in(folder: Folder, settings: &[(&str, &str)]) -> Self {
        let mut child = command(&folder, settings).spawn().expect("the blog starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut printed = String::new();
        let (scheme, address) = loop {
            let line = lines.next().expect("it says where it listens").expect("UTF-8");
            if let Some(address) = line.strip_prefix("listening on http://") {
                break ("http", address.parse().expect("an address"));
            }
            if let Some(address) = line.strip_prefix("listening on https://") {
                break ("https", address.parse().expect("an address"));
            }
            printed.push_str(&line);
            printed.push('\n');
        };
        Self { child, address, scheme, printed, folder }
    }

    /// What a blog that refuses to start says, and its exit code.
    pub(crate) fn refused(settings: &[(&str, &str)]) -> (i32, String) {
        Self::refused_in(&Folder::new(), settings)
    }

    /// The same of one that finds something in its folder.
    pub(crate) fn refused_in(folder: &Folder, settings: &[(&str, &str)]) -> (i32, String) {
        let mut child = command(folder, settings).spawn().expect("it runs");
        let mut waited = 0;
        let status = loop {
            match child.try_wait().expect("it can be waited for") {
                Some(status) => break status,
                None if waited == 400 => {
                    let _ = child.kill();
                    panic!("the blog starts with {settings:?}: {}", folder.log());
                }
                None => std::thread::sleep(Duration::from_millis(50)),
            }
            waited += 1;
        };
        (status.code().expect("an exit code"), folder.log())
    }

    pub(crate) fn seed(&self) -> Value {
        let line = self.printed.lines().find_map(|line| line.strip_prefix("seed "));
        serde_json::from_str(line.expect("a line with the seed")).expect("JSON")
    }

    pub(crate) fn password(&self, user: &str) -> String {
        self.seed()["users"][user].as_str().expect("a password").to_owned()
    }

    pub(crate) fn login(&self, user: &str) -> String {
        let body = json!({ "username": user, "password": self.password(user) });
        let answer = self.post("/auth/login", &[], &body.to_string());
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["access_token"].as_str().expect("a token").to_owned()
    }

    pub(crate) fn get(&self, path: &str, token: Option<&str>) -> Answer {
        self.send("GET", path, &bearer(token), None)
    }

    pub(crate) fn delete(&self, path: &str, token: Option<&str>) -> Answer {
        self.send("DELETE", path, &bearer(token), None)
    }

    pub(crate) fn write(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: &Value,
    ) -> Answer {
        let mut headers = bearer(token);
        headers.push("Content-Type: application/json".to_owned());
        self.send(method, path, &headers, Some(&body.to_string()))
    }

    pub(crate) fn post(&self, path: &str, headers: &[String], body: &str) -> Answer {
        let mut headers = headers.to_vec();
        headers.push("Content-Type: application/json".to_owned());
        self.send("POST", path, &headers, Some(body))
    }

    /// One request by curl: another implementation of HTTP than the blog's.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[String],
        body: Option<&str>,
    ) -> Answer {
        self.send_from("127.0.0.1", method, path, headers, body)
    }

    /// The same from another address of this machine, which limits count for itself.
    pub(crate) fn send_from(
        &self,
        source: &str,
        method: &str,
        path: &str,
        headers: &[String],
        body: Option<&str>,
    ) -> Answer {
        let mut curl = Command::new("curl");
        curl.args(["--interface", source]);
        // The certificate, where it has one, is its own authority.
        curl.args(["-sS", "-k", "-i", "--path-as-is", "--max-time", "20", "-X", method]);
        headers.iter().for_each(|header| {
            curl.args(["-H", header]);
        });
        if let Some(body) = body {
            curl.args(["--data-binary", body]);
        }
        let url = self.url(path);
        let output = curl.arg(url).output().expect("curl is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Answer::read(&String::from_utf8(output.stdout).expect("UTF-8"))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// Kills the blog and starts it again on what it has left in its folder.
    pub(crate) fn restart(mut self) -> Self {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let folder = std::mem::replace(&mut self.folder, Folder::new());
        Self::start_in(folder, &[])
    }

    /// Asks the blog to stop and returns its exit code.
    pub(crate) fn stop(self) -> i32 {
        self.signal("-TERM");
        self.stop_after_signal()
    }

    /// The exit code of a blog that was asked to stop.
    pub(crate) fn stop_after_signal(mut self) -> i32 {
        self.child.wait().expect("it ends").code().expect("by itself")
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().expect("kill is installed");
        assert!(sent.success());
    }

    /// A connection that has sent the beginning of a request.
    pub(crate) fn unfinished_request(&self, beginning: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        stream.write_all(beginning.as_bytes()).expect("it reads");
        stream
    }
}

impl Drop for Blog {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Answer {
    fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        let mut lines = head.lines();
        let status = lines.next().expect("a status line").split(' ').nth(1).expect("a status");
        let headers = lines.filter_map(|line| line.split_once(": "));
        Self {
            status: status.parse().expect("a number"),
            headers: headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(),
            body: body.to_owned(),
        }
    }

    /// The body without `instance`, which is never the same twice.
    pub(crate) fn told(&self) -> String {
        String::from_utf8(instance::without(self.body.as_bytes())).expect("UTF-8")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    /// Every header of that name, in the order of the answer.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(key, _)| key == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}

pub(crate) fn bearer(token: Option<&str>) -> Vec<String> {
    token.map(|token| format!("Authorization: Bearer {token}")).into_iter().collect()
}

fn command(folder: &Folder, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(&*BINARY);
    command.current_dir(&folder.0).env_clear().env("BLOG_ADDR", "127.0.0.1:0");
    command.envs(settings.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(folder.new_log());
    command
}
