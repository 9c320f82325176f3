//! M14: suspicious patterns are raised, once, and nothing else is.

use std::sync::{Arc, Mutex};

use auth_runtime::{
    audit::{AuditSink, Decision, Kind, Pattern, Suspicion, Thresholds, Watch},
    policy_types::Seconds,
};

use super::sample::{Written, event, failed, key_used, subject};

const THREE: Thresholds = Thresholds {
    window: Seconds(60),
    accounts_per_address: 3,
    addresses_per_account: 3,
    unknown_keys: 3,
    entries: 100,
};

fn watch() -> (Watch<Written>, Written) {
    let written = Written::default();
    (Watch::new(written.clone(), THREE), written)
}

#[test]
fn m14_a_refresh_token_used_twice_is_raised_and_told_to_the_application() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&told);
    let written = Written::default();
    let watch = Watch::new(written.clone(), THREE).hook(move |seen: &Suspicion<'_>| {
        let owner = seen.event.subject.map(|subject| subject.id.to_string());
        notes.lock().unwrap().push((seen.pattern, owner));
    });
    let ada = subject("ada");
    let mut reuse = event(Kind::RefreshReuse);
    reuse.decision = Decision::Deny;
    reuse.subject = Some(&ada);
    watch.record(&reuse);
    let events = written.take();
    let names: Vec<_> = events.iter().map(|event| &event["event.name"]).collect();
    assert_eq!(names, ["auth.refresh.reuse", "auth.suspicious"]);
    assert_eq!(events[1]["auth.cause"], "refresh-reuse");
    assert_eq!(events[1]["user.id"], "ada");
    assert_eq!(*told.lock().unwrap(), [(Pattern::RefreshReuse, Some("ada".to_owned()))]);
}

#[test]
fn m14_one_address_that_fails_across_many_accounts_is_raised_once_in_a_window() {
    let (watch, written) = watch();
    for name in ["a", "a", "b", "b", "a"] {
        watch.record(&failed(name, "192.0.2.1", 0));
    }
    assert_eq!(written.causes_of(Kind::Suspicious), [""; 0], "two accounts, often");
    watch.record(&failed("c", "192.0.2.1", 59));
    let events = written.take();
    assert_eq!(events[1]["auth.cause"], "address-many-accounts");
    assert_eq!(
        (&events[1]["auth.count"], &events[1]["client.address"]),
        (&3.into(), &"192.0.2.1".into())
    );
    for name in ["d", "e", "f"] {
        watch.record(&failed(name, "192.0.2.1", 59));
    }
    assert_eq!(written.causes_of(Kind::Suspicious), [""; 0], "told already");
    for name in ["d", "e", "f"] {
        watch.record(&failed(name, "192.0.2.1", 60));
    }
    assert_eq!(written.causes_of(Kind::Suspicious), ["address-many-accounts"], "a new window");
}

#[test]
fn m14_many_addresses_on_one_account_are_raised() {
    let (watch, written) = watch();
    for address in ["192.0.2.1", "192.0.2.2", "::ffff:192.0.2.2", "2001:db8::1"] {
        watch.record(&failed("Ada", address, 0));
    }
    assert_eq!(written.causes_of(Kind::Suspicious), ["account-many-addresses"]);
    // One machine takes any address of its /64.
    for address in ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4"] {
        watch.record(&failed("bob", address, 0));
    }
    assert_eq!(written.causes_of(Kind::Suspicious), [""; 0]);
}

#[test]
fn m14_sign_ins_that_succeed_or_come_from_nowhere_known_are_not_counted() {
    let (watch, written) = watch();
    for name in ["a", "b", "c", "d"] {
        let mut event = failed(name, "192.0.2.1", 0);
        event.decision = Decision::Allow;
        watch.record(&event);
        let mut event = failed(name, "192.0.2.1", 0);
        event.address = None;
        watch.record(&event);
    }
    assert_eq!(written.causes_of(Kind::Suspicious), [""; 0]);
}

#[test]
fn m14_an_api_key_from_a_new_network_is_raised() {
    let (watch, written) = watch();
    for address in ["192.0.2.1", "192.0.2.200"] {
        watch.record(&key_used("k-1", address));
    }
    watch.record(&key_used("k-2", "198.51.100.1"));
    assert_eq!(written.causes_of(Kind::Suspicious), [""; 0], "each has one network");
    watch.record(&key_used("k-1", "198.51.100.1"));
    assert_eq!(written.causes_of(Kind::Suspicious), ["key-new-network"]);
    watch.record(&key_used("k-1", "192.0.2.7"));
    watch.record(&key_used("k-1", "198.51.100.7"));
    assert_eq!(written.causes_of(Kind::Suspicious), [""; 0], "both are known now");
}

#[test]
fn m14_a_flood_of_unknown_keys_is_raised_once() {
    let (watch, written) = watch();
    let mut unknown = event(Kind::Access);
    unknown.decision = Decision::Deny;
    unknown.cause = Some("key-unknown");
    (0..2).for_each(|_| watch.record(&unknown));
    let mut other = event(Kind::Access);
    other.decision = Decision::Deny;
    other.cause = Some("signature-invalid");
    watch.record(&other);
    assert_eq!(written.causes_of(Kind::Suspicious), [""; 0]);
    (0..10).for_each(|_| watch.record(&unknown));
    assert_eq!(written.causes_of(Kind::Suspicious), ["unknown-keys"]);
}

#[test]
fn m14_thresholds_beyond_what_is_remembered_are_brought_within() {
    let written = Written::default();
    let extreme = Thresholds { accounts_per_address: 255, addresses_per_account: 0, ..THREE };
    let watch = Watch::new(written.clone(), extreme);
    for account in 0..16 {
        watch.record(&failed(&account.to_string(), "192.0.2.1", 0));
    }
    assert_eq!(written.causes_of(Kind::Suspicious), ["address-many-accounts"], "after 16");
    watch.record(&failed("0", "192.0.2.2", 0));
    assert_eq!(written.causes_of(Kind::Suspicious), ["account-many-addresses"], "after 2");
}
