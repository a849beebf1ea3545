#!/usr/bin/env python3
"""Kills, full disks, closed outputs, readers beside writers: what is left is whole, and the next run ends the same.

    python3 tests/peers/faults.py target/release/chatdb [--kills 2000] [--rows 4000] [--seed 1] [--writes N]

Ends with 1 where anything is wrong, and prints a line of counts for each kind of fault. Python's standard library
only. `--kills 60` is a short run for each change.
"""

import argparse
import errno
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

WRONG = []


def wrong(kind, what):
    WRONG.append((kind, what))
    print(f"WRONG {kind}: {what}", flush=True)


class Bench:
    """A folder with an export, the program, and the rows that a run without faults gives."""

    def __init__(self, program, root, rows):
        self.program, self.root = program, root
        self.first, self.second = root / "one.csv", root / "many.csv"
        head = "activity_id,activity_status,activity_sub_status,activity_type,subject,when_created\n"
        row = '{},{},5900,2000,"Smith, {}",2011-07-12 14:{:02}:55.000\n'
        self.first.write_text(head + row.format(0, 5000, "Jo", 1))
        lines = (row.format(i, 9000 if i % 3 else 5000, "x" * (i % 90), i % 60) for i in range(1, rows + 1))
        self.second.write_text(head + "".join(lines))
        self.expected = {}
        for there in (False, True):
            db = root / f"expected{there:d}.sqlite"
            if there:
                self.run("import", self.first, "--db", db)
            self.run("import", self.second, "--db", db)
            self.expected[there] = self.rows_of(db)

    def command(self, *args):
        return [self.program, *map(str, args)]

    def run(self, *args, **more):
        more.setdefault("stdout", subprocess.DEVNULL)
        more.setdefault("stderr", subprocess.DEVNULL)
        more.setdefault("cwd", self.root)
        return subprocess.run(self.command(*args), stdin=subprocess.DEVNULL, **more).returncode

    @staticmethod
    def rows_of(db):
        with sqlite3.connect(db) as conn:
            sql = "SELECT activity_id, activity_status, subject, when_created FROM egpl_casemgmt_activity ORDER BY 1"
            return conn.execute(sql).fetchall()

    def check(self, kind, db):
        """The file is sound, and each export has all of its records, loaded or rejected."""
        conn = sqlite3.connect(db)
        try:
            found = conn.execute("PRAGMA integrity_check").fetchall()
            if found != [("ok",)]:
                wrong(kind, f"{db}: {found[:2]}")
            if conn.execute("PRAGMA foreign_key_check").fetchall():
                wrong(kind, f"{db}: foreign keys")
            sql = "SELECT count(*) FROM chatdb_export WHERE loaded + rejected <> records"
            if conn.execute(sql).fetchone() != (0,):
                wrong(kind, f"{db}: records are neither loaded nor rejected")
            loaded, stored = conn.execute(
                "SELECT (SELECT coalesce(sum(loaded), 0) FROM chatdb_export),"
                " (SELECT count(*) FROM egpl_casemgmt_activity)"
            ).fetchone()
            if loaded != stored:
                wrong(kind, f"{db}: {loaded} loaded, {stored} stored")
        except sqlite3.Error as error:
            wrong(kind, f"{db}: {error}")
        finally:
            conn.close()

    def again(self, kind, folder, db, there):
        """The same once more, without a fault: all rows, and nothing else in the folder."""
        code = self.run("import", self.second, "--db", db)
        if code != 0:
            return wrong(kind, f"{db}: the next run ends with {code}")
        self.check(kind, db)
        if self.rows_of(db) != self.expected[there]:
            wrong(kind, f"{db}: other rows after the next run")


def left_over(folder, allowed):
    return [name for name in os.listdir(folder) if name not in allowed]


