#!/usr/bin/env bash
# Completions as each shell that is installed gives them: shells.sh PROGRAM
#
# Each shell loads what `chatdb completions SHELL` prints and completes three command lines. A shell that is missing is
# named and passed over, but bash must be there.
set -euo pipefail

program=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/bin" "$folder/home"
ln -s "$program" "$folder/bin/chatdb"
export PATH=$folder/bin:$PATH
export HOME=$folder/home XDG_CONFIG_HOME=$folder/home/config
cd "$folder/home"

# Line to complete, and a candidate that must be among the answers.
printf 'order_no,colour\n1,red\n' > orders.csv
cases=(
  "chatdb diff orders.csv orders.csv --key ord|order_no"
  "chatdb replay services_f|services_failure"
  "chatdb analyze --only gho|ghost_chats"
  "chatdb why services_failure/open|services_failure/open_chats"
  "chatdb replay --format mark|markdown"
)

in_bash() {
  bash --norc -c '
    source <(chatdb completions bash)
    line=$1
    read -ra COMP_WORDS <<<"$line"
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMP_LINE=$line COMP_POINT=${#line} COMP_TYPE=9
    _clap_complete_chatdb chatdb "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    printf "%s\n" "${COMPREPLY[@]}"' _ "$1"
}

in_fish() {
  fish --no-config -c 'chatdb completions fish | source; complete -C $argv[1]' "$1" | cut -f 1
}

# zsh completes only at a terminal: a pseudo-terminal is typed into, and what it shows is the answer.
in_zsh() {
  python3 - "$1" <<'PYTHON'
import os, pty, re, select, sys, time

child, terminal = pty.fork()
if child == 0:
    os.execvp("zsh", ["zsh", "-f", "-i"])

def seen_within(seconds, until=None):
    text, end = b"", time.time() + seconds
    while time.time() < end and (until is None or until not in text):
        if select.select([terminal], [], [], 0.2)[0]:
            text += os.read(terminal, 65536)
    return text

def type_in(text):
    os.write(terminal, text.encode())

type_in("autoload -U compinit; compinit -u -d $HOME/dump; source <(chatdb completions zsh); PROMPT=; echo rea''dy\n")
seen_within(20, b"ready")
type_in(sys.argv[1] + "\t")
time.sleep(0.5)
type_in("\t")
shown = seen_within(5).decode(errors="replace")
os.kill(child, 9)
print(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\x07", "", shown))
PYTHON
}

check() {
  local shell=$1 line wanted answer
  for entry in "${cases[@]}"; do
    line=${entry%%|*} wanted=${entry##*|}
    answer=$("in_$shell" "$line")
    grep -qF -- "$wanted" <<<"$answer" || { echo "$shell: \`$line\` offers no $wanted but: $answer" >&2; exit 1; }
  done
  if "in_$shell" "chatdb replay no_such_scenario_" | grep -q services_failure; then
    echo "$shell: offers what does not fit" >&2
    exit 1
  fi
  echo "$shell: ${#cases[@]} lines completed"
}

check bash
for shell in fish zsh; do
  if command -v "$shell" >/dev/null; then check "$shell"; else echo "$shell: not installed, not tried"; fi
done
