//! A PostgreSQL for a test. In: its settings. Out: a server that answers.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::{Folder, PASSWORD, Server, free_port, server::Probe};

/// A PostgreSQL with those settings, `NAME=VALUE`, beside the ones that every test needs.
#[must_use]
pub fn start(settings: &[&str]) -> Server {
    let (folder, port) = (Folder::in_memory(), free_port());
    let url = format!("postgres://auth:{PASSWORD}@127.0.0.1:{port}/postgres");
    let (data, number) = (create(&folder), port.to_string());
    let mut command = program("postgres");
    command.args(["-D", &data, "-h", "127.0.0.1", "-p", &number, "-k"]).arg(&folder.0);
    // What is tested ends the process, never the machine.
    for setting in ["fsync=off", "logging_collector=off"].iter().chain(settings) {
        command.args(["-c", setting]);
    }
    let mut ready = program("pg_isready");
    ready.args(["-h", "127.0.0.1", "-p", &number]);
    let probe = Probe { command: ready, expected: "accepting connections" };
    Server::begin(command, probe, port, url, folder)
}

/// A program of PostgreSQL, run by somebody whom it does not refuse.
#[must_use]
pub fn program(name: &str) -> Command {
    // Debian keeps them out of the way.
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let installed = versions.map(|version| version.path().join("bin").join(name));
    let newest = installed.filter(|path| path.is_file()).max();
    let mut command = Command::new(newest.unwrap_or_else(|| PathBuf::from(name)));
    if let Some((user, group)) = somebody() {
        command.uid(user).gid(group);
    }
    command.current_dir("/");
    command
}

/// Gives a file or a folder to whom the server runs as.
pub fn lend(path: &str) {
    if let Some((user, group)) = somebody() {
        chown(path, Some(user), Some(group)).expect("root may give");
    }
}

/// Where an empty database now is.
fn create(folder: &Folder) -> String {
    let (data, secret) = (folder.file("data"), folder.file("password"));
    fs::write(&secret, PASSWORD).expect("written");
    lend(&folder.file(""));
    lend(&secret);
    let mut create = program("initdb");
    create.args(["-D", &data, "-U", "auth", "-A", "scram-sha-256", "--pwfile", &secret]);
    create.args(["--no-sync", "-E", "UTF8", "--locale", "C"]);
    let created = create.stdout(Stdio::null()).status().expect("initdb is installed");
    assert!(created.success(), "initdb");
    data
}

/// If this is root, the ids of the user `postgres`, which Debian's package makes, or of `nobody`.
fn somebody() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").ok()?.uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("it lists the users");
    let of = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    of("postgres").or_else(|| of("nobody"))
}
