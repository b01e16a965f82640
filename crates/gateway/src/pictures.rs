//! Pictures, kept as files by what is in them, and found by names that nobody can guess (RECOG-4).

mod stock;
mod stored;

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use boshi_service::key;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

pub(crate) use self::stored::Shrunk;

use self::stock::Stock;
use self::stored::{Gone, forget, shrink};

/// Bytes of a picture's name: half of a SHA-256, as unguessable as a random uuid.
const NAME_BYTES: usize = 16;

/// How a JPEG file begins.
const JPEG_START: [u8; 2] = [0xff, 0xd8];

/// How many pictures this process has written: tells their unfinished files apart.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

/// The pictures of a gateway.
///
/// A picture's name is a digest of a secret and of its bytes: the same picture is kept once, and
/// who knows one name knows no other.
#[derive(Clone, Debug)]
pub struct Pictures {
    folder: PathBuf,
    secret: SecretString,
    stock: Stock,
}

impl Pictures {
    /// Opens the pictures in `folder`, or makes it.
    ///
    /// # Errors
    /// When the folder or the secret in it cannot be written.
    pub fn open(folder: &Path) -> io::Result<Pictures> {
        fs::create_dir_all(folder)?;
        Ok(Pictures {
            folder: folder.to_owned(),
            secret: key::secret_at(&folder.join("names.key"))?,
            stock: Stock::default(),
        })
    }

    /// Keeps a picture and says its name; `None` when it is no JPEG.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn keep(&self, jpeg: Vec<u8>) -> io::Result<Option<String>> {
        if !jpeg.starts_with(&JPEG_START) {
            return Ok(None);
        }
        let pictures = self.clone();
        let keeping = tokio::task::spawn_blocking(move || pictures.write(&jpeg));
        keeping.await.map_err(io::Error::other)?.map(Some)
    }

    /// The picture of that name, if there is one.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub async fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        if !is_name(name) {
            return Ok(None);
        }
        match tokio::fs::read(self.path(name)).await {
            Ok(jpeg) => Ok(Some(jpeg)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// How many bytes of pictures there are, once they were counted.
    pub(crate) fn bytes(&self) -> u64 {
        self.stock.bytes()
    }

    /// Waits until a picture was kept since this was waited for last.
    pub(crate) async fn grown(&self) {
        self.stock.grown().await;
    }

    /// How the names of pictures begin: those of one beginning lie in one folder.
    pub(crate) fn beginnings() -> impl Iterator<Item = String> {
        (0..=u8::MAX).map(|byte| key::hex(&[byte]))
    }

    /// Deletes the pictures whose names begin in this way and that were kept before `before`,
    /// except those of the names `shown`; says how many.
    ///
    /// # Errors
    /// When the folder cannot be read or a picture not deleted.
    pub(crate) async fn forget(
        &self,
        beginning: &str,
        before: Timestamp,
        shown: HashSet<String>,
    ) -> io::Result<u64> {
        let folder = self.folder.join(beginning);
        let since_epoch = u64::try_from(before.as_millisecond()).unwrap_or_default();
        let before = SystemTime::UNIX_EPOCH + Duration::from_millis(since_epoch);
        let _alone = self.stock.hold().await;
        let forgetting = tokio::task::spawn_blocking(move || forget(&folder, before, &shown));
        let Gone { pictures, bytes } = forgetting.await.map_err(io::Error::other)??;
        self.stock.gone(bytes);
        Ok(pictures)
    }

    /// Counts the pictures, and deletes the oldest until `excess` bytes are gone, which is asked with
    /// how many bytes there are.
    ///
    /// # Errors
    /// When the folder cannot be read or a picture not deleted.
    pub(crate) async fn shrink(
        &self,
        excess: impl FnOnce(u64) -> u64 + Send + 'static,
    ) -> io::Result<Shrunk> {
        let folder = self.folder.clone();
        let _alone = self.stock.hold().await;
        let before = self.stock.bytes();
        let shrinking = tokio::task::spawn_blocking(move || shrink(&folder, excess));
        let shrunk = shrinking.await.map_err(io::Error::other)??;
        self.stock.counted(before, shrunk.left);
        Ok(shrunk)
    }

    fn write(&self, jpeg: &[u8]) -> io::Result<String> {
        let digest = Sha256::new()
            .chain_update(self.secret.expose_secret().as_bytes())
            .chain_update(jpeg)
            .finalize();
        let name = key::hex(&digest[..NAME_BYTES]);
        let path = self.path(&name);
        if let Ok(known) = fs::File::options().write(true).open(&path) {
            // It is as young as what shows it now.
            known.set_modified(SystemTime::now())?;
            return Ok(name);
        }
        fs::create_dir_all(path.with_file_name(""))?;
        // Of two that keep the same picture at once each writes its own: either file is as good, and
        // under its name there is never a part of one.
        let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let unfinished = path.with_extension(format!("{number}.part"));
        let mut file = fs::File::create(&unfinished)?;
        file.write_all(jpeg)?;
        file.sync_data()?;
        fs::rename(&unfinished, &path)?;
        self.stock
            .add(u64::try_from(jpeg.len()).unwrap_or(u64::MAX));
        Ok(name)
    }

    /// Spread over folders, so that none holds more files than can be listed in good time.
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(&name[..2]).join(format!("{name}.jpg"))
    }
}

