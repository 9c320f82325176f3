//! Limits and password rules. In: their forms. Out: their settings, none below the floor.

use super::grants::undeclared;
use crate::{
    code::Code,
    document::{At, Document, PasswordsForm},
    policy::{Contents, LimitId},
    report::Report,
    settings::{Argon2Cost, Limit, Passwords, Rate, Seconds},
    undeclared::Kind,
};

const SHORTEST: u32 = 12;
const SHORTEST_CAP: u32 = 128;
/// Bounds that keep one sign-in from taking a server's memory or seconds of its time.
const LONGEST_CAP: u32 = 4096;
const MOST_MEMORY_KIB: u32 = 1024 * 1024;
const MOST_ITERATIONS: u32 = 64;
const MOST_LANES: u32 = 16;

/// The limits, sorted by name.
pub(super) fn limits(document: &Document) -> Vec<Limit> {
    // INVARIANT: a limit without a rate is an error already, and no policy is made.
    let never = Rate { requests: 1, period: Seconds(1), burst: 1 };
    let mut limits: Vec<_> = document
        .limits
        .iter()
        .map(|entry| Limit {
            name: entry.name.value.clone(),
            rate: entry.form.rate.unwrap_or(never),
            by: entry.form.by.as_ref().map(|by| by.value.clone()).unwrap_or_default(),
            on_store_down: entry.form.on_store_down.map(|word| word.value).unwrap_or_default(),
            place: entry.name.place,
        })
        .collect();
    limits.sort_by(|a, b| a.name.cmp(&b.name));
    limits
}

/// The limit a word names.
pub(super) fn limit_id(
    word: &At<String>,
    contents: &Contents,
    report: &mut Report,
) -> Option<LimitId> {
    let id = contents.limit_id(&word.value);
    if id.is_none() {
        undeclared(Kind::Limit, word, contents, report);
    }
    id
}

/// What passwords must be.
pub(super) fn passwords(form: &PasswordsForm, report: &mut Report) -> Passwords {
    let default = Passwords::default();
    let mut within = |key: &str, number: Option<At<u32>>, floor, cap, default| {
        number.map_or(default, |number| bounded(key, number, floor, cap, report))
    };
    let cost = default.argon2;
    let argon2 = Argon2Cost {
        memory_kib: within(
            "argon2.memory_kib",
            form.memory_kib,
            cost.memory_kib,
            MOST_MEMORY_KIB,
            cost.memory_kib,
        ),
        iterations: within(
            "argon2.iterations",
            form.iterations,
            cost.iterations,
            MOST_ITERATIONS,
            cost.iterations,
        ),
        parallelism: within(
            "argon2.parallelism",
            form.parallelism,
            cost.parallelism,
            MOST_LANES,
            cost.parallelism,
        ),
    };
    let max_length =
        within("max_length", form.max_length, SHORTEST_CAP, LONGEST_CAP, default.max_length);
    let min_length =
        within("min_length", form.min_length, SHORTEST, max_length, default.min_length);
    advise_against_classes(form, report);
    Passwords {
        min_length,
        max_length,
        classes: form.classes.as_ref().map(|classes| classes.value.clone()).unwrap_or_default(),
        reject: form.reject.clone().unwrap_or(default.reject),
        argon2,
    }
}

fn bounded(key: &str, number: At<u32>, floor: u32, cap: u32, report: &mut Report) -> u32 {
    if number.value < floor {
        report.add(Code::WeakPasswordRule, number.place, |found| {
            found
                .message(format!("`{key}` is {}, below the floor of {floor}", number.value))
                .help(format!("write {floor} or more, or leave the key out"))
        });
    } else if number.value > cap {
        report.add(Code::OutOfRange, number.place, |found| {
            found
                .message(format!("`{key}` is {}, above the cap of {cap}", number.value))
                .help(format!("write {cap} or less, or leave the key out"))
        });
    }
    number.value
}

fn advise_against_classes(form: &PasswordsForm, report: &mut Report) {
    let Some(classes) = form.classes.as_ref().filter(|classes| !classes.value.is_empty()) else {
        return;
    };
    report.add(Code::PasswordClasses, classes.place, |found| {
        found
            .message("NIST SP 800-63B advises against character classes: they make passwords predictable")
            .help("a longer `min_length` does more")
    });
}
