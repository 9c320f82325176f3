//! Messages to people, in development: a file instead of a mail server. In: what would be sent.
//! Out: one JSON line each in `BLOG_OUTBOX`, never a log.

use std::{
    fs::OpenOptions,
    future::{Future, ready},
    io::Write,
    path::PathBuf,
    pin::Pin,
};

use auth_runtime::{
    account::Account,
    reset::{Notifier, NotifyError},
    secret::Secret,
};
use serde_json::json;

/// The file that stands for everybody's inbox.
#[derive(Debug)]
pub(crate) struct Outbox(pub(crate) PathBuf);

impl Notifier for Outbox {
    fn password_reset<'a>(
        &'a self,
        account: &'a Account,
        token: &'a Secret,
    ) -> Pin<Box<dyn Future<Output = Result<(), NotifyError>> + Send + 'a>> {
        // The file is the inbox: whoever reads it is who the token is for.
        let (kind, token) = ("password_reset", token.expose());
        let message = json!({ "kind": kind, "username": account.username, "token": token });
        Box::pin(ready(self.append(&message.to_string())))
    }
}

impl Outbox {
    fn append(&self, line: &str) -> Result<(), NotifyError> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options.open(&self.0).and_then(|mut file| writeln!(file, "{line}"));
        written.map_err(|error| NotifyError(format!("{}: {error}", self.0.display())))
    }
}
