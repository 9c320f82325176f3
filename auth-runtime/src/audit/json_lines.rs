//! Events as lines of JSON in a file, a pipe or a socket. In: events, on the request path. Out: the
//! lines, written by a thread of their own, so that a slow disk holds up no request.

use std::{
    fmt,
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver, SyncSender, TryRecvError},
    },
    thread::{self, JoinHandle},
};

use crate::audit::{AuditSink, Decision, Event, Kind};

/// How many lines may wait, unless the application says otherwise.
const QUEUE: usize = 8192;

/// Writes one JSON object per line: see [`Event::to_json`].
///
/// Lines wait in a queue of 8192 (about 4 MiB) for a thread that writes them and flushes whenever
/// the queue is empty. When the queue is full, or the writer fails, events are lost: they are
/// counted ([`lost`](Self::lost)), the first of them is told to `tracing`, and as soon as lines can
/// be written again, one of kind `lost` says how many are missing. Requests go on. An
/// application that would rather stop asks [`lost`](Self::lost) in its health check.
///
/// Dropping it waits until what is in the queue is written.
///
/// ```
/// use std::io;
///
/// use auth_runtime::audit::JsonLines;
///
/// let sink = JsonLines::new(io::sink())?;
/// assert_eq!(sink.lost(), 0);
/// # Ok::<(), io::Error>(())
/// ```
pub struct JsonLines {
    /// `None` only while it is dropped.
    lines: Option<SyncSender<Message>>,
    writer: Option<JoinHandle<()>>,
    lost: Arc<Lost>,
}

enum Message {
    Line(String),
    /// Answered when everything before it is written.
    Flush(SyncSender<()>),
}

/// How many events were lost, and of how many of them a line has told.
#[derive(Debug, Default)]
struct Lost {
    events: AtomicU64,
    told: AtomicU64,
}

impl JsonLines {
    /// Writes to that writer, from a thread of its own. It need not be buffered.
    ///
    /// # Errors
    ///
    /// When the system has no thread to give.
    pub fn new(writer: impl Write + Send + 'static) -> io::Result<Self> {
        Self::with_queue(writer, QUEUE)
    }

    /// The same with a queue of so many lines, at least 1.
    ///
    /// # Errors
    ///
    /// When the system has no thread to give.
    pub fn with_queue(writer: impl Write + Send + 'static, lines: usize) -> io::Result<Self> {
        let (to, from) = mpsc::sync_channel(lines.max(1));
        let lost = Arc::new(Lost::default());
        let counts = Arc::clone(&lost);
        let thread = thread::Builder::new().name("auth-audit".to_owned());
        let writer = thread.spawn(move || Scribe { writer, lost: counts }.write_all_of(&from))?;
        Ok(Self { lines: Some(to), writer: Some(writer), lost })
    }

    /// How many events were lost so far, because the queue was full or the writer failed.
    pub fn lost(&self) -> u64 {
        self.lost.events.load(Ordering::Relaxed)
    }

    /// Waits until everything recorded so far is written, or has failed to be.
    ///
    /// It blocks the thread for as long as the writer does: call it at the end of `main`, or from
    /// `spawn_blocking`.
    pub fn flush(&self) {
        let (done, is_done) = mpsc::sync_channel(1);
        let sent = self.lines.as_ref().map(|lines| lines.send(Message::Flush(done)));
        if let Some(Ok(())) = sent {
            // A writer that panicked has closed the channel.
            let _ = is_done.recv();
        }
    }
}

impl AuditSink for JsonLines {
    fn record(&self, event: &Event<'_>) {
        let Some(lines) = &self.lines else { return };
        self.lost.tell(lines, event);
        if lines.try_send(Message::Line(event.to_json())).is_err() {
            self.lost.add("the queue is full");
        }
    }
}

impl Drop for JsonLines {
    fn drop(&mut self) {
        self.lines = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has nothing more to write.
            let _ = writer.join();
        }
    }
}

impl fmt::Debug for JsonLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonLines").field("lost", &self.lost()).finish_non_exhaustive()
    }
}

impl Lost {
    fn add(&self, why: &str) {
        if self.events.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::error!(target: "auth", why, "audit events are being lost");
        }
    }

    /// Writes a line about what was lost since the last such line, if there is room for it.
    fn tell(&self, lines: &SyncSender<Message>, event: &Event<'_>) {
        let lost = self.events.load(Ordering::Relaxed);
        let told = self.told.fetch_max(lost, Ordering::Relaxed);
        if lost <= told {
            return;
        }
        let line = Event {
            decision: Decision::Error,
            cause: Some("audit-events-lost"),
            count: Some(lost.saturating_sub(told)),
            ..Event::new(event.at, Kind::Lost, event.policy.clone())
        };
        if lines.try_send(Message::Line(line.to_json())).is_err() {
            self.told.fetch_min(told, Ordering::Relaxed);
        }
    }
}

/// What runs in the thread.
struct Scribe<W> {
    writer: W,
    lost: Arc<Lost>,
}

impl<W: Write> Scribe<W> {
    fn write_all_of(mut self, lines: &Receiver<Message>) {
        loop {
            let message = match lines.try_recv() {
                Ok(message) => message,
                Err(TryRecvError::Empty) => {
                    self.flush();
                    let Ok(message) = lines.recv() else { break };
                    message
                }
                Err(TryRecvError::Disconnected) => break,
            };
            match message {
                Message::Line(line) => self.write(line),
                Message::Flush(done) => {
                    self.flush();
                    // Whoever asked may have given up waiting.
                    let _ = done.try_send(());
                }
            }
        }
        self.flush();
    }

    /// One write for one line, so that lines of several processes in one file stay whole.
    fn write(&mut self, mut line: String) {
        line.push('\n');
        if self.writer.write_all(line.as_bytes()).is_err() {
            self.lost.add("the writer fails");
        }
    }

    fn flush(&mut self) {
        if self.writer.flush().is_err() {
            tracing::warn!(target: "auth", "audit events could not be flushed");
        }
    }
}
