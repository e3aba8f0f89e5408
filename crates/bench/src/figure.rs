//! A measured figure, for people and for programs.

use std::io::Write;
use std::path::Path;

use rapport::output::{table, thousands};
use serde::Serialize;
use vocabulary::Fault;

/// From here on a value is shown without decimals.
const WHOLE: f64 = 1_000.0;

/// A measured figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// What it is; programs know it by this.
    name: &'static str,
    /// How much.
    value: f64,
    /// Of what.
    unit: &'static str,
}

/// A figure.
pub fn figure(name: &'static str, value: f64, unit: &'static str) -> Figure {
    Figure { name, value, unit }
}

/// Prints figures as a table.
///
/// # Errors
/// When nothing can be printed.
pub fn print(figures: &[Figure], out: &mut impl Write) -> Result<(), Fault> {
    let mut rows = vec![["figure", ">value", "unit"].map(str::to_owned).to_vec()];
    rows.extend(figures.iter().map(|figure| vec![figure.name.to_owned(), shown(figure.value), figure.unit.to_owned()]));
    table(out, 0, &rows)
}

/// Writes figures to a file, as an array.
///
/// # Errors
/// When the file cannot be written.
pub fn write(figures: &[Figure], file: &Path) -> Result<(), Fault> {
    let text = serde_json::to_string_pretty(figures).map_err(|error| Fault::internal(error.to_string()))?;
    std::fs::write(file, text + "\n").map_err(|error| Fault::invalid_field("--json", format!("{}: {error}", file.display())))
}

fn shown(value: f64) -> String {
    if value.abs() >= WHOLE { thousands(value.round() as i64) } else { format!("{value:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_to_people_and_to_programs() {
        let figures = [figure("limit_per_s", 1_234_567.8, "copies/s"), figure("ratio_limit", 0.25, "")];
        let mut out = Vec::new();
        print(&figures, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("1,234,568  copies/s") && text.contains("0.250"), "{text}");
        let json = serde_json::to_value(&figures).unwrap();
        assert_eq!(json[1], serde_json::json!({"name": "ratio_limit", "value": 0.25, "unit": ""}));
    }
}
