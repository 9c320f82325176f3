//! Serving until told to stop. In: the blog and its listener. Out: nothing; requests in flight are
//! finished first, for a while.

use std::{future::pending, io, net::SocketAddr, time::Duration};

use auth_runtime::Protected;
use axum::serve::Listener;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
    time::sleep,
};

/// How long requests in flight may take after the signal to stop.
const DRAIN: Duration = Duration::from_secs(30);

#[allow(clippy::disallowed_methods, reason = "the one wait for real time: draining")]
pub(crate) async fn serve(
    blog: Protected,
    listener: impl Listener<Addr = SocketAddr>,
    asked: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (stopping, stopped) = oneshot::channel::<()>();
    let asked = async move {
        asked.await;
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

/// Resolves at SIGINT or SIGTERM. Both are caught from now on, and not only once it is polled.
pub(crate) fn asked() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
