# What the scripts that measure on a broker have in common: processes that end with the script, a broker, topics, builds.
# Sourced by them, after `name` (which also begins the names of their topics), `events` and the like are set; runs nothing by itself.
#
#   BROKER=host:port   a broker that is there already; topics NAME-* are made on it, and taken away
#   OUT=target/NAME    where results go
#   KLANTREIS=file     a service that is built already
# shellcheck shell=bash
: "${name:?is to be set by the script that sources this}"

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root" || exit 1
OUT=${OUT:-target/$name}
CARGO=${CARGO:-cargo}
PREFIX=$name-
peers=benches/peers
mkdir -p "$OUT"
OUT=$(cd "$OUT" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/klantreis-$name.XXXXXX")
# The service: as built here, or another one.
# shellcheck disable=SC2034 # for those that source this
klantreis=${KLANTREIS:-${CARGO_TARGET_DIR:-target}/release/klantreis}
children=()
own_broker=
tools=

say() { echo "$name: $*" >&2; }
fail() {
    say "$*"
    exit 1
}

forget() { # process
    local kept=() pid
    for pid in "${children[@]}"; do [[ $pid == "$1" ]] || kept+=("$pid"); done
    children=("${kept[@]}")
}

# Starts a program in the background, to be ended with us; its process is in `begun`.
begin() {
    "$@" &
    begun=$!
    children+=("$begun")
}

# Waits for what was begun; says how it ended.
await() { # process
    local code=0
    wait "$1" || code=$?
    forget "$1"
    return $code
}

# Runs a program so that an interrupt is not held up by it: in the background, waited for, ended with us.
attend() {
    begin "$@"
    await "$begun"
}

# Ends what was begun, kindly for ten seconds.
end() { # process
    if kill "$1" 2>/dev/null; then
        for _ in $(seq 100); do kill -0 "$1" 2>/dev/null && sleep 0.1; done
        kill -KILL "$1" 2>/dev/null || true
    fi
    wait "$1" 2>/dev/null || true
    forget "$1"
}

leave() {
    trap - EXIT INT TERM HUP
    local pid
    for pid in "${children[@]}"; do end "$pid"; done
    if [[ -n $own_broker ]]; then
        sh deploy/kafka/broker.sh stop "$work/broker" 2>/dev/null || true
    elif [[ -n ${BROKER:-} && -n $tools ]]; then
        delete_topics "$PREFIX.*"
    fi
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

build_service() {
    [[ -z ${KLANTREIS:-} ]] || return 0
    "$CARGO" build --locked --release --bin klantreis
}

# Builds a program of benches/ and prints where it is, which stands in what cargo says about it.
build_bench() { # name
    local path
    path=$("$CARGO" bench --locked --no-run --bench "$1" --message-format=json |
        sed -n 's/.*"kind":\["bench"\].*"executable":"\([^"]*\)".*/\1/p' | tail -1)
    [[ -x $path ]] || fail "cargo did not say where the benchmark $1 was built"
    echo "$path"
}

# Builds the Java programs whose sources have changed.
build_peers() { # project ...
    local project
    for project in "$@"; do
        project=$peers/$project
        if [[ -f $project/target/built && -z $(find "$project/src" "$project/pom.xml" -newer "$project/target/built") ]]; then
            continue
        fi
        mvn -q -B -Dstyle.color=never -Dmaven.test.skip=true -f "$project" package >&2
        touch "$project/target/built"
    done
}

start_broker() {
    tools=$(sh deploy/kafka/broker.sh classpath)
    if [[ -n ${BROKER:-} ]]; then
        return
    fi
    own_broker=yes
    # Many partitions have many files; those of a deleted topic are not to be kept for a minute.
    ulimit -n "$(ulimit -Hn)"
    { [[ -z ${KLANTREIS_KAFKA_PROPERTIES:-} ]] || cat "$KLANTREIS_KAFKA_PROPERTIES"; } >"$work/broker.properties"
    # Events of months are written in seconds: a segment for each week of their time would be files by the ten thousand.
    printf '%s\n' log.segment.delete.delay.ms=1000 log.roll.hours=87600 >>"$work/broker.properties"
    KLANTREIS_KAFKA_PROPERTIES=$work/broker.properties JAVA_OPTS=${JAVA_OPTS:--Xmx1g -Xms1g -XX:+UseSerialGC} \
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

generator() { # option ...
    attend java -Djava.io.tmpdir="$work" -Xmx1g -jar $peers/generator/target/generator.jar "$@"
}

load() { cut -d' ' -f1 /proc/loadavg; }

# Puts what a run is called before the fields of its line of JSON.
labelled() { # fields line
    [[ $2 == \{*\} ]] || fail "no line of figures but: $2"
    echo "{$1,${2#\{}"
}
