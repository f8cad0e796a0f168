#!/bin/sh
# A Kafka broker of one node for development and tests, on the loopback. Needs Java 17 or later, and Maven to fetch it once.
#
#   broker.sh fetch                             fetches the jars into .cache/kafka/libs of the repository, if they are missing
#   broker.sh start DATA [PORT [CONTROLLER]]    starts in the background, waits until it answers; ports default to 9092 and 9093
#   broker.sh stop DATA                         stops what was started there
#   broker.sh run DATA PORT CONTROLLER [clean]  runs in the foreground; when standard input closes, ends the broker at once, and
#                                               with `clean` deletes its data
#   broker.sh classpath                         prints the class path, for Kafka's own command line tools
#
# JAVA_OPTS replaces the heap settings. KLANTREIS_KAFKA_LIBS names another folder for the jars. What the file says that
# KLANTREIS_KAFKA_PROPERTIES names counts more than server.properties.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
libs=${KLANTREIS_KAFKA_LIBS:-$root/.cache/kafka/libs}
cluster=a2xhbnRyZWlzLWtsYW50cg

fail() {
    echo "broker.sh: $*" >&2
    exit 1
}

need() {
    command -v "$1" >/dev/null 2>&1 || fail "$1 is not installed: $2"
}

# The folder appears as a whole or not at all, so that two callers at once, or one that was interrupted, do no harm.
fetch() {
    [ -d "$libs" ] && return 0
    need mvn "it fetches Kafka's jars (apt-get install maven), or set KLANTREIS_TEST_KAFKA=host:port to use a broker you have"
    need java "Kafka needs Java 17 or later (apt-get install openjdk-17-jre-headless)"
    mkdir -p "$(dirname "$libs")"
    part=$libs.$$
    trap 'rm -rf "$part"' EXIT INT TERM
    mvn -q -B -Dstyle.color=never -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$part" >&2 ||
        fail "Maven could not fetch Kafka's jars (see above); it needs Maven Central or a mirror in ~/.m2/settings.xml"
    mv -T "$part" "$libs" 2>/dev/null || [ -d "$libs" ] || fail "could not put the jars at $libs"
    rm -rf "$part"
    trap - EXIT INT TERM
}

# Writes the settings and formats the storage, unless the folder was used before.
prepare() {
    need java "Kafka needs Java 17 or later (apt-get install openjdk-17-jre-headless)"
    fetch
    mkdir -p "$1"
    sed -e "s|@PORT@|$2|g" -e "s|@CONTROLLER_PORT@|$3|g" -e "s|@DATA@|$1|g" "$here/server.properties" >"$1/server.properties"
    [ -z "${KLANTREIS_KAFKA_PROPERTIES:-}" ] || cat "$KLANTREIS_KAFKA_PROPERTIES" >>"$1/server.properties"
    [ -f "$1/log/meta.properties" ] ||
        java -Xmx128m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$libs/*" -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
            kafka.tools.StorageTool format -t "$cluster" -c "$1/server.properties" >"$1/format.log" 2>&1 ||
        fail "formatting the storage failed: $(cat "$1/format.log")"
}

launch() {
    # shellcheck disable=SC2086 # the options are words
    exec java ${JAVA_OPTS:--Xmx512m -Xms256m -XX:+UseSerialGC} -cp "$libs/*" -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
        -Dorg.slf4j.simpleLogger.showDateTime=true kafka.Kafka "$1/server.properties"
}

# Asks the broker which folders it works in, until it answers or a minute is over. That its log says it has started would not do: with
# other jars (KLANTREIS_KAFKA_LIBS) it may say nothing, and another broker may have the port.
ask() {
    exec java -Xmx64m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$libs/*" -Dorg.slf4j.simpleLogger.defaultLogLevel=error \
        org.apache.kafka.tools.LogDirsCommand --bootstrap-server "127.0.0.1:$1" --describe --topic-list none
}

# Ends what did not start, and says what its log says.
give_up() {
    kill "$2" 2>/dev/null || true
    rm -f "$1/pid"
    fail "$3; the end of $1/broker.log:
$(tail -n 15 "$1/broker.log")"
}

case ${1:-} in
fetch)
    fetch
    ;;
classpath)
    fetch
    echo "$libs/*"
    ;;
start)
    [ $# -ge 2 ] || fail "usage: broker.sh start DATA [PORT [CONTROLLER]]"
    mkdir -p "$2"
    data=$(cd "$2" && pwd)
    port=${3:-9092}
    prepare "$data" "$port" "${4:-$((port + 1))}"
    [ ! -f "$data/pid" ] || ! kill -0 "$(cat "$data/pid")" 2>/dev/null || fail "already running in $data"
    (launch "$data") </dev/null >>"$data/broker.log" 2>&1 &
    pid=$!
    echo $pid >"$data/pid"
    (ask "$port") </dev/null >"$data/answer" 2>"$data/ask.log" &
    asking=$!
    while kill -0 $asking 2>/dev/null; do
        kill -0 $pid 2>/dev/null || { kill $asking 2>/dev/null || true; give_up "$data" $pid "the broker ended"; }
        sleep 0.1
    done
    wait $asking || give_up "$data" $pid "the broker does not answer at port $port: $(sed -n '/^SLF4J/!{p;q;}' "$data/ask.log")"
    grep -qF "\"$data/log\"" "$data/answer" || give_up "$data" $pid "another broker answers at port $port"
    echo "127.0.0.1:$port"
    ;;
stop)
    [ $# -eq 2 ] || fail "usage: broker.sh stop DATA"
    [ -f "$2/pid" ] || fail "nothing was started in $2"
    pid=$(cat "$2/pid")
    kill "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    rm -f "$2/pid"
    ;;
run)
    [ $# -ge 4 ] || fail "usage: broker.sh run DATA PORT CONTROLLER [clean]"
    mkdir -p "$2"
    data=$(cd "$2" && pwd)
    prepare "$data" "$3" "$4"
    # An interrupt at the terminal reaches the whole group; this one stays to see the broker off.
    trap : INT TERM
    exec 3<&0
    (launch "$data") </dev/null >>"$data/broker.log" 2>&1 3<&- &
    pid=$!
    echo $pid >"$data/pid"
    (
        cat <&3 >/dev/null
        kill -KILL "$pid" 2>/dev/null
    ) &
    watcher=$!
    while kill -0 "$pid" 2>/dev/null; do wait "$pid" 2>/dev/null || true; done
    rm -f "$data/pid"
    # A watcher that is still there means that the broker ended by other hands, which may want to start it again.
    sleep 0.2
    if kill -KILL "$watcher" 2>/dev/null; then exit 0; fi
    [ "${5:-}" != clean ] || rm -rf "$data"
    ;;
*)
    sed -n '2,12s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
