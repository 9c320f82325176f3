use auth_runtime::authenticate;

#[authenticate(jwt, acr = "urn:example:mfaa")]
async fn handler() {}

fn main() {}