def killed(bench, number, seed, longest):
    """One kill at a random moment of a first or repeated import, or of a report."""
    dice = random.Random(seed * 1_000_003 + number)
    kind = ("first import", "repeated import", "report")[number % 3]
    folder = Path(tempfile.mkdtemp(dir=bench.root))
    db, out = folder / "x.sqlite", folder / "out"
    there = kind == "repeated import"
    if there:
        bench.run("import", bench.first, "--db", db)
    if kind == "report":
        formats = [word for name in ("csv", "markdown", "json") for word in ("--format", name)]
        args = ("report", "messaging_failure", "--out", out, *formats)
    else:
        args = ("import", bench.second, "--db", db)
    child = subprocess.Popen(
        bench.command(*args), cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(dice.random() * longest[kind])
    how = dice.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP))
    child.send_signal(how)
    ended = child.wait()
    cut = ended != 0
    if kind == "report":
        files = [] if not out.is_dir() else os.listdir(out)
        whole = [name for name in files if not name.startswith(".chatdb-")]
        for name in whole:
            if name.endswith(".json"):
                json.loads((out / name).read_text())
        if how != signal.SIGKILL and len(files) not in (0, 3):
            wrong(kind, f"{how.name} leaves {files}")
        if bench.run("report", "messaging_failure", "--out", out, "--force", *formats) != 0:
            wrong(kind, "the next run fails")
        if len(os.listdir(out)) != 3:
            wrong(kind, f"left over after the next run: {os.listdir(out)}")
    else:
        allowed = {"x.sqlite", "x.sqlite-journal"} if how == signal.SIGKILL else {"x.sqlite"}
        left = [name for name in left_over(folder, allowed) if how != signal.SIGKILL or ".tmp" not in name]
        if left:
            wrong(kind, f"{how.name} leaves {left}")
        if db.exists():
            bench.check(kind, db)
        bench.again(kind, folder, db, there)
        if left_over(folder, {"x.sqlite"}):
            wrong(kind, f"left over after the next run: {os.listdir(folder)}")
    shutil.rmtree(folder)
    return kind, how.name, cut


def kills(bench, count, seed):
    longest = {}
    for kind, args in (
        ("first import", ("import", bench.second, "--db", bench.root / "time.sqlite")),
        ("report", ("report", "messaging_failure", "--out", bench.root / "time")),
    ):
        begun = time.monotonic()
        bench.run(*args)
        # Several run side by side.
        longest[kind] = 3 * (time.monotonic() - begun)
    longest["repeated import"] = longest["first import"]
    counts = {}
    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        for kind, how, cut in pool.map(lambda n: killed(bench, n, seed, longest), range(count)):
            runs, in_time = counts.get((kind, how), (0, 0))
            counts[kind, how] = (runs + 1, in_time + cut)
    for (kind, how), (runs, in_time) in sorted(counts.items()):
        print(f"{how} of a {kind}: {runs} runs, {in_time} before their end")


def full_disks(bench):
    """Files may not grow over a limit, which SQLite and the program see as errors of writing."""
    runs = 0
    for there in (False, True):
        for kib in (0, 1, 4, 16, 64, 256, 512, 1024, 2048):
            folder = Path(tempfile.mkdtemp(dir=bench.root))
            db = folder / "x.sqlite"
            if there:
                bench.run("import", bench.first, "--db", db)

            def limit():
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (kib * 1024, kib * 1024))

            code = bench.run("import", bench.second, "--db", db, preexec_fn=limit)
            if code not in (0, 4):
                wrong("full disk", f"{kib} KiB: ends with {code}")
            # A change of a file that is there may leave its journal, which takes it back when it is opened next.
            if left_over(folder, {"x.sqlite", "x.sqlite-journal"} if there else {"x.sqlite"}):
                wrong("full disk", f"{kib} KiB: {os.listdir(folder)}")
            if db.exists():
                bench.check("full disk", db)
            bench.again("full disk", folder, db, there)
            if left_over(folder, {"x.sqlite"}):
                wrong("full disk", f"{kib} KiB: {os.listdir(folder)} after the next run")
            out = folder / "out"
            formats = [word for name in ("csv", "markdown", "json") for word in ("--format", name)]
            args = ("report", "messaging_failure", "--out", out, *formats)
            if bench.run(*args, preexec_fn=limit) == 4:
                if out.is_dir() and os.listdir(out):
                    wrong("full disk", f"{kib} KiB: a part of a report, {os.listdir(out)}")
                if bench.run(*args) != 0:
                    wrong("full disk", f"{kib} KiB: the next report fails")
            runs += 2
            shutil.rmtree(folder)
    print(f"full disk: {runs} runs")


