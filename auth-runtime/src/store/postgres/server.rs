//! Reaching the server. In: a URL. Out: a bounded pool, on a database whose tables are today's.

use std::{str::FromStr, time::Duration};

use sqlx::{
    Connection, Error, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
    query, query_scalar, raw_sql,
};

use super::sql;
use crate::store::{
    StoreError,
    bounds::{CONNECT, WORK},
    sql::failure,
};

/// How many connections one process opens at most, and one more that listens.
const CONNECTIONS: u32 = 10;

/// A connection that was idle for longer is asked whether it still lives before it is used.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// What the URL says, with limits for the server's side and with TLS unless it is declined.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let options = PgConnectOptions::from_str(url).map_err(failure)?;
    let work = WORK.as_millis();
    let limits = [("statement_timeout", work), ("idle_in_transaction_session_timeout", work)];
    let options = options.application_name("auth-runtime").options(limits);
    // SECURITY: sqlx would take TLS without looking at the certificate, or do without. Whoever
    // wants that on a network says so in the URL.
    if says_ssl_mode(url) || is_local(&options) {
        return Ok(options);
    }
    Ok(options.ssl_mode(PgSslMode::VerifyFull))
}

fn says_ssl_mode(url: &str) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let mut names = query.split('&').filter_map(|parameter| parameter.split_once('='));
    names.any(|(name, _)| name == "sslmode" || name == "ssl-mode")
}

fn is_local(options: &PgConnectOptions) -> bool {
    let host = options.get_host().trim_matches(['[', ']']);
    let loopback = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    loopback || host == "localhost" || host.starts_with('/') || options.get_socket().is_some()
}

/// The pool, after one connection was made and the tables were brought up to date.
pub(super) async fn open(options: PgConnectOptions) -> Result<PgPool, StoreError> {
    let pool = pool(options);
    let mut connection = pool.acquire().await.map_err(failure)?;
    if migrate(&mut connection).await.map_err(failure)? {
        let why = "a newer version of auth-runtime made its tables".to_owned();
        return Err(StoreError::Unsuitable(why));
    }
    drop(connection);
    Ok(pool)
}

fn pool(options: PgConnectOptions) -> PgPool {
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(CONNECT)
        .test_before_acquire(false)
        .before_acquire(|connection, idle| {
            Box::pin(async move {
                if idle.idle_for > TRUSTED_IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        });
    pool.connect_lazy_with(options)
}

/// The pool of the one connection that listens.
pub(super) fn ear_pool(options: PgConnectOptions) -> PgPool {
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(CONNECT);
    pool.idle_timeout(None).max_lifetime(None).connect_lazy_with(options)
}

/// Takes the steps that are missing; true if more were taken than are known.
async fn migrate(connection: &mut PgConnection) -> Result<bool, Error> {
    let mut step = connection.begin().await?;
    query(sql::SCHEMA_LOCK).execute(&mut *step).await?;
    query(sql::SCHEMA_TABLE).execute(&mut *step).await?;
    let taken: i64 = query_scalar(sql::SCHEMA_VERSION).fetch_one(&mut *step).await?;
    for (number, text) in (1_i64..).zip(sql::MIGRATIONS) {
        if number > taken {
            raw_sql(text).execute(&mut *step).await?;
            query(sql::SCHEMA_STEP).bind(number).execute(&mut *step).await?;
        }
    }
    step.commit().await?;
    Ok(taken > sql::MIGRATIONS.len() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_verified(url: &str) -> bool {
        matches!(options(url).unwrap().get_ssl_mode(), PgSslMode::VerifyFull)
    }

    #[test]
    fn a_server_elsewhere_proves_itself_unless_the_url_says_otherwise() {
        assert!(is_verified("postgres://u:p@db.example/d"));
        assert!(is_verified("postgres://u:p@10.0.0.7/d?application_name=x"));
        assert!(is_verified("postgres://u:sslmode=disable@db.example/d"));
        assert!(!is_verified("postgres://u:p@db.example/d?sslmode=require"));
        assert!(!is_verified("postgres://u:p@db.example/d?a=b&ssl-mode=disable"));
        for here in ["127.0.0.1", "[::1]", "localhost"] {
            assert!(!is_verified(&format!("postgres://u:p@{here}/d")), "{here}");
        }
    }
}
