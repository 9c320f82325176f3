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

/// How many places one store watches at most.
const MAX_PLACES: usize = 1_024;

/// How often a silent connection is asked whether it still lives.
const HEARTBEAT: Duration = Duration::from_secs(5);

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
        dial: impl FnOnce() -> D + Send + 'static,
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
            return Err(StoreError::Unavailable("it watches too many owners already".to_owned()));
        }
        let news = state.places.entry(place).or_default().subscribe();
        drop(state);
        self.asked.send_replace(());
        Ok(news)
    }

    fn ensure_listening<E, D>(
        self: &Arc<Self>,
        dial: impl FnOnce() -> D + Send + 'static,
    ) -> Result<(), StoreError>
    where
        E: Ear,
        D: Future<Output = Result<E, StoreError>> + Send + 'static,
    {
        let runtime = Handle::try_current().map_err(|_| nobody_listens())?;
        let mut state = self.state();
        if state.listener.is_none() {
            let last_word = LastWord { shared: Arc::clone(self), why: nobody_listens() };
            state.listener = Some(runtime.spawn(last_word.after(dial())).abort_handle());
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
    async fn after<E: Ear>(mut self, dial: impl Future<Output = Result<E, StoreError>>) {
        if let Err(why) = listen(&self.shared, dial).await {
            self.why = why;
        }
    }
}

impl Drop for LastWord {
    fn drop(&mut self) {
        self.shared.lose(&self.why);
    }
}

/// Listens until the connection fails.
async fn listen<E: Ear>(
    shared: &Shared,
    dial: impl Future<Output = Result<E, StoreError>>,
) -> Result<(), StoreError> {
    let mut asked = shared.asked.subscribe();
    let mut heard = BTreeSet::new();
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ear = in_time(dial).await?;
    loop {
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
}

fn nobody_listens() -> StoreError {
    StoreError::Unavailable("nothing listens for changes any more".to_owned())
}
