#!/usr/bin/env bash
# Restores, builds and tests the solution: what 'dotnet test KadOrleans.sln' runs, with a fuzzer beside it and a table of the suites
# at the end, then 'N passed, N failed, N skipped'.
#
#   ./test.sh                    the tests that a change must pass
#   ./test.sh --all              those that take long too: campaigns, soaks, large simulations
#   ./test.sh --slowest          with the fifty slowest tests at the end
#   ./test.sh Core Node          these suites alone
#   LIMIT_SECONDS=300 ./test.sh  with another limit for each project's tests (default 2,400 s; 4,200 s with --all)
#   FUZZ_SECONDS=60 ./test.sh    with a longer run of the fuzzer (default 10 s; 30 s with --all)
#   FUZZ_SEED=7 ./test.sh        with another seed for it (default 1)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# Rows of a theory have tiers of their own, which the runner knows only if it finds them before.
is_all=0 shows_slowest=0 choice=(-trait- Tier=Long -preEnumerateTheories)
limit=${LIMIT_SECONDS:-2400}
fuzz_seconds=${FUZZ_SECONDS:-10}
only=()
for argument in "$@"; do
    case $argument in
        --all) is_all=1 choice=() limit=${LIMIT_SECONDS:-4200} fuzz_seconds=${FUZZ_SECONDS:-30} ;;
        --slowest) shows_slowest=1 ;;
        -*) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
        *) only+=("$argument") ;;
    esac
done

