#!/usr/bin/env bash
# The job by size: 1 and 2 workers; 8, 64 and 512 partitions; 1 and 30 models; events of some 200 bytes, 600 bytes and 10 KB.
# Every setting is an exactly-once run from the first record to the last. Starts a broker of its own, and takes away
# everything it made when it ends, topics between settings.
#
#   TABLES="workers partitions models sizes"           which of them
#   EVENTS=1000000       events in the topics; a fifth of that for the models, of which each writes outputs of its own,
#                        and a tenth for events of 10 KB
#   ROUNDS=1             how often each setting is run; the table has medians
#   SEED=42 DAYS=90      OUT=target/bench-scale where results go               BROKER=host:port   a broker that is there already
#
# What is not varied is 2 workers, 8 partitions, the model think5, events of some 600 bytes, a tenth as many customers as events.
#
# Results: every run as a line of JSON in OUT/runs.jsonl, the tables in OUT/table.md.
set -euo pipefail

name=bench-scale
# shellcheck source=benches/job/common.sh
. "$(dirname "$0")/../job/common.sh"
TABLES=${TABLES:-workers partitions models sizes}
EVENTS=${EVENTS:-1000000}
ROUNDS=${ROUNDS:-1}
DAYS=${DAYS:-90}
SEED=${SEED:-42}
# What makes a record of some 600 bytes one of 10 KB.
PAD=9420

wanted() { # table
    [[ " $TABLES " == *" $1 "* ]]
}

# Those of the tables that are wanted.
of_wanted() { # table ...
    local table found=()
    for table in "$@"; do ! wanted "$table" || found+=("$table"); done
    echo "${found[*]}"
}

# The job's configuration with think5 as often as asked for, under a name of its own each time.
configure() { # models
    local model names=()
    configuration=$work/models-$1/job.yaml
    mkdir -p "$work/models-$1"
    for model in $(seq -f 'think5-%02g' "$1"); do
        sed "s/^model: think5\$/model: $model/" src/models/think5.yaml >"$work/models-$1/$model.yaml"
        names+=("./$model.yaml")
    done
    local list
    list=$(IFS=,; echo "${names[*]}")
    sed "s|^models: .*|models: [$list]|" deploy/examples/job.yaml >"$configuration"
    "$klantreis" check -c "$configuration" >"$work/check.txt" || fail "$(cat "$work/check.txt")"
}

# Topics for the settings that follow, in place of those that are there.
fill() { # partitions, events, option ...
    partitions=$1 events=$2
    shift 2
    delete_topics "$PREFIX.*"
    say "writing $events events to $partitions partitions" "$@"
    generator --bootstrap "$BROKER" --prefix "$PREFIX" --events "$events" --customers $((events / 10 > 0 ? events / 10 : 1)) \
        --days "$DAYS" --seed "$SEED" --partitions "$partitions" "$@" >"$work/filled.json"
    # The mean over the topics, of which each has one.
    value_bytes=$(grep -o '"records":[0-9]*,"mean_value_bytes":[0-9.]*' "$work/filled.json" | tr ':,' '  ' |
        awk '{ records += $2; bytes += $2 * $4 } END { printf "%.0f", records ? bytes / records : 0 }')
}

measure() { # tables, round, workers, models
    local before line run=$2-$3-$4-
    configure "$4"
    before=$(load)
    attend env KAFKA="$BROKER" PREFIX="$PREFIX" RUN="$run" WORKERS="$3" INSTANCE=bench LISTEN=127.0.0.1:0 KLANTREIS_LOG=warn \
        "$klantreis" run -c "$configuration" --exit-when-caught-up >"$work/run.json"
    line=$(tail -1 "$work/run.json")
    [[ $line == *'"events":'"$events,"* ]] || fail "not all $events events were taken: $line"
    labelled "\"tables\":\"$1\",\"round\":$2,\"workers\":$3,\"partitions\":$partitions,\"models\":$4,\"value_bytes\":$value_bytes,\"load_before\":$before" \
        "$line" | tee -a "$OUT/runs.jsonl" >&2
    delete_topics "$PREFIX$run.*"
}

for table in $TABLES; do
    [[ " workers partitions models sizes " == *" $table "* ]] || fail "there is no table $table; there are workers, partitions, models, sizes"
done
say "building"
build_service
build_peers generator
start_broker
: >"$OUT/runs.jsonl"
shared=$(of_wanted workers partitions sizes)
if [[ -n $shared ]]; then
    fill 8 "$EVENTS"
    for round in $(seq "$ROUNDS"); do
        ! wanted workers || measure workers "$round" 1 1
        measure "$shared" "$round" 2 1
    done
fi
if wanted partitions; then
    for count in 64 512; do
        fill $count "$EVENTS"
        for round in $(seq "$ROUNDS"); do measure partitions "$round" 2 1; done
    done
fi
if wanted models; then
    fill 8 $((EVENTS / 5))
    for round in $(seq "$ROUNDS"); do
        measure models "$round" 2 1
        measure models "$round" 2 30
    done
fi
if wanted sizes; then
    fill 8 "$EVENTS" --lean
    for round in $(seq "$ROUNDS"); do measure sizes "$round" 2 1; done
    fill 8 $((EVENTS / 10)) --pad $PAD
    for round in $(seq "$ROUNDS"); do measure sizes "$round" 2 1; done
fi
awk -f benches/job/figures.awk -f benches/scale/report.awk "$OUT/runs.jsonl" | tee "$OUT/table.md"
