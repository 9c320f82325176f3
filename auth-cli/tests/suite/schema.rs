//! `cargo auth schema`. What the schema says is tested in `auth-policy/tests/schema.rs`.

use crate::world::{ends, folder};

#[test]
fn the_schema_is_the_one_in_the_repository() {
    let (said, problems) = ends(0, &folder("schema"), &["schema"]);
    assert_eq!(said, include_str!("../../../policies/schema.json"));
    assert_eq!(problems, "");
}
