//! The table. In: rounds. Out: medians and ratios, on the terminal and in the book.

use std::{error::Error, fmt, fs, path::Path, process::Command, thread, time::Duration};

use crate::{
    measure::{GROWTH, Round},
    source::Variant,
};

/// Where the table stands in the book.
const BEGIN: &str = "<!-- compile-time -->\n";
const END: &str = "<!-- /compile-time -->\n";

/// Medians of all rounds, in the order of [`Variant::ALL`].
pub(crate) struct Report {
    rounds: usize,
    clean: Vec<Line>,
    edited: Vec<Line>,
    growth: Vec<Growth>,
}

/// What so many handlers take.
struct Growth {
    handlers: usize,
    /// Seconds, with `#[authenticate(..)]`.
    median: f64,
    /// Times what the first line of these takes.
    grown: f64,
    /// Times `#[debug_handler]`.
    ratio: f64,
}

struct Line {
    variant: Variant,
    /// Seconds.
    median: f64,
    /// Times the same round's `#[debug_handler]`: the median of that, not of the times.
    ratio: f64,
}

impl Report {
    pub(crate) fn new(rounds: &[Round], growth: &[[Vec<Duration>; 2]]) -> Self {
        let clean = lines(&rounds.iter().map(|round| &*round.clean).collect::<Vec<_>>());
        let edited = lines(&rounds.iter().map(|round| &*round.edited).collect::<Vec<_>>());
        Self { rounds: rounds.len(), clean, edited, growth: grown(growth) }
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
             `cargo run -p auth-benches --bin compile-time -- --write {}`.\n",
            self.rounds
        );
        Ok(fs::write(file, [before, BEGIN, &table, END, after].concat())?)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "`cargo check` of a crate with 200 handlers, medians of {} rounds.",
            self.rounds
        )?;
        writeln!(f, "\"Times\" is against `#[debug_handler]` in the same round.\n")?;
        writeln!(f, "| 200 handlers | clean | times | after an edit | times |")?;
        writeln!(f, "|---|---|---|---|---|")?;
        self.clean.iter().zip(&self.edited).try_for_each(|(clean, edited)| {
            let label = clean.variant.label();
            write!(f, "| {label} | {:.2} s | {:.2} ", clean.median, clean.ratio)?;
            writeln!(f, "| {:.2} s | {:.2} |", edited.median, edited.ratio)
        })?;
        writeln!(f, "\nHow the clean one grows, and what it is in times of `#[debug_handler]`:\n")?;
        writeln!(f, "| handlers with `#[authenticate(..)]` | clean | grows | times |")?;
        writeln!(f, "|---|---|---|---|")?;
        self.growth.iter().try_for_each(|Growth { handlers, median, grown, ratio }| {
            writeln!(f, "| {handlers} | {median:.2} s | {grown:.2} | {ratio:.2} |")
        })
    }
}

fn grown(rounds: &[[Vec<Duration>; 2]]) -> Vec<Growth> {
    let of = |index: usize, value: fn(f64, f64, f64) -> f64| {
        let seconds = |times: &[Duration], index: usize| {
            times.get(index).map_or(f64::NAN, Duration::as_secs_f64)
        };
        let values = rounds.iter().map(|[theirs, ours]| {
            value(seconds(ours, index), seconds(ours, 0), seconds(theirs, index))
        });
        median(values.collect())
    };
    let line = |(index, handlers)| Growth {
        handlers,
        median: of(index, |ours, _, _| ours),
        grown: of(index, |ours, first, _| ours / first),
        ratio: of(index, |ours, _, theirs| ours / theirs),
    };
    GROWTH.into_iter().enumerate().map(line).collect()
}

fn lines(rounds: &[&[Duration]]) -> Vec<Line> {
    let seconds = |index: usize| {
        let times = rounds.iter().filter_map(move |round| round.get(index));
        times.map(Duration::as_secs_f64).collect::<Vec<_>>()
    };
    let yardstick = seconds(1);
    let line = |(index, variant)| {
        let times = seconds(index);
        let ratios = times.iter().zip(&yardstick).map(|(time, yardstick)| time / yardstick);
        Line { variant, ratio: median(ratios.collect()), median: median(times) }
    };
    Variant::ALL.into_iter().enumerate().map(line).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn output(program: &str, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let output = Command::new(program).args(arguments).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
