//! Serving until told to stop. In: the blog and its listener. Out: nothing; requests in flight are
//! finished first, for a while.

use std::{error::Error, future::pending, time::Duration};

use auth_runtime::Protected;
use tokio::{net::TcpListener, signal, sync::oneshot, time::sleep};

/// How long requests in flight may take after the signal to stop.
const DRAIN: Duration = Duration::from_secs(30);

#[allow(clippy::disallowed_methods, reason = "the one wait for real time: draining")]
pub(crate) async fn serve(blog: Protected, listener: TcpListener) -> Result<(), Box<dyn Error>> {
    let (stopping, stopped) = oneshot::channel::<()>();
    let mut interrupt = signal::unix::signal(signal::unix::SignalKind::interrupt())?;
    let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
    let asked = async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping: requests in flight may take {} s", DRAIN.as_secs());
        // The receiver is gone only if the server failed, which is reported below.
        let _ = stopping.send(());
    };
    let overdue = async move {
        match stopped.await {
            Ok(()) => sleep(DRAIN).await,
            Err(_) => pending().await,
        }
    };
    tokio::select! {
        served = blog.serve_until(listener, asked) => served?,
        () = overdue => tracing::warn!("stopped with requests in flight"),
    }
    Ok(())
}
