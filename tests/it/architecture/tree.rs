//! The sources of the tree as text: every Rust file of ours, apart from what is generated.

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the workspace.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A Rust file of ours.
pub struct Source {
    /// From the root, with `/`.
    pub path: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// The text before the module of tests that ends the file.
    pub fn code(&self) -> &str {
        let opens_module = |at: usize| {
            let item = self.text[at..].lines().find(|line| !line.trim_start().starts_with("#["));
            item.is_some_and(|item| item.contains("mod "))
        };
        let mut tests = self.text.match_indices("#[cfg(test)]").map(|(at, _)| at);
        tests.find(|at| opens_module(*at)).map_or(&self.text, |end| &self.text[..end])
    }

    /// Whether the whole file is a test, or there for tests.
    pub fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "tests.rs")
    }

    /// The names of the folders and the file below the crate, and of the modules that stand in the file.
    pub fn module_names(&self) -> impl Iterator<Item = &str> {
        let below = self.path.splitn(3, '/').nth(2).unwrap_or_default();
        let inline = self.text.lines().filter_map(|line| {
            let line = line.trim_start();
            let rest = line.strip_prefix("pub").map_or(line, |rest| rest.trim_start_matches("(crate)").trim_start_matches("(super)"));
            rest.trim_start().strip_prefix("mod ")?.split([' ', ';', '{']).next()
        });
        below.split('/').map(|part| part.trim_end_matches(".rs")).chain(inline)
    }
}

/// Every Rust file of ours.
pub fn sources() -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    for top in ["crates", "services", "tests"] {
        collect(&root, &root.join(top), &mut found);
    }
    found
}

/// Every manifest of a crate of ours, as path and text.
pub fn manifests() -> Vec<(String, String)> {
    let root = root();
    let mut found = Vec::new();
    for top in ["crates", "services", "tests"] {
        for entry in fs::read_dir(root.join(top)).unwrap() {
            let manifest = entry.unwrap().path().join("Cargo.toml");
            if let Ok(text) = fs::read_to_string(&manifest) {
                found.push((relative(&root, &manifest), text));
            }
        }
    }
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            // Tools that tests/run installs, and what a script wrote, are none of ours.
            if !name.starts_with('.') && name != "generated" && name != "target" {
                collect(root, &path, found);
            }
        } else if name.ends_with(".rs") {
            found.push(Source { path: relative(root, &path), text: fs::read_to_string(&path).unwrap() });
        }
    }
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap().to_string_lossy().into_owned()
}
