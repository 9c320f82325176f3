//! The commands. In: the arguments as cargo passes them. Out: the exit code of the command named.

use std::{ffi::OsString, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{exit::Outcome, terminal};

mod api_key;
mod check;
mod diff;
mod explain;
mod fmt;
mod init;
mod keys;
mod lock;
mod report;
mod schema;
mod test;
mod token;
mod what_can;
mod who_can;

/// Checks access policies, says what they mean and what a change of them means, and tends keys and tokens
///
/// Findings go to standard output, problems of a command itself to standard error. Every command
/// exits 0 when all is fine, 1 when it found errors, and 2 when it was used wrongly or could not do
/// what it was asked to.
#[derive(Debug, Parser)]
#[command(name = "cargo auth", bin_name = "cargo auth", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Arguments),
    Check(check::Arguments),
    Fmt(fmt::Arguments),
    Diff(diff::Arguments),
    Lock(lock::Arguments),
    WhoCan(who_can::Arguments),
    WhatCan(what_can::Arguments),
    Explain(explain::Arguments),
    Test(test::Arguments),
    Report(report::Arguments),
    Schema(schema::Arguments),
    Keys(keys::Arguments),
    Token(token::Arguments),
    ApiKey(api_key::Arguments),
}

/// Runs the command that the arguments name. Wrong usage ends with 2, help with 0.
pub(crate) fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    match Arguments::try_parse_from(without_cargo(arguments)) {
        Ok(Arguments { command }) => {
            let outcome = run_one(&command);
            if terminal::is_cut() { Outcome::Misused.into() } else { outcome.into() }
        }
        Err(error) => {
            let _ = error.print();
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
        }
    }
}

fn run_one(command: &Command) -> Outcome {
    match command {
        Command::Init(arguments) => init::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Fmt(arguments) => fmt::run(arguments),
        Command::Diff(arguments) => diff::run(arguments),
        Command::Lock(arguments) => lock::run(arguments),
        Command::WhoCan(arguments) => who_can::run(arguments),
        Command::WhatCan(arguments) => what_can::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
        Command::Test(arguments) => test::run(arguments),
        Command::Report(arguments) => report::run(arguments),
        Command::Schema(arguments) => schema::run(arguments),
        Command::Keys(arguments) => keys::run(arguments),
        Command::Token(arguments) => token::run(arguments),
        Command::ApiKey(arguments) => api_key::run(arguments),
    }
}

/// `cargo auth check` starts `cargo-auth auth check`: takes the word out that cargo put in.
fn without_cargo(arguments: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    let word = |(index, argument): &(usize, OsString)| !(*index == 1 && argument == "auth");
    arguments.enumerate().filter(word).map(|(_, argument)| argument)
}
