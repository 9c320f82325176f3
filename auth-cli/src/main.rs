//! `cargo auth`: checks, compares and explains an access policy.
//!
//! This file is the door: each command lives in a file of its own under `commands`.

mod commands;
mod exit;
mod files;
mod format;
mod locked;
mod locks;
mod markdown;
mod moment;
mod policies;
mod terminal;

use std::process::ExitCode;

fn main() -> ExitCode {
    commands::run(std::env::args_os())
}
