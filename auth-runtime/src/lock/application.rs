//! An application for a test. In: whatever makes one, now or later, surely or not. Out: the
//! [`Protected`].

use std::fmt;

use crate::Protected;

/// What makes an application: a [`Protected`], a `Result` of one, or a future of either.
///
/// The type parameter only tells the three apart; leave it to inference.
pub trait Application<Kind>: Sized {
    /// The application, or why there is none.
    fn ready(self) -> impl Future<Output = Result<Protected, String>>;
}

/// An application at hand.
#[derive(Debug)]
pub struct Ready;

/// An application, or an error.
#[derive(Debug)]
pub struct Failed;

/// A future of one.
#[derive(Debug)]
pub struct Later<Kind>(std::marker::PhantomData<Kind>);

impl Application<Ready> for Protected {
    async fn ready(self) -> Result<Protected, String> {
        Ok(self)
    }
}

impl<E: fmt::Display> Application<Failed> for Result<Protected, E> {
    async fn ready(self) -> Result<Protected, String> {
        self.map_err(|error| error.to_string())
    }
}

impl<F, Kind> Application<Later<Kind>> for F
where
    F: Future,
    F::Output: Application<Kind>,
{
    async fn ready(self) -> Result<Protected, String> {
        self.await.ready().await
    }
}
