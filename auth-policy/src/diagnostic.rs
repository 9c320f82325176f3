//! A finding as data. In: what `check` noticed. Out: code, message, place, related places and
//! help, each on its own, for whoever renders them.

use crate::{
    code::{Code, Severity},
    settings::Place,
};

/// One finding of [`check`](crate::check()).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of finding it is.
    pub code: Code,
    /// How much it weighs.
    pub severity: Severity,
    /// One lower-case sentence; the user's words stand in backticks.
    pub message: String,
    /// Where it is. Inside the file, on one line.
    pub place: Place,
    /// What to write at the place, if the message does not say it.
    pub label: Option<String>,
    /// Places that explain it, each with its label.
    pub others: Vec<(Place, String)>,
    /// What to do now.
    pub help: Option<String>,
}

impl Diagnostic {
    pub(crate) fn new(code: Code, place: Place) -> Self {
        let severity = code.severity();
        Self {
            code,
            severity,
            message: String::new(),
            place,
            label: None,
            others: Vec::new(),
            help: None,
        }
    }

    pub(crate) fn message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    pub(crate) fn other(mut self, place: Place, label: impl Into<String>) -> Self {
        self.others.push((place, label.into()));
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }
}
