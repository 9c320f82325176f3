//! A PostgreSQL for a test. In: what is installed. Out: a server, as `server` has them.

use std::{
    fs,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::{
    directory::Directory,
    server::{Server, free_port},
};

/// A PostgreSQL whose role `auth` has that password.
pub(crate) fn start(password: &str) -> Server {
    start_with(password, &[])
}

/// The same with further settings, `NAME=VALUE`.
pub(crate) fn start_with(password: &str, settings: &[String]) -> Server {
    let (port, directory) = (free_port(), Directory::new());
    let (data, secret) = (directory.file("data"), directory.file("password"));
    fs::write(&secret, password).unwrap();
    lend(&directory.file(""));
    lend(&secret);
    let mut create = as_nobody(postgres_program("initdb"));
    create.args(["-D", &data, "-U", "auth", "-A", "scram-sha-256", "--pwfile", &secret]);
    create.args(["--no-sync", "-E", "UTF8", "--locale", "C"]);
    let created = create.stdout(Stdio::null()).status().unwrap();
    assert!(created.success(), "initdb");
    let mut command = as_nobody(postgres_program("postgres"));
    let socket = format!("unix_socket_directories={}", directory.file(""));
    command.args(["-D", &data, "-h", "127.0.0.1", "-p", &port.to_string(), "-c", &socket]);
    // What is tested ends the process, never the machine.
    command.args(["-c", "fsync=off", "-c", "logging_collector=off"]);
    for setting in settings {
        command.args(["-c", setting]);
    }
    Server::begin(command, port, directory)
}

/// Debian keeps them out of the way.
fn postgres_program(name: &str) -> Command {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let installed = versions.map(|version| version.path().join("bin").join(name));
    let newest = installed.filter(|path| path.is_file()).max();
    Command::new(newest.unwrap_or_else(|| PathBuf::from(name)))
}

/// PostgreSQL does not run as root.
fn as_nobody(mut command: Command) -> Command {
    if let Some((user, group)) = somebody() {
        command.uid(user).gid(group);
    }
    command.current_dir("/");
    command
}

/// Gives a file or a directory to whom the server runs as.
pub(crate) fn lend(path: &str) {
    if let Some((user, group)) = somebody() {
        std::os::unix::fs::chown(path, Some(user), Some(group)).unwrap();
    }
}

/// If this is root, the ids of the user `postgres`, which Debian's package makes, or of `nobody`.
fn somebody() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    if fs::metadata("/proc/self").ok()?.uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let of = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    of("postgres").or_else(|| of("nobody"))
}
