//! A first look at a file. In: a source. Out: whether its tree is worth building, and everything
//! in it that a reviewer could not see through, each with its place.
//!
//! It walks the parser's events once, so its cost is bounded by the text whatever that holds.

use std::borrow::Cow;

use granit_parser::{ErrorKind, Event, Options, Parser, ScanError, Span, Tag};

use crate::{
    code::Code,
    report::Report,
    settings::Place,
    source::{Fault, MAX_POLICY_BYTES, Source, quoted, to_u32, width},
    treacherous::is_treacherous,
};

/// How deep maps and lists may nest. A policy needs six.
const DEEPEST: usize = 24;
/// How many keys, values, maps and lists a file may hold in all.
const MOST_NODES: usize = 72_000;
/// The longest key or value in bytes.
const LONGEST_SCALAR: usize = 16 * 1024;

/// Looks a source over. `true` if nothing stands in the way of reading its tree.
pub(super) fn survey(source: &Source, report: &mut Report) -> bool {
    if source.fault() == Some(Fault::TooLarge) {
        refuse_size(report);
        return false;
    }
    characters(source, report);
    if let Some(Fault::NotUtf8(byte)) = source.fault() {
        refuse_bytes(source, byte, report);
        return false;
    }
    if report.errors() > 0 {
        return false;
    }
    let mut look = Look { source, report, depth: 0, nodes: 0, documents: 0, readable: true };
    look.events();
    look.readable && !report.is_full()
}

fn refuse_size(report: &mut Report) {
    report.add(Code::TooLarge, Place { line: 1, column: 1, length: 1 }, |found| {
        found
            .message(format!("the file is longer than {MAX_POLICY_BYTES} bytes"))
            .help("a policy is read by people: split the service, or generate fewer names")
    });
}

fn refuse_bytes(source: &Source, byte: u8, report: &mut Report) {
    let place = source.place_at(source.text().len());
    report.add(Code::NotUtf8, place, |found| {
        found
            .message(format!("the byte 0x{byte:02x} here is not UTF-8"))
            .help("save the file as UTF-8")
    });
}

/// Refuses what a reader of the file, or of a diff of it, would not see as it is.
fn characters(source: &Source, report: &mut Report) {
    if source.text().is_ascii() && !source.text().bytes().any(is_ascii_control) {
        return;
    }
    let mut rest = source.text().char_indices().peekable();
    while let Some((offset, c)) = rest.next() {
        let line_end = c == '\r' && rest.peek().is_some_and(|(_, next)| *next == '\n');
        if report.is_full() {
            return;
        }
        if is_treacherous(c) && c != '\n' && !line_end {
            refuse_character(source.place_at(offset), c, report);
        }
    }
}

fn is_ascii_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\n'
}

fn refuse_character(place: Place, c: char, report: &mut Report) {
    if c == '\t' {
        return report.add(Code::ForbiddenCharacter, place, |found| {
            found
                .message("a tab stands here, which YAML readers take for different things")
                .help("write spaces instead")
        });
    }
    report.add(Code::ForbiddenCharacter, place, |found| {
        let number = u32::from(c);
        found
            .message(format!("{} (U+{number:04X}) is hidden here", kind_of(c)))
            .help("remove it: what a reviewer sees is not what is read")
    });
}

fn kind_of(c: char) -> &'static str {
    match c {
        '\u{feff}' => "a byte order mark",
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}' => {
            "a character that reorders the text around it"
        }
        c if c.is_control() => "a control character",
        _ => "an invisible character",
    }
}

/// The state of one walk over the events.
struct Look<'a> {
    source: &'a Source,
    report: &'a mut Report,
    depth: usize,
    nodes: usize,
    documents: usize,
    readable: bool,
}

