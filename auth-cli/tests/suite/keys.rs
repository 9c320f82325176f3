//! `cargo auth keys`: files that the runtime reads, that nobody else can, and a rotation in order.

use std::{fs, path::Path};

use auth_runtime::{jwt::KeySet, policy_types::Algorithm};
use serde_json::{Value, json};

use crate::world::{ends, folder};

fn set(folder: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join("keys.json")).unwrap()).unwrap()
}

fn kids(folder: &Path) -> Vec<String> {
    let set = set(folder);
    let keys = set["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// Lets every key of the file be so many seconds older.
fn age(folder: &Path, seconds: i64) {
    let mut set = set(folder);
    for key in set["keys"].as_array_mut().unwrap() {
        key["iat"] = json!(key["iat"].as_i64().unwrap() - seconds);
    }
    fs::write(folder.join("keys.json"), set.to_string()).unwrap();
}

#[test]
fn j04_a_key_of_each_algorithm_is_one_the_runtime_signs_with() {
    let here = folder("keys-all");
    for algorithm in Algorithm::ALL {
        let name = algorithm.name();
        let file = format!("{name}.json");
        let (said, _) = ends(0, &here, &["keys", "generate", "--alg", name, &file]);
        let text = fs::read_to_string(here.join(&file)).unwrap();
        let keys = KeySet::parse(&text, &[algorithm]).unwrap();
        let key = keys.signing_key(algorithm).unwrap();
        assert!(
            said.starts_with(&format!("{file}: {}: {name}, sig, ", key.kid().unwrap())),
            "{said}"
        );
        for member in ["d", "k", "p"] {
            let secret = serde_json::from_str::<Value>(&text).unwrap()["keys"][0][member].clone();
            assert!(secret.as_str().is_none_or(|secret| !said.contains(secret)), "{member}");
        }
    }
    assert!(ends(2, &here, &["keys", "generate", "--alg", "none", "x"]).1.contains("EdDSA"));
}

#[cfg(unix)]
#[test]
fn nobody_but_its_owner_reads_a_file_of_keys() {
    use std::os::unix::fs::PermissionsExt;
    let here = folder("keys-mode");
    let mode = || fs::metadata(here.join("keys.json")).unwrap().permissions().mode() & 0o777;
    ends(0, &here, &["keys", "generate", "keys.json"]);
    assert_eq!(mode(), 0o600);
    fs::set_permissions(here.join("keys.json"), fs::Permissions::from_mode(0o644)).unwrap();
    ends(0, &here, &["keys", "rotate", "keys.json"]);
    assert_eq!(mode(), 0o600, "a rotation closes a file that was open");
}

#[test]
fn keys_that_are_there_are_not_replaced_and_private_ones_are_printed_when_asked_alone() {
    let here = folder("keys-there");
    ends(0, &here, &["keys", "generate", "keys.json"]);
    let before = kids(&here);
    let (_, problem) = ends(2, &here, &["keys", "generate", "keys.json"]);
    assert!(problem.contains("is there already"), "{problem}");
    assert_eq!(kids(&here), before);
    ends(2, &here, &["keys", "generate"]);
    ends(2, &here, &["keys", "generate", "--stdout", "keys.json"]);
    let (said, _) = ends(0, &here, &["keys", "generate", "--stdout"]);
    KeySet::parse(&said, &[Algorithm::EdDSA]).unwrap().signing_key(Algorithm::EdDSA).unwrap();
}

#[test]
fn k5_a_rotation_goes_in_three_steps_and_in_no_other_order() {
    let here = folder("keys-rotate");
    let step = |step: &'static str| ["keys", "rotate", "keys.json", "--step", step];
    ends(0, &here, &["keys", "generate", "keys.json"]);
    let old = kids(&here);
    assert!(ends(2, &here, &step("sign")).1.contains("begin with `--step add`"));
    assert!(ends(2, &here, &step("retire")).1.contains("begin with `--step add`"));

    assert!(ends(0, &here, &step("add")).0.contains("wait 5 minutes"));
    let both = kids(&here);
    assert_eq!((both.len(), &both[0]), (2, &old[0]), "the new key does not sign yet");
    assert!(ends(2, &here, &step("add")).1.contains("under way"));
    assert!(ends(2, &here, &step("retire")).1.contains("does not sign yet"));
    assert!(ends(2, &here, &step("sign")).1.contains("younger than 5 minutes"));
    assert_eq!(kids(&here), both, "what is refused changes nothing");

    age(&here, 298);
    ends(2, &here, &step("sign"));
    age(&here, 4);
    assert!(ends(0, &here, &step("sign")).0.contains("the new key signs"));
    assert_eq!(kids(&here), [both[1].clone(), both[0].clone()]);
    assert!(ends(2, &here, &step("sign")).1.contains("signs already"));

    assert!(ends(0, &here, &step("retire")).0.contains("the old key is gone"));
    assert_eq!(kids(&here), [both[1].clone()]);
}

#[test]
fn a_leaked_key_is_replaced_at_once_and_other_algorithms_stay() {
    let here = folder("keys-at-once");
    ends(0, &here, &["keys", "generate", "keys.json", "--alg", "ES256"]);
    ends(0, &here, &["keys", "generate", "other.json", "--alg", "EdDSA"]);
    let other = fs::read_to_string(here.join("other.json")).unwrap();
    let other: Value = serde_json::from_str(&other).unwrap();
    let mut both = set(&here);
    both["keys"].as_array_mut().unwrap().push(other["keys"][0].clone());
    fs::write(here.join("keys.json"), both.to_string()).unwrap();
    assert!(ends(2, &here, &["keys", "rotate", "keys.json"]).1.contains("`--alg`"));
    let rotate = ["keys", "rotate", "keys.json", "--alg", "EdDSA"];
    ends(0, &here, &rotate);
    ends(0, &here, &[&rotate[..], &["--step", "sign", "--at-once"]].concat());
    ends(0, &here, &[&rotate[..], &["--step", "retire"]].concat());
    let (before, after) = (both["keys"].as_array().unwrap(), kids(&here));
    assert_eq!(after.len(), 2);
    assert!(after.contains(&before[0]["kid"].as_str().unwrap().to_owned()), "ES256 stays");
    assert!(!after.contains(&before[1]["kid"].as_str().unwrap().to_owned()), "the old one is gone");
}

#[test]
fn a_list_shows_what_is_public() {
    let here = folder("keys-list");
    ends(0, &here, &["keys", "generate", "keys.json", "--alg", "HS256"]);
    ends(0, &here, &["keys", "rotate", "keys.json"]);
    let (text, _) = ends(0, &here, &["keys", "list", "keys.json"]);
    let (json, _) = ends(0, &here, &["keys", "list", "keys.json", "--format", "json"]);
    for key in set(&here)["keys"].as_array().unwrap() {
        let secret = key["k"].as_str().unwrap();
        assert!(!text.contains(secret) && !json.contains(secret));
        assert!(text.contains(key["kid"].as_str().unwrap()));
    }
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[0].contains(": HS256, sig, signs and verifies, made 20"), "{text}");
    assert!(lines[1].contains(": HS256, sig, verifies, made 20"), "{text}");
    let list: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(list["version"], 1);
    assert_eq!(list["keys"][0]["kid"], kids(&here)[0]);
    assert_eq!(
        (&list["keys"][0]["signs"], &list["keys"][1]["signs"]),
        (&json!(true), &json!(false))
    );
}

#[test]
fn what_the_runtime_would_refuse_is_refused_without_being_shown() {
    let here = folder("keys-bad");
    for (text, why) in [
        ("{\"keys\":[]}", "no key that can be used"),
        ("{\"keys\":[{\"kty\":\"oct\",\"k\":\"aHVudGVyMg\",\"alg\":\"HS256\"}]}", ""),
        ("hunter2", ""),
    ] {
        fs::write(here.join("keys.json"), text).unwrap();
        for command in ["list", "rotate"] {
            let (said, problem) = ends(2, &here, &["keys", command, "keys.json"]);
            assert!(
                problem.starts_with("error: `keys.json`: ") && problem.contains(why),
                "{problem}"
            );
            assert!(!(said + &problem).contains("hunter2") && !problem.contains("aHVudGVyMg"));
        }
        assert_eq!(fs::read_to_string(here.join("keys.json")).unwrap(), text);
    }
}
