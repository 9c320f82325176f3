//! Every statement that SQLite is given. In: nothing. Out: their text.
//!
//! A record is at `(collection, owner, id)`; times are seconds since 1970.

/// The steps from an empty database to today's, in order. A step is never changed, only followed.
pub(super) const MIGRATIONS: [&str; 1] = ["
    CREATE TABLE auth_records (
        collection TEXT NOT NULL,
        owner TEXT NOT NULL,
        id TEXT NOT NULL,
        version INTEGER NOT NULL,
        expires_at INTEGER,
        value BLOB NOT NULL,
        PRIMARY KEY (collection, owner, id)
    ) STRICT;
    CREATE INDEX auth_records_by_end ON auth_records (expires_at) WHERE expires_at IS NOT NULL;
"];

pub(super) const LOCK: &str = "BEGIN IMMEDIATE";

pub(super) const SCHEMA_TABLE: &str =
    "CREATE TABLE IF NOT EXISTS auth_schema (version INTEGER NOT NULL) STRICT";

pub(super) const SCHEMA_VERSION: &str = "SELECT coalesce(max(version), 0) FROM auth_schema";

pub(super) const SCHEMA_STEP: &str = "INSERT INTO auth_schema (version) VALUES (?)";

/// 1 collection, 2 owner, 3 id, 4 end, 5 value, 6 now.
pub(super) const INSERT: &str = "
    INSERT INTO auth_records (collection, owner, id, version, expires_at, value)
    VALUES (?1, ?2, ?3, 1, ?4, ?5)
    ON CONFLICT (collection, owner, id) DO UPDATE
    SET version = 1, expires_at = excluded.expires_at, value = excluded.value
    WHERE auth_records.expires_at <= ?6";

/// 1 collection, 2 owner, 3 id.
pub(super) const GET: &str = "
    SELECT id, version, expires_at, value FROM auth_records
    WHERE collection = ?1 AND owner = ?2 AND id = ?3";

/// 1 collection, 2 owner, 3 id, 4 end, 5 value, 6 now, 7 version.
pub(super) const SWAP: &str = "
    UPDATE auth_records SET version = version + 1, expires_at = ?4, value = ?5
    WHERE collection = ?1 AND owner = ?2 AND id = ?3 AND version = ?7
    AND (expires_at IS NULL OR expires_at > ?6)";

/// 1 collection, 2 owner, 3 id.
pub(super) const TAKE: &str = "
    DELETE FROM auth_records WHERE collection = ?1 AND owner = ?2 AND id = ?3
    RETURNING id, version, expires_at, value";

/// 1 collection, 2 owner, 3 now.
pub(super) const LIST: &str = "
    SELECT id, version, expires_at, value FROM auth_records
    WHERE collection = ?1 AND owner = ?2 AND (expires_at IS NULL OR expires_at > ?3)
    ORDER BY id";

/// 1 collection, 2 owner, 3 now: whether each of those that went was live.
pub(super) const DELETE_OWNED: &str = "
    DELETE FROM auth_records WHERE collection = ?1 AND owner = ?2
    RETURNING expires_at IS NULL OR expires_at > ?3";

/// 1 the latest end, 2 how many.
pub(super) const PURGE: &str = "
    DELETE FROM auth_records WHERE rowid IN (
        SELECT rowid FROM auth_records WHERE expires_at <= ?1 LIMIT ?2)";

/// Another number after each write of another connection.
pub(super) const DATA_VERSION: &str = "PRAGMA data_version";
