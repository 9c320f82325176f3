//! What each verb promises, one fact per case. In: an open store. Out: a panic that names the case.

use auth_runtime::store::{Collection, Key, MAX_VALUE_BYTES, StoreError};

use crate::world::{COLLECTION, NOW, Shared, fresh, ids, key, later, names, owner, put, value};

/// Runs every case.
pub(crate) async fn hold(store: &Shared) {
    a_record_comes_back_as_it_was(store).await;
    what_is_shown_is_what_is_there(store).await;
    every_byte_comes_back(store).await;
    a_second_insert_changes_nothing(store).await;
    a_swap_needs_the_version(store).await;
    a_swap_moves_the_end(store).await;
    nothing_is_swapped_where_nothing_is(store).await;
    what_is_taken_is_gone(store).await;
    what_is_deleted_is_gone(store).await;
    what_is_inserted_again_begins_anew(store).await;
    an_end_is_an_end(store).await;
    an_expired_record_is_in_nobodys_way(store).await;
    an_expired_record_cannot_be_had(store).await;
    what_has_no_end_stays(store).await;
    ends_of_one_owner_do_not_mix(store).await;
    a_list_is_sorted_by_bytes(store).await;
    others_are_left_alone(store).await;
    too_large_is_refused(store).await;
    long_names_fit(store).await;
    large_versions_match_nothing(store).await;
}

async fn a_record_comes_back_as_it_was(store: &Shared) {
    let key = fresh();
    assert_eq!(store.get(&key, NOW).await, Ok(None));
    assert_eq!(store.insert(&key, b"hello", Some(later(60)), NOW).await, Ok(true));
    let found = store.get(&key, NOW).await.unwrap().unwrap();
    assert_eq!((found.key, found.version), (key, 1));
    assert_eq!((found.value.as_slice(), found.expires_at), (&b"hello"[..], Some(later(60))));
}

/// Whoever shows records without a wait shows what `get` answers, at every moment of their lives.
async fn what_is_shown_is_what_is_there(store: &Shared) {
    let key = fresh();
    let agree = async |now| {
        let mut shown = None;
        let shows = store.peek(&key, now, &mut |record| shown = Some(record.cloned()));
        assert_eq!(shown.is_some(), shows, "one look, or none");
        if let Some(shown) = shown {
            assert_eq!(store.get(&key, now).await, Ok(shown));
        }
    };
    agree(NOW).await;
    store.insert(&key, b"first", Some(later(60)), NOW).await.unwrap();
    agree(NOW).await;
    agree(later(60)).await;
    store.swap(&key, 1, b"second", Some(later(90)), NOW).await.unwrap();
    agree(later(60)).await;
    store.delete(&key, NOW).await.unwrap();
    agree(NOW).await;
}

async fn every_byte_comes_back(store: &Shared) {
    let owner = owner();
    let all: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
    for (id, bytes) in [("all", &all[..]), ("none", b""), ("colons", b"1:2:3"), ("zero", b"\0")] {
        put(store, &key(&owner, id), bytes).await;
        assert_eq!(value(store, &key(&owner, id)).await.as_deref(), Some(bytes), "{id}");
    }
    let listed = store.list(COLLECTION, &owner, NOW).await.unwrap();
    assert_eq!(listed[0].value, all);
    let taken = store.take(&key(&owner, "all"), NOW).await.unwrap();
    assert_eq!(taken.unwrap().value, all);
}

async fn a_second_insert_changes_nothing(store: &Shared) {
    let key = fresh();
    put(store, &key, b"first").await;
    assert_eq!(store.insert(&key, b"second", Some(later(9)), NOW).await, Ok(false));
    let found = store.get(&key, NOW).await.unwrap().unwrap();
    assert_eq!((found.value.as_slice(), found.expires_at), (&b"first"[..], None));
}

async fn a_swap_needs_the_version(store: &Shared) {
    let key = fresh();
    put(store, &key, b"1").await;
    assert_eq!(store.swap(&key, 2, b"no", None, NOW).await, Ok(false));
    assert_eq!(store.swap(&key, 0, b"no", None, NOW).await, Ok(false));
    for version in 1..=12 {
        assert_eq!(store.swap(&key, version, b"2", None, NOW).await, Ok(true));
        assert_eq!(store.swap(&key, version, b"no", None, NOW).await, Ok(false));
    }
    let found = store.get(&key, NOW).await.unwrap().unwrap();
    assert_eq!((found.value.as_slice(), found.version), (&b"2"[..], 13));
}

