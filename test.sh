#!/usr/bin/env bash
# Restores, builds and tests everything that the NuGet source allows. Where it lacks the Orleans packages, the
# standalone part is tested and a line says which suites did not run. Each reason of skipped tests has a line.
# Ends with 'N passed, N failed, N skipped'.
#
#   ./test.sh                    everything
#   FUZZ_SECONDS=60 ./test.sh    with a longer run of the fuzzer (default 5 s)
#   FUZZ_SEED=7 ./test.sh        with another seed for it (default 1)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

restored() { dotnet restore "$1" >"$results/restore.log" 2>&1; }

# Whether the last restore failed for want of a package whose id matches.
lacks() { grep -qE "error NU110[0-3]: Unable to find .*package $1" "$results/restore.log"; }

azure='(Azure\.|Microsoft\.Orleans\.[A-Za-z]+\.AzureStorage)'
target=KadOrleans.sln
missing=""
if ! restored "$target"; then
    if lacks "$azure"; then
        # All but Azure Storage builds and runs without its packages.
        export KadAzureStorage=false
        missing="Azure Storage"
    fi

    if [ -z "$missing" ] || ! restored "$target"; then
        if ! lacks 'Microsoft\.Orleans\.'; then
            cat "$results/restore.log" >&2
            exit 1
        fi

        target=KadOrleans.Standalone.slnf
        dotnet restore "$target"
        missing=$(comm -23 \
            <(grep -oE '[A-Za-z.]+\.Tests\.csproj' KadOrleans.sln | sort -u) \
            <(grep -oE '[A-Za-z.]+\.Tests\.csproj' KadOrleans.Standalone.slnf | sort -u) \
            | sed 's/\.csproj$//' | paste -sd' ')
    fi
fi

dotnet build "$target" --no-restore --nologo

failed=0
dotnet test "$target" --no-build --nologo --logger trx --results-directory "$results/trx" || failed=1
dotnet run --no-build --project tests/KadOrleans.Fuzz -- \
    --seconds "${FUZZ_SECONDS:-5}" --seed "${FUZZ_SEED:-1}" && fuzz=passed || fuzz=failed

if [ -n "$missing" ]; then
    echo "Not run, as the NuGet source lacks what they need: $missing"
fi

# Each reason for which tests were skipped, and how many. CONTRIBUTING.md says how to get what is missing.
awk '/<UnitTestResult / { skipped = /outcome="NotExecuted"/ }
    skipped && /<Message>/ { sub(/.*<Message>/, ""); sub(/<\/Message>.*/, ""); count[$0]++ }
    END { for (reason in count) print count[reason] " skipped: " reason }' "$results"/trx/*.trx | sort -k3

# Each test that failed, by name: where suites run side by side, their output is mixed.
cat "$results"/trx/*.trx | { grep '<UnitTestResult .*outcome="Failed"' || true; } \
    | sed -E 's/.* testName="([^"]*)".*/Failed: \1/' | sort

# The fuzzer's run counts as one test.
count() { cat "$results"/trx/*.trx | grep -oE "<Counters [^>]*" | grep -oE " $1=\"[0-9]+\"" | grep -oE '[0-9]+' | awk '{ n += $1 } END { print n + 0 }'; }
total=$(count total)
passed=$(count passed)
executed=$(count executed)
broken=$((executed - passed))
if [ "$fuzz" = passed ]; then passed=$((passed + 1)); else broken=$((broken + 1)); fi
if [ "$failed" = 1 ] && [ "$broken" = 0 ]; then
    # A suite that died before it could count.
    broken=1
fi

echo "$passed passed, $broken failed, $((total - executed)) skipped"
[ "$broken" = 0 ] && [ "$executed" -gt 0 ]
