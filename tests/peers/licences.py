#!/usr/bin/env python3
"""Checks that every crate in the program may be shipped under the project's own licences: licences.py

Prints how many crates are under each licence. Exits with 1 if a crate has a licence that is not on the list, or none.
"""

import json
import re
import subprocess
import sys
from collections import Counter

# Licences that ask for no more than to keep a notice.
ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
}


def is_allowed(expression):
    """Whether an SPDX expression allows a licence of the list: OR is a choice, AND is both."""
    expression = expression.replace("/", " OR ")
    names = re.split(r"\s+(?:OR|AND)\s+|[()]", expression)
    # The longest names first, as one may be part of another.
    for name in sorted((name.strip() for name in names if name.strip()), key=len, reverse=True):
        expression = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", str(name in ALLOWED), expression)
    return bool(eval(expression.replace("OR", "or").replace("AND", "and")))  # True, False, or, and, parentheses


def crates():
    """The crates that the program is linked from on any platform, without those that only its tests use."""
    metadata = json.loads(subprocess.check_output(["cargo", "metadata", "--quiet", "--locked", "--format-version", "1"]))
    by_id = {package["id"]: package for package in metadata["packages"]}
    uses = {}
    for node in metadata["resolve"]["nodes"]:
        kinds = lambda dep: {kind["kind"] for kind in dep["dep_kinds"]}
        uses[node["id"]] = [dep["pkg"] for dep in node["deps"] if kinds(dep) != {"dev"}]
    found, waiting = set(), [metadata["resolve"]["root"]]
    while waiting:
        crate = waiting.pop()
        if crate not in found:
            found.add(crate)
            waiting += uses[crate]
    return [by_id[crate] for crate in found]


def main():
    assert is_allowed("(MIT OR GPL-3.0) AND Unicode-3.0") and not is_allowed("MIT AND GPL-3.0")
    assert not is_allowed("GPL-3.0") and is_allowed("Unlicense/MIT")
    all_crates = crates()
    refused = [crate for crate in all_crates if not (crate["license"] and is_allowed(crate["license"]))]
    for licence, count in Counter(crate["license"] for crate in all_crates).most_common():
        print(f"{count:4}  {licence}")
    for crate in refused:
        print(f"{crate['name']} {crate['version']}: licence {crate['license']}", file=sys.stderr)
    print(f"{len(all_crates)} crates, {len(refused)} with a licence that is not on the list")
    sys.exit(1 if refused else 0)


main()
