//! What a guard costs. In: nothing. Out: a table of requests that are let in and refused, each
//! through the whole tower stack, beside an extractor written by hand with jsonwebtoken; with
//! `--write`, the same table in `docs/performance.md`.
//!
//! `cargo bench -p auth-benches [-- --write] [ROUNDS]`
//!
//! With `--instructions [LABEL]` it counts instead of measuring, those whose label begins so: that
//! needs valgrind, and says on a busy machine whether a change pays. `--ask LABEL REQUESTS` asks one
//! of them, for whatever profiles this process.

mod contestant;
mod cookies;
mod instructions;
mod measure;
mod ours;
mod report;
mod theirs;

use std::{env, error::Error, path::Path};

use crate::{contestant::Contestant, instructions::Instructions, ours::Remembered, report::Report};

/// How many rounds are measured, unless the command line says so.
const ROUNDS: usize = 1001;

#[tokio::main(flavor = "current_thread")]
#[allow(clippy::print_stdout, reason = "the table is what this program is for")]
async fn main() -> Result<(), Box<dyn Error>> {
    // Cargo adds a word of its own.
    let arguments: Vec<_> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let mut contestants = contestants().await?;
    match arguments[..] {
        ["--ask", label, requests] => {
            instructions::ask(&mut contestants, label, requests.parse()?).await
        }
        ["--instructions", ref label @ ..] => {
            println!("{}", Instructions::count(&contestants, &label.join(" "))?);
            Ok(())
        }
        _ => measure(&mut contestants, &arguments).await,
    }
}

#[allow(clippy::print_stdout, reason = "the table is what this program is for")]
async fn measure(contestants: &mut [Contestant], arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let write = arguments.contains(&"--write");
    let rounds = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(ROUNDS);
    let times = measure::rounds(contestants, rounds).await?;
    let report = Report::new(contestants, &times);
    println!("{report}");
    if write {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let repository = package.parent().ok_or("this package is a member of a workspace")?;
        report.write(&repository.join("docs/performance.md"))?;
    }
    Ok(())
}

/// Everything that is measured; what [`report::FLOOR`] and [`report::YARDSTICK`] name is among them.
async fn contestants() -> Result<Vec<Contestant>, Box<dyn Error>> {
    let hs256 = ours::hs256(Remembered::None).await?;
    let eddsa = ours::eddsa(Remembered::None).await?;
    let warm = ours::hs256(Remembered::AsEver).await?;
    let mut all = vec![
        theirs::unguarded()?,
        theirs::by_hand("by hand, HS256", theirs::Key::Hs256, &hs256.token, 200)?,
        theirs::by_hand("by hand, EdDSA", theirs::Key::EdDsa, &eddsa.token, 200)?,
        theirs::by_hand("by hand, a bad signature", theirs::Key::Hs256, &hs256.forged, 401)?,
    ];
    all.push(cookies::tower_sessions().await?);
    all.extend(hs256.contestants()?);
    all.push(eddsa.by_token("guard, EdDSA")?);
    all.push(warm.by_token("guard, HS256, the token again")?);
    Ok(all)
}
