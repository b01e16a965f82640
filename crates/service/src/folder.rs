//! The folder that a program keeps everything in.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use crate::ServiceError;

/// A folder that no other process takes as long as this one has it: two gateways would push
/// everything twice, two platforms would each give up the other's commands.
#[derive(Debug)]
pub struct Folder {
    _lock: File,
}

impl Folder {
    /// Takes `folder`, which is made if it is not there, by locking the file of the name `lock` in it.
    /// The system lets go of it however the process ends.
    ///
    /// # Errors
    /// [`ServiceError::InUse`], or why it cannot be made.
    pub fn take(folder: &Path, lock: &str) -> Result<Folder, ServiceError> {
        fs::create_dir_all(folder).map_err(ServiceError::file(folder))?;
        let path = folder.join(lock);
        let file = File::create(&path).map_err(ServiceError::file(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Folder { _lock: file }),
            Err(TryLockError::WouldBlock) => Err(ServiceError::InUse {
                path: folder.to_owned(),
            }),
            Err(TryLockError::Error(reason)) => Err(ServiceError::file(&path)(reason)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_made_and_taken_once_until_it_is_let_go() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("data");
        let taken = Folder::take(&path, "a.lock").unwrap();
        let again = Folder::take(&path, "a.lock").unwrap_err();
        assert!(matches!(again, ServiceError::InUse { .. }), "{again}");
        drop(taken);
        Folder::take(&path, "a.lock").unwrap();
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("data");
        fs::write(&path, "").unwrap();
        let told = Folder::take(&path, "a.lock").unwrap_err().to_string();
        assert!(told.contains("data"), "{told}");
    }
}
