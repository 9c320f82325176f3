//! Chromedriver, started on a free port. In: a folder for what the browser keeps. Out: a session
//! with a headless Chromium. All of it ends with the test, however that ends.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use super::wire;
use crate::blog::process::Folder;

/// What Chromium is started with, besides its folder: no window, nothing sent to anybody.
const ARGUMENTS: [&str; 8] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// The driver in a group with all the browser's processes. Its shell waits until the pipe that this
/// process holds is closed, which is also when this process is killed, and then ends the group.
const ON_A_LEASH: &str =
    "chromedriver --port=0 --log-level=WARNING </dev/null & read -r _; kill -KILL 0";

/// A driver and the one browser it drives.
pub(super) struct Driver {
    process: Child,
    port: u16,
    session: String,
    _folder: Folder,
}

impl Driver {
    pub(super) fn start() -> Self {
        let mut process = Command::new("sh")
            .args(["-c", ON_A_LEASH])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("there is a shell");
        let port = port(&mut process);
        // From here on it is dropped, and so ended, whatever fails.
        let folder = Folder::new();
        let capabilities = capabilities(&folder);
        let mut driver = Self { process, port, session: String::new(), _folder: folder };
        let begun = driver.ask("POST", "/session", Some(&capabilities)).expect("a browser");
        driver.session = begun["sessionId"].as_str().expect("a session").to_owned();
        driver
    }

    /// A command about the session: `path` is what follows its id.
    pub(super) fn command(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, String> {
        self.ask(method, &format!("/session/{}{path}", self.session), body)
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        wire::command(self.port, method, path, body)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Asked first, so that it has time to close its files; then let go of.
        if !self.session.is_empty() {
            let _ = self.command("DELETE", "", None);
        }
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn capabilities(folder: &Folder) -> Value {
    let data = format!("--user-data-dir={}", folder.0.join("chromium").display());
    let arguments: Vec<_> = ARGUMENTS.into_iter().chain([data.as_str()]).collect();
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:chromeOptions": { "args": arguments },
        "goog:loggingPrefs": { "browser": "ALL" },
    } } })
}

/// The port it says that it listens on. What else it says is read to the end, or it would block.
fn port(process: &mut Child) -> u16 {
    let mut lines = BufReader::new(process.stdout.take().expect("piped")).lines();
    let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let (_, port) = line.split_once("started successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    });
    std::thread::spawn(move || lines.for_each(drop));
    port.expect("chromedriver is installed (Debian: apt-get install chromium-driver)")
}
