//! A5, A1: lines of JSON arrive whole and in order; what cannot be written is counted and told.

use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex},
};

use auth_runtime::audit::{AuditSink, Fanout, JsonLines, Kind};
use serde_json::Value;

use super::sample::{Written, event, subject};

/// A file in memory, which can be held up and broken.
#[derive(Clone, Default)]
struct Disk(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    written: Vec<u8>,
    writes: usize,
    held: bool,
    broken: bool,
}

impl Disk {
    fn hold(&self, held: bool) {
        self.0.0.lock().unwrap().held = held;
        self.0.1.notify_all();
    }

    fn break_down(&self, broken: bool) {
        self.0.0.lock().unwrap().broken = broken;
    }

    fn lines(&self) -> Vec<Value> {
        let state = self.0.0.lock().unwrap();
        let text = String::from_utf8(state.written.clone()).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'));
        assert_eq!(text.lines().count(), state.writes, "one write for each line");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let state = self.0.0.lock().unwrap();
        let mut state = self.0.1.wait_while(state, |state| state.held).unwrap();
        if state.broken {
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.written.extend(bytes);
        state.writes += 1;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a5_each_event_is_one_line_in_the_order_of_the_events() {
    let disk = Disk::default();
    let sink = JsonLines::new(disk.clone()).unwrap();
    let ids: Vec<_> = (0..100).map(|id| id.to_string()).collect();
    for id in &ids {
        let who = subject(id);
        let mut event = event(Kind::Logout);
        event.subject = Some(&who);
        sink.record(&event);
    }
    sink.flush();
    let written: Vec<_> = disk.lines().iter().map(|it| it["user.id"].to_string()).collect();
    assert_eq!(written, ids.iter().map(|id| format!("\"{id}\"")).collect::<Vec<_>>());
    assert_eq!(sink.lost(), 0);
}

#[test]
fn a5_what_is_in_the_queue_is_written_before_the_sink_is_gone() {
    let disk = Disk::default();
    let sink = JsonLines::new(disk.clone()).unwrap();
    (0..10).for_each(|_| sink.record(&event(Kind::Logout)));
    drop(sink);
    assert_eq!(disk.lines().len(), 10);
}

#[test]
fn a1_a_full_queue_holds_nobody_up_and_what_is_lost_is_told() {
    let disk = Disk::default();
    let sink = JsonLines::with_queue(disk.clone(), 2).unwrap();
    disk.hold(true);
    // One may be in the writer's hands, two wait; with nobody waiting this returns.
    (0..10).for_each(|_| sink.record(&event(Kind::Logout)));
    let lost = sink.lost();
    assert!((7..=8).contains(&lost), "{lost}");
    disk.hold(false);
    sink.flush();
    sink.record(&event(Kind::Logout));
    sink.flush();
    let lines = disk.lines();
    let told: Vec<_> = lines.iter().filter(|line| line["event.name"] == "auth.lost").collect();
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0]["auth.count"], &told[0]["auth.decision"]),
        (&lost.into(), &"error".into())
    );
    assert_eq!(lines.len() as u64, 10 - lost + 2);
}

#[test]
fn a1_a_writer_that_fails_is_counted_and_tried_again() {
    let disk = Disk::default();
    let sink = JsonLines::new(disk.clone()).unwrap();
    disk.break_down(true);
    (0..3).for_each(|_| sink.record(&event(Kind::Logout)));
    sink.flush();
    assert_eq!((sink.lost(), disk.lines().len()), (3, 0));
    disk.break_down(false);
    sink.record(&event(Kind::Logout));
    sink.flush();
    let names: Vec<_> = disk.lines().iter().map(|line| line["event.name"].to_string()).collect();
    assert_eq!(names, [r#""auth.lost""#, r#""auth.logout""#]);
    assert_eq!(disk.lines()[0]["auth.count"], 3);
    sink.record(&event(Kind::Logout));
    sink.flush();
    assert_eq!(disk.lines().len(), 3, "told once");
}

#[test]
fn a1_each_of_several_sinks_gets_every_event_once() {
    let [a, b, c] = [(); 3].map(|()| Written::default());
    let sinks = Fanout::new().and((a.clone(), b.clone())).and(c.clone());
    sinks.record(&event(Kind::Logout));
    (a.clone(), b.clone(), c.clone()).record(&event(Kind::Keys));
    for sink in [a, b, c] {
        let names: Vec<_> = sink.take().iter().map(|it| it["event.name"].to_string()).collect();
        assert_eq!(names, [r#""auth.logout""#, r#""auth.keys""#]);
    }
}
