#!/usr/bin/env python3
"""Holds `chatdb diff` against daff and datacompy on generated pairs of tables.

    python3 -m pip install -r tests/peers/requirements.txt
    python3 tests/peers/diff_peers.py target/debug/chatdb

The pairs stay where the three mean the same: unique keys, one header, rows in any order, plain words and
whole numbers, no NULL and no blank. The sets compared are changed cells, missing keys and extra keys.
The same seed gives the same pairs. Exit 0: all agree. 1: one does not, and its pair is kept and shown.
"""

import argparse
import csv
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import daff
import datacompy
import pandas

KEY = "id"
WORDS = ["open", "closed", "assigned", "chat", "mail", "CIM_WIM", "Error", "0", "7", "42", "-1", "5000", "9000"]


class Verdict(NamedTuple):
    """What one tool says of a pair."""

    changed: frozenset  # of (key, column)
    missing: frozenset  # of keys only the expected table has
    extra: frozenset  # of keys only the actual table has


def generate(seed):
    """A header and two lists of rows, all of text, the key unique within each."""
    rng = random.Random(seed)
    header = [KEY] + [f"c{n}" for n in range(rng.randint(1, 5))]
    header.insert(rng.randrange(len(header)), header.pop(0))
    key_at = header.index(KEY)
    numbers = rng.sample(range(1, 1000), rng.randint(1, 40))
    # Keys are numbers in one half of the pairs and words in the other.
    prefix = rng.choice(["", "chat"])
    keys = [f"{prefix}{number}" for number in numbers]

    def row(key):
        cells = [rng.choice(WORDS) for _ in header]
        cells[key_at] = key
        return cells

    kept = rng.randint(len(keys) // 2, len(keys))
    expected = [row(key) for key in keys[:kept]]
    removed, changed, added = rng.random() * 0.3, rng.random() * 0.6, keys[kept:]
    actual = []
    for cells in expected:
        if rng.random() < removed:
            continue
        cells = list(cells)
        for at in range(len(cells)):
            if at != key_at and rng.random() < changed:
                cells[at] = rng.choice(WORDS)
        actual.append(cells)
    actual += [row(key) for key in added]
    if rng.random() < 0.5:
        rng.shuffle(actual)
    return header, expected, actual


def write(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def parse_chatdb(text):
    """Reads the JSON document of `chatdb diff --format json`. All that is known of its shape stands here."""
    changed, missing, extra = set(), set(), set()
    (compared,) = json.loads(text)["comparisons"]
    for row in compared["comparison"]["rows"]:
        (key,) = map(str, row["key"])
        if row["verdict"] == "missing":
            missing.add(key)
        elif row["verdict"] == "extra":
            extra.add(key)
        else:
            cells = {(key, cell["column"]) for cell in row["cells"] if cell["verdict"] == "differs"}
            if bool(cells) != (row["verdict"] == "differs"):
                raise ValueError(f"row {key} {row['verdict']}, its cells say otherwise")
            changed |= cells
    return Verdict(frozenset(changed), frozenset(missing), frozenset(extra))


def ask_chatdb(binary, expected, actual):
    command = [binary, "diff", expected, actual, "--key", KEY, "--format", "json"]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if run.returncode not in (0, 1):
        sys.exit(f"{' '.join(map(str, command))}: exit {run.returncode}\n{run.stderr}")
    verdict = parse_chatdb(run.stdout)
    if any(verdict) != (run.returncode == 1):
        sys.exit(f"{' '.join(map(str, command))}: exit {run.returncode} does not fit\n{run.stdout}")
    return verdict


def ask_daff(header, expected, actual):
    flags = daff.CompareFlags()
    flags.addPrimaryKey(KEY)
    flags.ordered = False
    flags.unchanged_context = 0
    flags.show_unchanged_columns = True
    tables = [daff.PythonTableView([header, *rows]) for rows in (expected, actual)]
    alignment = daff.Coopy.compareTables(*tables, flags).align()
    shown = daff.PythonTableView([])
    daff.TableDiff(alignment, flags).hilite(shown)

    # A highlighter diff: a tag, then the cells; a changed cell reads `old->new`, the arrow being the tag.
    # Rows that agree are left out or bare of cells.
    changed, missing, extra = set(), set(), set()
    for tag, *cells in shown.data:
        row = dict(zip(header, cells))
        if tag == "+++":
            extra.add(row[KEY])
        elif tag == "---":
            missing.add(row[KEY])
        elif tag.endswith("->"):
            changed |= {(row[KEY], name) for name, cell in row.items() if tag in cell}
        elif tag not in ("@@", "...", "") or (tag == "@@" and cells != header):
            raise ValueError(f"daff: unforeseen line {[tag, *cells]}")
    return Verdict(frozenset(changed), frozenset(missing), frozenset(extra))


def ask_datacompy(header, expected, actual):
    frames = [pandas.DataFrame(rows, columns=header, dtype=str) for rows in (expected, actual)]
    compare = datacompy.PandasCompare(*frames, join_columns=KEY, cast_column_names_lower=False)
    both = compare.intersect_rows
    changed = {
        (key, name)
        for name in header
        if name != KEY
        for key, same in zip(both[KEY], both[f"{name}_match"])
        if not same
    }
    return Verdict(
        frozenset(changed),
        frozenset(compare.df1_unq_rows[KEY]),
        frozenset(compare.df2_unq_rows[KEY]),
    )


def differences(mine, theirs):
    """What one side has and the other has not, as lines."""
    for name, left, right in zip(Verdict._fields, mine, theirs):
        for item in sorted(left - right):
            yield f"  {name}: only chatdb has {item}"
        for item in sorted(right - left):
            yield f"  {name}: chatdb lacks {item}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", help="the chatdb to test")
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    folder = Path(tempfile.mkdtemp(prefix="diff_peers_"))
    expected_path, actual_path = folder / "expected.csv", folder / "actual.csv"
    seen = [0, 0, 0]
    for number in range(options.pairs):
        header, expected, actual = generate(f"{options.seed}/{number}")
        write(expected_path, header, expected)
        write(actual_path, header, actual)
        mine = ask_chatdb(options.binary, expected_path, actual_path)
        seen = [count + len(found) for count, found in zip(seen, mine)]
        for peer, ask in (("daff", ask_daff), ("datacompy", ask_datacompy)):
            theirs = ask(header, expected, actual)
            if mine != theirs:
                print(f"seed {options.seed}, pair {number}: chatdb and {peer} disagree")
                print("\n".join(differences(mine, theirs)))
                for path in (expected_path, actual_path):
                    print(f"{path}:\n{path.read_text(encoding='utf-8')}")
                return 1
    for path in (expected_path, actual_path):
        path.unlink(missing_ok=True)
    folder.rmdir()
    if 0 in seen:
        print(f"seed {options.seed}: the pairs prove nothing, {seen} changed, missing and extra")
        return 1
    print(f"{seen[0]} changed cells, {seen[1]} missing and {seen[2]} extra rows")
    print(f"{options.pairs} pairs: chatdb, daff and datacompy agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
