//! The connection. In: a command. Out: its reply, or an error that says no more than its kind.
//!
//! A command is sent once. It is sent again only when the reply says that it was not executed,
//! because the slot lives elsewhere.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use redis::{
    AsyncConnectionConfig, Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult,
    ServerErrorKind, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster_async::ClusterConnection,
    cluster_routing::SingleNodeRoutingInfo,
};
use tokio::{sync::OnceCell, time::interval};

use super::{eviction, script::Script, url::Target};
use crate::store::{StoreError, bounds::CONNECT};

/// How long one command may take.
pub(super) const RESPONSE: Duration = Duration::from_millis(1_400);

/// How often a command follows a slot that has moved, and how long it waits for news of it.
const MOVES: usize = 5;
const MOVE_PAUSE: Duration = Duration::from_millis(50);

/// A connection that is made when it is needed, and made anew after it failed.
pub(crate) struct Link {
    target: Target,
    current: Mutex<Arc<OnceCell<Connection>>>,
}

#[derive(Clone)]
pub(super) enum Connection {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Link {
    pub(crate) fn new(target: Target) -> Self {
        Self { target, current: Mutex::default() }
    }

    /// Connects, unless it is connected.
    pub(crate) async fn connect(&self) -> Result<(), StoreError> {
        self.current().get_or_try_init(|| self.dial()).await.map(drop)
    }

    /// The reply to one command.
    pub(super) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        read(self.reply(command).await?)
    }

    /// What a script answers, which is sent whole where the server does not know it.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        arguments: impl Fn(&mut Cmd),
    ) -> Result<T, StoreError> {
        let mut call = script.by_hash();
        arguments(&mut call);
        let reply = match self.reply(&call).await? {
            // It was not executed.
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                let mut call = script.whole();
                arguments(&mut call);
                self.reply(&call).await?
            }
            reply => reply,
        };
        read(reply)
    }

    async fn reply(&self, command: &Cmd) -> Result<RedisResult<Value>, StoreError> {
        let cell = self.current();
        let mut connection = cell.get_or_try_init(|| self.dial()).await?.clone();
        let reply = connection.ask(command).await.and_then(Value::extract_error);
        if reply.as_ref().is_err_and(|error| connection.is_lost(error)) {
            self.forget(&cell);
        }
        Ok(reply)
    }

    fn current(&self) -> Arc<OnceCell<Connection>> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The next command makes a new connection, unless another one has failed meanwhile.
    fn forget(&self, failed: &Arc<OnceCell<Connection>>) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&current, failed) {
            *current = Arc::default();
        }
    }

    async fn dial(&self) -> Result<Connection, StoreError> {
        let mut connection = match &self.target {
            Target::One(client) => {
                let settings = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(CONNECT))
                    .set_response_timeout(Some(RESPONSE));
                let dialled = client.get_multiplexed_async_connection_with_config(&settings);
                Connection::One(dialled.await.map_err(|error| failure(&error))?)
            }
            Target::Cluster(client) => {
                let dialled = client.get_async_connection().await;
                Connection::Cluster(dialled.map_err(|error| failure(&error))?)
            }
        };
        eviction::refuse(&mut connection).await?;
        Ok(connection)
    }
}

impl Connection {
    async fn ask(&mut self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Self::One(connection) => connection.req_packed_command(command).await,
            Self::Cluster(connection) => follow(connection, command).await,
        }
    }

    /// Whether that error leaves nothing to use. A cluster's connection mends the one of its nodes
    /// that failed, and keeps the others.
    fn is_lost(&self, error: &RedisError) -> bool {
        match self {
            // It is another server's turn to be written to: the name may lead there by now.
            Self::One(_) if error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly) => true,
            Self::One(_) => error.is_io_error(),
            Self::Cluster(_) => error.kind() == ErrorKind::ClusterConnectionNotFound,
        }
    }

    /// The reply of every server that holds records: one, or each of the cluster's.
    pub(super) async fn ask_all(&mut self, command: Cmd) -> RedisResult<Value> {
        use redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo};
        match self {
            Self::One(connection) => connection.req_packed_command(&command).await,
            Self::Cluster(connection) => {
                let masters = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
                connection.route_command(command, masters).await
            }
        }
    }
}

/// Sends a command to the node that has the slot, wherever that moves meanwhile.
async fn follow(connection: &mut ClusterConnection, command: &Cmd) -> RedisResult<Value> {
    let mut pause = interval(MOVE_PAUSE);
    let mut reply = Ok(Value::Nil);
    for _ in 0..MOVES {
        pause.tick().await;
        reply = connection.req_packed_command(command).await.and_then(Value::extract_error);
        let Err(error) = &reply else { break };
        match error.kind() {
            ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::TryAgain) => {}
            ErrorKind::Server(ServerErrorKind::Ask) => {
                reply = ask_there(connection, command, error).await;
                break;
            }
            _ => break,
        }
    }
    reply
}

/// The slot is moving right now, and the node it moves to has the keys already.
async fn ask_there(
    connection: &mut ClusterConnection,
    command: &Cmd,
    error: &RedisError,
) -> RedisResult<Value> {
    let place = error.redirect_node().and_then(|(address, _)| address.rsplit_once(':'));
    let Some((host, port)) = place else { return Err(error.clone()) };
    let node = SingleNodeRoutingInfo::ByAddress {
        host: host.to_owned(),
        port: port.parse().unwrap_or_default(),
    };
    let mut both = redis::pipe();
    both.cmd("ASKING").add_command(command.clone());
    let replies = connection.route_pipeline(both, 0, 2, node).await?;
    replies.into_iter().nth(1).unwrap_or(Value::Nil).extract_error()
}

fn read<T: FromRedisValue>(reply: RedisResult<Value>) -> Result<T, StoreError> {
    redis::from_redis_value(reply.map_err(|error| failure(&error))?)
        .map_err(|_| StoreError::Damaged("a reply of another form".to_owned()))
}

/// What a failure of Redis means for the caller.
///
/// SECURITY: only what kind it is, never its detail.
pub(super) fn failure(error: &RedisError) -> StoreError {
    match error.code() {
        Some("OOM") => StoreError::Full,
        Some("WRONGTYPE") => StoreError::Damaged("a key of another type".to_owned()),
        Some(code) => StoreError::Unavailable(format!("it answered with error {code}")),
        None => StoreError::Unavailable(error.category().to_owned()),
    }
}
