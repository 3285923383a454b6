#!/bin/sh
# Usage: certificates.sh FOLDER [DAYS]. Makes FOLDER/silo and FOLDER/edge, each with tls.crt, tls.key and ca.crt, as the Secrets kad-tls have
# them, and FOLDER/http for the HTTP API, by an authority in FOLDER/authority, which is kept if it is there: the next run renews the certificates. It is good for 3650 days,
# they for DAYS, 365 if not given. KAD_TLS_NAME is what silos' certificates carry: kad if unset, as Kad:Tls:Name is by default.
set -eu
folder=$1
days=${2:-365}
name=${KAD_TLS_NAME:-kad}
umask 077
mkdir -p "$folder/authority" "$folder/silo" "$folder/edge" "$folder/http"
if [ ! -e "$folder/authority/ca.key" ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 3650 -subj "/CN=kad authority" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
    -keyout "$folder/authority/ca.key" -out "$folder/authority/ca.crt" 2>/dev/null
fi

issue() {
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -subj "/CN=kad-$1" -keyout "$folder/$1/tls.key" -out "$folder/$1/tls.csr" 2>/dev/null
  printf 'subjectAltName=%s\nextendedKeyUsage=%s\nkeyUsage=digitalSignature\n' "$2" "$3" >"$folder/$1/extensions"
  openssl x509 -req -in "$folder/$1/tls.csr" -CA "$folder/authority/ca.crt" -CAkey "$folder/authority/ca.key" -CAcreateserial \
    -days "$days" -extfile "$folder/$1/extensions" -out "$folder/$1/tls.crt" 2>/dev/null
  cp "$folder/authority/ca.crt" "$folder/$1/ca.crt"
  rm "$folder/$1/tls.csr" "$folder/$1/extensions"
}

issue silo "DNS:$name" serverAuth,clientAuth
issue edge "DNS:$name-edge" clientAuth
# The names of the Service kad-dashboard, and of a forwarded port. KAD_HTTP_NAMES has others, such as DNS:kad.example.org.
service=kad-dashboard
issue http "DNS:$service,DNS:$service.kad,DNS:$service.kad.svc,DNS:$service.kad.svc.cluster.local,DNS:localhost,IP:127.0.0.1${KAD_HTTP_NAMES:+,$KAD_HTTP_NAMES}" serverAuth
