#!/usr/bin/env python3
"""Holds a running suite's answers against a recount. Prints a table of every difference and then exits with 1."""

import argparse
import json
import pathlib
import re
import subprocess
import sys

import prepare
import recount

# A score may differ by one where the exact strength is this close to the boundary between two.
BOUNDARY = 1e-6


class Differences:
    """What was compared, and what was not the same."""

    def __init__(self):
        self.compared = 0
        self.rows = []

    def expect(self, what, figure, expected, got):
        self.compared += 1
        if expected != got:
            self.rows.append((what, figure, str(expected), str(got)))

    def finish(self, what):
        if not self.rows:
            print(f"{what}: {self.compared} figures compared, all the same")
            return 0
        table = [("of", "figure", "recount", "suite"), *self.rows]
        widths = [max(len(row[column]) for row in table) for column in range(4)]
        for row in table:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
        print(f"{what}: {len(self.rows)} of {self.compared} figures differ")
        return 1


class Suite:
    """Asks the suite through its command line, and keeps each answer where told to."""

    def __init__(self, given, asked):
        self.given = given
        self.asked = asked

    def show(self, *words):
        command = [self.given.rapport, "show", *words, "--json", "--as-of", recount.instant(self.asked["as_of"])]
        command += ["--window-days", str(self.asked["window_days"])] if words[0] == "relationship" else []
        command += ["--server", self.given.server, "--tenant", self.given.tenant]
        answer = subprocess.run(command, stdout=subprocess.PIPE, check=False)
        if answer.returncode != 0:
            sys.exit(f"compare: exit {answer.returncode} of {' '.join(command)}")
        if self.given.save:
            # The revision is what may change while an answer stays the same.
            name = re.sub(r"\W+", "-", " ".join(words)) + f"-{self.asked['as_of']}.json"
            self.given.save.mkdir(parents=True, exist_ok=True)
            (self.given.save / name).write_bytes(re.sub(rb'"revision": *"[^"]*"', b'"revision": ""', answer.stdout))
        return json.loads(answer.stdout)


def same_score(introducer, got):
    exact = introducer["strength_exact"]
    near = abs(exact - 0.5 - round(exact - 0.5)) < BOUNDARY
    return got == introducer["score"] or (near and isinstance(got, int) and abs(got - exact) < 1)


def compare_contact(differences, contact, overview, introducers):
    address = contact["address"]
    for part in overview.get("unavailable", []):
        differences.expect(address, "unavailable", None, part)
    kpis = overview.get("relationship", {}).get("kpis", {})
    for figure in ("emails_sent", "emails_received"):
        differences.expect(address, figure, contact[figure], kpis.get(figure, 0))
    for source, got in (("introducers", introducers), ("overview", overview.get("introducers", []))):
        differences.expect(address, f"{source}: how many", len(contact["introducers"]), len(got))
        for place, (expected, found) in enumerate(zip(contact["introducers"], got), 1):
            compare_introducer(differences, address, f"{source} {place}", expected, found)


def compare_introducer(differences, address, where, expected, found):
    differences.expect(address, f"{where}: address", expected["address"], found.get("address"))
    score = found.get("strength")
    differences.expect(address, f"{where}: score", expected["score"], expected["score"] if same_score(expected, score) else score)
    differences.expect(address, f"{where}: label", "STRENGTH_LABEL_" + expected["label"], found.get("label"))
    evidence = found.get("evidence", {})
    for figure in ("sent", "received", "active_days"):
        differences.expect(address, f"{where}: {figure}", expected[figure], evidence.get(figure, 0))


def compare_summary(differences, expected, summary):
    for figure in ("read", "accepted", "duplicate", "malformed", "copies"):
        differences.expect("import", figure, expected[figure], summary.get(figure, 0))
    ignored = summary.get("ignored", {})
    for reason in sorted(expected["ignored"].keys() | ignored.keys()):
        differences.expect("import", f"ignored {reason}", expected["ignored"].get(reason, 0), ignored.get(reason, 0))
    counted = sum(summary.get(figure, 0) for figure in ("accepted", "duplicate", "malformed")) + sum(ignored.values())
    differences.expect("import", "accepted + duplicate + ignored + malformed", expected["read"], counted)


def repeated(expected):
    """What importing the same file once more must say."""
    return expected | {"accepted": 0, "duplicate": expected["accepted"], "copies": 0}


def withdrawn(expected):
    """What must be left once consent is withdrawn, nothing having been tracked in the CRM."""
    return expected | {
        "contacts": [contact | {"emails_sent": 0, "emails_received": 0, "introducers": []} for contact in expected["contacts"]]
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recount", type=pathlib.Path, help="what recount.py printed")
    parser.add_argument("--rapport", required=True, metavar="PATH", help="the binary")
    parser.add_argument("--server", required=True, metavar="URL", help="the gateway of the running suite")
    parser.add_argument("--tenant", required=True, metavar="ID", help="the tenant")
    parser.add_argument("--summary", type=pathlib.Path, metavar="FILE", help="what the first import printed with --json")
    parser.add_argument("--again", type=pathlib.Path, metavar="FILE", help="what the second import printed with --json")
    parser.add_argument("--withdrawn", action="store_true", help="expect nothing of any mailbox, as after a withdrawal")
    parser.add_argument("--save", type=pathlib.Path, metavar="DIRECTORY", help="keep every answer there, without its revision")
    given = parser.parse_args()

    expected = json.loads(given.recount.read_bytes())
    differences = Differences()
    if given.summary:
        compare_summary(differences, expected, json.loads(given.summary.read_bytes()))
    if given.again:
        compare_summary(differences, repeated(expected), json.loads(given.again.read_bytes()))
    if given.withdrawn:
        expected = withdrawn(expected)
    suite = Suite(given, expected)
    for contact in expected["contacts"]:
        overview = suite.show("relationship", "contact/" + prepare.record_id(contact["address"]))
        introducers = suite.show("introducers", contact["address"]).get("introducers", [])
        compare_contact(differences, contact, overview, introducers)
    sys.exit(differences.finish(f"as of {recount.instant(expected['as_of'])}"))


if __name__ == "__main__":
    main()
