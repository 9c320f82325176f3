//! Servers for the tests. In: what is installed. Out: a server on a free port of this machine, with
//! its data in a directory of its own. Both are gone when the value is dropped.

use std::{
    fs,
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use crate::{directory::Directory, world::pause};

/// How long a server may take to start, in tenths of a second.
const PATIENCE: usize = 300;

/// A server's process, which can be ended and begun again.
pub(crate) struct Server {
    command: Command,
    child: Option<Child>,
    pub(crate) port: u16,
    pub(crate) directory: Directory,
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A Redis with those settings beside the ones every test needs.
#[cfg(feature = "redis")]
pub(crate) fn redis(settings: &[&str]) -> Server {
    let (port, directory) = (free_port(), Directory::new());
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]);
    if !settings.contains(&"--port") {
        command.args(["--port", &port.to_string()]);
    }
    command.args(["--dir", &directory.file(""), "--appendfsync", "no"]).args(settings);
    Server::begin(command, port, directory)
}

impl Server {
    pub(crate) fn begin(command: Command, port: u16, directory: Directory) -> Self {
        let mut server = Self { command, child: None, port, directory };
        server.start();
        server
    }

    pub(crate) fn start(&mut self) {
        assert!(self.child.is_none());
        let log = fs::File::create(self.directory.file("log")).unwrap();
        let errors = log.try_clone().unwrap();
        self.command.stdin(Stdio::null()).stdout(log).stderr(errors);
        let program = self.command.get_program().to_owned();
        let child = self.command.spawn();
        self.child = Some(child.unwrap_or_else(|error| panic!("{program:?}: {error}: install it")));
    }

    /// Asks it to end, so that it leaves nothing in the system's tables, and insists after a while.
    fn stop(&mut self) {
        let Some(child) = &mut self.child else { return };
        drop(Command::new("kill").args(["-INT", &child.id().to_string()]).status());
        for _ in 0..100 {
            if !matches!(child.try_wait(), Ok(None)) {
                self.child = None;
                return;
            }
            wait_a_little();
        }
        self.kill();
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// The server no longer runs but keeps its connections, until `resume`.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    /// To the server and to the processes it made.
    fn signal(&self, signal: &str) {
        let id = self.child.as_ref().unwrap().id();
        let mut ids = vec![id.to_string()];
        let tasks = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        ids.extend(tasks.unwrap_or_default().split_whitespace().map(str::to_owned));
        let sent = Command::new("kill").arg(signal).args(ids).status().unwrap();
        assert!(sent.success());
    }

    /// Tries until it works, or says what the server said.
    pub(crate) async fn ready<T, E: std::fmt::Debug>(
        &mut self,
        attempt: impl AsyncFn() -> Result<T, E>,
    ) -> T {
        for _ in 0..PATIENCE {
            match attempt().await {
                Ok(value) => return value,
                Err(_) => pause(100).await,
            }
            // A server whose predecessor has not quite gone ends at once: once more.
            if self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(Some(_)))) {
                self.child = None;
                self.start();
            }
        }
        let why = attempt().await.err();
        let log = fs::read_to_string(self.directory.file("log")).unwrap_or_default();
        panic!("the server does not answer: {why:?}\n{log}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

#[allow(clippy::disallowed_methods, reason = "a server's end is waited for, in a destructor")]
fn wait_a_little() {
    std::thread::sleep(std::time::Duration::from_millis(50));
}
