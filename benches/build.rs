//! Policies that grow. In: nothing. Out: policies of 10 to 10,000 scopes, and a service for each of
//! them in Rust, which the bench includes: nobody wants to read them in the repository.

use std::{env, error::Error, fmt::Write as _, fs, path::PathBuf};

/// How many scopes the policies declare.
const SCOPES: [usize; 4] = [10, 100, 1_000, 10_000];

/// How many roles each of them declares that one account may hold together.
const ROLES: usize = 20;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let mut services = String::new();
    for scopes in SCOPES {
        let policy = folder.join(format!("scopes-{scopes}.yaml"));
        fs::write(&policy, text(scopes)?)?;
        writeln!(services, "service!(scopes{scopes}, {policy:?}, HS256_KEYS);")?;
    }
    fs::write(folder.join("services.rs"), services)?;
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

/// Like `policies/hs256.yaml`. `read:posts` and `write:posts` are the last of its scopes.
fn text(scopes: usize) -> Result<String, Box<dyn Error>> {
    let base = fs::read_to_string("policies/hs256.yaml")?;
    println!("cargo::rerun-if-changed=policies/hs256.yaml");
    let (before, rest) = base.split_once("scopes:\n").ok_or("it declares scopes")?;
    let (declared, rest) = rest.split_once("roles:\n").ok_or("it declares roles")?;
    let mut text = format!("{before}scopes:\n");
    for scope in 0..scopes.saturating_sub(2) {
        writeln!(text, "  do:a{scope:04}: Something")?;
    }
    text.push_str(declared);
    text.push_str("roles:\n  everything: { includes: [author], grants: [\"do:*\"] }\n");
    for role in 0..ROLES {
        writeln!(text, "  role{role:02}: {{ grants: [do:a{:04}] }}", role % (scopes - 2))?;
    }
    text.push_str(rest);
    Ok(text)
}
