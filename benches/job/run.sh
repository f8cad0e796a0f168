#!/usr/bin/env bash
# The comparison job, measured: a plain reader, klantreis, Kafka Streams and Flink in turn on the same topics, round after round.
# Starts a broker of its own, and takes away everything it made when it ends.
#
#   EVENTS=2000000       events in the topics          CUSTOMERS=EVENTS/10   customers they are spread over
#   ROUNDS=3             how often all take a turn     CONTESTANTS="reader eos alo streams flink"   who takes part, in this order;
#   THREADS=2            threads of each               there are also rekey (eos with keying: rekey), batch (the reader, in
#                                                      batches), streams-alo, flink-1s
#   SEED=42 DAYS=90 PARTITIONS=8                       (checkpoints asked for every second, not every 100 ms) and flink-alo
#   CHECK=1              compare the answers with the reference (python3)
#   OUT=target/bench-job where results go              BROKER=host:port      a broker that is there already
#   STREAMS_JAVA_OPTS=-Xmx6g                           FLINK_JAVA_OPTS="-Xmx6g -XX:+UseParallelGC"
#
# Results: every run as a line of JSON in OUT/runs.jsonl, the table in OUT/table.md, medians and ratios in OUT/summary.json.
set -euo pipefail

name=bench-job
# shellcheck source=benches/job/common.sh
. "$(dirname "$0")/common.sh"
EVENTS=${EVENTS:-2000000}
CUSTOMERS=${CUSTOMERS:-$((EVENTS / 10 > 0 ? EVENTS / 10 : 1))}
ROUNDS=${ROUNDS:-3}
CONTESTANTS=${CONTESTANTS:-reader eos alo streams flink}
THREADS=${THREADS:-2}
PARTITIONS=${PARTITIONS:-8}
DAYS=${DAYS:-90}
SEED=${SEED:-42}
CHECK=${CHECK:-1}
STREAMS_JAVA_OPTS=${STREAMS_JAVA_OPTS:--Xmx6g}
FLINK_JAVA_OPTS=${FLINK_JAVA_OPTS:--Xmx6g -XX:+UseParallelGC}

build() {
    say "building"
    build_service
    reader=$(build_bench reader)
    build_peers generator
    [[ $CONTESTANTS != *streams* ]] || build_peers kafka-streams
    [[ $CONTESTANTS != *flink* ]] || build_peers flink
}

generate() {
    generator --events "$EVENTS" --customers "$CUSTOMERS" --days "$DAYS" --partitions "$PARTITIONS" --seed "$SEED" "$@"
}

reader_run() { # mode
    attend "$reader" --kafka "$BROKER" --prefix "$PREFIX" --threads "$THREADS" --partitions "$PARTITIONS" --mode "$1"
}

klantreis_run() { # guarantee run [keying]
    attend env KEYING="${3:-direct}" KAFKA="$BROKER" PREFIX="$PREFIX" RUN="$2" GUARANTEE="$1" WORKERS="$THREADS" INSTANCE=bench LISTEN=127.0.0.1:0 \
        KLANTREIS_LOG=warn "$klantreis" run -c deploy/examples/job.yaml --exit-when-caught-up
}

streams_run() { # guarantee
    # shellcheck disable=SC2086 # the options are words
    attend java -Djava.io.tmpdir="$work" $STREAMS_JAVA_OPTS -jar $peers/kafka-streams/target/kafka-streams-peer.jar --bootstrap "$BROKER" \
        --prefix "$PREFIX" --state-dir "$work/streams" --threads "$THREADS" --guarantee "$1" --reset
}

flink_run() { # guarantee, time between checkpoints
    # shellcheck disable=SC2086 # the options are words
    attend java -Djava.io.tmpdir="$work" $FLINK_JAVA_OPTS -jar $peers/flink/target/flink-peer.jar --bootstrap "$BROKER" \
        --prefix "$PREFIX" --checkpoint-dir "$work/flink" --threads "$THREADS" --guarantee "$1" --checkpoint-ms "$2" --reset
}

# One run from the first record to the last; its line of JSON goes to standard output.
contest() { # contestant run
    case $1 in
    reader) reader_run poll ;;
    batch) reader_run batch ;;
    eos) klantreis_run exactly_once "$2" ;;
    alo) klantreis_run at_least_once "$2" ;;
    rekey) klantreis_run exactly_once "$2" rekey ;;
    streams) streams_run eos ;;
    streams-alo) streams_run alo ;;
    flink) flink_run eos 100 ;;
    flink-1s) flink_run eos 1000 ;;
    flink-alo) flink_run alo 100 ;;
    *) fail "there is no contestant $1; there are reader, batch, eos, alo, rekey, streams, streams-alo, flink, flink-1s, flink-alo" ;;
    esac
}

# Where the run's outputs are, for the generator to read them back.
output_prefix() { # contestant run
    case $1 in eos | alo | rekey) echo "$PREFIX$2" ;; streams* | flink*) echo "$PREFIX" ;; esac
}

delete_outputs() { # contestant run
    case $1 in
    eos | alo | rekey) delete_topics "$PREFIX$2.*" ;;
    streams*) delete_topics "$PREFIX(transitions|dead-letters|journey-streams-.*)" ;;
    flink*)
        delete_topics "$PREFIX(transitions|dead-letters)"
        rm -rf "$work/flink"
        ;;
    esac
}

check_answer() { # contestant run
    local prefix
    prefix=$(output_prefix "$1" "$2")
    [[ -n $prefix && -f $work/expected.ndjson ]] || return 0
    generator --bootstrap "$BROKER" --prefix "$prefix" --dump-transitions "$work/actual.ndjson" >/dev/null
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
    begin python3 $peers/reference/think5.py "$work/events.ndjson" "$work/expected.ndjson" >/dev/null
    local reference=$begun
    generate --ndjson "$work/events.ndjson" >/dev/null
    await "$reference"
}

run_round() { # round
    local who line run before
    for who in $CONTESTANTS; do
        run=$who-$1-
        before=$(load)
        contest "$who" "$run" >"$work/run.json"
        line=$(tail -1 "$work/run.json")
        [[ $line == *'"events":'"$EVENTS,"* ]] || fail "$who did not take all $EVENTS events: $line"
        labelled "\"contestant\":\"$who\",\"round\":$1,\"load_before\":$before" "$line" | tee -a "$OUT/runs.jsonl" >&2
        (($1 > 1)) || check_answer "$who" "$run"
        delete_outputs "$who" "$run"
    done
}

build
start_broker
say "writing $EVENTS events of $CUSTOMERS customers"
generate --bootstrap "$BROKER" --prefix "$PREFIX" --replace >&2
: >"$OUT/runs.jsonl"
: >"$OUT/answers.txt"
expect_answer
for round in $(seq "$ROUNDS"); do
    say "round $round of $ROUNDS"
    run_round "$round"
done
awk -f benches/job/figures.awk -f benches/job/report.awk -v json="$OUT/summary.json" "$OUT/runs.jsonl" | tee "$OUT/table.md"
