#!/usr/bin/env python3
"""Writes what the suite is fed for the recount: our users, the mailing lists, and the ten busiest contacts as CRM records."""

import csv
import json
import pathlib

import recount


def write_users(path, world):
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["external_id", "addresses", "display_name", "kind", "department"])
        for address in sorted(world.users):
            person = address.partition("@")[0]
            table.writerow([person, address, f"Colleague {person}", "PERSON", "Engineering"])


def write_lists(path, world):
    path.write_text("".join(f"{address}\n" for address in sorted(world.lists)), encoding="utf-8")


def write_records(path, world, contacts):
    owner = min(world.users)
    with path.open("w", encoding="utf-8") as file:
        for address in contacts:
            record = {
                "kind": "contact",
                "id": record_id(address),
                "name": f"Contact {address.partition('@')[0]}",
                "addresses": [address],
                "owner": owner,
            }
            file.write(json.dumps(record) + "\n")


def record_id(address):
    """The CRM's id of a contact."""
    return "c-" + address.partition("@")[0]


def main():
    parser = recount.arguments("Writes users.csv, lists.txt and records.jsonl.")
    parser.add_argument("directory", type=pathlib.Path, help="where to write")
    given = parser.parse_args()
    recount.skip_without(given.data)

    world = recount.read_world(given.data, given.domain)
    accepted, _ = recount.sort_out(world, given.now - recount.DATA_WINDOW_DAYS * recount.DAY)
    given.directory.mkdir(parents=True, exist_ok=True)
    write_users(given.directory / "users.csv", world)
    write_lists(given.directory / "lists.txt", world)
    write_records(given.directory / "records.jsonl", world, recount.busiest(accepted, world))
    print(f"{len(world.users)} users, {len(world.lists)} lists, {recount.BUSIEST} records")


if __name__ == "__main__":
    main()
