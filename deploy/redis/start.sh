#!/bin/sh
# Starts the store with its users. Of each secret only its hash goes into the ACL file.
#   SECRETS   where redis_intake, redis_worker, redis_ops and redis_backup are: one password each
#   USERS     the ACL file that is written
# Arguments go to redis-server.
set -eu
here=$(dirname "$0")
secrets=${SECRETS:-/run/secrets}
users=${USERS:-/run/redis/users.acl}
umask 077
text=$(cat "$here/users.acl.in")
for name in intake worker ops backup; do
  password=$(cat "$secrets/redis_$name")
  [ -n "$password" ] || { echo "start.sh: $secrets/redis_$name is empty" >&2; exit 1; }
  hash=$(printf %s "$password" | sha256sum | cut -d ' ' -f 1)
  text=$(printf %s "$text" | sed "s/@$name@/$hash/")
done
printf '%s\n' "$text" > "$users"
exec redis-server "$here/redis.conf" --aclfile "$users" "$@"
