//! A server for a test. In: the command that starts it, and the one that asks whether it answers.
//! Out: a process that can be halted, killed and started again, with its files in a folder of its
//! own. Both are gone when the value is dropped.

use std::{
    fs,
    net::TcpListener,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use crate::Folder;

/// How long a server may take to start, in twentieths of a second.
const PATIENCE: usize = 600;

/// A server on a port of this machine.
pub struct Server {
    command: Command,
    probe: Probe,
    child: Option<Child>,
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    /// What a store opens, password and all.
    pub url: String,
    folder: Folder,
}

/// A question to a server, and the words in the answer of one that serves.
pub(crate) struct Probe {
    pub(crate) command: Command,
    pub(crate) expected: &'static str,
}

/// A port that nothing listens on.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

impl Server {
    pub(crate) fn begin(
        mut command: Command,
        probe: Probe,
        port: u16,
        url: String,
        folder: Folder,
    ) -> Self {
        let log = folder.new_log();
        let errors = log.try_clone().expect("a log");
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        let mut server = Self { command, probe, child: None, port, url, folder };
        server.start();
        server
    }

    /// Starts it where it was, with what it had written. Returns once it answers.
    pub fn start(&mut self) {
        for _ in 0..PATIENCE {
            // One whose predecessor has not quite gone ends at once: once more.
            if !self.runs() {
                self.spawn();
            }
            if self.probe.succeeds() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("the server does not answer: {}", self.folder.log());
    }

    fn runs(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    fn spawn(&mut self) {
        let program = self.command.get_program().to_owned();
        let child = self.command.spawn();
        self.child = Some(child.unwrap_or_else(|error| panic!("{program:?}: {error}: install it")));
    }

    /// Ends it as a crash would, and with it every connection.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// It keeps its connections and answers nothing, until [`resume`](Self::resume).
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// It goes on.
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    /// To the server and to the processes it made.
    fn signal(&self, signal: &str) {
        let id = self.child.as_ref().expect("it runs").id();
        let mut ids = vec![id.to_string()];
        let tasks = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        ids.extend(tasks.unwrap_or_default().split_whitespace().map(str::to_owned));
        let sent = Command::new("kill").arg(signal).args(ids).status().expect("kill is installed");
        assert!(sent.success());
    }
}

impl Probe {
    fn succeeds(&mut self) -> bool {
        // In the language of `expected`, whatever the tests' own is.
        let output = self.command.env("LC_ALL", "C").stdin(Stdio::null()).output();
        let output = output.expect("the server's programs are installed");
        String::from_utf8_lossy(&output.stdout).contains(self.expected)
    }
}

impl Drop for Server {
    /// Asks it to end, so that it leaves nothing in the system's tables, and insists after a while.
    fn drop(&mut self) {
        let Some(child) = &mut self.child else { return };
        drop(Command::new("kill").args(["-INT", &child.id().to_string()]).status());
        for _ in 0..100 {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        self.kill();
    }
}
