//! Words for people: durations, percentages, tables, and what to say when standard output is gone.

use std::io::Write;

use vocabulary::Fault;

/// The fault of a command whose reader has gone away, as `head` does: nothing to complain about.
pub const UNREAD: &str = "nobody reads the output any more";

/// Whether something could be printed.
///
/// # Errors
/// When it could not; with [`UNREAD`] when the reader has gone away.
pub fn said(result: std::io::Result<()>) -> Result<(), Fault> {
    result.map_err(|error| match error.kind() {
        std::io::ErrorKind::BrokenPipe => Fault::internal(UNREAD),
        _ => Fault::internal(format!("cannot print: {error}")),
    })
}

/// Prints rows in columns, the first row as the head. A column that begins with `>` in the head stands to the right.
///
/// # Errors
/// As [`said`].
pub fn table(out: &mut impl Write, indent: usize, rows: &[Vec<String>]) -> Result<(), Fault> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let head = |column: usize| rows.first().and_then(|row| row.get(column)).is_some_and(|cell| cell.starts_with('>'));
    let shown = |cell: &str| cell.trim_start_matches('>').to_owned();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| shown(cell).chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let mut line = " ".repeat(indent);
        for (column, cell) in row.iter().enumerate() {
            let (cell, width) = (shown(cell), widths[column]);
            let padding = " ".repeat(width - cell.chars().count());
            line += &if head(column) { format!("{padding}{cell}  ") } else { format!("{cell}{padding}  ") };
        }
        said(writeln!(out, "{}", line.trim_end()))?;
    }
    Ok(())
}

/// A number with a comma between thousands.
pub fn thousands(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if number < 0 { format!("-{grouped}") } else { grouped }
}

/// One or many: `3 mails`, `1 mail`, `2 mailboxes`.
pub fn counted(number: i64, one: &str) -> String {
    let ending = match number {
        1 => "",
        _ if one.ends_with('x') || one.ends_with('s') => "es",
        _ => "s",
    };
    format!("{} {one}{ending}", thousands(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [vec!["name".to_owned(), ">n".to_owned()], vec!["ada".to_owned(), "12".to_owned()]];
        let mut out = Vec::new();
        table(&mut out, 2, &rows).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "  name   n\n  ada   12\n");
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!([thousands(0), thousands(1234), thousands(-1_234_567)], ["0", "1,234", "-1,234,567"]);
        assert_eq!([counted(1, "mail"), counted(22_108, "mail"), counted(2, "mailbox")], ["1 mail", "22,108 mails", "2 mailboxes"]);
    }
}
