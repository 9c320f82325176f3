//! Policies that are known at run time only, such as where a port is part of one. In: the text. Out:
//! what `policy!()` would have embedded.

use auth_policy::{Source, check};
use auth_runtime::EmbeddedPolicy;

/// A sound policy; otherwise the findings are the panic.
pub(crate) fn embedded(text: String) -> EmbeddedPolicy {
    let checked = check(&Source::new("policies/test.yaml", text.into()));
    let policy = checked.policy.unwrap_or_else(|| panic!("{:?}", checked.diagnostics));
    let text = policy.to_embedded().expect("JSON");
    EmbeddedPolicy::new(Box::leak(text.into_boxed_str()), policy.structure().0)
}
