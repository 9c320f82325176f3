//! Makes `fingerprints.bin`. In: the list's source, named in `README.md`. Out: its fingerprints.

use std::{collections::BTreeSet, env, fs, path::Path};

use sha2::{Digest, Sha256};

use super::{super::fold::plain, fingerprint};

/// `src/frequency_lists.rs` of zxcvbn 3.1.1.
const SOURCE_SHA256: &str = "6663b95ba2dff46afdbd335e177e67b1a5d2c8533ac0d57d46fed5d43c0e864b";

#[test]
#[ignore = "writes the list anew from its source: see README.md beside this file"]
#[allow(clippy::disallowed_methods, reason = "where the source lies is this one run's own matter")]
fn write_the_list() {
    let source = env::var("COMMON_PASSWORDS").expect("COMMON_PASSWORDS names the source");
    let source = fs::read_to_string(source).expect("the source is text");
    let digest =
        Sha256::digest(&source).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(digest, SOURCE_SHA256, "another version: review it, then change the digest");

    let entries = passwords(&source);
    let list: BTreeSet<_> = entries.iter().map(|entry| fingerprint(&plain(entry))).collect();
    println!("{} entries, {} fingerprints", entries.len(), list.len());
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/password/common/fingerprints.bin");
    fs::write(here, Vec::from_iter(list.into_iter().flatten())).expect("the list is written");
}

/// The entries of `const PASSWORDS: &str = "..,..";`, of which one has an escaped apostrophe.
fn passwords(source: &str) -> Vec<String> {
    let (_, rest) = source.split_once("const PASSWORDS: &str = \"").expect("the list begins");
    let (list, _) = rest.split_once("\";").expect("the list ends");
    list.replace("\\'", "'").split(',').map(str::to_owned).collect()
}
