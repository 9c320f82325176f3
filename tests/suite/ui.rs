//! What compiles and what does not, and what rustc says then: one case, one fact.

/// Z1, Z2, Z3, C5: every compile error a rule can cause, word for word.
#[test]
fn z1_z2_z3_c5_compile_errors() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}
