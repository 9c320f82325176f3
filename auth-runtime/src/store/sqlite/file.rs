//! Opening the file. In: a path. Out: the connection that writes and those that read, on a
//! database whose tables are today's.

use std::{path::Path, time::Duration};

use sqlx::{
    Connection, Error, SqliteConnection, SqlitePool, query, query_scalar, raw_sql,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::sql;
use crate::store::{
    StoreError,
    bounds::{CONNECT, WORK},
    sql::failure,
};

/// How many calls may read at a time.
const READERS: u32 = 4;

/// How long a busy file is left alone.
const PAUSE: Duration = Duration::from_millis(25);

/// Both pools: the writer's one connection, and the readers'.
pub(super) async fn open(path: &str) -> Result<(SqlitePool, SqlitePool), StoreError> {
    if path.is_empty() || path.starts_with(':') {
        return Err(StoreError::Unsuitable(
            "`sqlite:` needs a path; for a store in memory there is `memory:`".to_owned(),
        ));
    }
    make_private(path)?;
    let writer = patiently(path, 1).await.map_err(failure)?;
    migrate(&writer).await?;
    let readers = patiently(path, READERS).await.map_err(failure)?;
    Ok((writer, readers))
}

/// Opens the file, and again for a while when it is busy: SQLite itself does not wait where several
/// processes turn a new file to WAL at the same time.
#[allow(clippy::disallowed_methods, reason = "a pause between two attempts, not a moment")]
async fn patiently(path: &str, connections: u32) -> Result<SqlitePool, Error> {
    let mut attempts = CONNECT.as_millis() / PAUSE.as_millis();
    loop {
        match pool(path, connections).await {
            Err(error) if is_busy(&error) && attempts > 0 => {
                attempts -= 1;
                tokio::time::sleep(PAUSE).await;
            }
            opened => return opened,
        }
    }
}

/// Whether this is `SQLITE_BUSY`, of whatever kind: the low byte of the code.
fn is_busy(error: &Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
}

async fn pool(path: &str, connections: u32) -> Result<SqlitePool, Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(CONNECT);
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(WORK)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false);
    pool.connect_with(options).await
}

/// Makes the file if there is none, so that nobody else can read it from its first byte on. The
/// files that SQLite puts beside it get the same permissions.
fn make_private(path: &str) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let failed = |error: std::io::Error| {
        StoreError::Unavailable(format!("its file cannot be opened: {}", error.kind()))
    };
    options.open(Path::new(path)).map(drop).map_err(failed)
}

async fn migrate(writer: &SqlitePool) -> Result<(), StoreError> {
    let mut connection = writer.acquire().await.map_err(failure)?;
    let mut step = connection.begin_with(sql::LOCK).await.map_err(failure)?;
    let newer = steps(&mut step).await.map_err(failure)?;
    step.commit().await.map_err(failure)?;
    if newer {
        let why = "a newer version of auth-runtime made its tables".to_owned();
        return Err(StoreError::Unsuitable(why));
    }
    Ok(())
}

/// Takes the steps that are missing; true if more were taken than are known.
async fn steps(connection: &mut SqliteConnection) -> Result<bool, Error> {
    query(sql::SCHEMA_TABLE).execute(&mut *connection).await?;
    let taken: i64 = query_scalar(sql::SCHEMA_VERSION).fetch_one(&mut *connection).await?;
    for (number, step) in (1_i64..).zip(sql::MIGRATIONS) {
        if number > taken {
            raw_sql(step).execute(&mut *connection).await?;
            query(sql::SCHEMA_STEP).bind(number).execute(&mut *connection).await?;
        }
    }
    Ok(taken > sql::MIGRATIONS.len() as i64)
}
