//! Hearing of writes by `SUBSCRIBE`. In: the nodes. Out: the channels that were told.

use futures_util::StreamExt;
use redis::{
    Client,
    aio::{PubSubSink, PubSubStream},
};
use tokio::time::timeout;

use super::link::failure;
use crate::store::{StoreError, bounds::CONNECT, feed::Ear};

pub(super) struct Channels {
    sink: PubSubSink,
    stream: PubSubStream,
}

/// The first node that takes a subscription. A cluster passes each message on to all its nodes.
pub(super) async fn dial(nodes: Vec<Client>) -> Result<Channels, StoreError> {
    let mut why = lost();
    let share = CONNECT / u32::try_from(nodes.len()).unwrap_or(u32::MAX).max(1);
    for node in nodes {
        match timeout(share, node.get_async_pubsub()).await {
            Ok(Ok(heard)) => {
                let (sink, stream) = heard.split();
                return Ok(Channels { sink, stream });
            }
            Ok(Err(error)) => why = failure(&error),
            Err(_) => {}
        }
    }
    Err(why)
}

impl Ear for Channels {
    async fn listen(&mut self, place: &str) -> Result<(), StoreError> {
        self.sink.subscribe(place).await.map_err(|error| failure(&error))
    }

    async fn next(&mut self) -> Result<Option<String>, StoreError> {
        let told = self.stream.next().await.ok_or_else(lost)?;
        Ok(Some(told.get_channel_name().to_owned()))
    }

    async fn is_alive(&mut self) -> Result<(), StoreError> {
        let ping = self.sink.ping::<redis::Value>().await;
        ping.map(drop).map_err(|error| failure(&error))
    }
}

fn lost() -> StoreError {
    StoreError::Unavailable("the connection that listens was lost".to_owned())
}
