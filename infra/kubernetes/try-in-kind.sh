#!/usr/bin/env bash
# Installs the overlay 'postgres' on a Kubernetes of its own, made by kind (https://kind.sigs.k8s.io), and tries it: a value is set and got, a silo's
# pod deleted, a node drained. Needs docker, kind, kubectl and the .NET SDK, 8 GB of memory and about ten minutes.
#
#   infra/kubernetes/try-in-kind.sh             tries it, and deletes the cluster at the end, also when a step fails
#   infra/kubernetes/try-in-kind.sh --keep      leaves the cluster 'kad-try' there
#   infra/kubernetes/try-in-kind.sh --render    prints the manifests for nodes with addresses of documentation; needs kubectl alone
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

cluster=kad-try image=kad-server:try
work=$(mktemp -d)
is_made='' forward=''
finish() {
    [ -z "$forward" ] || kill "$forward" 2>/dev/null || true
    [ -z "$is_made" ] || kind delete cluster --name "$cluster"
    rm -rf "$work"
}
trap finish EXIT
say() { printf '%s %s\n' "$(date +%T)" "$*"; }

# Fills in what an operator fills in, for the nodes of these addresses. The copy keeps the paths between overlay, base and schema.
prepare() {
    cp -r infra "$work"
    overlay=$work/infra/kubernetes/overlays/postgres
    sed -i -E "s#^(SILO|EDGE)_IMAGE=.*#\1_IMAGE=$image#" "$overlay/parameters.env"
    {
        printf -- '- op: replace\n  path: /spec/ingress/0/from\n  value:\n'
        # Of a pod on another node an edge is its node; of one on its own, it is in the range of pods.
        printf -- '    - ipBlock:\n        cidr: %s\n' "${@/%//32}" 10.244.0.0/16
    } > "$overlay/edge-ranges.yaml"
    printf 'Kad__Storage=PostgreSql\nKad__Edge__Bootstrap=%s\n' "$(IFS=,; echo "${*/%/:8468}")" > "$overlay/edge.env"
}

case ${1:-} in
    --render) prepare 192.0.2.1 192.0.2.2 192.0.2.3; kubectl kustomize "$overlay"; exit ;;
    '' | --keep) ;;
    *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
esac

say 'Building image and kad'
docker build --quiet --file infra/docker/server.Dockerfile --tag "$image" .
dotnet build src/KadOrleans.Cli --configuration Release --output "$work/bin" --verbosity quiet
kad() { "$work/bin/kad" "$@"; }

say 'Making the cluster'
[ "${1:-}" = --keep ] || is_made=1
kind create cluster --name "$cluster" --wait 180s --config - <<'CONFIG'
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes: [{ role: control-plane }, { role: worker }, { role: worker }, { role: worker }]
CONFIG
kind load docker-image "$image" --name "$cluster"
kubectl config use-context "kind-$cluster"
mapfile -t nodes < <(kubectl get nodes --selector '!node-role.kubernetes.io/control-plane' \
    --output jsonpath='{range .items[*]}{.status.addresses[?(@.type=="InternalIP")].address}{"\n"}{end}')
prepare "${nodes[@]}"

say 'Making database and Secrets'
kubectl create namespace database
kubectl --namespace database create configmap users \
    --from-literal=users.sql="CREATE USER kad_silo PASSWORD 'silo'; CREATE USER kad_edge PASSWORD 'edge';"
