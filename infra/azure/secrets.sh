#!/bin/sh
# Makes the Secrets that silos and edges need, with a password, a key and a token of its own, unless they are there. Its argument is the kubectl
# context. It needs kubectl and openssl.
set -eu
context=$1
umask 077
file=$(mktemp)
trap 'rm -f "$file"' EXIT

# Not by `apply`: it would take the labels of pod security from a namespace that is there.
for namespace in kad kad-edge; do
    if ! kubectl --context "$context" get namespace "$namespace" --output name 2>/dev/null; then
        kubectl --context "$context" create namespace "$namespace"
    fi
done

has() {
    kubectl --context "$context" --namespace "$1" get secret "$2" --output name 2>/dev/null
}

# What it holds goes through a file of this user's alone: arguments are seen by all on this machine.
make() {
    kubectl --context "$context" --namespace "$1" create secret generic "$2" --from-env-file="$file"
}

random() {
    head -c 24 /dev/urandom | base64 | tr '+/' '-_'
}

if ! has kad kad-dashboard; then
    printf 'Kad__Dashboard__User=kad\nKad__Dashboard__Password=%s\n' "$(random)" >"$file"
    make kad kad-dashboard
fi

# Silos and edges have the same: what one of them has already is taken for the other.
key=
for namespace in kad kad-edge; do
    if [ -z "$key" ] && has "$namespace" kad-edge-key; then
        key=$(kubectl --context "$context" --namespace "$namespace" get secret kad-edge-key --output 'jsonpath={.data.Kad__Cluster__EdgeKey}' | base64 -d)
    fi
done
printf 'Kad__Cluster__EdgeKey=%s\n' "${key:-$(random)}" >"$file"
for namespace in kad kad-edge; do
    if ! has "$namespace" kad-edge-key; then
        make "$namespace" kad-edge-key
    fi
done

# The silos have the hash of the operator's token alone. The token itself is for whoever may read Secrets here: docs/manage.md.
if ! has kad kad-tokens; then
    if has kad kad-operator; then
        token=$(kubectl --context "$context" --namespace kad get secret kad-operator --output 'jsonpath={.data.token}' | base64 -d)
    else
        token=kad_$(head -c 32 /dev/urandom | od -A n -v -t x1 | tr -d ' \n')
        printf 'token=%s\n' "$token" >"$file"
        make kad kad-operator
    fi
    hash=$(printf %s "$token" | openssl dgst -sha256 -r | cut -c 1-64)
    printf 'tokens.json={"tokens":[{"name":"operator","sha256":"%s","scopes":["read","write","view","manage"]}]}\n' "$hash" >"$file"
    make kad kad-tokens
fi
