#!/usr/bin/env bash
# A small web shop, for ever: draws a customer and an event from events.tsv (share, topic, value), fills in who and when, and hands
# it to one console producer a topic. The key is the customer, so Kafka's own partitioner puts each in the partition klantreis expects.
#
# KAFKA: the broker. CUSTOMERS: how many there are. PAUSE: seconds between events. EVENTS: how many, for ever if empty.
set -euo pipefail
export TZ=UTC

kafka="${KAFKA:-127.0.0.1:9092}" customers="${CUSTOMERS:-400}" pause="${PAUSE:-0.05}" events="${EVENTS:-}"
here="$(dirname "${BASH_SOURCE[0]}")"
produce="${CONSOLE_PRODUCER:-/opt/kafka/bin/kafka-console-producer.sh}"

topics=() values=()
while IFS=$'\t' read -r share topic value; do
  for ((i = 0; i < share; i++)); do
    topics+=("$topic")
    values+=("$value")
  done
done <"$here/events.tsv"

declare -A producers=()
for topic in clicks mail pos; do
  # The rest of a pipe is lost with its writer, so the shell itself holds the writing ends until it ends.
  exec {pipe}> >(exec "$produce" --bootstrap-server "$kafka" --topic "$topic" --compression-codec lz4 \
    --reader-property parse.key=true --reader-property key.separator=$'\t' --command-property linger.ms=20)
  producers[$topic]=$pipe
done

finish() {
  for pipe in "${producers[@]}"; do exec {pipe}>&-; done
  wait
  exit 0
}
trap finish TERM INT

for ((n = 0; ${#events} == 0 || n < events; n++)); do
  draw=$((RANDOM % ${#values[@]}))
  # The smaller of two draws: some customers come more often than others.
  a=$((RANDOM % customers)) b=$((RANDOM % customers))
  printf -v customer 'c%08d' $((a < b ? a : b))
  now="${EPOCHREALTIME/[.,]/}"
  printf -v time '%(%Y-%m-%dT%H:%M:%S)T.%03dZ' "${now:0:-6}" "$((10#${now: -6:3}))"
  printf -v id 'feed-%s-%d' "$now" "$n"

  value="${values[draw]}"
  value="${value//@customer@/$customer}"
  value="${value//@id@/$id}"
  value="${value//@time@/$time}"
  value="${value//@seconds@/${now:0:-6}}"
  printf '%s\t%s\n' "$customer" "$value" >&"${producers[${topics[draw]}]}"
  sleep "$pause"
done
finish
