//! Findings as text. In: a [`Diagnostic`] and its source. Out: message, place, lines and help in
//! the manner of rustc, plain or in colour.
//!
//! Only lines that a finding points at are shown, each cropped and cleaned by
//! [`shown_line`]: what stands between two places of a finding never is.

use annotate_snippets::{
    Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet,
};

use crate::{
    code::Severity,
    diagnostic::Diagnostic,
    settings::Place,
    source::{ShownLine, Source, shown_line},
};

/// Wide enough that the renderer never crops what was cropped already.
const COLUMNS: usize = 400;

impl Diagnostic {
    /// The finding as text, with the lines it speaks of, in the manner of rustc.
    pub fn render(&self, source: &Source) -> String {
        Renderer::plain().term_width(COLUMNS).render(&[group(self, source)])
    }

    /// The same in a terminal's colours.
    pub fn render_colored(&self, source: &Source) -> String {
        Renderer::styled().term_width(COLUMNS).render(&[group(self, source)])
    }
}

fn group<'a>(found: &'a Diagnostic, source: &'a Source) -> Group<'a> {
    let title = level(found.severity).primary_title(found.message.as_str()).id(found.code.as_str());
    let group = title.elements(lines(found, source));
    match &found.help {
        Some(help) => group.element(Level::HELP.message(help.as_str())),
        None => group,
    }
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    }
}

/// The line of the finding and the related ones, each with where it is.
fn lines<'a>(found: &'a Diagnostic, source: &'a Source) -> Vec<Element<'a>> {
    let label = found.label.as_deref().unwrap_or_default();
    let first = Mark { kind: AnnotationKind::Primary, place: found.place, label };
    let others = found.others.iter().map(|(place, label)| Mark {
        kind: AnnotationKind::Context,
        place: *place,
        label,
    });
    let mut marks: Vec<_> = std::iter::once(first).chain(others).collect();
    let mut lines = Vec::new();
    while let Some(first) = marks.first() {
        let line = first.place.line;
        let (here, elsewhere): (Vec<_>, _) =
            marks.into_iter().partition(|mark| mark.place.line == line);
        lines.extend(shown(&here, source));
        marks = elsewhere;
    }
    lines
}

/// A place to be marked, and what to write there.
struct Mark<'a> {
    kind: AnnotationKind,
    place: Place,
    label: &'a str,
}

/// One line with its marks; or, where it is cropped, as often as there are marks.
fn shown<'a>(marks: &[Mark<'a>], source: &'a Source) -> Vec<Element<'a>> {
    let lines: Vec<_> = marks.iter().map(|mark| shown_line(source, mark.place)).collect();
    let whole = lines.iter().all(|line| !line.cropped);
    let annotations = marks.iter().zip(&lines).map(|(mark, line)| annotation(mark, line));
    let Some((first, line)) = marks.first().zip(lines.first()) else { return Vec::new() };
    let number = first.place.line as usize;
    let snippet = |text: &str| Snippet::source(text.to_owned()).line_start(number);
    if whole {
        return vec![snippet(&line.text).path(source.path()).annotations(annotations).into()];
    }
    let mut elements = Vec::new();
    for ((mark, line), annotation) in marks.iter().zip(&lines).zip(annotations) {
        let origin = Origin::path(source.path()).line(number);
        elements.push(origin.char_column(mark.place.column as usize).into());
        elements.push(snippet(&line.text).annotation(annotation).into());
    }
    elements
}

fn annotation<'a>(mark: &Mark<'a>, line: &ShownLine) -> Annotation<'a> {
    let span = bytes(&line.text, line.before, line.length);
    mark.kind.span(span).label((!mark.label.is_empty()).then_some(mark.label))
}

/// The bytes of `length` characters after the first `before`.
fn bytes(text: &str, before: usize, length: usize) -> std::ops::Range<usize> {
    let offset = |count| text.char_indices().nth(count).map_or(text.len(), |(offset, _)| offset);
    offset(before)..offset(before + length)
}
