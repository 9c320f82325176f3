//! The store in a file.

use auth_runtime::store::{self, StoreError};
use auth_tests::Folder;
use sqlx::{Connection, SqliteConnection, query_scalar, raw_sql};

use crate::{
    changes, contract, crowd, many, model, race,
    world::{NOW, Shared, fresh, key, later, owner, put, timed, together, value},
};

async fn open(folder: &Folder) -> Shared {
    store::open(&format!("sqlite:{}", folder.file("a.db"))).await.unwrap()
}

async fn connect(folder: &Folder) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite:{}", folder.file("a.db"))).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_holds_the_contract() {
    let folder = Folder::in_memory();
    contract::hold(&open(&folder).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_holds_in_a_crowd() {
    let folder = Folder::in_memory();
    let store = open(&folder).await;
    crowd::hold(&store).await;
    race::hold(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_is_like_the_model() {
    let folder = Folder::in_memory();
    model::hold_async(&open(&folder).await, 100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_tells_of_changes() {
    let folder = Folder::in_memory();
    changes::hold(&open(&folder).await, &open(&folder).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_holds_a_hundred_thousand() {
    let folder = Folder::in_memory();
    many::hold(&open(&folder).await).await;
}

#[tokio::test]
async fn sqlite_remembers_when_it_is_opened_again() {
    let folder = Folder::in_memory();
    let key = fresh();
    put(&open(&folder).await, &key, b"x").await;
    let again = open(&folder).await;
    assert_eq!(value(&again, &key).await.as_deref(), Some(&b"x"[..]));
}

/// Several processes start at the same time on no file at all.
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_tables_are_made_once() {
    for _ in 0..5 {
        let folder = Folder::in_memory();
        let url = format!("sqlite:{}", folder.file("a.db"));
        let opened = together(8, |_| {
            let url = url.clone();
            async move { store::open(&url).await.map(drop) }
        });
        for answer in opened.await {
            assert_eq!(answer, Ok(()));
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn sqlite_files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::in_memory();
    put(&open(&folder).await, &fresh(), b"x").await;
    for name in ["a.db", "a.db-wal", "a.db-shm"] {
        let Ok(file) = std::fs::metadata(folder.file(name)) else { continue };
        assert_eq!(file.permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn sqlite_removes_what_has_expired() {
    let folder = Folder::in_memory();
    let store = open(&folder).await;
    let owner = owner();
    for number in 0..100 {
        let key = key(&owner, &format!("{number}"));
        assert_eq!(store.insert(&key, b"", Some(later(10)), NOW).await, Ok(true));
    }
    for _ in 0..40 {
        assert_eq!(store.insert(&fresh(), b"", None, later(200)).await, Ok(true));
    }
    let count = query_scalar("SELECT count(*) FROM auth_records WHERE expires_at IS NOT NULL");
    let left: i64 = count.fetch_one(&mut connect(&folder).await).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn sqlite_refuses_what_it_cannot_read() {
    let folder = Folder::in_memory();
    std::fs::write(folder.file("a.db"), "this is a letter, and no database at all").unwrap();
    let why = store::open(&format!("sqlite:{}", folder.file("a.db"))).await.unwrap_err();
    assert!(matches!(why, StoreError::Damaged(_)), "{why:?}");
    let why = store::open("sqlite:/nowhere/at/all.db").await.unwrap_err();
    assert!(matches!(why, StoreError::Unavailable(_)), "{why:?}");
    for url in ["sqlite:", "sqlite::memory:"] {
        let why = store::open(url).await.unwrap_err();
        assert!(matches!(why, StoreError::Unsuitable(_)), "{why:?}");
    }
}

#[tokio::test]
async fn sqlite_refuses_tables_of_a_later_version() {
    let folder = Folder::in_memory();
    drop(open(&folder).await);
    let step = raw_sql("INSERT INTO auth_schema (version) VALUES (99)");
    step.execute(&mut connect(&folder).await).await.unwrap();
    let why = store::open(&format!("sqlite:{}", folder.file("a.db"))).await.unwrap_err();
    assert!(matches!(why, StoreError::Unsuitable(_)), "{why:?}");
}

/// Another process that holds the lock and does not let go.
#[tokio::test(flavor = "multi_thread")]
async fn sqlite_that_is_locked_is_an_error_in_time() {
    let folder = Folder::in_memory();
    let store = open(&folder).await;
    let key = fresh();
    put(&store, &key, b"x").await;
    let mut other = connect(&folder).await;
    raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let (answer, took) = timed(store.delete(&key, NOW)).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    assert!(took.as_secs() < 2, "{took:?}");
    // Readers do not wait for a writer.
    assert_eq!(value(&store, &key).await.as_deref(), Some(&b"x"[..]));
    raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    assert_eq!(store.delete(&key, NOW).await, Ok(true));
}
