#!/bin/sh
# Makes the secrets of a new bridge, each in a file of its own; what is there stays. Only the directory's owner gets
# at them; the files themselves can be read, because Compose shows them to users that do not exist on this machine.
#   make-secrets.sh DIRECTORY [HOST_OF_REDIS]
set -eu
directory=${1:?say where: make-secrets.sh DIRECTORY}
host=${2:-redis}
mkdir -p -m 0700 "$directory"
chmod 0700 "$directory"
umask 0222
new() { [ -e "$directory/$1" ] || printf %s "$2" > "$directory/$1"; }
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
for name in intake worker ops backup; do
  new "redis_$name" "$(random)"
  password=$(cat "$directory/redis_$name")
  new "store_$name" "redis://$name:$password@$host:6379/0"
  [ "$name" = backup ] || new "broker_$name" "redis://$name:$password@$host:6379/1"
done
new rabbitmq "$(random)"
new broker_rabbitmq "amqp://bridge:$(cat "$directory/rabbitmq")@rabbitmq:5672//"
new grafana "$(random)"
new tickets_key "$(random)"
new sandbox_key "$(random)"
