//! What an engine writes in batches. In: what it has noted since the last time. Out: the store knows
//! it too.

use std::time::Duration;

use auth_policy::settings::Seconds;
use tokio::time::{MissedTickBehavior, interval};

use crate::{Auth, seen::BATCH, store::StoreError};

impl Auth {
    /// Writes to the store what the engine has noted in memory: when sessions and API keys were
    /// last used.
    ///
    /// It happens by itself every 30 seconds, or ten times in a session's idle time if that is
    /// more often, and once [`Protected::serve_until`](crate::Protected::serve_until) has served
    /// its last request. Whoever serves in another way calls this before the process ends.
    ///
    /// # Errors
    ///
    /// When the store does not answer: what was not written stays for the next time.
    pub async fn flush(&self) -> Result<(), StoreError> {
        if let Some(sessions) = self.session_book() {
            sessions.flush(self.now()).await?;
        }
        match self.api_keys() {
            Some(keys) => keys.flush().await,
            None => Ok(()),
        }
    }

    /// Writes batches for as long as the engine lives.
    pub(crate) fn write_batches(&self) {
        let idle = self.session_book().map(|sessions| sessions.scheme().idle);
        if idle.is_none() && self.api_keys().is_none() {
            return;
        }
        let pace = idle.map_or(BATCH, |idle| Seconds(idle.0 / 10).min(BATCH));
        let engine = self.downgrade();
        tokio::spawn(async move {
            let mut pace = interval(pace.as_duration().max(Duration::from_secs(1)));
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            pace.reset(); // the first batch is not due at once
            loop {
                pace.tick().await;
                // The task holds no engine while it waits: it ends soon after the last clone does.
                let Some(engine) = engine.upgrade() else { return };
                if let Err(error) = engine.flush().await {
                    tracing::warn!(target: "auth", %error, "last uses are not written yet");
                }
            }
        });
    }
}
