//! Files copied with a checksum, readable by their owner alone: there are keys among them.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// How much is read at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// What a file was when it was copied, or looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    pub(crate) bytes: u64,
    pub(crate) sha256: String,
}

/// Makes a folder that only its owner can look into.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes a file that only its owner can read, where none is.
///
/// # Errors
/// There is one, or it cannot be made.
pub fn make_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Copies a file to a place where none is, with its time: pictures go by it.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<Fingerprint> {
    let mut original = File::open(from)?;
    if let Some(folder) = to.parent() {
        make_folder(folder)?;
    }
    let mut copy = make_file(to)?;
    let fingerprint = read(&mut original, |chunk| copy.write_all(chunk))?;
    copy.set_modified(original.metadata()?.modified()?)?;
    Ok(fingerprint)
}

/// What a file is now.
pub(crate) fn fingerprint(path: &Path) -> io::Result<Fingerprint> {
    read(&mut File::open(path)?, |_| Ok(()))
}

/// Returns when all that was written to the disk of `folder` is on it.
pub(crate) fn settle(folder: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::fs::syncfs(File::open(folder)?)?;
    #[cfg(not(target_os = "linux"))]
    let _ = folder;
    Ok(())
}

fn read(file: &mut File, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<Fingerprint> {
    let mut digest = Sha256::new();
    let mut bytes = 0;
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        digest.update(&chunk[..read]);
        each(&chunk[..read])?;
        bytes += read as u64;
    }
    let sha256 = digest
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(Fingerprint { bytes, sha256 })
}
