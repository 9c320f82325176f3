//! The example's pages, as somebody sees them: a headless Chromium is driven through WebDriver.
//!
//! `./test browser` runs these. They are ignored otherwise, because they need chromium and
//! chromedriver.

mod consent;
mod contrast;
mod driver;
mod forged;
mod journey;
mod keyboard;
mod keys;
mod looks;
mod origin;
mod pictures;
mod provider;
mod site;
mod window;
mod wire;
