//! A Redis and a PostgreSQL for the blogs of one test. In: what is installed. Out: the URL of a
//! server on a free port; it ends with the test.

use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use super::process::Folder;

pub(super) struct Server {
    command: Command,
    port: u16,
    child: Child,
    pub(super) url: String,
    _folder: Folder,
}

impl Server {
    pub(super) fn redis() -> Self {
        let (folder, port) = (Folder::new(), free_port());
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", ""]);
        // Kept, so that it has everything again after a crash.
        command.args(["--appendonly", "yes", "--appendfsync", "always"]);
        command.arg("--dir").arg(&folder.0);
        Self::begin(command, folder, port, format!("redis://127.0.0.1:{port}"))
    }

    pub(super) fn postgres() -> Self {
        let (folder, port) = (Folder::new(), free_port());
        let data = folder.0.join("data");
        lend(&folder.0);
        let mut create = postgres_program("initdb");
        create.arg("-D").arg(&data).args(["-U", "auth", "-A", "trust", "--no-sync", "-E", "UTF8"]);
        assert!(create.stdout(Stdio::null()).status().expect("initdb is installed").success());
        let mut command = postgres_program("postgres");
        command.arg("-D").arg(&data).args(["-h", "127.0.0.1", "-p", &port.to_string()]);
        command.args(["-c", "fsync=off", "-k"]).arg(&folder.0);
        Self::begin(command, folder, port, format!("postgres://auth@127.0.0.1:{port}/postgres"))
    }

    fn begin(mut command: Command, folder: Folder, port: u16, url: String) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("the server is installed");
        let server = Self { command, port, child, url, _folder: folder };
        server.wait();
        server
    }

    /// It keeps its connections and answers nothing, until it goes on.
    pub(super) fn hang(&self) {
        self.signal("-STOP");
    }

    pub(super) fn go_on(&self) {
        self.signal("-CONT");
    }

    /// Ends at once, and with it every connection.
    pub(super) fn crash(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ended");
    }

    /// Starts again where it was, with what it had written.
    pub(super) fn start_again(&mut self) {
        self.child = self.command.spawn().expect("the server is installed");
        self.wait();
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().expect("kill is installed");
        assert!(sent.success());
    }

    fn wait(&self) {
        let listens = || std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok();
        let patience = (0..100).find(|_| {
            thread::sleep(Duration::from_millis(100));
            listens()
        });
        assert!(patience.is_some(), "the server does not listen");
        // PostgreSQL listens a moment before it serves.
        thread::sleep(Duration::from_millis(500));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked, so that PostgreSQL ends the processes it made; then made to.
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        for _ in 0..50 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// Debian keeps them out of the way, and they do not run as root.
pub(super) fn postgres_program(name: &str) -> Command {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let installed = versions.map(|version| version.path().join("bin").join(name));
    let newest = installed.filter(|path| path.is_file()).max();
    let mut command = Command::new(newest.unwrap_or_else(|| PathBuf::from(name)));
    if let Some((user, group)) = unprivileged() {
        command.uid(user).gid(group);
    }
    command.current_dir("/");
    command
}

fn lend(path: &Path) {
    if let Some((user, group)) = unprivileged() {
        chown(path, Some(user), Some(group)).expect("root may give");
    }
}

/// The ids of `postgres` or `nobody`, if this is root.
fn unprivileged() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    if fs::metadata("/proc/self").ok()?.uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let of = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    of("postgres").or_else(|| of("nobody"))
}
