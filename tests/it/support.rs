//! What the tests share: temporary folders, the program, small tables.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A temporary folder with helpers; removed when dropped.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.join(name)).unwrap()
    }
    /// Every file below, by relative name, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut folders = vec![self.0.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    names.push(path.strip_prefix(self.0.path()).unwrap().to_string_lossy().into_owned());
                }
            }
        }
        names.sort();
        names
    }
    /// Runs the program here.
    pub(crate) fn outis(&self, arguments: &[&str]) -> Ran {
        Ran(program().args(arguments).current_dir(self.path()).output().unwrap())
    }
}

/// The program, without a terminal's or a workshop's settings.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_outis"));
    command.env_remove("POLARS_OOC_MEMORY_BUDGET_MB").stdin(std::process::Stdio::null());
    command
}

/// What a run of the program gave.
pub(crate) struct Ran(pub(crate) Output);

impl Ran {
    pub(crate) fn code(&self) -> i32 {
        self.0.status.code().unwrap_or(-1)
    }
    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout()).unwrap()
    }
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "stderr:\n{}\nstdout:\n{}", self.stderr(), self.stdout());
        self
    }
}

/// A folder of the workshop's shared data; `None` outside it. With CI=true it must be there.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "CI needs ../shared/{name}");
    eprintln!("skipped: ../shared/{name} is not here");
    None
}

/// Whether a small disk can be mounted in a name space of our own, on the folder `disk`; with CI=true it must be possible.
pub(crate) fn can_mount(folder: &Folder) -> bool {
    let mount = ["-rm", "sh", "-c", "mount -t tmpfs -o size=64k none disk"];
    let able = Command::new("unshare").args(mount).current_dir(folder.path()).output();
    let able = able.is_ok_and(|output| output.status.success());
    assert!(able || std::env::var("CI").as_deref() != Ok("true"), "CI can mount a disk in a name space of its own");
    if !able {
        eprintln!("skipped: no disk can be mounted here");
    }
    able
}
