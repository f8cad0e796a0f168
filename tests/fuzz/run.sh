#!/usr/bin/env bash
# run.sh SECONDS TARGET...: tries each target for so long, from its seeds and from what earlier runs found worth keeping
# (target/fuzz/corpus). The first that fails ends it, with the input that did it in target/fuzz/artifacts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

seconds="$1"
shift
build="$CARGO_TARGET_DIR"
fuzz=("${CARGO:-cargo}" fuzz)

# Bytes a record may have: more than any fixture, and few enough to be quick.
bytes_max=16384

# The folders that a target begins with.
seeds() {
  case "$1" in
    avro | protobuf) echo "tests/fuzz/seeds/$1" ;;
    mapping) echo tests/fuzz/seeds/mapping tests/fixtures/formats/wrappers ;;
    unwrap) echo tests/fixtures/formats/wrappers tests/fixtures/formats/lightspeed ;;
    recipe) echo src/formats/recipes tests/fuzz/mappings ;;
    *) echo "tests/fixtures/formats/$1" ;;
  esac
}

# All are built before the first is run, so that the seconds are spent on trying. One may be told to build alone.
if (($# == 1)); then only=("$1"); else only=(); fi
"${fuzz[@]}" build --fuzz-dir tests/fuzz --sanitizer none "${only[@]}"
for target in "$@"; do
  corpus="$build/corpus/$target"
  artifacts="$build/artifacts/$target/"
  mkdir -p "$corpus" "$artifacts"
  log="$(mktemp)"
  read -ra folders <<<"$(seeds "$target")"
  if "$build"/*/release/"$target" -max_total_time="$seconds" -max_len="$bytes_max" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="$artifacts" -print_final_stats=1 "$corpus" "${folders[@]}" >"$log" 2>&1; then
    printf '%-12s ok, %s records\n' "$target" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
    rm -f "$log"
  else
    cat "$log"
    printf '%s: FAILED; again by: %s\n' "$target" "${fuzz[*]} run --fuzz-dir tests/fuzz --sanitizer none $target $artifacts..." >&2
    exit 1
  fi
done
