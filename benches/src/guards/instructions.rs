//! The same table in instructions. In: valgrind, if there is one. Out: how many a request of each
//! contestant takes, which is the same on a busy machine and on an idle one.
//!
//! Each contestant runs twice in a process of its own under callgrind, once with more requests:
//! what the two differ in is the requests. Callgrind knows no SHA extensions, so that a digest
//! counts for more here than it takes; and a cache that is missed counts for nothing.

use std::{
    env,
    error::Error,
    fmt,
    process::{Command, Stdio},
};

use crate::{
    contestant::Contestant,
    report::{FLOOR, YARDSTICK},
};

/// Few requests, after which everything is warm; and more.
const REQUESTS: [u64; 2] = [500, 2_500];

/// Instructions for one request of each contestant.
pub(crate) struct Instructions(Vec<(&'static str, u64)>);

impl Instructions {
    /// Counts those whose label begins with these letters, and what they are compared with.
    pub(crate) fn count(contestants: &[Contestant], label: &str) -> Result<Self, Box<dyn Error>> {
        let counted = contestants.iter().enumerate().filter(|(place, contestant)| {
            [FLOOR, YARDSTICK].contains(place) || contestant.label.starts_with(label)
        });
        let each =
            |(_, contestant): (_, &Contestant)| Ok((contestant.label, of(contestant.label)?));
        counted.map(each).collect::<Result<_, Box<dyn Error>>>().map(Self)
    }
}

/// Asks one of them so many times: what runs under callgrind.
pub(crate) async fn ask(
    contestants: &mut [Contestant],
    label: &str,
    requests: u64,
) -> Result<(), Box<dyn Error>> {
    let mut found = contestants.iter_mut().filter(|contestant| contestant.label == label);
    let contestant = found.next().ok_or_else(|| format!("nothing here is called `{label}`"))?;
    for _ in 0..requests {
        contestant.ask().await?;
    }
    Ok(())
}

fn of(label: &str) -> Result<u64, Box<dyn Error>> {
    let [few, many] = REQUESTS;
    let (less, more) = (run(label, few)?, run(label, many)?);
    Ok(more.saturating_sub(less) / (many - few))
}

/// All instructions of a process that asks so many times.
fn run(label: &str, requests: u64) -> Result<u64, Box<dyn Error>> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args(["--ask", label, &requests.to_string()])
        .stdout(Stdio::null())
        .output()
        .map_err(|error| format!("valgrind cannot be run: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected :"));
    let (_, collected) = collected.ok_or_else(|| format!("callgrind counted nothing: {said}"))?;
    Ok(collected.trim().parse()?)
}

impl fmt::Display for Instructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |place: usize| self.0.get(place).map_or(0, |(_, instructions)| *instructions);
        let added = |instructions: u64| instructions.saturating_sub(of(FLOOR));
        writeln!(f, "Instructions added to a route of axum without a guard ({}).\n", of(FLOOR))?;
        writeln!(f, "| request | adds | times |\n|---|---|---|")?;
        self.0.iter().skip(1).try_for_each(|(label, instructions)| {
            let added = (added(*instructions), added(of(YARDSTICK)));
            writeln!(f, "| {label} | {} | {:.2} |", added.0, added.0 as f64 / added.1 as f64)
        })
    }
}
