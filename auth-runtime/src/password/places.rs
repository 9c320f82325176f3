//! Where hashing happens. In: work that blocks. Out: its result, from a thread that may block.
//!
//! One hash takes tens of milliseconds and megabytes, so it never runs on an async worker and
//! never more often at once than there are places. Whoever finds the waiting room full is told so:
//! a flood of logins costs a bounded amount of memory.

use std::{num::NonZeroUsize, sync::Arc};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task,
};

use super::PasswordError;

/// The rooms of a hasher: places to work in, and a number of callers that may be inside at all.
#[derive(Clone, Debug)]
pub(super) struct Places {
    work: Arc<Semaphore>,
    /// Those who work and those who wait.
    inside: Arc<Semaphore>,
}

impl Places {
    pub(super) fn new(at_once: NonZeroUsize, waiting: usize) -> Self {
        let at_once = at_once.get().min(Semaphore::MAX_PERMITS);
        let inside = at_once.saturating_add(waiting).min(Semaphore::MAX_PERMITS);
        Self { work: Arc::new(Semaphore::new(at_once)), inside: Arc::new(Semaphore::new(inside)) }
    }

    /// Does the work on a thread that may block, once there is a place.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let inside =
            Arc::clone(&self.inside).try_acquire_owned().map_err(|_| PasswordError::Busy)?;
        let place =
            Arc::clone(&self.work).acquire_owned().await.map_err(|_| PasswordError::Internal)?;
        let held: [OwnedSemaphorePermit; 2] = [inside, place];
        // SECURITY: the permits move into the closure. Held by this future instead, they would be
        // given back when a client disconnects while its hash is still running.
        task::spawn_blocking(move || {
            let done = work();
            drop(held);
            done
        })
        .await
        .map_err(|_| PasswordError::Internal)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};

    use super::*;

    const ONE: NonZeroUsize = NonZeroUsize::MIN;

    /// A future that is dropped while its work runs: a client that has gone away.
    #[tokio::test]
    async fn p6_a_disconnected_client_does_not_give_its_place_back() {
        let places = Places::new(ONE, 0);
        let (started, has_started) = mpsc::channel();
        let (release, released) = mpsc::channel::<()>();
        let client = tokio::spawn({
            let places = places.clone();
            async move {
                let work = move || {
                    started.send(()).unwrap();
                    released.recv().unwrap();
                };
                places.run(work).await
            }
        });
        while has_started.try_recv().is_err() {
            task::yield_now().await;
        }
        client.abort();
        assert!(client.await.unwrap_err().is_cancelled());

        assert_eq!(places.run(|| ()).await, Err(PasswordError::Busy));
        release.send(()).unwrap();
        // The place comes back with the end of the work, whenever that is.
        drop(Arc::clone(&places.work).acquire_owned().await.unwrap());
        drop(Arc::clone(&places.inside).acquire_owned().await.unwrap());
        assert_eq!(places.run(|| 1).await, Ok(1));
    }

    #[tokio::test]
    async fn p6_no_more_than_its_places_work_at_once_and_the_rest_is_busy() {
        let places = Places::new(NonZeroUsize::new(2).unwrap(), 3);
        let two = Arc::new(Semaphore::new(2));
        let (open, gate) = mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        let callers = Vec::from_iter((0..5).map(|_| {
            let (places, two, gate) = (places.clone(), two.clone(), gate.clone());
            tokio::spawn(async move {
                let work = move || {
                    // A third beside two others panics, and its caller hears of it.
                    let _one_of_two = two.try_acquire().unwrap();
                    gate.lock().unwrap().recv().unwrap();
                };
                places.run(work).await
            })
        }));
        while places.inside.available_permits() > 0 || two.available_permits() > 0 {
            task::yield_now().await;
        }
        assert_eq!(places.run(|| ()).await, Err(PasswordError::Busy));
        (0..5).for_each(|_| open.send(()).unwrap());
        for caller in callers {
            assert_eq!(caller.await.unwrap(), Ok(()));
        }
    }

    #[tokio::test]
    async fn p6_work_that_panics_gives_its_place_back() {
        let places = Places::new(ONE, 0);
        let broken = places.run(|| panic!("on purpose")).await;
        assert_eq!(broken, Err::<(), _>(PasswordError::Internal));
        assert_eq!(places.run(|| 1).await, Ok(1));
    }
}
