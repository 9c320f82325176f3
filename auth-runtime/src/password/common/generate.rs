//! Makes `fingerprints.bin`. In: the list's source, named in `README.md`. Out: its fingerprints.

use std::{collections::BTreeSet, fs};

use sha2::{Digest, Sha256};

use super::{super::fold::plain, fingerprint};

/// Where the source has to be, seen from this package, where cargo runs its tests.
const SOURCE: &str = "../target/frequency_lists.rs";
const LIST: &str = "src/password/common/fingerprints.bin";

/// `src/frequency_lists.rs` of zxcvbn 3.1.1.
const SOURCE_SHA256: &str = "6663b95ba2dff46afdbd335e177e67b1a5d2c8533ac0d57d46fed5d43c0e864b";

#[test]
#[ignore = "writes the list anew from its source: see README.md beside this file"]
fn write_the_list() {
    let source = fs::read_to_string(SOURCE).expect("the source is where README.md puts it");
    let digest = Sha256::digest(&source);
    let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(digest, SOURCE_SHA256, "another version: review it, then change the digest");

    let entries = passwords(&source);
    let list: BTreeSet<_> = entries.iter().map(|entry| fingerprint(&plain(entry))).collect();
    println!("{} entries, {} fingerprints", entries.len(), list.len());
    fs::write(LIST, Vec::from_iter(list.into_iter().flatten())).expect("the list is written");
}

/// The entries of `const PASSWORDS: &str = "..,..";`, of which one has an escaped apostrophe.
fn passwords(source: &str) -> Vec<String> {
    let (_, rest) = source.split_once("const PASSWORDS: &str = \"").expect("the list begins");
    let (list, _) = rest.split_once("\";").expect("the list ends");
    list.replace("\\'", "'").split(',').map(str::to_owned).collect()
}
