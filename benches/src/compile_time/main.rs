//! What rules cost while compiling. In: nothing. Out: a table of `cargo check` for a crate of 200
//! handlers, written three ways, and of 10 to 1,000; with `--write`, the same table in `docs/performance.md`.
//!
//! `cargo run -p auth-benches --bin compile-time [-- --write] [ROUNDS]`

mod measure;
mod report;
mod source;

use std::{
    env,
    error::Error,
    path::{Path, PathBuf},
};

use crate::{measure::Workspace, report::Report};

/// How often each crate is compiled, unless the command line says so.
const ROUNDS: usize = 11;

#[allow(clippy::print_stdout, reason = "the table is what this program is for")]
fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let write = arguments.iter().any(|argument| argument == "--write");
    let rounds = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(ROUNDS);

    let workspace = Workspace::new(&repository()?)?;
    // A thousand handlers are enough at a time.
    let growth = workspace.growth(rounds.div_ceil(5))?;
    let report = Report::new(&workspace.measure(rounds)?, &growth);
    println!("{report}");
    if write {
        report.write(&repository()?.join("docs/performance.md"))?;
    }
    Ok(())
}

/// The folder of this workspace.
fn repository() -> Result<PathBuf, Box<dyn Error>> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    Ok(package.parent().ok_or("this package is a member of a workspace")?.to_owned())
}
