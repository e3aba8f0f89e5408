//! Files of one thing a line: what could be read, and what could not with its line. One wrong line stops no other.

use std::io::{Read, Write};
use std::path::Path;

use serde_json::Value;
use vocabulary::{Fault, Kind, Reason};

use crate::output::{counted, said};

/// What a file says.
#[derive(Debug)]
pub struct Lines<T> {
    /// What could be read, with the number of its line, from 1.
    pub read: Vec<(usize, T)>,
    /// What could not, told for people.
    pub refused: Vec<String>,
}

impl<T> Lines<T> {
    /// Sorts what each line gave.
    pub fn of(lines: impl Iterator<Item = (usize, Result<T, Fault>)>) -> Self {
        let mut sorted = Self { read: Vec::new(), refused: Vec::new() };
        for (number, line) in lines {
            match line {
                Ok(value) => sorted.read.push((number, value)),
                Err(fault) => sorted.refused.push(format!("line {number}: {}", fault.message)),
            }
        }
        sorted
    }

    /// Tells what was refused.
    ///
    /// # Errors
    /// When nothing can be printed.
    pub fn tell(&self, out: &mut impl Write) -> Result<(), Fault> {
        self.refused.iter().try_for_each(|line| said(writeln!(out, "{line}")))
    }
}

/// The JSON values of a file, one a line; blank lines are passed over.
pub fn json(text: &str) -> impl Iterator<Item = (usize, Result<Value, Fault>)> {
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    lines.map(|(line, number)| (number, serde_json::from_str(line).map_err(|error| Fault::invalid_field("JSON", error.to_string()))))
}

/// A file, or standard input for `-`.
///
/// # Errors
/// When it cannot be read, or is no UTF-8.
pub fn text(file: &Path) -> Result<String, Fault> {
    let mut text = String::new();
    let done = if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(drop)
    } else {
        std::fs::read_to_string(file).map(|read| text = read)
    };
    done.map_err(|error| Fault::invalid_field("file", format!("{}: {error}", file.display())))?;
    Ok(text)
}

/// How a command ends: well, unless something was refused.
///
/// # Errors
/// INVALID_ARGUMENT with the number of what was refused; the rest was taken in.
pub fn ended(refused: usize) -> Result<(), Fault> {
    match refused {
        0 => Ok(()),
        refused => {
            let message = format!("{} refused; the rest was taken in", counted(refused as i64, "line"));
            Err(Fault::new(Kind::InvalidArgument, Reason::InvalidFields, message))
        }
    }
}
