#!/usr/bin/env bash
# From an event to its transition, live: how long it takes at a steady rate, exactly once and at least once.
# Starts a broker of its own, and takes away everything it made when it ends.
#
#   RATE=                events a second; empty: half of what producer, broker and service on this machine take together when
#                        events come as fast as they can, which is tried first with TRIAL=2000000 events, exactly once
#   SECONDS=30           how long each setting is measured       WARM_UP=40           seconds before that: while a broker is young,
#                                                                its Java is compiled on the processors that others wait for
#   EVENTS=20000000      events of a setting at most             ROUNDS=1             how often all settings take a turn
#   SETTINGS="exactly_once:100ms exactly_once:20ms at_least_once:100ms broker:-"       guarantee and commit interval; `broker:-` is
#                        without the service: the events themselves are read, which have gone through the broker once, not twice
#   CUSTOMERS=100000     customers who come again                EVERY=11             of so many events one is of a new customer:
#   LINGER_MS=2          how long the producer of the events                           it has a transition whose time is taken
#                        waits for company; it counts            WORKERS=2 PARTITIONS=8
#   OUT=target/bench-latency where results go                    BROKER=host:port     a broker that is there already
#
# Results: every run as a line of JSON in OUT/runs.jsonl, the table in OUT/table.md. Milliseconds throughout.
set -euo pipefail

# bash counts in SECONDS unless it is let go of; what the caller set has to be kept first.
measured=$(printenv SECONDS || echo 30)
unset SECONDS
name=bench-latency
# shellcheck source=benches/job/common.sh
. "$(dirname "$0")/../job/common.sh"
RATE=${RATE:-}
TRIAL=${TRIAL:-2000000}
WARM_UP=${WARM_UP:-40}
EVENTS=${EVENTS:-20000000}
ROUNDS=${ROUNDS:-1}
SETTINGS=${SETTINGS:-exactly_once:100ms exactly_once:20ms at_least_once:100ms broker:-}
CUSTOMERS=${CUSTOMERS:-100000}
EVERY=${EVERY:-11}
LINGER_MS=${LINGER_MS:-2}
WORKERS=${WORKERS:-2}
PARTITIONS=${PARTITIONS:-8}

# Makes empty inputs, starts the service on them and waits until it is ready: its process is in `service`, what is to be read in
# `outputs`. Without a service that is the inputs.
start_service() { # guarantee, commit interval
    local port
    generator --bootstrap "$BROKER" --prefix "$PREFIX" --partitions "$PARTITIONS" --events 0 --replace >/dev/null
    if [[ $1 == broker ]]; then
        service='' outputs=${PREFIX}clicks,${PREFIX}mail,${PREFIX}pos
        return
    fi
    port=$(free_port)
    begin env KAFKA="$BROKER" PREFIX="$PREFIX" GUARANTEE="$1" COMMIT_INTERVAL="$2" WORKERS="$WORKERS" INSTANCE=bench \
        LISTEN="127.0.0.1:$port" KLANTREIS_LOG=warn "$klantreis" run -c deploy/examples/job.yaml >"$work/service.log" 2>&1
    service=$begun outputs=${PREFIX}transitions
    for _ in $(seq 600); do
        kill -0 "$service" 2>/dev/null || fail "the service ended: $(tail -5 "$work/service.log")"
        ! answers "$port" || return 0
        sleep 0.1
    done
    fail "the service is not ready after a minute: $(tail -5 "$work/service.log")"
}

# Whether who listens there is ready.
answers() { # port
    {
        exec 3<>"/dev/tcp/127.0.0.1/$1" &&
            printf 'GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' >&3 &&
            [[ $(head -1 <&3) == *" 200 "* ]]
    } 2>/dev/null
}

stop_service() {
    [[ -z $service ]] || end "$service"
    delete_topics "$PREFIX.*"
}

feed() { # option ...
    attend "$latency" --kafka "$BROKER" --prefix "$PREFIX" --transitions "$outputs" --customers "$CUSTOMERS" \
        --every "$EVERY" --linger "$LINGER_MS" "$@"
}

# Half of the most that goes through.
find_rate() {
    local most
    say "looking for the maximum with $TRIAL events"
    start_service exactly_once 100ms
    feed --rate max --events "$TRIAL" >"$work/trial.json" || fail "$(tail -5 "$work/service.log")"
    stop_service
    most=$(sed -n 's/.*"events_per_s":\([0-9]*\).*/\1/p' "$work/trial.json")
    RATE=$((most / 2))
    say "at most $most events/s: feeding $RATE/s"
}

measure() { # setting round
    local guarantee=${1%%:*} interval=${1##*:} before
    before=$(load)
    say "$guarantee, $interval, round $2"
    start_service "$guarantee" "$interval"
    feed --rate "$RATE" --seconds "$measured" --warm-up "$WARM_UP" --events "$EVENTS" >"$work/run.json" ||
        fail "not all transitions came: $(cat "$work/run.json" "$work/service.log" | tail -5)"
    stop_service
    labelled "\"guarantee\":\"$guarantee\",\"commit_interval\":\"$interval\",\"round\":$2,\"rate\":$RATE,\"load_before\":$before" \
        "$(tail -1 "$work/run.json")" | tee -a "$OUT/runs.jsonl" >&2
}

say "building"
build_service
latency=$(build_bench latency)
build_peers generator
start_broker
[[ -n $RATE ]] || find_rate
: >"$OUT/runs.jsonl"
for round in $(seq "$ROUNDS"); do
    for setting in $SETTINGS; do measure "$setting" "$round"; done
done
awk -f benches/job/figures.awk -f benches/latency/report.awk "$OUT/runs.jsonl" | tee "$OUT/table.md"
