//! Where the policy is. In: the attribute's `policy = ".."`, the package's manifest, the
//! environment. Out: one path, and every file that this answer depends on. No search upwards.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use proc_macro2::Span;
use syn::LitStr;

/// The file used when nothing names one, relative to the manifest.
const DEFAULT: &str = "policies/auth.yaml";

/// A policy's place on this machine.
pub(crate) struct Located {
    /// The file, absolute.
    pub(crate) file: PathBuf,
    /// The manifest, if it was asked: the answer changes with it.
    pub(crate) manifest: Option<PathBuf>,
    /// Where this was said.
    pub(crate) said_by: SaidBy,
    /// The literal that named it, or the attribute.
    pub(crate) span: Span,
}

/// What named the policy, for the message when it is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SaidBy {
    Argument,
    Manifest,
    Environment,
    Default,
}

/// The policy of the package being compiled.
pub(crate) fn locate(argument: Option<&LitStr>) -> syn::Result<Located> {
    let package = package()?;
    if let Some(literal) = argument {
        if literal.value().is_empty() {
            let help = "this names no file: write the policy's path, relative to Cargo.toml";
            return Err(syn::Error::new(literal.span(), help));
        }
        let file = package.join(literal.value());
        let said_by = SaidBy::Argument;
        return Ok(Located { file, manifest: None, said_by, span: literal.span() });
    }
    let manifest = package.join("Cargo.toml");
    let named = environment("AUTH_POLICY").filter(|path| !path.is_empty());
    let (file, said_by) = match (in_manifest(&manifest)?, named) {
        (Some(path), _) => (package.join(path), SaidBy::Manifest),
        (None, Some(path)) => (package.join(path), SaidBy::Environment),
        (None, None) => (package.join(DEFAULT), SaidBy::Default),
    };
    Ok(Located { file, manifest: Some(manifest), said_by, span: Span::call_site() })
}

impl Located {
    /// The path as reviewers know it: relative to the workspace, or to the package.
    pub(crate) fn label(&self) -> String {
        let file = fs::canonicalize(&self.file).unwrap_or_else(|_| self.file.clone());
        let workspace = file.ancestors().skip(1).find(|folder| folder.join("Cargo.lock").is_file());
        let root = workspace.map(Path::to_owned).or_else(|| package().ok());
        let relative = root.as_deref().and_then(|root| file.strip_prefix(root).ok());
        // Outside of both the name has to do: where this machine keeps it is nobody's business.
        let name = || file.file_name().map_or(file.as_path(), Path::new);
        relative.unwrap_or_else(name).display().to_string()
    }
}

/// `[package.metadata.auth] policy = ".."`. A table that says anything else is a mistake: passing
/// over it would compile in another policy than the one that was meant.
fn in_manifest(manifest: &Path) -> syn::Result<Option<String>> {
    let text = fs::read_to_string(manifest).unwrap_or_default();
    let Ok(manifest) = text.parse::<toml_edit::Document<String>>() else { return Ok(None) };
    let metadata = manifest.get("package").and_then(|package| package.get("metadata"));
    let Some(auth) = metadata.and_then(|metadata| metadata.get("auth")) else { return Ok(None) };
    let policy = auth.get("policy").and_then(|policy| policy.as_str());
    match policy.filter(|path| !path.is_empty()) {
        Some(path) => Ok(Some(path.to_owned())),
        None => {
            let help = "`[package.metadata.auth]` in Cargo.toml names no policy: write `policy = \"policies/auth.yaml\"`, relative to Cargo.toml";
            Err(syn::Error::new(Span::call_site(), help))
        }
    }
}

fn package() -> syn::Result<PathBuf> {
    let folder = environment("CARGO_MANIFEST_DIR").map(PathBuf::from);
    folder.ok_or_else(|| {
        let help = "CARGO_MANIFEST_DIR is not set: compile this with cargo";
        syn::Error::new(Span::call_site(), help)
    })
}

#[allow(clippy::disallowed_methods, reason = "a macro learns its package from the environment")]
fn environment(name: &str) -> Option<String> {
    env::var(name).ok()
}
