//! Who waits for changes. In: places to watch, and what a backend hears of them. Out: those who
//! wait wake, or hear that nobody listens any more.
//!
//! Nothing is missed: a waiter is noted when it asks, and a place is woken once, for no reason, as
//! soon as the backend listens to it. So whatever was written before that is read after it.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{runtime::Handle, sync::watch, task::AbortHandle, time::MissedTickBehavior};

use super::{Answer, StoreError, bounds::in_time};

/// How many places may be waited for at the same time.
const MAX_PLACES: usize = 1_024;

/// With so many places a connection is left for a new one, which listens only to those waited for.
const MAX_HEARD: usize = 2 * MAX_PLACES;

/// How often a silent connection is asked whether it still lives.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// A connection that hears of writes.
pub(super) trait Ear: Send + 'static {
    /// From now on hears of writes to that place.
    fn listen(&mut self, place: &str) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The next place written to, or `None` for any. What it drops when cancelled, it hears again.
    fn next(&mut self) -> impl Future<Output = Result<Option<String>, StoreError>> + Send;

    /// Fails if the connection is dead.
    fn is_alive(&mut self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Those who wait, and the one task that listens while there are any.
#[derive(Default)]
pub(super) struct Feed {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    asked: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    places: BTreeMap<String, watch::Sender<News>>,
    listener: Option<AbortHandle>,
}

#[derive(Clone, Default)]
enum News {
    #[default]
    Written,
    Lost(StoreError),
}

impl Feed {
    /// Resolves when that place may have been written to since this call.
    pub(super) fn changed<E, D>(
        &self,
        place: String,
        dial: impl Fn() -> D + Send + 'static,
    ) -> Answer<'static, ()>
    where
        E: Ear,
        D: Future<Output = Result<E, StoreError>> + Send + 'static,
    {
        let noted = self.shared.note(place);
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let mut news = noted?;
            shared.ensure_listening(dial)?;
            news.changed().await.map_err(|_| nobody_listens())?;
            let heard = news.borrow().clone();
            match heard {
                News::Written => Ok(()),
                News::Lost(why) => Err(why),
            }
        })
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        let listener = self.shared.state().listener.take();
        if let Some(listener) = listener {
            listener.abort();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Each change below is one step that cannot fail, so a panic leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, place: String) -> Result<watch::Receiver<News>, StoreError> {
        let mut state = self.state();
        if state.places.len() >= MAX_PLACES && !state.places.contains_key(&place) {
            state.places.retain(|_, waiting| waiting.receiver_count() > 0);
        }
        if state.places.len() >= MAX_PLACES && !state.places.contains_key(&place) {
            return Err(StoreError::Unavailable("it watches too many owners already".to_owned()));
        }
        let news = state.places.entry(place).or_default().subscribe();
        drop(state);
        self.asked.send_replace(());
        Ok(news)
    }

    fn ensure_listening<E, D>(
        self: &Arc<Self>,
        dial: impl Fn() -> D + Send + 'static,
    ) -> Result<(), StoreError>
    where
        E: Ear,
        D: Future<Output = Result<E, StoreError>> + Send + 'static,
    {
        let runtime = Handle::try_current().map_err(|_| nobody_listens())?;
        let mut state = self.state();
        if state.listener.is_none() {
            let last_word = LastWord { shared: Arc::clone(self), why: nobody_listens() };
            state.listener = Some(runtime.spawn(last_word.after(dial)).abort_handle());
        }
        Ok(())
    }

    fn wake(&self, place: Option<&str>) {
        let state = self.state();
        let named =
            state.places.iter().filter(|(name, _)| place.is_none_or(|place| place == *name));
        named.for_each(|(_, waiting)| {
            waiting.send_replace(News::Written);
        });
    }

    fn lose(&self, why: &StoreError) {
        let mut state = self.state();
        state.listener = None;
        for waiting in state.places.values() {
            waiting.send_replace(News::Lost(why.clone()));
        }
    }

    fn not_yet_in(&self, heard: &BTreeSet<String>) -> Vec<String> {
        self.state().places.keys().filter(|place| !heard.contains(*place)).cloned().collect()
    }
}

/// Tells those who wait that the listener has ended, however it ended.
struct LastWord {
    shared: Arc<Shared>,
    why: StoreError,
}