async fn a_swap_moves_the_end(store: &Shared) {
    let key = fresh();
    put(store, &key, b"1").await;
    assert_eq!(store.swap(&key, 1, b"2", Some(later(60)), NOW).await, Ok(true));
    assert_eq!(store.get(&key, later(60)).await, Ok(None));
    assert_eq!(store.swap(&key, 2, b"3", Some(later(90)), NOW).await, Ok(true));
    assert!(store.get(&key, later(60)).await.unwrap().is_some());
    assert_eq!(store.swap(&key, 3, b"4", None, NOW).await, Ok(true));
    assert!(store.get(&key, later(1_000_000)).await.unwrap().is_some());
}

async fn nothing_is_swapped_where_nothing_is(store: &Shared) {
    let key = fresh();
    for version in [0, 1] {
        assert_eq!(store.swap(&key, version, b"x", None, NOW).await, Ok(false));
    }
    assert_eq!(store.get(&key, NOW).await, Ok(None));
}

async fn what_is_taken_is_gone(store: &Shared) {
    let key = fresh();
    put(store, &key, b"once").await;
    assert_eq!(store.swap(&key, 1, b"twice", None, NOW).await, Ok(true));
    let taken = store.take(&key, NOW).await.unwrap().unwrap();
    assert_eq!((taken.value.as_slice(), taken.version), (&b"twice"[..], 2));
    assert_eq!(store.take(&key, NOW).await, Ok(None));
    assert_eq!(store.get(&key, NOW).await, Ok(None));
    assert_eq!(ids(store, &key.owner).await, [""; 0]);
}

async fn what_is_deleted_is_gone(store: &Shared) {
    let key = fresh();
    assert_eq!(store.delete(&key, NOW).await, Ok(false));
    put(store, &key, b"x").await;
    assert_eq!(store.delete(&key, NOW).await, Ok(true));
    assert_eq!(store.delete(&key, NOW).await, Ok(false));
    assert_eq!(store.get(&key, NOW).await, Ok(None));
}

async fn what_is_inserted_again_begins_anew(store: &Shared) {
    let key = fresh();
    put(store, &key, b"x").await;
    assert_eq!(store.swap(&key, 1, b"y", None, NOW).await, Ok(true));
    assert_eq!(store.delete(&key, NOW).await, Ok(true));
    put(store, &key, b"z").await;
    assert_eq!(store.get(&key, NOW).await.unwrap().unwrap().version, 1);
}

async fn an_end_is_an_end(store: &Shared) {
    let key = fresh();
    assert_eq!(store.insert(&key, b"x", Some(later(60)), NOW).await, Ok(true));
    assert!(store.get(&key, later(59)).await.unwrap().is_some());
    assert_eq!(store.get(&key, later(60)).await, Ok(None));
    assert_eq!(names(store.list(COLLECTION, &key.owner, later(59)).await.unwrap()), ["id"]);
    assert_eq!(names(store.list(COLLECTION, &key.owner, later(60)).await.unwrap()), [""; 0]);
}

async fn an_expired_record_is_in_nobodys_way(store: &Shared) {
    let key = fresh();
    assert_eq!(store.insert(&key, b"old", Some(later(60)), NOW).await, Ok(true));
    assert_eq!(store.swap(&key, 1, b"old", Some(later(60)), NOW).await, Ok(true));
    assert_eq!(store.insert(&key, b"no", None, later(59)).await, Ok(false));
    assert_eq!(store.insert(&key, b"new", None, later(60)).await, Ok(true));
    let found = store.get(&key, later(60)).await.unwrap().unwrap();
    assert_eq!((found.value.as_slice(), found.version), (&b"new"[..], 1));
    assert_eq!(found.expires_at, None);
}

async fn an_expired_record_cannot_be_had(store: &Shared) {
    let owner = owner();
    for id in ["swap", "take", "delete", "owned", "live"] {
        let end = if id == "live" { later(99) } else { later(60) };
        assert_eq!(store.insert(&key(&owner, id), b"x", Some(end), NOW).await, Ok(true));
    }
    let then = later(60);
    assert_eq!(store.swap(&key(&owner, "swap"), 1, b"y", None, then).await, Ok(false));
    assert_eq!(store.take(&key(&owner, "take"), then).await, Ok(None));
    assert_eq!(store.delete(&key(&owner, "delete"), then).await, Ok(false));
    assert_eq!(store.delete_owned(COLLECTION, &owner, then).await, Ok(1));
    // It was removed with the others: a process whose clock is behind does not find it either.
    assert_eq!(store.get(&key(&owner, "owned"), NOW).await, Ok(None));
}