impl Look<'_> {
    fn events(&mut self) {
        let source = self.source;
        let parser = Parser::new_from_str_with_options(source.text(), options()).keep_tags(true);
        for event in parser {
            match event {
                Ok((event, span)) => self.event(&event, span),
                Err(error) => self.syntax(&error),
            }
            if !self.readable && (self.nodes > MOST_NODES || self.depth > DEEPEST) {
                return;
            }
        }
    }

    fn event(&mut self, event: &Event<'_>, span: Span) {
        match event {
            Event::DocumentStart(..) => self.document(span),
            Event::Alias(_) | Event::UnresolvedAlias(_) => self.alias(span),
            Event::Anchor(_, name) => self.anchor(name, span),
            Event::Scalar(text, _, _, tag) => {
                self.node(tag.as_ref(), span);
                self.scalar(text, span);
            }
            Event::SequenceStart(_, _, tag) | Event::MappingStart(_, _, tag) => {
                self.node(tag.as_ref(), span);
                self.depth += 1;
                if self.depth > DEEPEST {
                    self.too_complex(span, "this nests deeper than a policy may");
                }
            }
            Event::SequenceEnd | Event::MappingEnd => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }

    fn document(&mut self, span: Span) {
        self.documents += 1;
        if self.documents == 2 {
            self.readable = false;
            self.report.add(Code::SeveralDocuments, place(span), |found| {
                found.message("a second YAML document begins here").help(
                    "a policy is one document: remove the `---`, or move it to a file of its own",
                )
            });
        }
    }

    fn alias(&mut self, span: Span) {
        self.readable = false;
        self.report.add(Code::Alias, place(span), |found| {
            found
                .message("a policy may not hold aliases")
                .help("write the value out, so that whoever reviews this line sees what it means")
        });
    }

    fn anchor(&mut self, name: &str, span: Span) {
        self.report.add(Code::Anchor, place(span), |found| {
            found
                .message(format!(
                    "the anchor {} may not stand in a policy",
                    quoted(&format!("&{name}"))
                ))
                .help("remove it, and write the value out wherever it is used")
        });
    }

    fn node(&mut self, tag: Option<&Cow<'_, Tag>>, span: Span) {
        self.nodes += 1;
        if self.nodes == MOST_NODES + 1 {
            self.too_complex(span, "the file holds more keys and values than a policy may");
        }
        if let Some(tag) = tag {
            self.tag(tag, span);
        }
    }

    fn tag(&mut self, tag: &Tag, span: Span) {
        self.readable = false;
        let written = tag.original();
        let mut at = place(span.tag_span().unwrap_or(span));
        at.length = at.length.max(width(&written));
        self.report.add(Code::Tag, at, |found| {
            found
                .message(format!("the tag {} may not stand in a policy", quoted(&written)))
                .help("remove it; quote the value if it should be a string")
        });
    }

    fn scalar(&mut self, text: &str, span: Span) {
        if text.len() > LONGEST_SCALAR {
            self.too_complex(span, "this key or value is longer than any of a policy may be");
        }
        let hidden = text.chars().find(|c| is_treacherous(*c) && *c != '\n');
        if let Some(hidden) = hidden {
            refuse_character(place(span), hidden, self.report);
        }
    }

    fn too_complex(&mut self, span: Span, message: &str) {
        self.readable = false;
        let at = Place { length: 1, ..place(span) };
        self.report.add(Code::TooComplex, at, |found| found.message(message));
    }

    fn syntax(&mut self, error: &ScanError) {
        self.readable = false;
        let mark = error.marker();
        let at = Place { line: to_u32(mark.line()), column: to_u32(mark.col() + 1), length: 1 };
        if matches!(error.kind(), ErrorKind::DirectiveDisallowed) {
            self.report.add(Code::Directive, at, |found| {
                found
                    .message("a policy may not hold YAML directives")
                    .help("remove the line: policies are YAML 1.2")
            });
            return;
        }
        let reason = error.info();
        let help = self.syntax_help(at);
        self.report.add(Code::YamlSyntax, at, |found| {
            found.message(format!("this is not YAML: {reason}")).maybe_help(help)
        });
    }

    /// What to do about the slip that YAML's own message explains least.
    fn syntax_help(&self, at: Place) -> Option<String> {
        let line = self.source.line(at.line);
        let braces = line.contains("${") && line.replace("${", "").contains(['{', '[']);
        braces.then(|| "inside `{ .. }` and `[ .. ]`, quote a reference: \"${NAME}\"".to_owned())
    }
}

fn options() -> Options {
    let mut options = Options::default();
    options.disallow_directives = true;
    options.emit_unresolved_aliases = true;
    options.emit_anchor_events = true;
    options.set_emit_comments(false);
    options
}

fn place(span: Span) -> Place {
    let length = to_u32(span.len().max(1));
    Place { line: to_u32(span.start.line()), column: to_u32(span.start.col() + 1), length }
}
