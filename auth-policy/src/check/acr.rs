//! `acr_values`. In: the list as written. Out: the authentication contexts, from the weakest to the
//! strongest, each of which can stand in a claim and in a challenge (RFC 9470).

use crate::{
    code::Code, contents::AcrValue, document::At, report::Report, settings::Place, source::quoted,
};

/// The most authentication contexts a policy may declare.
const MOST: usize = 32;
/// The longest value, in bytes.
const LONGEST: usize = 255;

pub(super) fn acr_values(words: &[At<String>], report: &mut Report) -> Vec<AcrValue> {
    if let Some(first) = words.get(MOST) {
        report.add(Code::OutOfRange, first.place, |found| {
            found.message(format!("a policy declares at most {MOST} authentication contexts"))
        });
    }
    let mut values: Vec<AcrValue> = Vec::new();
    for word in words.iter().take(MOST) {
        if let Some(first) = values.iter().find(|known| known.value == word.value) {
            twice(word, first.place, report);
        } else if fits(word, report) {
            values.push(AcrValue { value: word.value.clone(), place: word.place });
        }
    }
    values
}

fn twice(word: &At<String>, first: Place, report: &mut Report) {
    report.add(Code::NamedTwice, word.place, |found| {
        found
            .message(format!("the authentication context {} is named twice", quoted(&word.value)))
            .label("again here")
            .other(first, "first here")
            .help("remove one of them: its place in the list says how strong it is")
    });
}

/// Whether a challenge can name it: blanks separate several there, and quotes end them.
fn fits(word: &At<String>, report: &mut Report) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
    let fits = word.value.len() <= LONGEST && word.value.chars().all(plain);
    if !fits {
        report.add(Code::InvalidName, word.place, |found| {
            found
                .message(format!("{} cannot be an authentication context", quoted(&word.value)))
                .help("use 1 to 255 printable ASCII characters without blanks, quotes and backslashes")
        });
    }
    fits
}
