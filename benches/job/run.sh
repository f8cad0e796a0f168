#!/usr/bin/env bash
# The comparison job, measured: a plain reader, klantreis and Kafka Streams in turn on the same topics, round after round.
# Starts a broker of its own, and takes away everything it made when it ends.
#
#   EVENTS=2000000       events in the topics          CUSTOMERS=EVENTS/10   customers they are spread over
#   ROUNDS=3             how often all take a turn     CONTESTANTS="reader eos alo streams"   who takes part, in this order;
#   THREADS=2            threads of each               there are also batch (the reader, in batches) and streams-alo
#   SEED=42 DAYS=90 PARTITIONS=8                       CHECK=1               compare the answers with the reference (python3)
#   OUT=target/bench-job where results go              BROKER=host:port      a broker that is there already
#   STREAMS_JAVA_OPTS=-Xmx6g
#
# Results: every run as a line of JSON in OUT/runs.jsonl, the table in OUT/table.md, medians and ratios in OUT/summary.json.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
EVENTS=${EVENTS:-2000000}
CUSTOMERS=${CUSTOMERS:-$((EVENTS / 10 > 0 ? EVENTS / 10 : 1))}
ROUNDS=${ROUNDS:-3}
CONTESTANTS=${CONTESTANTS:-reader eos alo streams}
THREADS=${THREADS:-2}
PARTITIONS=${PARTITIONS:-8}
DAYS=${DAYS:-90}
SEED=${SEED:-42}
CHECK=${CHECK:-1}
OUT=${OUT:-target/bench-job}
STREAMS_JAVA_OPTS=${STREAMS_JAVA_OPTS:--Xmx6g}
PREFIX=bench-
CARGO=${CARGO:-cargo}
peers=benches/peers

mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/klantreis-bench.XXXXXX")
child=
own_broker=

say() { echo "bench-job: $*" >&2; }
fail() {
    say "$*"
    exit 1
}

# Runs a program so that an interrupt is not held up by it: in the background, waited for, ended with us.
attend() {
    "$@" &
    child=$!
    local code=0
    wait "$child" || code=$?
    child=
    return $code
}

leave() {
    trap - EXIT INT TERM HUP
    if [[ -n $child ]] && kill "$child" 2>/dev/null; then
        for _ in $(seq 100); do kill -0 "$child" 2>/dev/null && sleep 0.1; done
        kill -KILL "$child" 2>/dev/null || true
    fi
    [[ -z $own_broker ]] || sh deploy/kafka/broker.sh stop "$work/broker" 2>/dev/null || true
    rm -rf "$work"
}
trap leave EXIT
trap 'leave; exit 130' INT
trap 'leave; exit 143' TERM HUP

free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 30000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo $port
}

build() {
    say "building"
    "$CARGO" build --locked --release --bin klantreis
    # The path of the benchmark's program stands in what cargo says about it.
    reader=$("$CARGO" bench --locked --no-run --bench reader --message-format=json |
        sed -n 's/.*"kind":\["bench"\].*"executable":"\([^"]*\)".*/\1/p' | tail -1)
    [[ -x $reader ]] || fail "cargo did not say where benches/reader.rs was built"
    klantreis=${CARGO_TARGET_DIR:-target}/release/klantreis
    local project
    for project in generator kafka-streams; do
        [[ -f $peers/$project/target/built ]] && continue
        mvn -q -B -Dmaven.test.skip=true -f "$peers/$project" package >&2
        touch "$peers/$project/target/built"
    done
    tools=$(sh deploy/kafka/broker.sh classpath)
}

start_broker() {
    if [[ -n ${BROKER:-} ]]; then
        return
    fi
    own_broker=yes
    JAVA_OPTS=${JAVA_OPTS:--Xmx1g -Xms1g -XX:+UseSerialGC} \
        sh deploy/kafka/broker.sh start "$work/broker" "$(free_port)" "$(free_port)" >"$work/address"
    BROKER=$(cat "$work/address")
    say "broker at $BROKER"
}

# Deletes the topics that match a regular expression.
delete_topics() {
    java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx128m -Dorg.slf4j.simpleLogger.defaultLogLevel=error -cp "$tools" \
        org.apache.kafka.tools.TopicCommand --bootstrap-server "$BROKER" --delete --if-exists --topic "$1" >"$work/delete.log" 2>&1 ||
        say "deleting $1: $(tail -1 "$work/delete.log")"
}

