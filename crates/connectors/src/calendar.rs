//! Finds `text/calendar` parts in the body of a multipart message, line by line, without keeping any of it.

/// Looks through the lines of a body.
#[derive(Debug, Default)]
pub(crate) struct CalendarSearch {
    in_part_headers: bool,
    in_content_type: bool,
    found: bool,
}

impl CalendarSearch {
    /// Takes the next line, with or without its end.
    pub fn take(&mut self, line: &[u8]) {
        if line.starts_with(b"--") {
            (self.in_part_headers, self.in_content_type) = (true, false);
        } else if self.in_part_headers {
            let is_continuation = matches!(line.first(), Some(b' ' | b'\t'));
            let name = line.get(..CONTENT_TYPE.len());
            self.in_part_headers = !line.trim_ascii().is_empty();
            self.in_content_type =
                (is_continuation && self.in_content_type) || name.is_some_and(|name| name.eq_ignore_ascii_case(CONTENT_TYPE));
            self.found |= self.in_content_type && names_calendar(line);
        }
    }

    /// Whether a calendar was among the parts so far.
    pub fn found(&self) -> bool {
        self.found
    }
}

const CONTENT_TYPE: &[u8] = b"content-type:";
const CALENDAR: &[u8] = b"text/calendar";

fn names_calendar(line: &[u8]) -> bool {
    line.windows(CALENDAR.len()).any(|window| window.eq_ignore_ascii_case(CALENDAR))
}
