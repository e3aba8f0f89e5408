//! How the committed code is made from `proto/`; shared by the example that writes it and the test that compares.

use std::path::{Path, PathBuf};

/// Where the contracts stand.
pub fn proto_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto")
}

/// Where the generated code is committed.
pub fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/generated")
}

/// Generates Rust code and the descriptor set into `out`.
pub fn generate(out: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let root = proto_root();
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_imports(true).include_source_info(true).open_files(&files)?;
    let described = compiler.file_descriptor_set();

    // Encoded by the compiler itself: prost's own types would lose the options of methods.
    let mut undocumented = protox::Compiler::new([&root])?;
    undocumented.include_imports(true).include_source_info(false).open_files(&files)?;
    std::fs::write(out.join("descriptors.bin"), undocumented.encode_file_descriptor_set())?;

    tonic_prost_build::configure().out_dir(out).compile_fds(described)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
#[test]
fn committed_code_is_what_the_contracts_generate() {
    let fresh = tempfile::tempdir().unwrap();
    generate(fresh.path()).unwrap();
    let names = |folder: &Path| {
        let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(fresh.path()), names(&committed()), "run `cargo run -p contracts --example generate`");
    for name in names(fresh.path()) {
        let same = std::fs::read(fresh.path().join(&name)).unwrap() == std::fs::read(committed().join(&name)).unwrap();
        assert!(same, "{} is stale: run `cargo run -p contracts --example generate`", name.display());
    }
}