async fn what_has_no_end_stays(store: &Shared) {
    let owner = owner();
    put(store, &key(&owner, "stays"), b"x").await;
    let century = later(3_000_000_000);
    assert_eq!(store.insert(&key(&owner, "goes"), b"x", Some(later(60)), NOW).await, Ok(true));
    assert_eq!(names(store.list(COLLECTION, &owner, century).await.unwrap()), ["stays"]);
}

async fn ends_of_one_owner_do_not_mix(store: &Shared) {
    let owner = owner();
    for (id, end) in [("b", later(60)), ("a", later(120)), ("c", later(90))] {
        assert_eq!(store.insert(&key(&owner, id), b"x", Some(end), NOW).await, Ok(true));
    }
    assert_eq!(names(store.list(COLLECTION, &owner, later(60)).await.unwrap()), ["a", "c"]);
    assert_eq!(store.delete(&key(&owner, "a"), NOW).await, Ok(true));
    assert_eq!(names(store.list(COLLECTION, &owner, later(60)).await.unwrap()), ["c"]);
    assert_eq!(names(store.list(COLLECTION, &owner, later(90)).await.unwrap()), [""; 0]);
}

async fn a_list_is_sorted_by_bytes(store: &Shared) {
    let owner = owner();
    for id in ["b", "a", "B", "_", "-", "10", "9", "a-", "aa", "A"] {
        put(store, &key(&owner, id), id.as_bytes()).await;
    }
    let sorted = ["-", "10", "9", "A", "B", "_", "a", "a-", "aa", "b"];
    assert_eq!(ids(store, &owner).await, sorted);
}

async fn others_are_left_alone(store: &Shared) {
    let (mine, yours) = (owner(), owner());
    let other = Collection("test-other");
    let elsewhere = Key::new(other, mine.clone(), "id").unwrap();
    put(store, &key(&mine, "id"), b"mine").await;
    put(store, &key(&yours, "id"), b"yours").await;
    put(store, &elsewhere, b"elsewhere").await;
    assert_eq!(value(store, &elsewhere).await.as_deref(), Some(&b"elsewhere"[..]));
    assert_eq!(store.delete_owned(COLLECTION, &mine, NOW).await, Ok(1));
    assert_eq!(store.delete_owned(COLLECTION, &mine, NOW).await, Ok(0));
    assert_eq!(ids(store, &mine).await, [""; 0]);
    assert_eq!(ids(store, &yours).await, ["id"]);
    assert_eq!(names(store.list(other, &mine, NOW).await.unwrap()), ["id"]);
}

async fn too_large_is_refused(store: &Shared) {
    let key = fresh();
    let (largest, larger) = (vec![7; MAX_VALUE_BYTES], vec![7; MAX_VALUE_BYTES + 1]);
    let refused = Err(StoreError::TooLarge);
    assert_eq!(store.insert(&key, &larger, None, NOW).await, refused);
    put(store, &key, &largest).await;
    assert_eq!(store.swap(&key, 1, &larger, None, NOW).await, refused);
    assert_eq!(store.swap(&key, 1, &largest, None, NOW).await, Ok(true));
    assert_eq!(value(store, &key).await, Some(largest));
}

async fn long_names_fit(store: &Shared) {
    let owner = auth_runtime::store::Owner::new(format!("{:x>128}", owner().as_str())).unwrap();
    let long = key(&owner, &"y".repeat(128));
    put(store, &long, b"x").await;
    assert_eq!(value(store, &long).await.as_deref(), Some(&b"x"[..]));
    assert_eq!(store.delete_owned(COLLECTION, &owner, NOW).await, Ok(1));
}

async fn large_versions_match_nothing(store: &Shared) {
    let key = fresh();
    put(store, &key, b"x").await;
    for version in [i64::MAX as u64, u64::MAX, (1 << 53) + 1] {
        assert_eq!(store.swap(&key, version, b"y", None, NOW).await, Ok(false));
    }
}
