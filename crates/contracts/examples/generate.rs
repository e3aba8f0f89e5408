//! Writes the generated code anew: `cargo run -p contracts --example generate`.

#[path = "../tests/generate.rs"]
mod generate;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = generate::committed();
    if out.exists() {
        std::fs::remove_dir_all(&out)?;
    }
    std::fs::create_dir_all(&out)?;
    generate::generate(&out)
}
