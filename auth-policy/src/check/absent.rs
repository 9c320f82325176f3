//! What stands in a policy where nothing was written. In: a value that may be missing. Out: it, or an
//! empty one.

use crate::{document::At, settings::Reference};

/// INVARIANT: where a value that has to be there is not, that is an error, and no policy is made.
pub(super) fn text(word: Option<&At<String>>) -> String {
    word.map(|word| word.value.clone()).unwrap_or_default()
}

/// INVARIANT: as for [`text`].
pub(super) fn nowhere() -> Reference {
    Reference::Environment(String::new())
}
