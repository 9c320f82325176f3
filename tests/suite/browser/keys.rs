//! Keys without a letter, as WebDriver writes them (W3C WebDriver, section 17.4.2).

pub(super) const TAB: &str = "\u{e004}";
pub(super) const ENTER: &str = "\u{e007}";
pub(super) const SPACE: &str = " ";
