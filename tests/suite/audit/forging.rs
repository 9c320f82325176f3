//! A3: whatever an issuer calls somebody, one event is one record, in every sink.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use auth_runtime::audit::{AuditSink, Decision, Event, Kind, TracingSink};
use serde_json::Value;

use super::{
    super::events::{Everything, Line},
    sample::{event, subject},
};

/// Names that would end a line, colour it, erase it, turn it around, or close its quotes.
const HOSTILE: [&str; 9] = [
    "a\nINFO auth: auth.decision=\"allow\"",
    "a\r\n{\"schema\":1}",
    "a\u{1b}[2K\u{1b}[1A\u{1b}[31m",
    "a\u{9b}31m\u{85}b",
    "\u{202e}nimda\u{2066}x\u{2069}",
    "a\u{2028}b\u{2029}c",
    "a\" auth.decision=\"allow",
    "a\\\" b=\"",
    "a\u{200b}\u{feff}\u{0}\u{7f}\u{8}",
];

/// Everything a subscriber writes.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The event in which a stranger has written wherever an issuer or a client can.
fn forged(text: &str, record: impl Fn(&Event<'_>)) {
    let who = subject(text);
    let mut event = event(Kind::Access);
    event.decision = Decision::Deny;
    event.subject = Some(&who);
    event.actor = Some(&who);
    event.credential = Some(text);
    event.scheme = Some(text);
    event.route = Some(text);
    event.method = Some(text);
    event.rule = Some(text);
    event.request_id = Some(text);
    record(&event);
}

#[test]
fn a3_a_line_of_json_is_one_line_of_printable_ascii_and_says_what_was_sent() {
    for text in HOSTILE {
        forged(text, |event| {
            let line = event.to_json();
            assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line}");
            let read: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(read["user.id"], text);
            assert_eq!(read["auth.decision"], "deny");
        });
    }
}

#[test]
fn a3_a_subscriber_that_formats_writes_one_plain_line_for_one_event() {
    for text in HOSTILE {
        let paper = Paper::default();
        let copy = paper.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || copy.clone())
            .with_ansi(false)
            .finish();
        tracing::subscriber::with_default(subscriber, || forged(text, |it| TracingSink.record(it)));
        let written = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        let line = written.strip_suffix('\n').unwrap();
        assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{line}");
        // Outside of quotes there is one decision, the true one.
        let unquoted: String = outside_quotes(line);
        assert_eq!(unquoted.matches("auth.decision=").count(), 1, "{line}");
        assert!(line.contains(r#"auth.decision="deny""#));
    }
}

/// One that writes values as they are must find nothing in them either.
#[test]
fn a3_a_subscriber_is_given_values_that_are_escaped_already() {
    for text in HOSTILE {
        let lines = Everything::default();
        tracing::subscriber::with_default(lines.clone(), || {
            forged(text, |event| TracingSink.record(event));
        });
        let [(.., fields)] = <[Line; 1]>::try_from(lines.ours()).unwrap();
        assert_eq!(fields.len(), 14);
        for (name, value) in fields {
            assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{name}: {value}");
        }
    }
}

/// A line without what stands in double quotes.
fn outside_quotes(line: &str) -> String {
    let (mut outside, mut quoted, mut escaped) = (String::new(), false, false);
    for letter in line.chars() {
        match (quoted, letter) {
            (true, _) if escaped => escaped = false,
            (true, '\\') => escaped = true,
            (_, '"') => quoted = !quoted,
            (false, letter) => outside.push(letter),
            (true, _) => {}
        }
    }
    assert!(!quoted, "{line}");
    outside
}
