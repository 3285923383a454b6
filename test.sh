#!/usr/bin/env bash
# Restores, builds and tests everything that the NuGet source allows, in four tiers: without Orleans, with Orleans and
# PostgreSQL, with Azure and TLS, with Aspire. Ends with a table of the tiers and 'N passed, N failed, N skipped'.
#
#   ./test.sh                    the tests that a change must pass
#   ./test.sh --all              those that take long too: campaigns, soaks, large simulations
#   ./test.sh Core Node          these suites alone
#   SUITE_SECONDS=60 ./test.sh   with another limit for each suite (default 600 s; 1,800 s with --all)
#   FUZZ_SECONDS=60 ./test.sh    with a longer run of the fuzzer (default 5 s; 30 s with --all)
#   FUZZ_SEED=7 ./test.sh        with another seed for it (default 1)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# Rows of a theory have tiers of their own, which the runner knows only if it finds them before.
is_all=0 choice=(-trait- Tier=Long -preEnumerateTheories)
limit=${SUITE_SECONDS:-600}
fuzz_seconds=${FUZZ_SECONDS:-5}
only=()
for argument in "$@"; do
    case $argument in
        # Three tests of a suite at once: many of the long ones load a whole cluster, and wait for most of the time.
        --all) is_all=1 choice=(-maxThreads 3) limit=${SUITE_SECONDS:-1800} fuzz_seconds=${FUZZ_SECONDS:-30} ;;
        -*) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
        *) only+=("$argument") ;;
    esac
done

tier_names=("without Orleans" "with Orleans and PostgreSQL" "with Azure and TLS" "with Aspire")
tier_targets=(KadOrleans.Standalone.slnf KadOrleans.Cluster.slnf KadOrleans.Full.slnf KadOrleans.sln)

# These start processes, or clusters of silos. They run one after the other, beside the rest.
heavy=' Aspire Cli EdgeRole Edges Full Grains Hostile Http Lab Pasted SiloRole Storage WebConsole '

# The processes that tests start live for seconds: to compile a method again after 30 calls costs them more than it gives.
export DOTNET_TieredPGO=0 DOTNET_TC_CallCountThreshold=400

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

# The largest tier that restores. What a larger one lacks is told at the end.
last=3
while ! dotnet restore "${tier_targets[last]}" >"$results/restore.log" 2>&1 || grep -q NU1503 "$results/restore.log"; do
    {
        grep -oE 'error NU110[1-3]: Unable to find .*package [A-Za-z0-9.]+' "$results/restore.log" | sed 's/.* //; s/\.$//' || true
        # A project whose SDK is a package that the source lacks is skipped without an error.
        { grep -oE "NU1503: .*'[^']+\.csproj'" "$results/restore.log" || true; } | sed "s/.* '//; s/'$//" \
            | xargs -r grep -hoE '"[A-Za-z.]+\.Sdk[/"]' | tr -d '"/' | grep -v '^Microsoft\.NET\.Sdk' || true
    } | sort -u >"$results/missing.$last"
    if [ "$last" = 0 ] || [ ! -s "$results/missing.$last" ] \
        || grep -E ': error ' "$results/restore.log" | grep -qvE 'NU110[1-3]'; then
        cat "$results/restore.log" >&2
        exit 1
    fi
    last=$((last - 1))
done
lap restore

# Many small compilations share one compiler, which ends with this script.
dotnet build "${tier_targets[last]}" -c Release --no-restore --nologo -v quiet -p:UseSharedCompilation=true || { cat <<<'The build failed.' >&2; exit 1; }
dotnet build-server shutdown --vbcscompiler >/dev/null 2>&1 || true
lap build

# A suite is what tests of one namespace are called, less what all have in common: Core is KadOrleans.Tests.Core.
projects_of() { grep -oE 'KadOrleans[A-Za-z.]*\.Tests\.csproj' "${tier_targets[$1]}" | sed 's/\.csproj$//' | sort -u; }
suites_of() {
    local project
    for project in $(projects_of "$1"); do
        grep -rhoE --include='*.cs' --exclude-dir=obj '^namespace [A-Za-z.]+' "tests/$project" | sed "s/^namespace //; s/^$project\.//; s/^KadOrleans\.\(.*\)\.Tests$/\1/"
    done | sort -u
}
project_of() {
    local project
    for project in $(projects_of "$last"); do
        if [ "$project" = "KadOrleans.$1.Tests" ] || [ -d "tests/$project/$1" ]; then echo "$project"; return; fi
    done
}
namespace_of() { local project; project=$(project_of "$1"); [ "$project" = "KadOrleans.$1.Tests" ] && echo "$project" || echo "$project.$1"; }

