//! A place for a test's files. In: nothing. Out: a directory that is gone when the value is dropped.

use std::{fs, path::PathBuf};

use crate::world::next;

/// A directory that is gone when this is.
pub(crate) struct Directory(PathBuf);

impl Directory {
    /// In memory where the system has such a place: these tests are not about the disk.
    pub(crate) fn new() -> Self {
        let memory = PathBuf::from("/dev/shm");
        let base = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let path = base.join(format!("auth-store-{}-{}", std::process::id(), next()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
