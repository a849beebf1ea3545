#!/usr/bin/env python3
"""Makes the exports of this folder, byte by byte as each tool writes them, and what a reader has to get back.

    python3 tests/exports/make.py            writes the files
    python3 tests/exports/make.py --check    compares the files that are here with what it would write

The same sources give the same files. Only the standard library is used, and the zstd tool for `.zst`, which is not
compared where the tool is missing. What is packed is compared unpacked: packers differ from one version to the next.
"""
import argparse
import gzip
import io
import pathlib
import shutil
import subprocess
import sys
import zipfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import fixtures  # noqa: E402  (found beside this file, once the path says so)


def wanted():
    """Every file to be here, by its path: bytes, or what the zstd tool makes into bytes."""
    files = {}
    for name, (_, _, listed, beside) in fixtures.every().items():
        for file in listed:
            files[HERE / name / file.name] = file.data
        for other, data in beside.items():
            files[HERE / name / other] = data
        files[HERE / name / "expected.toml"] = fixtures.expectation(name).encode("utf-8")
    return files


def unpacked(path, data):
    """What a packed file holds; other files as they are."""
    if path.suffix == ".gz":
        return gzip.decompress(data)
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return [(entry.filename, entry.date_time, archive.read(entry)) for entry in archive.infolist()]
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-d", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


def differs(path, data):
    """What is wrong with the file at `path`, or None."""
    if not path.is_file():
        return "is missing"
    found = path.read_bytes()
    if isinstance(data, tuple):
        if shutil.which("zstd") is None:
            return None
        return None if unpacked(path, found) == data[1] else "holds something else"
    if found == data:
        return None
    if path.suffix not in (".gz", ".xlsx"):
        return "has other bytes"
    return None if unpacked(path, found) == unpacked(path, data) else "holds something else"


def strangers(files):
    """Files of the folders that nothing makes."""
    return sorted(path for path in HERE.glob("*/*") if path not in files and path.parent.name != "__pycache__")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--check", action="store_true", help="compare, and write nothing")
    check = options.parse_args().check
    files = wanted()
    wrong = [(path, problem) for path, data in files.items() if (problem := differs(path, data))]
    wrong += [(path, "is made by nothing") for path in strangers(files)]
    for path, problem in wrong:
        print("%s %s" % (path.relative_to(HERE), problem))
    if check:
        return 1 if wrong else 0
    for path, problem in wrong:
        if problem == "is made by nothing":
            path.unlink()
            continue
        data = files[path]
        data = fixtures.zstd(data[1]) if isinstance(data, tuple) else data
        if data is None:
            print("%s needs the zstd tool" % path.relative_to(HERE))
            return 1
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