def failing_writes(bench, most):
    """Each write of an import and of a report fails: once, or all from there on, as on a full disk."""
    compiler = shutil.which("cc")
    shim = bench.root / "fail_write.so"
    source = Path(__file__).with_name("fail_write.c")
    if not sys.platform.startswith("linux") or not compiler:
        return print("failing writes: left out, they need Linux and a C compiler")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", shim, source, "-ldl"], check=True)

    def run(args, **settings):
        named = {f"FAULT_{name.upper()}": str(value) for name, value in settings.items()}
        return bench.run(*args, env={**os.environ, "LD_PRELOAD": str(shim), **named})

    for there in (False, True):
        for what in ("import", "report"):
            if there and what == "report":
                continue
            runs = failed = 0

            def fresh():
                folder = Path(tempfile.mkdtemp(dir=bench.root))
                db, out = folder / "x.sqlite", folder / "out"
                if there:
                    bench.run("import", bench.first, "--db", db)
                formats = [word for name in ("csv", "markdown", "json") for word in ("--format", name)]
                of_report = ("report", "messaging_failure", "--out", out, *formats)
                of_import = ("import", bench.second, "--db", db)
                return folder, db, out, of_import if what == "import" else of_report

            folder, _, _, args = fresh()
            counted = bench.root / "counted"
            run(args, count=counted)
            writes = int(counted.read_text())
            shutil.rmtree(folder)
            step = max(1, 2 * writes // most)
            for number in range(1, writes + 1, step):
                for error, once in ((errno.EIO, 1), (errno.ENOSPC, 0)):
                    folder, db, out, args = fresh()
                    code = run(args, at=number, errno=error, **({"once": 1} if once else {}))
                    kind = f"write {number} of {writes} fails ({errno.errorcode[error]}), {what}"
                    runs, failed = runs + 1, failed + (code != 0)
                    if code not in (0, 4):
                        wrong(kind, f"ends with {code}")
                    allowed = {"x.sqlite", "x.sqlite-journal"} if there else {"x.sqlite", "out"}
                    if left_over(folder, allowed):
                        wrong(kind, f"left over: {os.listdir(folder)}")
                    if what == "report":
                        parts = os.listdir(out) if out.is_dir() else []
                        if code != 0 and parts:
                            wrong(kind, f"a part of a report: {parts}")
                        if code != 0 and bench.run(*args) != 0:
                            wrong(kind, "the next report fails")
                    else:
                        if db.exists():
                            bench.check(kind, db)
                        bench.again(kind, folder, db, there)
                        if left_over(folder, {"x.sqlite"}):
                            wrong(kind, f"left over after the next run: {os.listdir(folder)}")
                    shutil.rmtree(folder)
            again = "repeated " if there else ""
            print(f"failing writes, {again}{what}: {writes} writes, {runs} runs, {failed} of them failed")


def side_by_side(bench, rounds):
    """Three imports and two readers of one file at a time."""
    for _ in range(rounds):
        folder = Path(tempfile.mkdtemp(dir=bench.root))
        db = folder / "x.sqlite"
        bench.run("import", bench.first, "--db", db)
        ask = ("query", "SELECT count(*) AS n FROM egpl_casemgmt_activity", "--db", db)
        commands = [("import", bench.second, "--db", db)] * 3 + [ask] * 2
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        children = [subprocess.Popen(bench.command(*args), **quiet) for args in commands]
        for args, child in zip(commands, children):
            if child.wait() not in (0, 4):
                wrong("side by side", f"{args[0]} ends with {child.returncode}")
        bench.check("side by side", db)
        bench.again("side by side", folder, db, True)
        shutil.rmtree(folder)
    print(f"side by side: {rounds} rounds of three imports and two readers")


def surroundings(bench):
    """No home, a folder that cannot be written, closed and full outputs."""
    runs = 0
    db = bench.root / "s.sqlite"
    bare = {"PATH": os.environ.get("PATH", "")}
    cases = [
        ("no HOME", {"env": bare}, (0,)),
        ("closed stdout", {"preexec_fn": lambda: os.close(1), "stdout": None}, (0, 4)),
        ("closed stderr", {"preexec_fn": lambda: os.close(2), "stderr": None}, (0,)),
    ]
    if os.path.exists("/dev/full"):
        cases.append(("full stdout", {"stdout": open("/dev/full", "wb")}, (4,)))
    for what, more, codes in cases:
        db.unlink(missing_ok=True)
        code = bench.run("import", bench.second, "--db", db, **more)
        if code not in codes:
            wrong(what, f"ends with {code}")
        bench.check(what, db)
        bench.again(what, bench.root, db, False)
        runs += 1
    folder = Path(tempfile.mkdtemp(dir=bench.root))
    folder.chmod(0o555)
    code = bench.run("import", bench.second, "--db", folder / "x.sqlite")
    if code != 4 and os.geteuid() != 0:
        wrong("read-only folder", f"ends with {code}")
    folder.chmod(0o755)
    print(f"surroundings: {runs + 1} runs")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--kills", type=int, default=2000)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--writes", type=int, default=0, help="how many runs of each kind have a write that fails")
    args = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as root:
        bench = Bench(os.path.abspath(args.program), Path(root), args.rows)
        kills(bench, args.kills, args.seed)
        full_disks(bench)
        failing_writes(bench, args.writes or max(20, args.kills // 4))
        side_by_side(bench, max(3, args.kills // 100))
        surroundings(bench)
    print(f"{len(WRONG)} wrong, {time.monotonic() - begun:.0f} s, seed {args.seed}")
    return 1 if WRONG else 0


if __name__ == "__main__":
    sys.exit(main())