projects=()
for project in tests/*.Tests; do projects+=("$(basename "$project")"); done

# A suite is what tests of one namespace are called, less what all have in common: Core is KadOrleans.Tests.Core.
suites_of() {
    grep -rhoE --include='*.cs' --exclude-dir=obj '^namespace [A-Za-z.]+' "tests/$1" | sed "s/^namespace //; s/^$1\.//; s/^KadOrleans\.\(.*\)\.Tests$/\1/" | sort -u
}
namespace_of() { [ "$1" = "KadOrleans.$2.Tests" ] && echo "$1" || echo "$1.$2"; }
all_suites=$(for project in "${projects[@]}"; do suites_of "$project"; done | sort)
for suite in ${only[@]+"${only[@]}"}; do
    grep -qx "$suite" <<<"$all_suites" || { echo "'$suite' is not a suite; allowed: $(paste -sd' ' <<<"$all_suites")." >&2; exit 2; }
done

# The processes that tests start live for seconds: to compile a method again after 30 calls costs them more than it gives, and so does a
# second mapping of each page of code.
export DOTNET_TieredPGO=0 DOTNET_TC_CallCountThreshold=400 DOTNET_EnableWriteXorExecute=0

results=$(mktemp -d)
cleanup() {
    local jobs
    jobs=$(jobs -p)
    [ -z "$jobs" ] || kill $jobs 2>/dev/null || true
    rm -rf "$results"
}
trap cleanup EXIT

started=$SECONDS
lap() { printf '%s: %d s\n' "$1" $((SECONDS - started)); started=$SECONDS; }

dotnet restore KadOrleans.sln >"$results/restore.log" 2>&1 || { cat "$results/restore.log" >&2; exit 1; }
lap restore

# Many small compilations share one compiler, which ends with this script.
dotnet build KadOrleans.sln -c Release --no-restore --nologo -v quiet -p:UseSharedCompilation=true || { cat <<<'The build failed.' >&2; exit 1; }
dotnet build-server shutdown --vbcscompiler >/dev/null 2>&1 || true
lap build

# Many of the long tests need the packages; tests of one suite make them themselves.
if [ "$is_all" = 1 ] && [ ${#only[@]} = 0 ]; then
    export KAD_TEST_FEED=$results/feed
    dotnet pack KadOrleans.sln --no-build -c Release --output "$KAD_TEST_FEED" >"$results/pack.log" 2>&1 || { cat "$results/pack.log" >&2; exit 1; }
    lap pack
fi

# From what the tests of a project say: a line for each test ("suite, outcome, seconds, name"), why tests were skipped, what failed, and
# what never ended.
read_messages='
    # The JSON string behind a key, or behind the start of a list.
    function after(key,   at, value) {
        at = index($0, key "\"")
        if (at == 0) return ""
        value = substr($0, at + length(key) + 1)
        match(value, /^([^"\\]|\\.)*/)
        value = substr(value, 1, RLENGTH)
        gsub(/\\n/, "\n      ", value); gsub(/\\"|\\u0022/, "\"", value); gsub(/\\u0027/, "\x27", value); gsub(/\\\\/, "\\", value)
        return value
    }
    function text(name) { return after("\"" name "\":") }
    function first(name) { return after("\"" name "\":[") }
    function seconds(   at) { at = index($0, "\"ExecutionTime\":"); return at == 0 ? 0 : substr($0, at + 16) + 0 }
    function suite_of(name) {
        if (sole != "") return sole
        sub("^" project "\\.", "", name)
        sub(/[.(].*/, "", name)
        return name
    }
    function tell(outcome) { printf "%s\t%s\t%.3f\t%s\n", suite_of(title[id]), outcome, seconds(), substr(title[id], 1, 160) >> tests }
    { type = text("$type"); id = text("TestUniqueID") }
    type == "test-starting" { title[id] = text("TestDisplayName"); running[id] = 1 }
    type == "test-finished" { delete running[id] }
    type == "test-passed" { tell("passed") }
    type == "test-skipped" { tell("skipped"); print "skipped\t" text("Reason") >> notes }
    type == "test-failed" || type ~ /cleanup-failure$/ || type == "error" {
        if (!(id in title)) title[id] = project " (" type ")"
        tell("failed")
        printf "failed\t%s\n      %s\n%s\n", title[id], first("Messages"), first("StackTraces") >> failures
    }
    type == "test-assembly-finished" { ended = 1 }
    END {
        for (id in running) { tell("failed"); printf "failed\t%s did not end\n", title[id] >> failures }
        if (!ended) exit 3
    }'

# Runs tests of a project, and reads what they say into files of a folder. The rest chooses the tests.
play() {
    local project=$1 folder=$2 code=0 sole
    shift 2
    mkdir -p "$folder"
    sole=$(suites_of "$project")
    [ ! -d "tests/$project/${sole%%$'\n'*}" ] || sole=
    timeout -k 10 "$limit" dotnet "tests/$project/bin/Release/net10.0/$project.dll" -noLogo -noColor -noAutoReporters -reporter json "$@" \
        >"$folder/$project.jsonl" 2>"$folder/$project.err" </dev/null || code=$?
    awk -v project="$project" -v sole="$sole" -v tests="$folder/tests" -v notes="$folder/notes" -v failures="$folder/failures" \
        "$read_messages" "$folder/$project.jsonl" || code=$((code == 0 ? 3 : code))
    return "$code"
}

run_project() {
    local project=$1 begun=$SECONDS code=0 chosen=() suite
    for suite in ${only[@]+"${only[@]}"}; do
        suites_of "$project" | grep -qx "$suite" && chosen+=(-namespace "$(namespace_of "$project" "$suite")")
    done
    if [ ${#only[@]} != 0 ] && [ ${#chosen[@]} = 0 ]; then return; fi
    play "$project" "$results" ${chosen[@]+"${chosen[@]}"} ${choice[@]+"${choice[@]}"} || code=$?
    if [ "$code" != 0 ] && ! grep -qs "$(printf '^failed\t%s' "$project")" "$results/failures"; then
        {
            { [ "$code" != 124 ] && [ "$code" != 137 ]; } \
                && printf 'failed\t%s ended with code %d\n' "$project" "$code" \
                || printf 'failed\t%s was ended after its limit of %d s\n' "$project" "$limit"
            sed 's/^/      /' "$results/$project.err" | tail -n 20
        } >>"$results/failures"
    fi
    printf '%s: %d s\n' "$project" $((SECONDS - begun))
}

run_fuzzer() {
    local begun=$SECONDS outcome=passed
    dotnet run -c Release --no-build --project tests/KadOrleans.Lab -- fuzz --seconds "$fuzz_seconds" --seed "${FUZZ_SEED:-1}" >"$results/fuzz.log" 2>&1 || outcome=failed
    printf 'Fuzz\t%s\t%d\tFuzz\n' "$outcome" $((SECONDS - begun)) >"$results/fuzz.tests"
    if [ "$outcome" = failed ]; then
        { printf 'failed\tFuzz\n'; cat "$results/fuzz.log"; } >"$results/fuzz.failures"
    fi
    tail -n 1 "$results/fuzz.log"
}

# One project after the other: a starved process fails by its deadlines.
if [ ${#only[@]} = 0 ]; then run_fuzzer & fi
for project in "${projects[@]}"; do run_project "$project"; done
wait
cat "$results/fuzz.tests" >>"$results/tests" 2>/dev/null || true
cat "$results/fuzz.failures" >>"$results/failures" 2>/dev/null || true

# With --all many tests have a cluster of processes beside others'. At most three that failed so run again alone, one after the other: a
# test fails if it fails there too. Either way it is named at the end.
if [ "$is_all" = 1 ] && [ -s "$results/failures" ] && [ "$(grep -c $'^failed\t' "$results/failures")" -le 3 ]; then
    names=$(grep $'^failed\t' "$results/failures" | cut -f2 | sed 's/(.*//' | sort -u)
    if ! grep -qvE '^[A-Za-z_0-9.]+$' <<<"$names"; then
        passed_again=1
        for name in $names; do
            for project in "${projects[@]}"; do
                [[ $name == "$project."* ]] || continue
                play "$project" "$results/again" -maxThreads 1 -method "$name" || passed_again=0
            done
        done
        if [ "$passed_again" = 1 ] && [ "$(grep -c $'\tpassed\t' "$results/again/tests")" -ge "$(wc -w <<<"$names")" ]; then
            sed 's/^/  /' <<<"$names" >"$results/passed-again"
            sed -i $'s/\tfailed\t/\tpassed\t/' "$results/tests"
            rm "$results/failures"
        fi
    fi
fi
lap tests

# A suite without a test is a mistake, as its namespace may have changed.
touch "$results/tests"
if [ ${#only[@]} != 0 ]; then printf '%s\n' "${only[@]}"; else printf '%s\nFuzz\n' "$all_suites"; fi >"$results/suites"
while read -r suite; do
    grep -q "^$suite"$'\t' "$results/tests" || printf 'failed\t%s ran no test\n' "$suite" >>"$results/failures"
done <"$results/suites"
failed=$(grep -ac $'^failed\t' "$results/failures" 2>/dev/null || true)
[ ! -s "$results/notes" ] || { echo; echo "Skipped:"; cut -f2 "$results/notes" | sort | uniq -c | sort -rn; }
[ ! -s "$results/failures" ] || { echo; sed 's/^failed\t/  /' "$results/failures"; }
[ ! -s "$results/passed-again" ] || { echo; echo "Failed beside others, and passed when run again alone:"; cat "$results/passed-again"; }
[ "$shows_slowest" = 0 ] || { echo; echo "Slowest, in seconds:"; sort -t $'\t' -k3,3 -rn "$results/tests" | sed -n 1,50p | cut -f3,4; }
[ ! -s "$results/failures" ] || { echo; echo "Failed:"; grep -a $'^failed\t' "$results/failures" | cut -f2 | sort | sed 's/^/  /'; }

# Seconds of a suite are those of its tests, three of which run at once.
echo
awk -F '\t' -v is_all="$is_all" -v failed="${failed:-0}" '
    NR == FNR { count[$1, $2]++; seconds[$1] += $3; next }
    FNR == 1 { printf "%-16s %7s %7s %8s %8s\n", "suite", "passed", "failed", "skipped", "seconds" }
    {
        p = count[$1, "passed"]; f = count[$1, "failed"]; s = count[$1, "skipped"]
        printf "%-16s %7d %7d %8d %8d\n", $1, p, f, s, seconds[$1]
        passed += p; skipped += s
    }
    END {
        if (!is_all) print "Tests that take long are left out; ./test.sh --all runs them too."
        printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
        exit failed != 0 || passed == 0
    }' "$results/tests" "$results/suites"
