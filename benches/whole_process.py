#!/usr/bin/env python3
"""Times whole processes of chatdb beside the sqlite3 shell reading the same SQL.

    cargo build --profile dist
    python3 benches/whole_process.py target/dist/chatdb

Standard library only. In each round every command runs once, one after the other, and every second round in
the opposite order. What is printed is the median of the rounds, and the median of the ratios within a round,
so that a slow moment of the machine touches both sides of a ratio. Output goes to /dev/null.

The SQL is `chatdb show SCENARIO --script`: schema, model, steps and queries of the whole scenario, which the
shell runs in memory. The shell does not compare or report anything. It is another build of SQLite.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple


class Command(NamedTuple):
    name: str
    argv: list
    stdin: str  # a path
    peer: str  # the command that it is held against, or ""


class Took(NamedTuple):
    wall: float  # ms
    cpu: float  # ms, user and system


def run(command, devnull):
    """One process, from before it is made until it has ended."""
    stdin = os.open(command.stdin, os.O_RDONLY)
    actions = [(os.POSIX_SPAWN_DUP2, stdin, 0), (os.POSIX_SPAWN_DUP2, devnull, 1)]
    start = time.perf_counter()
    pid = os.posix_spawn(command.argv[0], command.argv, os.environ, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    os.close(stdin)
    if status != 0:
        sys.exit(f"{' '.join(command.argv)}: wait status {status}")
    return Took(wall * 1e3, (usage.ru_utime + usage.ru_stime) * 1e3)


def scripts(chatdb, folder):
    """The script of each scenario, and one file that runs all of them, each on a database of its own."""
    listed = subprocess.run([chatdb, "list", "--format", "csv"], capture_output=True, text=True, check=True)
    names = [line.split(",")[0] for line in listed.stdout.splitlines()[1:] if line and not line.startswith(",")]
    together = []
    for name in names:
        shown = subprocess.run([chatdb, "show", name, "--script"], capture_output=True, check=True)
        path = folder / f"{name}.sql"
        path.write_bytes(shown.stdout)
        together.append(f".open :memory:\n.read {path}\n")
    (folder / "all.sql").write_text("".join(together))
    return names


def commands(chatdb, sqlite3, folder):
    one = "services_failure"
    empty = "/dev/null"
    shell = [sqlite3, "-batch", ":memory:"]
    return [
        Command("sqlite3 :memory: 'select 1'", [*shell, "select 1"], empty, ""),
        Command("chatdb --help", [chatdb, "--help"], empty, "sqlite3 :memory: 'select 1'"),
        Command(f"sqlite3 < {one}.sql", shell, str(folder / f"{one}.sql"), ""),
        Command(f"chatdb replay {one}", [chatdb, "replay", one], empty, f"sqlite3 < {one}.sql"),
        Command("sqlite3 < all.sql", shell, str(folder / "all.sql"), ""),
        Command("chatdb replay --all", [chatdb, "replay", "--all"], empty, "sqlite3 < all.sql"),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chatdb", nargs="?", default="target/dist/chatdb")
    parser.add_argument("--rounds", type=int, default=51)
    options = parser.parse_args()
    if options.rounds < 15:
        sys.exit("fewer than 15 rounds say nothing")
    chatdb = shutil.which(options.chatdb) or sys.exit(f"{options.chatdb}: not there; cargo build --profile dist")
    chatdb = os.path.abspath(chatdb)
    sqlite3 = shutil.which("sqlite3") or sys.exit("sqlite3: not installed")
    version = subprocess.run([sqlite3, "--version"], capture_output=True, text=True, check=True).stdout.split()[0]

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scenarios = scripts(chatdb, folder)
        everything = commands(chatdb, sqlite3, folder)
        times = {command.name: [] for command in everything}
        devnull = os.open("/dev/null", os.O_WRONLY)
        for round_no in range(options.rounds + 1):
            for command in everything if round_no % 2 else reversed(everything):
                took = run(command, devnull)
                if round_no:  # The first round warms the caches.
                    times[command.name].append(took)

    print(f"{options.rounds} rounds, {len(scenarios)} scenarios, sqlite3 {version}; ms, medians\n")
    print("| command                        |   wall | fastest |    cpu | ratio to the line above |")
    print("| ------------------------------ | -----: | ------: | -----: | ----------------------: |")
    for command in everything:
        took = times[command.name]
        wall = statistics.median(one.wall for one in took)
        cpu = statistics.median(one.cpu for one in took)
        fastest = min(one.wall for one in took)
        ratio = ""
        if command.peer:
            pairs = zip(took, times[command.peer])
            ratios = sorted(mine.wall / theirs.wall for mine, theirs in pairs)
            low, high = ratios[len(ratios) // 10], ratios[-1 - len(ratios) // 10]
            ratio = f"{statistics.median(ratios):.2f} ({low:.2f}-{high:.2f})"
        print(f"| {command.name:<30} | {wall:>6.2f} | {fastest:>7.2f} | {cpu:>6.2f} | {ratio:>23} |")
    print("\nIn brackets: the ratios that nine of ten rounds lie above, and below.")


if __name__ == "__main__":
    main()
