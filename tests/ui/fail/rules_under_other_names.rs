use auth_runtime as NotRefused;
use auth_runtime::{authenticate as locked, public as open};
#[open(reason = "an outer rule", crate = NotRefused)]
#[locked(jwt)]
async fn handler() {}

fn main() {
    let _ = handler;
}