kubectl --namespace database apply --filename - <<'DATABASE'
apiVersion: v1
kind: Service
metadata: { name: postgres }
spec: { selector: { app: postgres }, ports: [{ port: 5432 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: postgres }
spec:
  selector: { matchLabels: { app: postgres } }
  template:
    metadata: { labels: { app: postgres } }
    spec:
      # Stays where no node is drained.
      nodeSelector: { node-role.kubernetes.io/control-plane: "" }
      tolerations: [{ key: node-role.kubernetes.io/control-plane, operator: Exists }]
      containers:
        - name: postgres
          image: docker.io/library/postgres:17.6-alpine3.22
          env: [{ name: POSTGRES_PASSWORD, value: owner }, { name: POSTGRES_DB, value: kad }]
          readinessProbe: { exec: { command: [pg_isready, --host, 127.0.0.1, --username, postgres] } }
          volumeMounts: [{ name: users, mountPath: /docker-entrypoint-initdb.d }]
      volumes: [{ name: users, configMap: { name: users } }]
DATABASE
database=$(kubectl --namespace database get service postgres --output jsonpath='{.spec.clusterIP}')
gateway_key=$(openssl rand -hex 32)
secret() { kubectl --namespace "$1" create secret generic "$2" "${@:3}"; }
login() { printf -- '--from-literal=%s\n' "PGHOST=$database" PGDATABASE=kad "PGUSER=$1" "PGPASSWORD=$2" PGSSLMODE=disable; }
connection() { echo "--from-literal=Kad__PostgreSql__ConnectionString=Host=$database;Database=kad;Username=$1;Password=$2;SSL Mode=Disable;GSS Encryption Mode=Disable"; }
kubectl create namespace kad
kubectl create namespace kad-edge
mapfile -t owner < <(login postgres owner)
mapfile -t silo < <(login kad_silo silo)
mapfile -t edge < <(login kad_edge edge)
secret kad kad-dashboard --from-literal=Kad__Dashboard__User=kad "--from-literal=Kad__Dashboard__Password=$(openssl rand -hex 24)"
secret kad kad-postgres-owner "${owner[@]}"
secret kad kad-postgres "${silo[@]}" "$(connection kad_silo silo)"
secret kad-edge kad-postgres "${edge[@]}" "$(connection kad_edge edge)"
secret kad kad-gateway-key "--from-literal=Kad__Cluster__GatewayKey=$gateway_key"
secret kad-edge kad-gateway-key "--from-literal=Kad__Cluster__GatewayKey=$gateway_key"
secret kad kad-silo-key "--from-literal=Kad__Cluster__SiloKey=$(openssl rand -hex 32)"
kad token add operator --file "$work/tokens.json" --scope read --scope write --scope view --scope manage --scope keep --output "$work/operator.token"
secret kad kad-tokens "--from-file=tokens.json=$work/tokens.json"
kubectl --namespace database rollout status deployment/postgres --timeout 180s

say 'Applying the overlay'
kubectl apply --kustomize "$overlay"
ready() {
    kubectl --namespace kad rollout status deployment/kad-silo --timeout 300s
    kubectl --namespace kad-edge rollout status statefulset/kad-edge --timeout 300s
}
ready

# The first edge that answers, as one may be on its way to another node.
via() {
    local node
    for node in "${nodes[@]}"; do
        if kad ping "$node:8468" >/dev/null 2>&1; then
            echo "$node:8468"
            return
        fi
    done
    say 'No edge answers.' >&2
    return 1
}
check() {
    local got
    got=$(kad get greeting --via "$(via)")
    [ "$got" = hello ] || { say "kad get printed '$got', not 'hello'."; exit 1; }
    say "The value is there $1."
}

say 'Setting and getting a value'
kad set greeting hello --via "$(via)"
check 'at once'

say 'Asking a silo over HTTP'
kubectl --namespace kad port-forward service/kad-dashboard 18080:8080 >/dev/null &
forward=$!
for _ in $(seq 50); do if curl --silent --output /dev/null http://127.0.0.1:18080/health/live; then break; fi; sleep 0.2; done
kad admin silos --url http://127.0.0.1:18080 --token-file "$work/operator.token"

say 'Deleting a pod of a silo'
kubectl --namespace kad delete "$(kubectl --namespace kad get pods --selector app.kubernetes.io/name=kad-silo --output name | head -n 1)"
check 'while a silo is replaced'
ready

say 'Draining a node'
node=$(kubectl --namespace kad get pods --selector app.kubernetes.io/name=kad-silo --output jsonpath='{.items[0].spec.nodeName}')
kubectl drain "$node" --ignore-daemonsets --delete-emptydir-data --timeout 300s
check 'while a node is drained'
kubectl uncordon "$node"
ready
check 'at the end'
say 'Everything held.'
