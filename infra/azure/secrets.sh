#!/bin/sh
# Makes the Secret that silos need, with a password of its own, unless it is there. Its argument is the kubectl context.
set -eu
context=$1

# Not by `apply`: it would take the labels of pod security from a namespace that is there.
if ! kubectl --context "$context" get namespace kad --output name 2>/dev/null; then
    kubectl --context "$context" create namespace kad
fi
if ! kubectl --context "$context" --namespace kad get secret kad-dashboard --output name 2>/dev/null; then
    password=$(head -c 24 /dev/urandom | base64 | tr '+/' '-_')
    # The password goes through a file of this user's alone: arguments are seen by all on this machine.
    umask 077
    file=$(mktemp)
    trap 'rm -f "$file"' EXIT
    printf 'Kad__Dashboard__User=kad\nKad__Dashboard__Password=%s\n' "$password" >"$file"
    kubectl --context "$context" --namespace kad create secret generic kad-dashboard --from-env-file="$file"
fi
