//! `cargo auth fmt`: which files change, and which are left as they are.

use std::fs;

use crate::world::{GOOD, ends, folder};

const FORMED: &str = "version: 1
scopes: { read:posts: Read posts }
roles: { reader: { grants: [read:posts] } } # who
schemes: { session: { idle: 30m, lifetime: 24h } }
";

const UNFORMED: &str = "schemes: {session: { lifetime: 24h,idle: 30m }}
roles: { reader: { grants: [ read:posts ] } }   # who
scopes: { read:posts: Read posts }
version: 1
";

#[test]
fn a_file_is_written_in_form_once() {
    let here = folder("fmt");
    let file = here.join("policies/a.yaml");
    fs::write(&file, UNFORMED).unwrap();
    let expected = "policies/a.yaml: not in form; `cargo auth fmt` writes it\n";
    assert_eq!(ends(1, &here, &["fmt", "--check"]).0, expected);
    assert_eq!(fs::read_to_string(&file).unwrap(), UNFORMED, "`--check` changes nothing");
    assert_eq!(ends(0, &here, &["fmt"]).0, "policies/a.yaml: formatted\n");
    assert_eq!(fs::read_to_string(&file).unwrap(), FORMED);
    assert_eq!(ends(0, &here, &["fmt"]), (String::new(), String::new()));
    assert_eq!(ends(0, &here, &["fmt", "--check"]).0, "");
    assert_eq!(here.join("policies").read_dir().unwrap().count(), 1, "something is left over");
}

#[test]
fn what_cannot_be_formatted_is_left_and_the_others_are_formatted() {
    let here = folder("fmt-left");
    let text = GOOD.replace("Read posts }", "\"Read\n  posts\" }");
    fs::write(here.join("policies/a.yaml"), &text).unwrap();
    fs::write(here.join("policies/b.yaml"), UNFORMED).unwrap();
    fs::write(here.join("policies/c.yaml"), "version: &a 1\n").unwrap();
    let (said, problem) = ends(2, &here, &["fmt"]);
    assert_eq!(
        problem,
        "error: `policies/a.yaml` is left as it is: line 2: a value that goes over several lines, \
         or none\n"
    );
    assert!(said.contains("policies/b.yaml: formatted\n"), "{said}");
    assert!(said.starts_with("policies/b.yaml") && said.contains("error[anchor]"), "{said}");
    assert_eq!(fs::read_to_string(here.join("policies/a.yaml")).unwrap(), text);
    assert_eq!(fs::read_to_string(here.join("policies/c.yaml")).unwrap(), "version: &a 1\n");
    let (said, _) = ends(1, &here, &["fmt", "policies/c.yaml"]);
    assert!(
        said.ends_with("policies/c.yaml: left as it is, because it cannot be read\n"),
        "{said}"
    );
    ends(2, &here, &["fmt", "none.yaml"]);
}

/// A link stays a link, and the file keeps the rights it had.
#[cfg(unix)]
#[test]
fn a_file_keeps_its_rights_and_its_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let here = folder("fmt-rights");
    let file = here.join("policies/a.yaml");
    fs::write(&file, UNFORMED).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("policies/a.yaml", here.join("link.yaml")).unwrap();
    ends(0, &here, &["fmt", "link.yaml"]);
    assert!(fs::symlink_metadata(here.join("link.yaml")).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&file).unwrap(), FORMED);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
}