impl LastWord {
    async fn after<E, D>(mut self, dial: impl Fn() -> D)
    where
        E: Ear,
        D: Future<Output = Result<E, StoreError>>,
    {
        self.why = loop {
            if let Err(why) = listen(&self.shared, dial()).await {
                break why;
            }
        };
    }
}

impl Drop for LastWord {
    fn drop(&mut self) {
        self.shared.lose(&self.why);
    }
}

/// Listens until the connection fails, or has too much to hear.
async fn listen<E: Ear>(
    shared: &Shared,
    dial: impl Future<Output = Result<E, StoreError>>,
) -> Result<(), StoreError> {
    let mut asked = shared.asked.subscribe();
    let mut heard = BTreeSet::new();
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ear = in_time(dial).await?;
    while heard.len() < MAX_HEARD {
        for place in shared.not_yet_in(&heard) {
            in_time(ear.listen(&place)).await?;
            shared.wake(Some(&place));
            heard.insert(place);
        }
        tokio::select! {
            place = ear.next() => shared.wake(place?.as_deref()),
            _ = asked.changed() => {}
            _ = heartbeat.tick() => in_time(ear.is_alive()).await?,
        }
    }
    Ok(())
}

fn nobody_listens() -> StoreError {
    StoreError::Unavailable("nothing listens for changes any more".to_owned())
}

#[cfg(test)]
mod tests {
    use tokio::sync::broadcast;

    use super::*;

    /// Hears what is sent through the channel.
    struct Line(broadcast::Receiver<String>);

    impl Ear for Line {
        async fn listen(&mut self, _: &str) -> Result<(), StoreError> {
            Ok(())
        }

        async fn next(&mut self) -> Result<Option<String>, StoreError> {
            self.0.recv().await.map(Some).map_err(|_| StoreError::Unavailable("cut".to_owned()))
        }

        async fn is_alive(&mut self) -> Result<(), StoreError> {
            Ok(())
        }
    }

    fn line() -> (broadcast::Sender<String>, impl Fn() -> DialledLine + Clone) {
        let (sender, _) = broadcast::channel(16);
        let weak = sender.downgrade();
        let dial = move || {
            let cut = || StoreError::Unavailable("cut".to_owned());
            std::future::ready(weak.upgrade().ok_or_else(cut).map(|line| Line(line.subscribe())))
        };
        (sender, dial)
    }

    type DialledLine = std::future::Ready<Result<Line, StoreError>>;

    #[tokio::test]
    async fn places_may_come_and_go_without_end() {
        let (feed, (_line, dial)) = (Feed::default(), line());
        for number in 0..3 * MAX_HEARD {
            assert_eq!(feed.changed(format!("{number}"), dial.clone()).await, Ok(()));
        }
        assert!(feed.shared.state().places.len() <= MAX_PLACES);
    }

    #[tokio::test]
    async fn more_waiters_than_places_are_refused() {
        let (feed, (_line, dial)) = (Feed::default(), line());
        let name = |number| format!("{number}");
        let waits: Vec<_> = (0..MAX_PLACES).map(|n| feed.changed(name(n), dial.clone())).collect();
        assert!(feed.changed("one more".to_owned(), dial.clone()).await.is_err());
        assert_eq!(feed.changed(name(7), dial.clone()).await, Ok(()));
        drop(waits);
        assert_eq!(feed.changed("one more".to_owned(), dial).await, Ok(()));
    }

    #[tokio::test]
    async fn a_line_that_is_cut_is_an_error_until_there_is_another() {
        let (feed, (line_one, dial)) = (Feed::default(), line());
        assert_eq!(feed.changed("a".to_owned(), dial.clone()).await, Ok(()));
        let wait = feed.changed("a".to_owned(), dial.clone());
        drop(line_one);
        assert_eq!(wait.await, Err(StoreError::Unavailable("cut".to_owned())));
        assert!(feed.changed("a".to_owned(), dial).await.is_err());
        let (line_two, dial) = line();
        assert_eq!(feed.changed("a".to_owned(), dial.clone()).await, Ok(()));
        let wait = feed.changed("a".to_owned(), dial);
        drop(line_two.send("b".to_owned()));
        drop(line_two.send("a".to_owned()));
        assert_eq!(wait.await, Ok(()));
    }
}
