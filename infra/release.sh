#!/usr/bin/env bash
# Makes a release, or tries one on this machine. docs/release.md has what to set up once, and how to take a release back.
#
#   infra/release.sh make VERSION                  prepares, commits, tags and pushes; the workflow 'release' does the rest
#   infra/release.sh try VERSION [OPTION…]         does all that the workflow does, in a copy of the last commit; needs no account
#
# Their steps, which the workflow calls too:
#
#   infra/release.sh prepare VERSION               writes the version where it stands, dates the changelog, moves the lists of public members
#   infra/release.sh check VERSION                 fails unless all of that is done
#   infra/release.sh packages VERSION [OPTION…]    packs, with bill of materials, manifests and checksums
#   infra/release.sh manifests VERSION [OPTION…]   packs the Compose file and the manifests alone
#   infra/release.sh verify VERSION [OPTION…]      compares the checksums
#   infra/release.sh install VERSION [OPTION…]     starts the tools, and builds a program of a template, from these packages alone
#   infra/release.sh image NAME VERSION [OPTION…]  builds the image kad or kad-server and pushes it
#   infra/release.sh notes VERSION                 prints what the changelog says of the version
#
#   --output DIR           where packages are made and looked for; artifacts/release without it
#   --registry HOST/OWNER  where images are pushed, and what the manifests name; of 'try' such as 127.0.0.1:5000
#   --feed DIR             of 'try': a folder that the packages are pushed to, as to NuGet
#   --stand-in             without Docker: podman builds the image's last stage on this machine's .NET, in the place of the build stage and of
#                          the base image, for this machine's architecture
set -euo pipefail
caller=$PWD script=$(realpath "${BASH_SOURCE[0]}")
cd "$(dirname "$script")/.."

say() { printf '%s %s\n' "$(date +%T)" "$*"; }
fail() { printf '%s\n' "$@" >&2; exit 1; }
wrong() { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p;}' "$script" >&2; exit 2; }

# A folder of the caller's.
place() { case $1 in /*) echo "$1" ;; *) echo "$caller/$1" ;; esac; }

# Changes a file by a script of sed. What stays equal is not written.
edit() {
    local changed
    changed=$(mktemp)
    sed -E "$2" "$1" >"$changed"
    cmp -s "$1" "$changed" || cat "$changed" >"$1"
    rm "$changed"
}

current_version() { sed -nE 's#.*<VersionPrefix>(.*)</VersionPrefix>.*#\1#p' Directory.Build.props; }

# The files that name the version of an image or of a build, and how they name it.
named='((--build-arg|-) VERSION=|kad-server:|/kad:|kad-orleans@|--version )[0-9]+\.[0-9]+\.[0-9]+'
naming_files() { grep -rlE -e "$named" azure.yaml README.md docs/*.md docs/tutorials/*.md src/*/README.md infra/docker infra/kubernetes; }

need_registry() { [ -n "$registry" ] || fail '--registry HOST/OWNER is needed, for the images and for the manifests that name them.'; }

first_heading() { grep -m 1 '^## ' CHANGELOG.md || true; }

# What the changelog says of a version.
section() { awk -v version="$1" '/^## /{ on = $2 == version; next } on' CHANGELOG.md; }

prepare() {
    local heading file lists removed
    heading=$(first_heading)
    case $heading in
        '## Unreleased' | "## $version") ;;
        *) fail "The first heading of CHANGELOG.md is '$heading'; '## Unreleased' or '## $version' is needed, with what the release brings." ;;
    esac
    edit CHANGELOG.md "1,/^## /s/^## .*/## $version - $(date -u +%F)/"
    edit Directory.Build.props "s#(<VersionPrefix>).*(</VersionPrefix>)#\1$version\2#"
    for file in $(naming_files); do edit "$file" "s#$named#\1$version#g"; done

    # A line with *REMOVED* takes itself and the line that it names away.
    lists=$(mktemp -d)
    for file in src/*/PublicAPI.Unshipped.txt; do
        removed=$lists/removed
        sed -n 's/^\*REMOVED\*//p' "$file" | LC_ALL=C sort >"$removed"
        cat "${file%Unshipped.txt}Shipped.txt" "$file" | grep -v -e '^#nullable enable' -e '^\*REMOVED\*' | LC_ALL=C sort -u | LC_ALL=C comm -23 - "$removed" >"$lists/all" || true
        { echo '#nullable enable'; cat "$lists/all"; } >"${file%Unshipped.txt}Shipped.txt"
        echo '#nullable enable' >"$file"
    done
    rm -r "$lists"
}

