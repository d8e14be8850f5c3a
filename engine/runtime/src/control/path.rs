//! Where the socket lies: in the data directory, or, when that path is too long for the 108 bytes
//! that a Unix socket's address has, in a private folder of the temporary directory, which
//! `control.path` in the data directory then names.

use std::collections::hash_map::DefaultHasher;
use std::fs::DirBuilder;
use std::hash::{Hash, Hasher};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The longest path that every Unix takes: macOS has 104 bytes, one of them for the end.
const LONGEST: usize = 103;

const SOCKET: &str = "control.sock";
const POINTER: &str = "control.path";

/// The socket's path for a server; writes or removes the pointer as needed.
pub(super) fn prepare(dir: &Path) -> io::Result<PathBuf> {
    let near = dir.join(SOCKET);
    let pointer = dir.join(POINTER);
    if near.as_os_str().len() <= LONGEST {
        remove_if_there(&pointer)?;
        return Ok(near);
    }
    let far = private_dir(dir)?.join(SOCKET);
    if far.as_os_str().len() > LONGEST {
        let text =
            format!("{} is too long for a socket; set TMPDIR to a short path", far.display());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    std::fs::write(&pointer, far.as_os_str().as_encoded_bytes())?;
    Ok(far)
}

/// The socket's path for a client.
pub(super) fn find(dir: &Path) -> io::Result<PathBuf> {
    match std::fs::read_to_string(dir.join(POINTER)) {
        Ok(path) => Ok(PathBuf::from(path.trim_end())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(dir.join(SOCKET)),
        Err(error) => Err(error),
    }
}

/// Removes a file, or finds it gone.
pub(super) fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A folder that is ours alone, the same for the same data directory.
fn private_dir(dir: &Path) -> io::Result<PathBuf> {
    let mut name = DefaultHasher::new();
    dir.hash(&mut name);
    let folder = std::env::temp_dir().join(format!("tradewind-{:016x}", name.finish()));
    match DirBuilder::new().mode(0o700).create(&folder) {
        Ok(()) => return Ok(folder),
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Err(_) => {}
    }
    // The temporary directory is everybody's: a folder that somebody else made is not used.
    let found = std::fs::symlink_metadata(&folder)?;
    let ours = found.uid() == rustix::process::geteuid().as_raw();
    if found.is_dir() && ours && found.permissions().mode() & 0o077 == 0 {
        return Ok(folder);
    }
    let text = format!("{} exists and is not a private folder of ours", folder.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_directory_holds_its_socket() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(POINTER), "/elsewhere").unwrap();
        let path = prepare(dir.path()).unwrap();
        assert_eq!(path, dir.path().join(SOCKET));
        assert_eq!(find(dir.path()).unwrap(), path);
    }

    #[test]
    fn a_long_directory_points_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("d".repeat(120));
        std::fs::create_dir(&deep).unwrap();
        let path = prepare(&deep).unwrap();
        assert!(path.as_os_str().len() <= LONGEST);
        assert_eq!(find(&deep).unwrap(), path);
        assert_eq!(prepare(&deep).unwrap(), path, "the same directory, the same path");
        std::fs::remove_dir(path.parent().unwrap()).unwrap();
    }
}
