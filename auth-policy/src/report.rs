//! Findings on their way out. In: each finding as it is made. Out: a bounded list, in the order of
//! the file.

use crate::{
    code::{Code, Severity},
    diagnostic::Diagnostic,
    settings::Place,
    source::Source,
};

/// How many errors, and how many warnings and notes, one run shows.
const MOST: usize = 100;

/// How many errors come with a guess at what was meant: each is a search among all names.
const GUESSES: usize = 20;

/// Collects findings. Beyond [`MOST`] they are counted and not written, so that a hostile file
/// costs no more than an ordinary one.
#[derive(Debug, Default)]
pub(crate) struct Report {
    errors: Vec<Diagnostic>,
    advice: Vec<Diagnostic>,
    skipped_errors: usize,
    skipped_advice: usize,
}

impl Report {
    /// Adds a finding; `say` writes it and is not called once there are enough.
    pub(crate) fn add(
        &mut self,
        code: Code,
        place: Place,
        say: impl FnOnce(Diagnostic) -> Diagnostic,
    ) {
        let (list, skipped) = match code.severity() {
            Severity::Error => (&mut self.errors, &mut self.skipped_errors),
            Severity::Warning | Severity::Note => (&mut self.advice, &mut self.skipped_advice),
        };
        if list.len() < MOST {
            list.push(say(Diagnostic::new(code, place)));
        } else {
            *skipped += 1;
        }
    }

    /// Whether further errors would not be shown, so that no more need to be looked for.
    pub(crate) fn is_full(&self) -> bool {
        self.errors.len() >= MOST
    }

    /// Whether the next error should come with a guess at what was meant.
    pub(crate) fn guesses(&self) -> bool {
        self.errors.len() < GUESSES
    }

    /// How many errors there are so far, shown or not.
    pub(crate) fn errors(&self) -> usize {
        self.errors.len() + self.skipped_errors
    }

    /// All findings, sorted by place and moved inside the file.
    pub(crate) fn finish(self, source: &Source) -> Vec<Diagnostic> {
        let skipped = self.skipped_errors + self.skipped_advice;
        let mut all = self.errors;
        all.extend(self.advice);
        for found in &mut all {
            found.place = source.clip(found.place);
            found.others.iter_mut().for_each(|(place, _)| *place = source.clip(*place));
        }
        all.sort_by_key(|found| (found.place.line, found.place.column, found.code));
        all.extend(rest(skipped, source));
        all
    }
}

fn rest(skipped: usize, source: &Source) -> Option<Diagnostic> {
    let end = Place { line: u32::MAX, column: u32::MAX, length: 1 };
    (skipped > 0).then(|| {
        Diagnostic::new(Code::NotAllShown, source.clip(end))
            .message(format!("at least {skipped} more findings are not shown"))
            .help("mend the first ones and check again")
    })
}