check() {
    local file problems=() others
    [ "$(current_version)" = "$version" ] || problems+=("Directory.Build.props has VersionPrefix $(current_version).")
    others=$(naming_files | xargs grep -hoE -e "$named" | grep -vE -e "[=:@ ]$version\$" | sort -u || true)
    [ -z "$others" ] || problems+=("Another version is named: $(echo $others).")
    first_heading | grep -qE "^## $version - [0-9]{4}-[0-9]{2}-[0-9]{2}\$" || problems+=("The first heading of CHANGELOG.md is '$(first_heading)'.")
    [ -n "$(section "$version" | tr -d '[:space:]')" ] || problems+=("CHANGELOG.md says nothing of $version.")
    for file in src/*/PublicAPI.Unshipped.txt; do
        [ "$(grep -vc '^#nullable enable' "$file" || true)" = 0 ] || problems+=("$file is not empty.")
    done
    [ ${#problems[@]} = 0 ] || fail "This is not release $version; infra/release.sh prepare $version makes it so." "${problems[@]}"
}

# Prepares a commit, and pushes it and its tag, both or neither.
make_release() {
    local before
    [ -z "$(git status --porcelain)" ] || fail 'The clone has changes that are not committed.'
    [ "$(git branch --show-current)" = main ] || fail "This is branch '$(git branch --show-current)'; a release is made of main."
    git fetch --quiet --tags origin main
    before=$(git rev-parse HEAD)
    [ "$before" = "$(git rev-parse FETCH_HEAD)" ] || fail 'main is not what origin has: pull or push first.'
    if git rev-parse --quiet --verify "refs/tags/v$version" >/dev/null; then fail "The tag v$version is there already."; fi
    # Each in a process of its own: whatever fails, the clone is as before.
    if ! { "$script" prepare "$version" && "$script" check "$version" && git add --all \
        && { git diff --cached --quiet || git commit --quiet --message "Release $version"; } \
        && git tag --annotate "v$version" --message "Release $version"; }; then
        git reset --quiet --hard "$before"
        fail 'Nothing was pushed, and this clone is as before.'
    fi
    if ! git push --quiet --atomic origin HEAD:main "refs/tags/v$version"; then
        if [ -n "$(git ls-remote origin "refs/tags/v$version")" ]; then fail "The push failed, and origin has v$version: look there."; fi
        git tag --delete "v$version" >/dev/null
        git reset --quiet --hard "$before"
        fail 'Nothing was pushed, and this clone is as before.'
    fi
    say "Pushed v$version. The workflow 'release' tests it, and then publishes it."
}

# The newest release whose public members this one must have: of the same major version, below 1.0 of the same minor one.
baseline() {
    local line=${version%%.*}
    [ "$line" != 0 ] || line=${version%.*}
    sed -nE 's/^## ([0-9]+\.[0-9]+\.[0-9]+) .*/\1/p' CHANGELOG.md | grep -vx "$version" | grep -m 1 "^$line\." || true
}

pack() {
    local options=("-p:VersionPrefix=$version" -p:EnablePackageValidation=true -p:WarnOnPackingNonPackableProject=false) before
    before=$(baseline)
    [ -z "$before" ] || options+=("-p:PackageValidationBaselineVersion=$before")
    dotnet pack KadOrleans.sln --nologo -c Release --output "$output" "${options[@]}" -v quiet
}

