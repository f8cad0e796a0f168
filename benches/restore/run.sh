#!/usr/bin/env bash
# The service started again on the state it left behind: how long until it is ready, what the state topics hold, and what it
# costs while nothing happens. Starts a broker of its own, and takes away everything it made when it ends.
#
#   EVENTS=5000000       events in the topics          CUSTOMERS=500000      customers they are spread over
#   EVERYONE=0           1: the first events are one of each customer; else the rarest do not come
#   ROUNDS=3             how often each number of workers starts again; the table has medians
#   WORKERS_LIST="1 2"   which numbers of workers      IDLE_S=20             seconds that the service then has nothing to do
#   SEED=42 DAYS=90 PARTITIONS=8                       GUARANTEE=exactly_once
#   OUT=target/bench-restore where results go          BROKER=host:port      a broker that is there already
#
# Results: every run as a line of JSON in OUT/runs.jsonl, the tables in OUT/table.md.
set -euo pipefail

name=bench-restore
# shellcheck source=benches/job/common.sh
. "$(dirname "$0")/../job/common.sh"
EVENTS=${EVENTS:-5000000}
CUSTOMERS=${CUSTOMERS:-500000}
EVERYONE=${EVERYONE:-0}
ROUNDS=${ROUNDS:-3}
WORKERS_LIST=${WORKERS_LIST:-1 2}
IDLE_S=${IDLE_S:-20}
PARTITIONS=${PARTITIONS:-8}
DAYS=${DAYS:-90}
SEED=${SEED:-42}
GUARANTEE=${GUARANTEE:-exactly_once}
readonly RUN=state-

# What to start the service with; the same names each time, so that it finds its state.
service() { # workers, option ...
    local workers=$1
    shift
    echo env KAFKA="$BROKER" PREFIX="$PREFIX" RUN="$RUN" GUARANTEE="$GUARANTEE" WORKERS="$workers" INSTANCE=bench \
        LISTEN="127.0.0.1:${port:-0}" KLANTREIS_LOG=warn "$klantreis" run -c deploy/examples/job.yaml "$@"
}

# Bytes of a state topic as the broker has them.
stored() { # topic
    java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx128m -Dorg.slf4j.simpleLogger.defaultLogLevel=error -cp "$tools" \
        org.apache.kafka.tools.LogDirsCommand --bootstrap-server "$BROKER" --describe --topic-list "$PREFIX$RUN$1" 2>"$work/log-dirs.log" |
        grep -o '"size":[0-9]*' | awk -F: '{ sum += $2 } END { printf "%.0f", sum }'
}

stored_both() {
    echo $(($(stored state-deltas) + $(stored state-snapshots)))
}

caught_up_run() { # kind, round, workers
    local line label
    label="\"kind\":\"$1\",\"round\":$2,\"workers\":$3,\"load_before\":$(load)"
    # shellcheck disable=SC2046 # the command is words
    attend $(service "$3" --exit-when-caught-up) >"$work/run.json"
    line=$(tail -1 "$work/run.json")
    label+=",\"deltas_stored\":$(stored state-deltas),\"snapshots_stored\":$(stored state-snapshots)"
    labelled "$label" "$line" | tee -a "$OUT/runs.jsonl" >&2
}

ask() { # path
    local status
    exec 3<>"/dev/tcp/127.0.0.1/$port" || return 1
    printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" >&3
    cat <&3 >"$work/answer" || true
    exec 3>&-
    read -r _ status _ <"$work/answer"
    [[ $status == 200 ]]
}

# User and system time of a process so far, in seconds.
cpu_of() { # process
    sed 's/.*) //' "/proc/$1/stat" | awk -v ticks="$(getconf CLK_TCK)" '{ printf "%.2f", ($12 + $13) / ticks }'
}

state_written() {
    ask /metrics || fail "no metrics at port $port"
    awk '/^klantreis_state_bytes_total/ { sum += $2 } END { printf "%.0f", sum }' "$work/answer"
}

# What the service costs that has nothing to do, from some seconds after it is ready.
idle_run() { # workers
    local process stored written cpu
    port=$(free_port)
    # shellcheck disable=SC2046 # the command is words
    begin $(service "$1") >"$work/idle.txt"
    process=$begun
    for _ in $(seq 600); do
        ! ask /readyz 2>/dev/null || break
        kill -0 "$process" 2>/dev/null || fail "the service ended"
        sleep 0.1
    done
    ask /readyz || fail "the service is not ready: $(cat "$work/answer")"
    sleep 3
    stored=$(stored_both) written=$(state_written) cpu=$(cpu_of "$process")
    sleep "$IDLE_S"
    cpu="$cpu $(cpu_of "$process")" written=$(($(state_written) - written)) stored=$(($(stored_both) - stored))
    cpu=$(awk -v seconds="$IDLE_S" '{ printf "%.4f", ($2 - $1) / seconds }' <<<"$cpu")
    echo "{\"kind\":\"idle\",\"round\":1,\"workers\":$1,\"idle_s\":$IDLE_S,\"cpu_s_per_s\":$cpu,\"state_bytes\":$written,\"stored\":$stored}" |
        tee -a "$OUT/runs.jsonl" >&2
    end "$process"
    port=
}

say "building"
build_service
build_peers generator
start_broker
say "writing $EVENTS events of $CUSTOMERS customers"
everyone=()
((EVERYONE == 0)) || everyone=(--everyone)
generator --bootstrap "$BROKER" --prefix "$PREFIX" --events "$EVENTS" --customers "$CUSTOMERS" --days "$DAYS" --seed "$SEED" \
    --partitions "$PARTITIONS" --replace "${everyone[@]}" >&2
: >"$OUT/runs.jsonl"
say "making state of it"
caught_up_run fill 1 2
grep -q '"events":'"$EVENTS," "$OUT/runs.jsonl" || fail "not all $EVENTS events were taken"
for round in $(seq "$ROUNDS"); do
    say "round $round of $ROUNDS"
    for workers in $WORKERS_LIST; do caught_up_run restore "$round" "$workers"; done
done
say "doing nothing for $IDLE_S s"
for workers in $WORKERS_LIST; do idle_run "$workers"; done
awk -f benches/job/figures.awk -f benches/restore/report.awk "$OUT/runs.jsonl" | tee "$OUT/table.md"
