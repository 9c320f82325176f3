//! What compiles and what does not, and what rustc says then: one case, one fact.

use std::fs;

use crate::files::workspace;

/// Z1, Z2, Z3, C5: every compile error a rule can cause, word for word.
#[test]
fn z1_z2_z3_c5_compile_errors() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}

/// Z2: whatever is not declared is told with the line of the policy that declares its like.
#[test]
fn z2_each_unknown_name_in_an_attribute_has_a_line_of_the_policy_and_a_guess() {
    let cases = [
        ("unknown_scheme", "no scheme `jtw`", "did you mean `jwt`?"),
        ("unknown_scope", "no scope `write:post`", "did you mean `write:posts`?"),
        ("unknown_role", "no role `Admin`", "did you mean `admin`?"),
        ("unknown_rule", "no rule `edit_posts`", "did you mean `edit_post`?"),
        ("unknown_limit_nearly", "no limit `plnety`", "did you mean `plenty`?"),
    ];
    for (case, message, help) in cases {
        let said = fs::read_to_string(workspace().join(format!("tests/ui/fail/{case}.stderr")));
        let said = said.unwrap();
        let place = said.split_once("--> policies/test.yaml:").expect(case).1;
        assert!(place.starts_with(|first: char| first.is_ascii_digit()), "{said}");
        assert!(said.starts_with(&format!("error: the policy declares {message}\n")), "{said}");
        assert!(said.contains(&format!("help: {help}\n")), "{said}");
        assert!(said.contains(&format!("\n --> ui/fail/{case}.rs:3:")), "{said}");
    }
}

/// Z3: two rules on one handler are told, whichever comes first.
#[test]
fn z3_public_and_a_guard_on_one_handler_are_one_error_at_the_second() {
    for case in ["authenticate_then_public", "public_then_authenticate"] {
        let said = fs::read_to_string(workspace().join(format!("tests/ui/fail/{case}.stderr")));
        let said = said.unwrap();
        assert_eq!(said.matches("error").count(), 1, "{said}");
        assert!(said.starts_with("error: this handler has two access rules: keep one of them\n"));
        assert!(said.contains(&format!("--> ui/fail/{case}.rs:4:")), "{said}");
    }
}
