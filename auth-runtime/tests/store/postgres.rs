//! The store in PostgreSQL.

use auth_runtime::store::{self, StoreError};
use auth_tests::{Folder, PASSWORD, Server, postgresql};
use sqlx::{Connection, PgConnection, query_scalar, raw_sql};

use crate::{
    certificate::certificate,
    changes, contract, crowd, many, model, outage, race,
    world::{COLLECTION, NOW, Shared, fresh, key, later, owner, put, together, value},
};

async fn open(server: &Server) -> Shared {
    store::open(&server.url).await.unwrap()
}

async fn connect(server: &Server) -> PgConnection {
    PgConnection::connect(&server.url).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: ./test stores"]
async fn postgres_holds_the_contract() {
    let server = postgresql::start(&[]);
    let store = open(&server).await;
    contract::hold(&store).await;
    crowd::hold(&store).await;
    race::hold(&store).await;
    model::hold_async(&store, 50).await;
    let other = open(&server).await;
    changes::hold(&store, &other).await;
    assert!(!format!("{store:?}").contains(PASSWORD));
    expired_rows_are_removed(&server, &store).await;
    two_applications_do_not_meet(&server, &store).await;
    later_tables_are_refused(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: ./test stores"]
async fn postgres_holds_a_hundred_thousand() {
    let server = postgresql::start(&[]);
    many::hold(&open(&server).await).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: ./test stores"]
async fn postgres_goes_and_comes_back() {
    let server = postgresql::start(&[]);
    let store = open(&server).await;
    let mut servers = [server];
    outage::survive_a_crash(&mut servers, &store).await;
    outage::survive_a_freeze(&servers, &store).await;
    a_lock_is_an_error_in_time(&servers[0], &store).await;
}

/// Many processes start at the same time on an empty database.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: ./test stores"]
async fn postgres_tables_are_made_once() {
    let server = postgresql::start(&[]);
    let opened = together(16, |_| {
        let address = server.url.clone();
        async move { store::open(&address).await.map(drop) }
    });
    for answer in opened.await {
        assert_eq!(answer, Ok(()));
    }
    let wrong = server.url.replace(PASSWORD, "hunter2-mule");
    let why = store::open(&wrong).await.unwrap_err();
    assert!(matches!(why, StoreError::Unavailable(_)), "{why:?}");
    assert!(!format!("{why:?}").contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and openssl: ./test stores"]
async fn postgres_speaks_tls_to_those_it_can_prove_itself_to() {
    let folder = Folder::in_memory();
    let (certificate, key) = certificate(&folder);
    for path in [&folder.file(""), &certificate, &key] {
        postgresql::lend(path);
    }
    let settings =
        ["ssl=on", &format!("ssl_cert_file={certificate}"), &format!("ssl_key_file={key}")];
    let server = postgresql::start(&settings);
    drop(open(&server).await);
    let verified = format!("{}?sslmode=verify-full", server.url);
    let trusting = format!("{verified}&sslrootcert={certificate}");
    let store = store::open(&trusting).await.unwrap();
    put(&store, &fresh(), b"x").await;
    for url in [verified, trusting.replace("127.0.0.1", "localhost")] {
        let why = store::open(&url).await.unwrap_err();
        assert!(matches!(why, StoreError::Unavailable(_)), "{why:?}");
    }
}

/// As the book says, in a schema each.
async fn two_applications_do_not_meet(server: &Server, store: &Shared) {
    raw_sql("CREATE SCHEMA blog").execute(&mut connect(server).await).await.unwrap();
    let blog = format!("{}?options=-c%20search_path%3Dblog", server.url);
    let other = store::open(&blog).await.unwrap();
    let shared = fresh();
    put(store, &shared, b"mine").await;
    put(&other, &shared, b"yours").await;
    assert_eq!(value(store, &shared).await.as_deref(), Some(&b"mine"[..]));
}

async fn expired_rows_are_removed(server: &Server, store: &Shared) {
    let owner = owner();
    for number in 0..100 {
        let key = key(&owner, &format!("{number}"));
        assert_eq!(store.insert(&key, b"", Some(later(10)), NOW).await, Ok(true));
    }
    for _ in 0..200 {
        assert_eq!(store.insert(&fresh(), b"", None, later(9_999)).await, Ok(true));
    }
    let count = query_scalar("SELECT count(*) FROM auth_records WHERE owner = $1");
    let left: i64 = count.bind(owner.as_str()).fetch_one(&mut connect(server).await).await.unwrap();
    assert_eq!(left, 0);
}

async fn later_tables_are_refused(server: &Server) {
    let step = raw_sql("INSERT INTO auth_schema (version) VALUES (99)");
    step.execute(&mut connect(server).await).await.unwrap();
    let why = store::open(&server.url).await.unwrap_err();
    assert!(matches!(why, StoreError::Unsuitable(_)), "{why:?}");
}

/// Somebody else holds the row and does not let go.
async fn a_lock_is_an_error_in_time(server: &Server, store: &Shared) {
    let owned = fresh();
    put(store, &owned, b"x").await;
    let mut other = connect(server).await;
    raw_sql("BEGIN; SELECT * FROM auth_records FOR UPDATE").execute(&mut other).await.unwrap();
    let (answer, took) = crate::world::timed(store.delete(&owned, NOW)).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    assert!(took.as_secs() < 2, "{took:?}");
    assert_eq!(value(store, &owned).await.as_deref(), Some(&b"x"[..]));
    raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    assert_eq!(store.delete_owned(COLLECTION, &owned.owner, NOW).await, Ok(1));
}
