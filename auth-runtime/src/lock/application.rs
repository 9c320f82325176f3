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

#[cfg(test)]
mod tests {
    use super::*;

    fn protected() -> Protected {
        unreachable!("only its type counts")
    }

    /// Compiles: whoever declares the test names no kind.
    #[test]
    fn an_application_is_taken_in_each_form() {
        fn taken<A: Application<Kind>, Kind>(_: impl FnOnce() -> A) {}
        taken(protected);
        taken(|| Ok::<_, Box<dyn std::error::Error>>(protected()));
        taken(|| async { protected() });
        taken(|| async { Err::<Protected, _>("no keys") });
    }

    #[test]
    fn why_there_is_none_is_told() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let none = async { Err::<Protected, _>("no keys") };
        assert_eq!(runtime.block_on(none.ready()).unwrap_err(), "no keys");
    }
}
