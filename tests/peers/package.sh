#!/usr/bin/env bash
# Builds the Debian package, lists it, and runs the program from it in an empty folder: package.sh [PROGRAM]
#
# With PROGRAM, that program is packed (quick, to test the packing); without, the `dist` profile is built. Needs
# cargo-deb: `cargo install cargo-deb --locked`.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=${CARGO_TARGET_DIR:-target}
program=${1:-}
if [ -z "$program" ]; then
  cargo build --profile dist --locked
  program=$target/dist/chatdb
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

pages=target/deb
rm -rf "$pages"
mkdir -p "$pages/completions" target/release
"$program" man "$pages/man" >/dev/null
"$program" completions bash >"$pages/completions/chatdb"
"$program" completions zsh >"$pages/completions/_chatdb"
"$program" completions fish >"$pages/completions/chatdb.fish"
[ "$program" -ef target/release/chatdb ] || cp "$program" target/release/chatdb

cargo deb --no-build --locked --output "$folder/chatdb.deb" >/dev/null
dpkg-deb --contents "$folder/chatdb.deb" | awk '{print $1, $3, $6}'
dpkg -x "$folder/chatdb.deb" "$folder/root"
installed=$folder/root/usr/bin/chatdb
(cd "$folder" && env -i HOME="$folder" "$installed" replay services_failure | tail -n 5)
env -i HOME="$folder" "$installed" --version
for page in chatdb chatdb-analyze; do
  test -e "$folder/root/usr/share/man/man1/$page.1.gz" || { echo "no manual page $page" >&2; exit 1; }
done
echo "package: $(stat -c %s "$folder/chatdb.deb") bytes, program: $(stat -c %s "$installed") bytes"
