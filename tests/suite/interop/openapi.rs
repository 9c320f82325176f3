//! The blog's OpenAPI document, read by somebody else: by the schema that the specification comes with.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::Value;

use super::clients::installed;
use crate::blog::process::Blog;

/// What the validator says of a document.
fn judged(document: &str) -> Value {
    let mut command = Command::new("node");
    command.arg(installed().join("openapi.mjs")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the validator starts");
    let written = child.stdin.take().expect("piped").write_all(document.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "see its message above");
    written.expect("it read the document");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
#[ignore = "needs a validator of OpenAPI: ./test interop"]
fn the_schema_of_openapi_3_1_accepts_the_blogs_document() {
    let blog = Blog::start(&[]);
    let document = blog.get("/openapi.json", None);
    let verdict = judged(&document.body);
    assert_eq!(verdict["version"], "3.1", "{verdict:#}");
    // And it does look: a requirement that is no list is refused.
    let mut spoiled = document.json();
    spoiled["paths"]["/posts"]["get"]["security"] = "none".into();
    assert!(judged(&spoiled.to_string())["errors"].is_array());
}