is_chosen() { [ ${#only[@]} = 0 ] || [[ " ${only[*]} " == *" $1 "* ]]; }

# From the messages of a suite: its counts, why tests were skipped, what failed, and what never ended.
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
    { type = text("$type"); id = text("TestUniqueID") }
    type == "test-starting" { title[id] = text("TestDisplayName"); running[id] = 1 }
    type == "test-finished" { delete running[id] }
    type == "test-passed" { passed++ }
    type == "test-skipped" { skipped++; print "skipped\t" text("Reason") >> notes }
    type == "test-failed" || type ~ /cleanup-failure$/ || type == "error" {
        failed++
        what = id in title ? title[id] : suite " (" type ")"
        printf "failed\t%s\n      %s\n%s\n", what, first("Messages"), first("StackTraces") >> failures
    }
    type == "test-assembly-finished" { ended = 1 }
    END {
        for (id in running) printf "failed\t%s did not end\n", title[id] >> failures
        print passed + 0, failed + 0, skipped + 0, ended + 0 >> counts
    }'

# Runs tests of a suite, and reads what they say into files of this name. The rest chooses the tests.
play() {
    local suite=$1 name=$2 code=0 project
    shift 2
    project=$(project_of "$suite")
    timeout -k 10 "$limit" dotnet "tests/$project/bin/Release/net10.0/$project.dll" -noLogo -noColor -noAutoReporters -reporter json \
        -namespace "$(namespace_of "$suite")" "$@" \
        >"$name.jsonl" 2>"$name.err" </dev/null || code=$?
    awk -v suite="$suite" -v notes="$(dirname "$name")/notes" -v failures="$name.failures" -v counts="$name.counts" "$read_messages" "$name.jsonl"
    return "$code"
}

run_suite() {
    local suite=$1 begun=$SECONDS code=0 passed failed skipped ended seconds
    play "$suite" "$results/$suite" "${choice[@]}" || code=$?
    read -r passed failed skipped ended <"$results/$suite.counts"
    seconds=$((SECONDS - begun))
    if [ "$ended" = 0 ] || { [ "$code" != 0 ] && [ "$failed" = 0 ]; }; then
        failed=$((failed + 1))
        {
            [ "$code" != 124 ] && [ "$code" != 137 ] \
                && printf 'failed\t%s ended with code %d\n' "$suite" "$code" \
                || printf 'failed\t%s was ended after its limit of %d s\n' "$suite" "$limit"
            sed 's/^/      /' "$results/$suite.err" | tail -n 20
            printf '      These tests did not run:\n'
            comm -13 \
                <(grep -o '"TestDisplayName":"[^"(]*' "$results/$suite.jsonl" | cut -d'"' -f4 | sort -u) \
                <(timeout 60 dotnet "tests/$(project_of "$suite")/bin/Release/net10.0/$(project_of "$suite").dll" -noLogo -noColor \
                    -namespace "$(namespace_of "$suite")" "${choice[@]}" -list methods | grep -E '^KadOrleans\.' | sort -u) \
                | sed 's/^/      /'
        } >>"$results/$suite.failures"
    fi
    echo "$passed $failed $skipped $seconds" >"$results/$suite.done"
    printf '%-36s %5d passed %3d failed %3d skipped %5d s\n' "$suite" "$passed" "$failed" "$skipped" "$seconds"
    [ ! -s "$results/$suite.failures" ] || sed 's/^failed\t/  /' "$results/$suite.failures"
}

run_fuzzer() {
    local begun=$SECONDS
    if dotnet run -c Release --no-build --project tests/KadOrleans.Lab -- fuzz --seconds "$fuzz_seconds" --seed "${FUZZ_SEED:-1}" >"$results/fuzz.log" 2>&1; then
        echo "1 0 0 $((SECONDS - begun))" >"$results/Fuzz.done"
    else
        echo "0 1 0 $((SECONDS - begun))" >"$results/Fuzz.done"
        cat "$results/fuzz.log"
        printf 'failed\tFuzz\n' >"$results/Fuzz.failures"
    fi
    tail -n 1 "$results/fuzz.log"
}

# Pure suites in one lane with less priority, those with processes in the other: a starved process fails by its deadlines.
light=() lane=()
for suite in $(suites_of "$last"); do
    is_chosen "$suite" || continue
    if [[ $heavy == *" $suite "* ]]; then lane+=("$suite"); else light+=("$suite"); fi
done
for suite in ${only[@]+"${only[@]}"}; do
    suites_of "$last" | grep -qx "$suite" || { echo "'$suite' is not a suite that restores here; allowed: $(suites_of "$last" | paste -sd' ')." >&2; exit 2; }
done

{
    for suite in ${light[@]+"${light[@]}"}; do renice -n 10 $BASHPID >/dev/null 2>&1 || true; run_suite "$suite"; done
    [ ${#only[@]} != 0 ] || run_fuzzer
} &
beside=$!
for suite in ${lane[@]+"${lane[@]}"}; do run_suite "$suite"; done
wait "$beside"

# With --all three tests of a suite run at once, many of them with a cluster of processes. At most three that failed so run again alone, one
# after the other: a test fails if it fails there too. Either way it is named at the end.
run_again() {
    local suite=$1 again=$results/again/$1 names passed failed skipped seconds more failed_again ended
    names=$(grep $'^failed\t' "$results/$suite.failures" | cut -f2 | sed 's/(.*//' | sort -u)
    if grep -qvE '^[A-Za-z_0-9.]+$' <<<"$names" || ! read -r passed failed skipped seconds <"$results/$suite.done"; then return; fi
    mkdir -p "$results/again"
    play "$suite" "$again" -maxThreads 1 $(sed 's/^/-method /' <<<"$names") || true
    read -r more failed_again _ ended <"$again.counts"
    if [ "$ended" = 1 ] && [ "$failed_again" = 0 ] && [ "$more" -ge "$failed" ]; then
        sed 's/^/  /' <<<"$names" >>"$results/passed-again"
        echo "$((passed + failed)) 0 $skipped $seconds" >"$results/$suite.done"
        rm "$results/$suite.failures"
    fi
}
failures=("$results"/*.failures)
if [ "$is_all" = 1 ] && [ -e "${failures[0]}" ] && [ "$(cat "${failures[@]}" | grep -c $'^failed\t')" -le 3 ]; then
    for file in "${failures[@]}"; do run_again "$(basename "$file" .failures)"; done
fi
lap tests

[ ! -s "$results/notes" ] || { echo; echo "Skipped:"; cut -f2 "$results/notes" | sort | uniq -c | sort -rn; }
find "$results" -maxdepth 1 -name '*.failures' -size +0 -exec cat {} + | grep $'^failed\t' | cut -f2 | sort >"$results/failed" || true
[ ! -s "$results/passed-again" ] || { echo; echo "Failed beside others, and passed when run again alone:"; cat "$results/passed-again"; }
[ ! -s "$results/failed" ] || { echo; echo "Failed:"; sed 's/^/  /' "$results/failed"; }

echo
printf '%-28s %6s %7s %7s %8s %8s\n' tier suites passed failed skipped seconds
all_passed=0 all_failed=0 all_skipped=0
for tier in 0 1 2 3; do
    if [ "$tier" -gt "$last" ]; then
        printf '%-28s left out, as the NuGet source lacks %s\n' "${tier_names[tier]}" "$(paste -sd, "$results/missing.$tier" | sed 's/,/, /g')"
        continue
    fi
    suites=0 passed=0 failed=0 skipped=0 seconds=0
    before=$([ "$tier" = 0 ] || suites_of $((tier - 1)))
    members=$(comm -23 <(suites_of "$tier") <(echo "$before"))
    [ "$tier" != 0 ] || members="$members"$'\n'Fuzz
    for suite in $members; do
        if [ "${#only[@]}" != 0 ] && ! is_chosen "$suite"; then continue; fi
        suites=$((suites + 1))
        if ! read -r p f s t <"$results/$suite.done" 2>/dev/null || [ $((p + f)) = 0 ]; then
            echo "$suite ran no test." >&2
            p=0 f=1 s=0 t=0
        fi
        passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s)) seconds=$((seconds + t))
    done
    printf '%-28s %6d %7d %7d %8d %8d\n' "${tier_names[tier]}" $suites $passed $failed $skipped $seconds
    all_passed=$((all_passed + passed)) all_failed=$((all_failed + failed)) all_skipped=$((all_skipped + skipped))
done
[ "$is_all" = 1 ] || echo "Tests that take long are left out; ./test.sh --all runs them too."
echo "$all_passed passed, $all_failed failed, $all_skipped skipped"
[ "$all_failed" = 0 ] && [ "$all_passed" -gt 0 ]