fn is_name(text: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 2 * NAME_BYTES && text.bytes().all(digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JPEG: &[u8] = &[0xff, 0xd8, 1, 2, 3];

    /// RECOG-4
    #[tokio::test]
    async fn a_picture_is_kept_once_and_found_by_its_name_alone() {
        let folder = tempfile::tempdir().unwrap();
        let pictures = Pictures::open(folder.path()).unwrap();
        let name = pictures.keep(JPEG.to_vec()).await.unwrap().unwrap();
        assert_eq!(
            pictures.keep(JPEG.to_vec()).await.unwrap().as_ref(),
            Some(&name)
        );
        assert_eq!(pictures.read(&name).await.unwrap().as_deref(), Some(JPEG));
        for stranger in ["", "../names.key", "names", &"0".repeat(32)] {
            assert_eq!(pictures.read(stranger).await.unwrap(), None, "{stranger}");
        }
    }

    #[tokio::test]
    async fn names_differ_from_gateway_to_gateway_and_outlive_a_restart() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let name = async |folder: &Path| {
            let pictures = Pictures::open(folder).unwrap();
            pictures.keep(JPEG.to_vec()).await.unwrap().unwrap()
        };
        let first = name(one.path()).await;
        assert_ne!(first, name(other.path()).await);
        assert_eq!(first, name(one.path()).await);
    }

    #[tokio::test]
    async fn a_picture_that_comes_many_times_at_once_is_whole_for_each_who_kept_it() {
        let folder = tempfile::tempdir().unwrap();
        let pictures = Pictures::open(folder.path()).unwrap();
        let jpeg = [&JPEG_START[..], &[7; 300_000]].concat();
        let kept = (0..16).map(|_| async {
            let name = pictures.keep(jpeg.clone()).await.unwrap().unwrap();
            assert!(pictures.read(&name).await.unwrap().unwrap() == jpeg);
        });
        futures_util::future::join_all(kept).await;
    }

    #[test]
    fn what_a_power_cut_left_of_a_picture_goes_with_the_old_ones() {
        let folder = tempfile::tempdir().unwrap();
        let cut = folder.path().join(format!("{}.3.part", "0".repeat(32)));
        fs::write(&cut, JPEG).unwrap();
        let later = SystemTime::now() + Duration::from_secs(60);
        let gone = stored::forget(folder.path(), later, &HashSet::new());
        assert_eq!(gone.unwrap().pictures, 1);
        assert!(!cut.exists());
    }

    /// UNPUSH-2
    #[tokio::test]
    async fn pictures_go_when_they_are_old_unless_something_shows_them() {
        let folder = tempfile::tempdir().unwrap();
        let pictures = Pictures::open(folder.path()).unwrap();
        let keep = async |last: u8| {
            let jpeg = vec![0xff, 0xd8, last];
            pictures.keep(jpeg).await.unwrap().unwrap()
        };
        let (old, shown) = (keep(1).await, keep(2).await);
        let now = Timestamp::now();
        let later = now + jiff::SignedDuration::from_secs(60);
        let earlier = now - jiff::SignedDuration::from_secs(60);
        let forget = async |before| {
            let mut removed = 0;
            for beginning in Pictures::beginnings() {
                let shown = HashSet::from([shown.clone()]);
                removed += pictures.forget(&beginning, before, shown).await.unwrap();
            }
            removed
        };
        assert_eq!(forget(earlier).await, 0);
        assert_eq!(forget(later).await, 1);
        assert_eq!(pictures.read(&old).await.unwrap(), None);
        assert!(pictures.read(&shown).await.unwrap().is_some());
        assert_eq!(keep(1).await, old, "the names are the same as before");
    }

    #[tokio::test]
    async fn a_picture_that_comes_again_is_as_young_as_its_last_coming() {
        let folder = tempfile::tempdir().unwrap();
        let pictures = Pictures::open(folder.path()).unwrap();
        let name = pictures.keep(JPEG.to_vec()).await.unwrap().unwrap();
        let long_ago = SystemTime::now() - Duration::from_secs(1000);
        let file = fs::File::options().write(true).open(pictures.path(&name));
        file.unwrap().set_modified(long_ago).unwrap();
        pictures.keep(JPEG.to_vec()).await.unwrap();
        let before = Timestamp::now() - jiff::SignedDuration::from_secs(60);
        let none = HashSet::new();
        let removed = pictures.forget(&name[..2], before, none).await.unwrap();
        assert_eq!(removed, 0);
    }

    #[tokio::test]
    async fn what_is_no_jpeg_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let pictures = Pictures::open(folder.path()).unwrap();
        assert_eq!(pictures.keep(b"<html>".to_vec()).await.unwrap(), None);
    }
}
