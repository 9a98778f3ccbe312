#!/bin/sh
# Bring back what deploy/backup.sh has copied, into an empty place, before the service starts:  deploy/restore.sh FOLDER
#
# The settings are those of the new place, from the environment: `set -a; . ./.env; set +a` reads a .env file.
set -eu
umask 077

for name in DESKPILOT_DATABASE_URL DESKPILOT_QDRANT__API_KEY; do # a secret may come from a file, as for the service
  eval "file=\${${name}_FILE:-}"
  [ -n "$file" ] || continue
  value=$(cat "$file") # alone: `export` would hide that it failed
  export "$name=$value"
done

say() { echo "restore: $*" >&2; }
fail() {
  say "$*"
  exit 1
}

[ $# -eq 1 ] || fail "say what from: deploy/restore.sh FOLDER"
folder=$1
[ -d "$folder" ] || fail "there is no folder $folder"

database=$(echo "${DESKPILOT_DATABASE_URL:-}" | sed 's/^postgres\(ql\)\{0,1\}+[a-z0-9]*:/postgresql:/')
qdrant=${DESKPILOT_QDRANT__URL:-}
data=${DESKPILOT_DATA_DIR:-.deskpilot}

if [ -e "$folder/data.tar" ]; then
  [ -z "$database" ] || fail "$folder is of a data directory: unset DESKPILOT_DATABASE_URL"
  [ -z "$(ls -A "$data" 2>/dev/null)" ] || fail "$data is not empty: move it away first"
  mkdir -p "$data"
  tar -C "$data" -xpf "$folder/data.tar"
  say "$data is as it was"
else
  [ -n "$database" ] || fail "$folder is of a PostgreSQL server: set DESKPILOT_DATABASE_URL"
  tables=$(psql --no-psqlrc --tuples-only --no-align --dbname="$database" \
    --command="SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
  [ "$tables" = 0 ] || fail "the database holds $tables tables: make an empty one, and set DESKPILOT_DATABASE_URL to it"
  pg_restore --no-owner --no-privileges --exit-on-error --single-transaction --dbname="$database" "$folder/database.dump"
  say "the database is as it was"
fi

if [ -e "$folder/index.name" ] && [ -n "$qdrant" ]; then
  collection=$(cat "$folder/index.name")
  # the service leads its alias there when it starts
  printf 'api-key: %s\n' "${DESKPILOT_QDRANT__API_KEY:-}" | curl --fail --silent --show-error -H @- -X POST \
    -F "snapshot=@$folder/index.snapshot" "${qdrant%/}/collections/$collection/snapshots/upload?priority=snapshot" >/dev/null
  say "the index $collection is as it was"
fi
say "forget once more whom you have forgotten since (deskpilot forget); what is too old goes within the hour"
