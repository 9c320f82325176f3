//! A script that Redis may know already. In: its text. Out: the command that names it by its hash,
//! and the one that sends it whole.

use redis::Cmd;

/// A script and its hash.
pub(crate) struct Script {
    text: &'static str,
    hash: String,
}

impl Script {
    pub(crate) fn new(text: &'static str) -> Self {
        let hash = redis::Script::new(text).get_hash().to_owned();
        Self { text, hash }
    }

    /// The call by hash, which a server that does not know the script refuses.
    pub(super) fn by_hash(&self) -> Cmd {
        let mut command = redis::cmd("EVALSHA");
        command.arg(&self.hash);
        command
    }

    /// The call that brings the text along.
    pub(super) fn whole(&self) -> Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg(self.text);
        command
    }
}
