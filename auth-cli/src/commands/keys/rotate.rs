//! `cargo auth keys rotate`. In: a JWK set and the step that is due. Out: the same set with a key
//! more, in another order, or with a key less; and what to do next.
//!
//! The steps are those of `Auth::replace_keys`: between them somebody has to wait, so each is a call
//! of its own, and one that is not due is refused.

use std::path::PathBuf;

use auth_runtime::{
    clock::{Clock, SystemClock},
    policy_types::Algorithm,
};
use clap::ValueEnum;

use super::{Alg, Done, Problem, Set, list, list::Row, new_key, read, said, write};
use crate::{format::Format, terminal};

/// How long readers of the published set may keep it: its `max-age`, in seconds.
const PUBLISHED_AFTER: i64 = 300;

/// Replace the signing key of a JWK set, in three steps
///
/// `--step add` puts a new key behind the old one, so that it is published and does not sign. Five
/// minutes later, `--step sign` puts it first. When the last token of the old key has expired,
/// `--step retire` takes that away. After each step the service reads the file anew. The file is
/// replaced at once and can be read by its owner alone (mode 0600).
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The JWK set
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Which step is due
    #[arg(long, value_name = "STEP", default_value = "add")]
    step: Step,

    /// Whose key to replace, if the set signs with several algorithms
    #[arg(long, value_name = "ALGORITHM")]
    alg: Option<Alg>,

    /// Sign with a key that not everybody knows yet: for an old key that has leaked
    #[arg(long)]
    at_once: bool,

    /// For whom it is said what was done, and what to do next
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Step {
    /// A new key, behind the old one
    Add,
    /// The new key signs
    Sign,
    /// The old key goes
    Retire,
}

pub(super) fn rotate(arguments: &Arguments) -> Result<(), Problem> {
    let mut set = read(&arguments.file)?;
    let rows = list::rows(&set)?;
    let algorithm = algorithm(&rows, arguments.alg)?;
    let keys = Private::of(&rows, algorithm);
    let (what, next) = match arguments.step {
        Step::Add => add(&mut set, &keys, algorithm),
        Step::Sign => sign(&mut set, &keys, arguments.at_once),
        Step::Retire => retire(&mut set, &keys),
    }?;
    write(&arguments.file, &set)?;
    let done = Done { file: &arguments.file, set: &set, what, next: Some(next) };
    terminal::tell(&said(&done, arguments.format)?);
    Ok(())
}

/// What was done, and what to do now.
type Advice = (&'static str, &'static str);

/// The algorithm named, or the only one that the set signs with.
fn algorithm(rows: &[Row], named: Option<Alg>) -> Result<Algorithm, Problem> {
    let signs = |algorithm| rows.iter().any(|row| row.signs && row.algorithm == algorithm);
    let mut all = Algorithm::ALL.into_iter().filter(|algorithm| signs(*algorithm));
    match (named.map(Algorithm::from), all.next(), all.next()) {
        (Some(named), ..) if signs(named) => Ok(named),
        (Some(named), ..) => Err(format!("the set does not sign with {}", named.name())),
        (None, Some(only), None) => Ok(only),
        (None, None, _) => Err("the set has no private key, so there is nothing to replace".into()),
        (None, ..) => Err("the set signs with several algorithms: name one with `--alg`".into()),
    }
}

/// Where a key is in the set, and what is known of it.
type Placed<'r> = (usize, &'r Row);

/// The private keys of one algorithm: the one that signs, and those behind it.
struct Private<'r> {
    keys: Vec<Placed<'r>>,
}

impl<'r> Private<'r> {
    fn of(rows: &'r [Row], algorithm: Algorithm) -> Self {
        let own = |(_, row): &(usize, &Row)| row.is_private && row.algorithm == algorithm;
        Self { keys: rows.iter().enumerate().filter(own).collect() }
    }

    /// The one that signs and the other, if there are two.
    fn pair(&self) -> Result<(Placed<'r>, Placed<'r>), Problem> {
        match self.keys.as_slice() {
            [first, second] => Ok((*first, *second)),
            [] | [_] => Err("there is one key of it; begin with `--step add`".into()),
            _ => Err("there are more than two keys of it: take the oldest away by hand".into()),
        }
    }
}

fn add(set: &mut Set, keys: &Private<'_>, algorithm: Algorithm) -> Result<Advice, Problem> {
    if keys.keys.len() > 1 {
        return Err("a rotation is under way: go on with `--step sign` or `--step retire`".into());
    }
    let mut key = new_key(algorithm)?;
    let old = keys.keys.first().and_then(|(_, row)| row.made_at).unwrap_or(i64::MIN);
    // Of two keys made within one second the later one must still be known for it.
    key.set_made_at(SystemClock.now().0.max(old.saturating_add(1)));
    set.push(key);
    Ok((
        "added a key that does not sign yet",
        "Let the service read the file, wait 5 minutes until everybody knows the key, and go on \
         with `--step sign`",
    ))
}

fn sign(set: &mut Set, keys: &Private<'_>, at_once: bool) -> Result<Advice, Problem> {
    let ((_, old), (place, new)) = keys.pair()?;
    if new.made_at < old.made_at {
        return Err("the newer key signs already: go on with `--step retire`".into());
    }
    let age = new.made_at.map(|made_at| SystemClock.now().0.saturating_sub(made_at));
    if age.is_some_and(|age| age < PUBLISHED_AFTER) && !at_once {
        return Err("the new key is younger than 5 minutes, so not everybody knows it: wait, or \
                    say `--at-once` if the old one has leaked"
            .into());
    }
    set.move_to_front(place);
    Ok((
        "the new key signs",
        "Let the service read the file, wait until the last token of the old key has expired \
         (`access_ttl` and the leeway), and go on with `--step retire`",
    ))
}

fn retire(set: &mut Set, keys: &Private<'_>) -> Result<Advice, Problem> {
    let ((_, first), (_, second)) = keys.pair()?;
    if second.made_at >= first.made_at && second.made_at.is_some() {
        return Err("the newer key does not sign yet: `--step sign` comes first".into());
    }
    let (last, _) = keys.keys.last().copied().ok_or("there is no key")?;
    set.remove(last);
    Ok((
        "the old key is gone",
        "Let the service read the file: its tokens are refused from then on",
    ))
}