generate() {
    attend java -Xmx1g -jar $peers/generator/target/generator.jar --events "$EVENTS" --customers "$CUSTOMERS" --days "$DAYS" \
        --partitions "$PARTITIONS" --seed "$SEED" "$@"
}

klantreis_run() { # guarantee run
    attend env KAFKA="$BROKER" PREFIX=$PREFIX RUN="$2" GUARANTEE="$1" WORKERS="$THREADS" INSTANCE=bench LISTEN=127.0.0.1:0 \
        KLANTREIS_LOG=warn "$klantreis" run -c deploy/examples/job.yaml --exit-when-caught-up
}

streams_run() { # guarantee
    # shellcheck disable=SC2086 # the options are words
    attend java $STREAMS_JAVA_OPTS -jar $peers/kafka-streams/target/kafka-streams-peer.jar --bootstrap "$BROKER" \
        --prefix $PREFIX --state-dir "$work/streams" --threads "$THREADS" --guarantee "$1" --reset
}

# One run from the first record to the last; its line of JSON goes to standard output.
contest() { # contestant run
    case $1 in
    reader) attend "$reader" --kafka "$BROKER" --prefix $PREFIX --threads "$THREADS" --partitions "$PARTITIONS" --mode poll ;;
    batch) attend "$reader" --kafka "$BROKER" --prefix $PREFIX --threads "$THREADS" --partitions "$PARTITIONS" --mode batch ;;
    eos) klantreis_run exactly_once "$2" ;;
    alo) klantreis_run at_least_once "$2" ;;
    streams) streams_run eos ;;
    streams-alo) streams_run alo ;;
    *) fail "there is no contestant $1; there are reader, batch, eos, alo, streams, streams-alo" ;;
    esac
}

# Where the run's outputs are, for the generator to read them back.
output_prefix() { # contestant run
    case $1 in eos | alo) echo "$PREFIX$2" ;; streams*) echo "$PREFIX" ;; esac
}

check_answer() { # contestant run
    local prefix
    prefix=$(output_prefix "$1" "$2")
    [[ -n $prefix && -f $work/expected.ndjson ]] || return 0
    java -jar $peers/generator/target/generator.jar --bootstrap "$BROKER" --prefix "$prefix" \
        --dump-transitions "$work/actual.ndjson" >/dev/null
    python3 $peers/reference/compare.py "$work/expected.ndjson" "$work/actual.ndjson" >"$work/compare.txt" ||
        fail "$1 gives another answer than the reference: $(cat "$work/compare.txt")"
    say "$1: $(cat "$work/compare.txt")"
    echo "$1: $(cat "$work/compare.txt")" >>"$OUT/answers.txt"
    rm -f "$work/actual.ndjson"
}

expect_answer() {
    if ((CHECK == 0)) || ! command -v python3 >/dev/null; then
        say "answers are not checked (CHECK=0, or no python3)"
        return
    fi
    say "asking the reference"
    mkfifo "$work/events.ndjson"
    python3 $peers/reference/think5.py "$work/events.ndjson" "$work/expected.ndjson" >/dev/null &
    local reference=$!
    generate --ndjson "$work/events.ndjson" >/dev/null
    child=$reference
    wait "$reference"
    child=
}

run_round() { # round
    local who line run
    for who in $CONTESTANTS; do
        run=$who-$1-
        contest "$who" "$run" >"$work/run.json"
        line=$(tail -1 "$work/run.json")
        [[ $line == *'"events":'"$EVENTS,"* ]] || fail "$who did not take all $EVENTS events: $line"
        echo "{\"contestant\":\"$who\",\"round\":$1,\"load_before\":$(cut -d' ' -f1 /proc/loadavg),${line#\{}" | tee -a "$OUT/runs.jsonl" >&2
        (($1 > 1)) || check_answer "$who" "$run"
        case $who in
        eos | alo) delete_topics "$PREFIX${run}.*" ;;
        streams*) delete_topics "$PREFIX(transitions|dead-letters|journey-streams-.*)" ;;
        esac
    done
}

build
start_broker
say "writing $EVENTS events of $CUSTOMERS customers"
generate --bootstrap "$BROKER" --prefix $PREFIX --replace >&2
: >"$OUT/runs.jsonl"
: >"$OUT/answers.txt"
expect_answer
for round in $(seq "$ROUNDS"); do
    say "round $round of $ROUNDS"
    run_round "$round"
done
[[ -z ${BROKER_KEPT:-} ]] || delete_topics "$PREFIX.*"
awk -f benches/job/report.awk -v json="$OUT/summary.json" "$OUT/runs.jsonl" | tee "$OUT/table.md"
