#!/bin/sh
# Makes the Secrets that silos and edges need, with a password, two keys and a token of its own, unless they are there. Its argument is the
# kubectl context. It needs kubectl and openssl.
set -eu
context=$1
umask 077
file=$(mktemp)
trap 'rm -f "$file"' EXIT

fail() {
    echo "$1" >&2
    exit 1
}

for program in kubectl openssl; do
    command -v "$program" >/dev/null || fail "$program is not installed, or not in PATH."
done

# Not by `apply`: it would take the labels of pod security from a namespace that is there.
for namespace in kad kad-edge; do
    if ! kubectl --context "$context" get namespace "$namespace" --output name 2>/dev/null; then
        kubectl --context "$context" create namespace "$namespace"
    fi
done

has() {
    kubectl --context "$context" --namespace "$1" get secret "$2" --output name 2>/dev/null
}

# A Secret's key. A pipe ends as its last command does, so callers look at what they got.
get() {
    kubectl --context "$context" --namespace "$1" get secret "$2" --output "jsonpath={.data.$3}" | base64 -d
}

# What it holds goes through a file of this user's alone: arguments are seen by all on this machine.
make() {
    kubectl --context "$context" --namespace "$1" create secret generic "$2" --from-env-file="$file"
}

random() {
    text=$(head -c 24 /dev/urandom | base64 | tr '+/' '-_')
    [ ${#text} -eq 32 ] || fail "/dev/urandom cannot be read."
    echo "$text"
}

# 32 random bytes in hexadecimal digits.
random_key() {
    digits=$(head -c 32 /dev/urandom | od -A n -v -t x1 | tr -d ' \n')
    [ ${#digits} -eq 64 ] || fail "/dev/urandom cannot be read."
    echo "$digits"
}

is_key() {
    case $1 in
        *[!0-9A-Fa-f]*) return 1 ;;
    esac
    [ ${#1} -eq 64 ]
}

if ! has kad kad-dashboard; then
    password=$(random)
    printf 'Kad__Dashboard__User=kad\nKad__Dashboard__Password=%s\n' "$password" >"$file"
    make kad kad-dashboard
fi

# Silos and edges have the same key of the gateway: what one of them has already is taken for the other.
key=
for namespace in kad kad-edge; do
    if [ -z "$key" ] && has "$namespace" kad-gateway-key; then
        key=$(get "$namespace" kad-gateway-key Kad__Cluster__GatewayKey)
        is_key "$key" || fail "The Secret kad-gateway-key of the namespace $namespace cannot be read, or its Kad__Cluster__GatewayKey is not 64 hexadecimal digits."
    fi
done
[ "$key" ] || key=$(random_key)
printf 'Kad__Cluster__GatewayKey=%s\n' "$key" >"$file"
for namespace in kad kad-edge; do
    if ! has "$namespace" kad-gateway-key; then
        make "$namespace" kad-gateway-key
    fi
done

# Of silos alone: no edge starts with it.
if ! has kad kad-silo-key; then
    key=$(random_key)
    printf 'Kad__Cluster__SiloKey=%s\n' "$key" >"$file"
    make kad kad-silo-key
fi

# The silos have the hash of the operator's token alone. The token itself is for whoever may read Secrets here: docs/manage.md.
if ! has kad kad-tokens; then
    made=
    if has kad kad-operator; then
        token=$(get kad kad-operator token)
    else
        made=kad_$(random_key)
        token=$made
    fi

    # Of an empty text there is a hash, too.
    case $token in
        kad_?*) ;;
        *) fail "The Secret kad-operator of the namespace kad cannot be read, or has no token: if it has none, delete it and begin again." ;;
    esac
    hash=$(printf %s "$token" | openssl dgst -sha256 -r | cut -c 1-64)
    [ ${#hash} -eq 64 ] || fail "openssl dgst -sha256 has failed; no token was made."
    if [ "$made" ]; then
        printf 'token=%s\n' "$made" >"$file"
        make kad kad-operator
    fi
    printf 'tokens.json={"tokens":[{"name":"operator","sha256":"%s","scopes":["read","write","view","manage","keep"]}]}\n' "$hash" >"$file"
    make kad kad-tokens
fi
