//! A Redis for a test. In: its settings. Out: a server that answers.

use std::process::Command;

use crate::{Folder, PASSWORD, Server, free_port, server::Probe};

/// A Redis with those settings beside the ones that every test needs. It has everything again when
/// it is killed and started.
#[must_use]
pub fn start(settings: &[&str]) -> Server {
    let (folder, port) = (Folder::in_memory(), free_port());
    let url = format!("redis://:{PASSWORD}@127.0.0.1:{port}");
    let number = port.to_string();
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--port", &number, "--requirepass", PASSWORD]);
    // Not on the disk before it answers: what is tested ends the process, never the machine.
    command.args(["--save", "", "--appendonly", "yes", "--appendfsync", "no"]);
    command.arg("--dir").arg(&folder.0).args(settings);
    let mut ping = Command::new("redis-cli");
    ping.env("REDISCLI_AUTH", PASSWORD).args(["-p", &number, "ping"]);
    Server::begin(command, Probe { command: ping, expected: "PONG" }, port, url, folder)
}
