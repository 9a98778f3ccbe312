#!/bin/sh
# Copy what deskpilot holds into a new folder:  deploy/backup.sh FOLDER
#
# The settings come from the environment, as the service's do: `set -a; . ./.env; set +a` reads a .env file.
# With DESKPILOT_DATABASE_URL: pg_dump of it, beside the running service (pg_dump as new as the server, or newer).
# With DESKPILOT_QDRANT__URL: a snapshot of the index, too (needs curl; of a cluster, the part of the node that answers).
# With neither: a copy of DESKPILOT_DATA_DIR, while the service is stopped.
set -eu
umask 077 # it holds drafts, and the keys that sign votes and sessions

for name in DESKPILOT_DATABASE_URL DESKPILOT_QDRANT__API_KEY; do # a secret may come from a file, as for the service
  eval "file=\${${name}_FILE:-}"
  [ -n "$file" ] || continue
  value=$(cat "$file") # alone: `export` would hide that it failed
  export "$name=$value"
done

say() { echo "backup: $*" >&2; }
fail() {
  say "$*"
  exit 1
}

[ $# -eq 1 ] || fail "say where to: deploy/backup.sh FOLDER"
folder=$1
[ ! -e "$folder" ] || fail "$folder is there already: name a new folder"

database=${DESKPILOT_DATABASE_URL:-}
qdrant=${DESKPILOT_QDRANT__URL:-}
data=${DESKPILOT_DATA_DIR:-.deskpilot}

index() { # curl to the Qdrant server; the key is not shown to other users of this machine
  path=$1
  shift
  printf 'api-key: %s\n' "${DESKPILOT_QDRANT__API_KEY:-}" | curl --fail --silent --show-error -H @- "$@" "${qdrant%/}$path"
}

if [ -z "$database" ]; then
  [ -d "$data" ] || fail "there is no folder $data: set DESKPILOT_DATA_DIR or DESKPILOT_DATABASE_URL"
  [ ! -e "$data/postgres/postmaster.pid" ] ||
    fail "the service runs in $data, or was killed there: stop it (or start and stop it), then run this again"
  mkdir "$folder"
  tar -C "$data" -cf "$folder/data.tar" .
  say "copied $data"
else
  mkdir "$folder"
  # the service names its driver, pg_dump does not know it
  pg_dump --format=custom --no-owner --no-privileges --file="$folder/database.dump" \
    --dbname="$(echo "$database" | sed 's/^postgres\(ql\)\{0,1\}+[a-z0-9]*:/postgresql:/')"
  pg_restore --list "$folder/database.dump" >/dev/null
  say "copied the database"
fi

if [ -n "$qdrant" ]; then
  wanted=${DESKPILOT_QDRANT__COLLECTION:-deskpilot}
  collection=$(index /aliases | tr '{' '\n' | grep "\"alias_name\":\"$wanted\"" | sed 's/.*"collection_name":"\([^"]*\)".*/\1/')
  collection=${collection:-$wanted}
  snapshot=$(index "/collections/$collection/snapshots" -X POST | sed 's/.*"name":"\([^"]*\)".*/\1/')
  [ -n "$snapshot" ] || fail "the index $collection gave no snapshot"
  index "/collections/$collection/snapshots/$snapshot" -o "$folder/index.snapshot"
  index "/collections/$collection/snapshots/$snapshot" -X DELETE >/dev/null
  echo "$collection" >"$folder/index.name"
  say "copied the index $collection"
elif [ -n "$database" ]; then
  say "no index: each process keeps its own in its DESKPILOT_DATA_DIR; stop it and copy that, or let it be read again"
fi
