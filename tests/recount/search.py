#!/usr/bin/env python3
"""Searches every byte under the given paths for any address or Message-ID of the data set; exits with 1 when one is found."""

import pathlib
import re
import sys

# Every address of the data set is p and five digits at some domain, every Message-ID m and six digits at openbmc.example.
NEEDLE = re.compile(rb"p\d{5}@|m\d{6}@openbmc", re.IGNORECASE)
LONGEST = 16
CHUNK = 1 << 24


def search(path):
    """How many bytes the file has, and what was found first with its position."""
    size, tail = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            # What straddles two chunks is found by keeping the end of the last one.
            window = tail + chunk
            if found := NEEDLE.search(window):
                return size + len(chunk), (size - len(tail) + found.start(), found.group().decode())
            size += len(chunk)
            tail = window[-LONGEST:]
    return size, None


def main():
    files = [file for path in map(pathlib.Path, sys.argv[1:]) for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()]
    total, finds = 0, 0
    for file in sorted(files):
        try:
            size, found = search(file)
        except FileNotFoundError:
            # The running suite removed it since it was listed.
            continue
        total += size
        if found:
            finds += 1
            print(f"{file}: {found[1]} at byte {found[0]}")
    print(f"{len(files)} files, {total} bytes searched, {finds} with an address or Message-ID")
    if not files:
        sys.exit("search: nothing to search")
    sys.exit(1 if finds else 0)


if __name__ == "__main__":
    main()
