//! A certificate for a test's server. In: a folder. Out: the files of a certificate and its key.

use std::process::{Command, Stdio};

use auth_tests::Folder;

/// A certificate for this machine that nobody signed, and its key.
pub(crate) fn certificate(folder: &Folder) -> (String, String) {
    let (certificate, key) = (folder.file("certificate.pem"), folder.file("key.pem"));
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    command.args(["-nodes", "-days", "2", "-subj", "/CN=test", "-addext"]);
    command.args(["subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]);
    command.args(["-keyout", &key, "-out", &certificate]).stderr(Stdio::null());
    assert!(command.status().unwrap().success(), "openssl");
    (certificate, key)
}
