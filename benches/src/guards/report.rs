//! The table. In: rounds. Out: what each guard adds to a route without one, in nanoseconds and in
//! times what the extractor by hand adds in the same round; on the terminal and in the book.

use std::{error::Error, fmt, fs, path::Path, process::Command, thread};

use crate::{contestant::Contestant, measure::Round};

/// The contestant whose time is taken off all others.
pub(crate) const FLOOR: usize = 0;
/// The contestant whose cost is 1.
pub(crate) const YARDSTICK: usize = 1;

/// Where the table stands in the book.
const BEGIN: &str = "<!-- guards -->\n";
const END: &str = "<!-- /guards -->\n";

/// Medians of all rounds.
pub(crate) struct Report {
    rounds: usize,
    floor: f64,
    lines: Vec<Line>,
}

struct Line {
    label: &'static str,
    /// Nanoseconds more than the floor.
    cost: f64,
    /// Times the yardstick's cost in the same round: the median of that, not of the times.
    ratio: f64,
}

impl Report {
    pub(crate) fn new(contestants: &[Contestant], rounds: &[Round]) -> Self {
        let time = |round: &Round, index: usize| round.get(index).copied().unwrap_or(f64::NAN);
        let cost = |round: &Round, index| time(round, index) - time(round, FLOOR);
        let line = |(index, contestant): (usize, &Contestant)| Line {
            label: contestant.label,
            cost: median(rounds.iter().map(|round| cost(round, index)).collect()),
            ratio: median(
                rounds.iter().map(|round| cost(round, index) / cost(round, YARDSTICK)).collect(),
            ),
        };
        let lines = contestants.iter().enumerate().skip(1).map(line).collect();
        let floor = median(rounds.iter().map(|round| time(round, FLOOR)).collect());
        Self { rounds: rounds.len(), floor, lines }
    }

    /// Puts the table into the book, between its marks.
    pub(crate) fn write(&self, file: &Path) -> Result<(), Box<dyn Error>> {
        let text = fs::read_to_string(file)?;
        let (before, rest) = text.split_once(BEGIN).ok_or("the book has no place for the table")?;
        let (_, after) = rest.split_once(END).ok_or("the place for the table has no end")?;
        let date = output("date", &["-u", "+%F"])?;
        let rustc = output("rustc", &["--version"])?;
        let cores = thread::available_parallelism()?;
        let table = format!(
            "{self}\nMeasured on {date} with {rustc} on {cores} cores: \
             `cargo bench -p auth-benches -- --write {}`.\n",
            self.rounds
        );
        Ok(fs::write(file, [before, BEGIN, &table, END, after].concat())?)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "What is added to a route of axum without a guard ({:.0} ns), medians of {} rounds.",
            self.floor, self.rounds
        )?;
        writeln!(f, "\"Times\" is against the extractor by hand, HS256, in the same round.\n")?;
        writeln!(f, "| request | adds | times |\n|---|---|---|")?;
        self.lines.iter().try_for_each(|line| {
            writeln!(f, "| {} | {:.0} ns | {:.2} |", line.label, line.cost, line.ratio)
        })
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn output(program: &str, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let output = Command::new(program).args(arguments).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
