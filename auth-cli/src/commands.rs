//! The commands. In: the arguments as cargo passes them. Out: the exit code of the command named.

use std::{ffi::OsString, process::ExitCode};

use clap::{Parser, Subcommand};

mod check;

/// Checks, compares and explains an access policy.
#[derive(Debug, Parser)]
#[command(name = "cargo auth", bin_name = "cargo auth", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Arguments),
}

/// Runs the command that the arguments name. Wrong usage ends with 2, help with 0.
pub(crate) fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    match Arguments::try_parse_from(without_cargo(arguments)) {
        Ok(Arguments { command: Command::Check(arguments) }) => check::run(&arguments).into(),
        Err(error) => {
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}

/// `cargo auth check` starts `cargo-auth auth check`: takes the word out that cargo put in.
fn without_cargo(arguments: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    let word = |(index, argument): &(usize, OsString)| !(*index == 1 && argument == "auth");
    arguments.enumerate().filter(word).map(|(_, argument)| argument)
}
