#!/usr/bin/env python3
"""Measures by how much an attack runs past its deadline, in whole processes.

    cargo build --profile dist
    python3 benches/overrun.py target/dist/chatdb

Standard library only. Every hostile text of tests/it/guard/attacks.txt is run in each place where SQL of a stranger is
run: as a seed, a step and a check of a scenario folder, where the program gives each statement a number of seconds, and
pasted into `chatdb query --timeout 1` in both dialects, over the database of a replay. What ends before its deadline
overruns nothing; of the others the time past the deadline is printed, with the start of the process and, for a folder,
the replay of the baseline before it: those are taken for the attack's. Exit 1 where one is more than a quarter of a
second late.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "tests" / "it" / "guard" / "attacks.txt"
LIMITS = ROOT / "src" / "sql" / "guard" / "limits.rs"
PASTED_SECONDS = 1
ALLOWED = 0.25
FILES = {"seed": "00_attack.sql", "step": "10_attack.sql", "check": "attack.sql"}
# What the program says of a statement that was ended for the time that it took.
BY_TIME = re.compile(r"longer than \d+ seconds?")


class Ran(NamedTuple):
    place: str
    text: str
    seconds: float
    late: float  # past the deadline; 0 where it ended before
    said: str


def attacks(folder):
    """The hostile texts, written out as the test does."""
    hostile = False
    for line in LIST.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            hostile = not line.startswith("# allowed")
        elif line and hostile:
            line = line.replace("{dir}", str(folder)).replace("{n}", "\n")
            yield re.sub(r"\{(\d+)\*([^}]*)\}", lambda found: found[2] * int(found[1]), line)


def lay(lab, place, text):
    """A scenario folder with the attack in one place."""
    lab.mkdir(exist_ok=True)
    for old in lab.iterdir():
        old.unlink()
    seeds = 'seeds = ["00_attack.sql"]\n' if place == "seed" else ""
    step = {
        "seed": 'id = "10"\n',
        "step": 'script = "10_attack.sql"\n',
        "check": 'id = "10"\n[[step.check]]\nquery = "attack"\nrows = 999\nderived = "nobody knows"\n',
    }[place]
    head = "-- title: An attack\n" if place == "check" else ""
    (lab / "scenario.toml").write_text(
        f'title = "An attack"\ncontinues = "baseline"\n{seeds}[[step]]\nat = "+00:01:00"\ntitle = "x"\n{step}',
        encoding="utf-8")
    (lab / FILES[place]).write_text(f"{head}{text}\n", encoding="utf-8")


def run(command, text=None):
    """The seconds that a process takes, and what it says."""
    start = time.perf_counter()
    done = subprocess.run(command, input=text, capture_output=True, text=True, errors="replace", check=False)
    took = time.perf_counter() - start
    if done.returncode not in (0, 1, 2, 3, 4, 5):
        sys.exit(f"{text or command}\nexit {done.returncode}\n{done.stderr}")
    return took, done.stdout + done.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chatdb", nargs="?", default="target/dist/chatdb")
    parser.add_argument("--only", help="the places to run, of seed, step, check, sqlite, tsql")
    options = parser.parse_args()
    chatdb = str(Path(options.chatdb).resolve())
    late_seconds = int(re.search(r"LATE_SECONDS: u64 = (\d+);", LIMITS.read_text(encoding="utf-8"))[1])
    places = options.only.split(",") if options.only else [*FILES, "sqlite", "tsql"]
    ran = []
    with tempfile.TemporaryDirectory(prefix="overrun_") as name:
        folder, lab, database = Path(name, "kept"), Path(name, "lab"), Path(name, "replay.sqlite")
        folder.mkdir()
        run([chatdb, "replay", "baseline", "--db", str(database)])
        for place in places:
            for text in attacks(folder):
                if place in FILES:
                    deadline = late_seconds
                    lay(lab, place, text)
                    took, said = run([chatdb, "replay", str(lab)])
                else:
                    deadline = PASTED_SECONDS
                    took, said = run([chatdb, "query", "-", "--dialect", place, "--db", str(database), "--format",
                                      "csv", "--timeout", str(deadline)], text)
                ended = BY_TIME.search(said)
                ran.append(Ran(place, text, took, max(took - deadline, 0.0), ended[0] if ended else "by itself"))
    late = sorted((one for one in ran if one.late > 0), key=lambda one: -one.late)
    print("| place | ms past the deadline | ended | attack |\n| --- | ---: | --- | --- |")
    for one in late:
        text = " ".join(one.text.split())[:70].replace("|", "\\|")
        print(f"| {one.place} | {one.late * 1e3:.0f} | {one.said} | `{text}` |")
    own = max((one for one in ran if one.late == 0), key=lambda one: one.seconds)
    print(f"\n{len(ran)} attacks; {len(ran) - len(late)} ended before their deadline, the slowest after "
          f"{own.seconds:.2f} s.")
    most = late[0].late if late else 0.0
    print(f"The largest overrun of the other {len(late)} is {most * 1e3:.0f} ms; load {os.getloadavg()[0]:.1f} on "
          f"{os.cpu_count()} processors.")
    return 1 if most > ALLOWED else 0


if __name__ == "__main__":
    sys.exit(main())
