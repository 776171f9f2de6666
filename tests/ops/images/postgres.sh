# Makes the database on the first start, then becomes the server.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --username "$POSTGRES_USER" --auth scram-sha-256 --pwfile <(echo "$POSTGRES_PASSWORD") --encoding UTF8 --locale C.UTF-8
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  pg_ctl start --wait --options "-c listen_addresses= -c unix_socket_directories=/tmp"
  PGPASSWORD="$POSTGRES_PASSWORD" createdb --host /tmp --username "$POSTGRES_USER" "$POSTGRES_DB" 2>/dev/null || true
  pg_ctl stop --wait
fi
exec postgres -c "listen_addresses=*" -c unix_socket_directories=/tmp