# Of the projects in src alone, as tests and samples are in no package; of the packages each file with its digests.
bill_of_materials() {
    local made
    made=$(mktemp -d)
    dotnet tool restore >/dev/null
    dotnet sbom-tool generate -b "$output" -bc src -m "$made" -pn KadOrleans -pv "$version" -ps 'KadOrleans contributors' \
        -pm true -nsb https://spdx.org/spdxdocs/kadorleans -V Warning >"$made/log" || { cat "$made/log" >&2; exit 1; }
    cp "$made/_manifest/spdx_2.2/manifest.spdx.json" "$output/kadorleans-$version.spdx.json"
    rm -r "$made"
}

# What an operator needs besides the images: Compose file, manifests, schema, alarms. It names this release's images, and builds none.
manifests() {
    local work folder file overlay others
    need_registry
    mkdir -p "$output"
    work=$(mktemp -d) folder=$work/kadorleans-$version
    mkdir -p "$folder/infra"
    cp LICENSE "$folder"
    cp -r infra/docker infra/kubernetes infra/monitoring infra/postgresql "$folder/infra"
    rm "$folder"/infra/docker/*.Dockerfile "$folder/infra/kubernetes/try-in-kind.sh"
    rm -r "$folder/infra/kubernetes/overlays/azd"
    find "$folder" -name parameters.env | while read -r file; do edit "$file" "s#[^=]*/kad-server:.*#$registry/kad-server:$version#"; done
    awk '/^    build:/ { skips = 1; next } skips && /^      / { next } { skips = 0; print }' infra/docker/compose.yaml \
        | sed -E "s#^(    image: )(kad|kad-server)\$#\1$registry/\2:$version#" >"$folder/infra/docker/compose.yaml"

    # Each overlay and the Compose file name these images and no others of ours.
    for overlay in postgres azure/silo azure/edge; do kubectl kustomize "$folder/infra/kubernetes/overlays/$overlay" >"$work/${overlay//\//-}.yaml"; done
    others=$(cat "$work"/*.yaml "$folder/infra/docker/compose.yaml" | grep -E 'image: .*\bkad\b' | grep -vE "image: $registry/(kad|kad-server):$version\$" || true)
    [ -z "$others" ] || fail "Manifests name other images: $others"
    [ "$(grep -l "image: $registry/kad-server:$version\$" "$work"/*.yaml | wc -l)" -eq 3 ] || fail 'A manifest does not name the image.'
    tar -C "$work" -czf "$output/kadorleans-$version.tar.gz" "kadorleans-$version"
    rm -r "$work"
}

packages() {
    need_registry
    check
    mkdir -p "$output"
    rm -f "$output"/KadOrleans.*.nupkg "$output"/KadOrleans.*.snupkg "$output"/kadorleans-* "$output/SHA256SUMS" "$output/notes.md"
    step 'Packages' pack
    step 'Manifests' manifests
    step 'Bill of materials' bill_of_materials
    (cd "$output" && sha256sum -- * >SHA256SUMS)
}

verify() { (cd "$output" && sha256sum --check --quiet SHA256SUMS) && say 'The checksums hold.'; }

# Nothing of ours comes from a feed of others, where anybody may have the id with this version.
install() {
    local work feed says
    work=$(mktemp -d) feed=$(cd "$output" && pwd)
    cat >"$work/nuget.config" <<CONFIG
<configuration>
  <packageSources>
    <clear />
    <add key="release" value="$feed" />
    <add key="nuget.org" value="https://api.nuget.org/v3/index.json" />
  </packageSources>
  <packageSourceMapping>
    <clear />
    <packageSource key="release"><package pattern="KadOrleans.*" /></packageSource>
    <packageSource key="nuget.org"><package pattern="*" /></packageSource>
  </packageSourceMapping>
  <config><add key="globalPackagesFolder" value="$work/cache" /></config>
</configuration>
CONFIG
    (
        cd "$work"
        dotnet tool install KadOrleans.Tool --tool-path tool --source "$feed" --version "$version"
        says=$(tool/kad --version)
        case $says in "$version" | "$version+"*) ;; *) fail "kad --version says '$says', not $version." ;; esac
        dotnet tool install KadOrleans.Server --tool-path tool --source "$feed" --version "$version"
        says=$(tool/kad-server --version)
        case $says in "$version" | "$version+"*) ;; *) fail "kad-server --version says '$says', not $version." ;; esac
        dotnet new install "$feed/KadOrleans.Templates.$version.nupkg" --debug:custom-hive "$work/hive" >/dev/null
        for template in kad-node kad-cluster; do
            dotnet new "$template" --name My --output "$template" --debug:custom-hive "$work/hive" >/dev/null
            dotnet build "$template" --nologo -v quiet -p:NuGetAudit=false
        done
        say "kad and kad-server --version: $says. Programs of both templates are built from the packages of $version."
    )
    rm -r "$work"
}

dockerfile_of() {
    case $1 in
        kad) echo infra/docker/kad.Dockerfile ;;
        kad-server) echo infra/docker/server.Dockerfile ;;
        *) fail "'$1' is no image; allowed: kad, kad-server." ;;
    esac
}

# For two architectures, with bill of materials and provenance. The digest goes to the workflow, which attests it.
image() {
    local name=$1 file made
    file=$(dockerfile_of "$name")
    need_registry
    if [ -n "$stands_in" ]; then image_that_stands_in "$name" "$file"; return; fi
    made=$(mktemp)
    docker buildx build --file "$file" --platform linux/amd64,linux/arm64 --build-arg VERSION="$version" --tag "$registry/$name:$version" \
        --sbom=true --provenance=true --push --metadata-file "$made" .
    if [ -n "${GITHUB_OUTPUT:-}" ]; then
        echo "name=$registry/$name" >>"$GITHUB_OUTPUT"
        sed -nE 's/.*"containerimage\.digest": *"(sha256:[0-9a-f]{64})".*/digest=\1/p' "$made" >>"$GITHUB_OUTPUT"
        grep -q '^digest=sha256:' "$GITHUB_OUTPUT" || fail 'buildx named no digest.'
    fi
    rm "$made"
}

# What this machine's .NET loads, as a root file system.
copy_runtime() {
    local root=$1 dotnet runtime part library
    runtime=$(dotnet --list-runtimes | awk '$1 == "Microsoft.NETCore.App" && $2 ~ /^10\./ { found = $2 " " $3 } END { print found }')
    dotnet=$(cd "$(echo "${runtime#* }" | tr -d '[]')/../.." && pwd) runtime=${runtime%% *}
    for part in dotnet "host/fxr/$runtime" "shared/Microsoft.NETCore.App/$runtime" "shared/Microsoft.AspNetCore.App/$runtime"; do
        mkdir -p "$root/usr/share/dotnet/$(dirname "$part")"
        cp -rL "$dotnet/$part" "$root/usr/share/dotnet/$part"
    done
    {
        ldd "$dotnet/dotnet" "$dotnet/shared/Microsoft.NETCore.App/$runtime"/*.so 2>/dev/null | grep -oE '/[^ ]+\.so[.0-9]*' || true
        ls /usr/lib/*/libssl.so.3 /usr/lib/*/libcrypto.so.3 2>/dev/null || true
    } | grep -vF "$dotnet/" | sort -u | while read -r library; do
        mkdir -p "$root$(dirname "$library")"
        cp -L "$library" "$root$library"
    done
}

image_that_stands_in() {
    local name=$1 file=$2 work publish says
    work=$(mktemp -d)
    # The command of the build stage, with folders of this machine.
    publish=$(awk '/^RUN dotnet publish/ { on = 1 } on { print } on && !/\\$/ { exit }' "$file" | sed "s/^RUN //; s# /app # $work/app #; s#mkdir /data#mkdir $work/data#")
    (TARGETARCH=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/') VERSION=$version && eval "$publish") >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
    copy_runtime "$work/root"
    {
        printf 'FROM scratch\nCOPY root /\nENV PATH=/usr/share/dotnet DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1\n'
        awk '/^FROM/ { stage++; next } stage == 2' "$file" | sed -E 's#--from=build (.*)/app \.#\1app .#; s#--from=build (.*)/data /data#\1data /data#'
    } >"$work/Dockerfile"
    podman build --quiet --format docker --build-arg VERSION="$version" --tag "$registry/$name:$version" "$work" >/dev/null
    podman push --quiet --tls-verify=false "$registry/$name:$version"
    podman rmi "$registry/$name:$version" >/dev/null
    rm -r "$work"
    # What the registry has is run. Limits above this machine's own cannot be set.
    says=$(podman run --rm --runtime runc --network none --read-only --pull always --tls-verify=false --quiet --ulimit nofile=1024:1024 --ulimit nproc=4096:4096 \
        "$registry/$name:$version" --version)
    case $says in "$version" | "$version+"*) say "$registry/$name:$version says $says." ;; *) fail "$name --version says '$says', not $version." ;; esac
}

# The links of the changelog are relative; on a page of its own they lead to the tag's files.
notes() {
    local at=
    [ -z "${GITHUB_REPOSITORY:-}" ] || at=${GITHUB_SERVER_URL:-https://github.com}/$GITHUB_REPOSITORY/blob/v$version/
    section "$version" | sed -E "s#\]\(([^):]+)\)#](${at//#/\\#}\1)#g"
}

step() {
    local title=$1 started=$SECONDS
    shift
    say "$title"
    "$@"
    took="$took$(printf '%-20s %4d s' "$title" $((SECONDS - started)))"$'\n'
}

push_to_feed() { mkdir -p "$feed" && dotnet nuget push "$output/*.nupkg" --source "$feed"; }

# In a copy, so that the clone stays as it is.
try() {
    local work
    [ -n "$registry" ] || fail '--registry HOST:PORT is needed, such as that of: docker run --publish 127.0.0.1:5000:5000 registry:2'
    [ -z "$(git status --porcelain)" ] || say 'Changes that are not committed are left out.'
    mkdir -p "$output"
    output=$(cd "$output" && pwd)
    [ -z "$feed" ] || { mkdir -p "$feed" && feed=$(cd "$feed" && pwd); }
    work=$(mktemp -d)
    git clone --quiet . "$work"
    cd "$work"
    step 'Prepare' prepare
    packages
    step 'Checksums' verify
    step 'Install' install
    step 'Image kad' image kad
    step 'Image kad-server' image kad-server
    [ -z "$feed" ] || step 'Feed' push_to_feed
    notes >"$output/notes.md"
    cd /
    rm -rf "$work"
    say "Release $version is in $output, its images in $registry. Nothing was attested: that is GitHub's to do."
    (cd "$output" && ls -l | awk 'NR > 1 { printf "%9.0f KB  %s\n", $5 / 1000, $9 }')
    printf '%s' "$took"
}

# Paths of this machine stay out of what is compiled, and so does a VERSION of the caller, which MSBuild would take for the property.
export CI=true
unset VERSION

[ $# -ge 2 ] || wrong
command=$1 name='' output=$PWD/artifacts/release registry='' feed='' stands_in='' took=''
shift
if [ "$command" = image ]; then name=$1; shift; fi
version=${1:-}
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "'$version' is no version; three numbers are needed, such as 0.1.0."
shift
while [ $# != 0 ]; do
    case $1 in
        --output | --registry | --feed) [ $# -ge 2 ] || fail "$1 needs a value." ;;
    esac
    case $1 in
        --output) output=$(place "$2"); shift 2 ;;
        # Names of images are in lower case.
        --registry) registry=$(tr '[:upper:]' '[:lower:]' <<<"$2"); shift 2 ;;
        --feed) feed=$(place "$2"); shift 2 ;;
        --stand-in) stands_in=1; shift ;;
        *) wrong ;;
    esac
done

case $command in
    make) make_release ;;
    image) image "$name" ;;
    prepare | check | packages | manifests | verify | install | notes | try) "$command" ;;
    *) wrong ;;
esac
