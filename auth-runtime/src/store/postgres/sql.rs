//! Every statement that PostgreSQL is given. In: nothing. Out: their text.
//!
//! A record is at `(collection, owner, id)`; times are seconds since 1970. Whoever writes to an
//! owner's collection tells the channel of that place in the same statement.
//!
//! At the isolation that PostgreSQL starts with, a statement sees what was committed when it
//! began. So `DELETE_OWNED` alone would miss an insert that commits while it runs, although another
//! process may have seen that insert beside a record not yet deleted. An advisory lock per place,
//! shared by inserts, keeps them apart.

/// The steps from an empty database to today's, in order. A step is never changed, only followed.
pub(super) const MIGRATIONS: [&str; 1] = [r#"
    CREATE TABLE auth_records (
        collection text COLLATE "C" NOT NULL,
        owner text COLLATE "C" NOT NULL,
        id text COLLATE "C" NOT NULL,
        version bigint NOT NULL,
        expires_at bigint,
        value bytea NOT NULL,
        PRIMARY KEY (collection, owner, id)
    );
    CREATE INDEX auth_records_by_end ON auth_records (expires_at) WHERE expires_at IS NOT NULL;
"#];

/// One process at a time changes the tables.
pub(super) const SCHEMA_LOCK: &str =
    "SELECT pg_advisory_xact_lock(hashtextextended('auth_schema', 0))";

pub(super) const SCHEMA_TABLE: &str =
    "CREATE TABLE IF NOT EXISTS auth_schema (version bigint NOT NULL)";

pub(super) const SCHEMA_VERSION: &str = "SELECT coalesce(max(version), 0) FROM auth_schema";

pub(super) const SCHEMA_STEP: &str = "INSERT INTO auth_schema (version) VALUES ($1)";

/// 1 collection, 2 owner, 3 id, 4 end, 5 value, 6 now, 7 channel. A row if it was inserted.
pub(super) const INSERT: &str = "
    WITH turn AS MATERIALIZED (
        SELECT pg_advisory_xact_lock_shared(hashtextextended($7, 0))
    ), written AS (
        INSERT INTO auth_records AS found (collection, owner, id, version, expires_at, value)
        SELECT $1, $2, $3, 1, $4, $5 FROM turn
        ON CONFLICT (collection, owner, id) DO UPDATE
        SET version = 1, expires_at = excluded.expires_at, value = excluded.value
        WHERE found.expires_at <= $6
        RETURNING 1
    )
    SELECT pg_notify($7, '') FROM written";

/// 1 collection, 2 owner, 3 id.
pub(super) const GET: &str = "
    SELECT id, version, expires_at, value FROM auth_records
    WHERE collection = $1 AND owner = $2 AND id = $3";

/// 1 collection, 2 owner, 3 id, 4 end, 5 value, 6 now, 7 channel, 8 version. A row if it was
/// written.
pub(super) const SWAP: &str = "
    WITH written AS (
        UPDATE auth_records SET version = version + 1, expires_at = $4, value = $5
        WHERE collection = $1 AND owner = $2 AND id = $3 AND version = $8
        AND (expires_at IS NULL OR expires_at > $6)
        RETURNING 1
    )
    SELECT pg_notify($7, '') FROM written";

/// 1 collection, 2 owner, 3 id, 4 channel.
pub(super) const TAKE: &str = "
    WITH gone AS (
        DELETE FROM auth_records WHERE collection = $1 AND owner = $2 AND id = $3
        RETURNING id, version, expires_at, value
    )
    SELECT id, version, expires_at, value FROM gone, LATERAL (SELECT pg_notify($4, '')) AS told";

/// 1 collection, 2 owner, 3 now.
pub(super) const LIST: &str = "
    SELECT id, version, expires_at, value FROM auth_records
    WHERE collection = $1 AND owner = $2 AND (expires_at IS NULL OR expires_at > $3)
    ORDER BY id";

/// 1 channel. Before `DELETE_OWNED`, in its transaction.
pub(super) const LOCK_OWNED: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";

/// 1 collection, 2 owner, 3 now, 4 channel. How many of those that went were live.
pub(super) const DELETE_OWNED: &str = "
    WITH gone AS (
        DELETE FROM auth_records WHERE collection = $1 AND owner = $2
        RETURNING expires_at
    ), told AS MATERIALIZED (
        SELECT pg_notify($4, '')
    )
    SELECT count(*) FILTER (WHERE expires_at IS NULL OR expires_at > $3)
    FROM gone, told";

/// 1 the latest end, 2 how many. Rows that another statement holds are left to the next one.
pub(super) const PURGE: &str = "
    DELETE FROM auth_records WHERE (collection, owner, id) IN (
        SELECT collection, owner, id FROM auth_records
        WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";

pub(super) const IS_ALIVE: &str = "SELECT 1";
