#!/usr/bin/env bash
# Fuzzes what reads bytes of strangers and of storage, by coverage: afl-fuzz of AFL++ with SharpFuzz. One core, no network.
#
#   tests/fuzz.sh TARGET [SECONDS]    begins with the target's corpus; 900 s by default. The last line has figures. Exit code 1 if there is a crash or a hang.
#   tests/fuzz.sh --no-build TARGET   the same with what was built and instrumented last
#   tests/fuzz.sh --minimize TARGET   then keeps the fewest inputs that reach what the last run reached, in tests/corpora/TARGET: at most 100, the shortest
#
# What was found is in artifacts/fuzz/TARGET until the target's next run. To see a crash:
#   dotnet tests/KadOrleans.Lab/bin/Release/net10.0/kad-lab.dll fuzz --target TARGET --input artifacts/fuzz/TARGET/default/crashes
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() { echo "$1" >&2; exit 2; }
usage() { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2; }

minimizes=0 builds=1
case ${1:-} in
    --minimize) minimizes=1; shift ;;
    --no-build) builds=0; shift ;;
esac
target=${1:-} seconds=${2:-900}
[[ $target =~ ^[a-z]+$ && $seconds =~ ^[0-9]+$ ]] || usage
for program in afl-fuzz afl-cmin; do
    command -v "$program" >/dev/null || fail "$program is missing: install AFL++ (Debian: apt-get install afl++)."
done
dotnet tool run sharpfuzz >/dev/null 2>&1 || fail "The tool sharpfuzz is missing: run 'dotnet tool restore' in the clone."

# The program beside instrumented copies of what it tests.
instrument() {
    local name
    dotnet build tests/KadOrleans.Lab -c Release --nologo -v quiet
    rm -rf artifacts/fuzz/program
    mkdir -p artifacts/fuzz
    cp -r tests/KadOrleans.Lab/bin/Release/net10.0 artifacts/fuzz/program
    for name in Core Http Node Shards Signatures Storage.Sqlite; do
        dotnet tool run sharpfuzz "artifacts/fuzz/program/KadOrleans.$name.dll"
    done
}

# Sorting and hashing reach hundreds of branches that one input each reaches, and that are not worth a file.
most_kept=100
out=artifacts/fuzz/$target
program=("$(command -v dotnet)" artifacts/fuzz/program/kad-lab.dll fuzz --target "$target")

# .NET takes seconds to start, and its methods are compiled again while they run.
export AFL_SKIP_BIN_CHECK=1 AFL_FORKSRV_INIT_TMOUT=120000 AFL_KILL_SIGNAL=9 AFL_FORK_SERVER_KILL_SIGNAL=9 DOTNET_TieredPGO=0
export AFL_NO_AFFINITY=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_UI=1 AFL_MAP_SIZE=65536 AFL_ALLOW_TMP=1 AFL_HANG_TMOUT=60000

if [ "$minimizes" = 1 ]; then
    [ "$target" != engine ] || fail "engine begins with the corpus of wire: run 'tests/fuzz.sh --minimize wire'."
    [ -d "$out/default/queue" ] || fail "Nothing was found for $target yet: run 'tests/fuzz.sh $target' first."
    rm -rf "$out.all" "$out.fewest"
    mkdir -p "$out.all"
    cp "$out"/default/queue/id* "$out.all"
    nice -n 10 afl-cmin -e -m none -t 10000 -i "$out.all" -o "$out.fewest" -- "${program[@]}" --afl

    # Inputs with a name of words stay.
    mkdir -p "tests/corpora/$target"
    find "tests/corpora/$target" -regextype posix-extended -regex '.*/[0-9a-f]{16}' -delete
    known=$(find "tests/corpora/$target" -type f -exec sha256sum {} + | cut -c1-16)
    ls -rS "$out.fewest" | sed -n "1,${most_kept}p" | while read -r input; do
        name=$(sha256sum "$out.fewest/$input" | cut -c1-16)
        grep -qx "$name" <<<"$known" || cp "$out.fewest/$input" "tests/corpora/$target/$name"
    done
    du -sb --apparent-size "tests/corpora/$target"
    exit
fi

if [ "$builds" = 1 ]; then instrument; fi
[ -e artifacts/fuzz/program/kad-lab.dll ] || fail "Nothing is instrumented yet: run 'tests/fuzz.sh $target' without --no-build first."
rm -rf "$out" "$out.seeds"
"${program[@]}" --seeds-to "$out.seeds"
nice -n 10 afl-fuzz -V "$seconds" -t 10000 -m none -i "$out.seeds" -o "$out" -- "${program[@]}" --afl >"$out.log" 2>&1 || {
    tail -n 20 "$out.log" >&2
    fail "afl-fuzz failed: $out.log has all that it said."
}
awk -F ' *: *' -v target="$target" '
    { value[$1] = $2 }
    END {
        printf "%s: %d executions in %d s (%.0f a second), %d paths, %d branches, %s stable, %d crashes, %d hangs\n", target, value["execs_done"],
            value["run_time"], value["execs_per_sec"], value["corpus_count"], value["edges_found"], value["stability"], value["saved_crashes"],
            value["saved_hangs"]
        exit value["saved_crashes"] + value["saved_hangs"] > 0
    }' "$out/default/fuzzer_stats"
