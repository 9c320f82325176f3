//! What a guard costs. In: nothing. Out: a table of requests that are let in and refused, each
//! through the whole tower stack, beside what others and an extractor written by hand with
//! jsonwebtoken cost; and tables of how that grows with what there is. With `--write`, the same
//! tables in `docs/performance.md`.
//!
//! `cargo bench -p auth-benches --bench guards [-- [guards | growth] [--write] [--full] [ROUNDS]]`
//!
//! `--full` fills stores with a million records, which takes a while. `AUTH_BENCH_STORES` may name
//! databases to measure beside memory and SQLite, by their URLs: what they hold stays there.
//!
//! With `--instructions [LABEL]` it counts instead of measuring, those whose label begins so: that
//! needs valgrind, and says on a busy machine whether a change pays. `--ask LABEL REQUESTS` asks one
//! of them, for whatever profiles this process.

#[path = "../book.rs"]
mod book;
mod contestant;
mod cookies;
mod growth;
mod instructions;
mod measure;
mod ours;
mod report;
mod theirs;

use std::{env, error::Error};

use tokio::runtime;

use crate::{
    contestant::Contestant,
    instructions::Instructions,
    ours::{Remembered, Setting},
    report::Report,
};

/// How many rounds are measured, unless the command line says so.
const ROUNDS: usize = 1001;

#[allow(clippy::print_stdout, reason = "the tables are what this program is for")]
fn main() -> Result<(), Box<dyn Error>> {
    // Cargo adds a word of its own.
    let arguments: Vec<_> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let alone = runtime::Builder::new_current_thread().enable_all().build()?;
    match arguments[..] {
        ["--ask", label, requests] => alone.block_on(async {
            instructions::ask(&mut contestants().await?, label, requests.parse()?).await
        }),
        ["--instructions", ref label @ ..] => {
            let contestants = alone.block_on(contestants())?;
            println!("{}", Instructions::count(&contestants, &label.join(" "))?);
            Ok(())
        }
        _ => measure(&alone, &arguments),
    }
}

#[allow(clippy::print_stdout, reason = "the tables are what this program is for")]
fn measure(alone: &runtime::Runtime, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let [guards, growth, write, full] =
        ["guards", "growth", "--write", "--full"].map(|word| arguments.contains(&word));
    let rounds = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(ROUNDS);
    let book = |section: &str, text: &str| {
        println!("{text}");
        if write { book::write(section, text, "--bench guards", arguments) } else { Ok(()) }
    };
    if guards || !growth {
        let mut contestants = alone.block_on(contestants())?;
        let times = alone.block_on(measure::rounds(&mut contestants, rounds))?;
        book("guards", &Report::new(&contestants, &times).to_string())?;
    }
    if growth || !guards {
        book("growth", &growth::tables(alone, rounds, full)?)?;
    }
    Ok(())
}

/// Everything that is measured; what [`report::FLOOR`], [`report::YARDSTICK`] and [`report::RIGHTS`]
/// name is among them.
async fn contestants() -> Result<Vec<Contestant>, Box<dyn Error>> {
    let again = || Setting { remembered: Remembered::AsEver, ..Setting::default() };
    let hs256 = ours::hs256(Setting::default()).await?;
    let mut all = vec![
        theirs::unguarded()?,
        theirs::by_hand("by hand, HS256", theirs::Key::Hs256, hs256.token()?, 200)?,
        theirs::by_hand("by hand, a bad signature", theirs::Key::Hs256, &hs256.forged()?, 401)?,
        theirs::protect_axum(hs256.token()?)?,
        cookies::tower_sessions().await?,
        cookies::axum_login().await?,
    ];
    all.extend(hs256.contestants()?);
    let warm = ours::hs256(again()).await?;
    all.push(warm.by_token("guard, HS256, the token again")?);
    let [without, with] = report::RIGHTS;
    all.push(warm.asked_by_token(without, ours::WHATEVER_RIGHTS)?);
    all.push(warm.asked_by_token(with, ours::SCOPE_AND_ROLE)?);
    let (anew, warm) = (ours::eddsa(Setting::default()).await?, ours::eddsa(again()).await?);
    all.push(theirs::by_hand("by hand, EdDSA", theirs::Key::EdDsa, anew.token()?, 200)?);
    all.push(anew.by_token("guard, EdDSA")?);
    all.push(warm.by_token("guard, EdDSA, the token again")?);
    let (anew, warm) = (ours::rs256(Setting::default()).await?, ours::rs256(again()).await?);
    all.push(theirs::by_hand("by hand, RS256", theirs::Key::Rs256, anew.token()?, 200)?);
    all.push(anew.by_token("guard, RS256")?);
    all.push(warm.by_token("guard, RS256, the token again")?);
    let (anew, warm) = (ours::es256(Setting::default()).await?, ours::es256(again()).await?);
    all.push(theirs::by_hand("by hand, ES256", theirs::Key::Es256, anew.token()?, 200)?);
    all.push(anew.by_token("guard, ES256")?);
    all.push(warm.by_token("guard, ES256, the token again")?);
    Ok(all)
}
