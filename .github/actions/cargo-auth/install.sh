#!/usr/bin/env bash
# Installs cargo-auth. In: VERSION, a version on crates.io, or nothing. Out: `cargo auth`, of that
# version or of the revision that this file is of.
set -euo pipefail

if [ -n "${VERSION:-}" ]; then
    cargo install --locked "auth-cli@$VERSION"
else
    # Its own compiler is named by its rust-toolchain.toml, which holds in that folder.
    cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
    cargo install --locked --path auth-cli
fi
