# Runs, one JSON object a line, to tables in Markdown: medians over the rounds. Needs benches/job/figures.awk.

{
    round = field("round") + 0
    if (round > rounds) rounds = round
    found = split(field("tables"), tables, " ")
    for (i = 1; i <= found; i++) note(tables[i], field(tables[i] == "sizes" ? "value_bytes" : tables[i]))
}

# What the run says about one table, in which its row is that of the number varied.
function note(table, number,    row) {
    row = table SUBSEP number
    if (!(row in events)) numbers[table, ++count[table]] = number
    events[row] = field("events")
    rate[row, round] = field("events_per_s") + 0
    per_cpu[row, round] = field("events_per_cpu_s") + 0
    middle[row, round] = field("events_per_cpu_s_mid80") + 0
    peak[row, round] = field("peak_rss_mib") + 0
}

function print_table(table, heading,    i, j, swap, row) {
    if (!count[table]) return
    for (i = 2; i <= count[table]; i++)
        for (j = i; j > 1 && numbers[table, j - 1] + 0 > numbers[table, j] + 0; j--) {
            swap = numbers[table, j]; numbers[table, j] = numbers[table, j - 1]; numbers[table, j - 1] = swap
        }
    printf "%s| %s | events | events/s | events per CPU second | the same, middle 80 %% | peak MiB |\n", (printed++ ? "\n" : ""), heading
    print "|--:|--:|--:|--:|--:|--:|"
    for (i = 1; i <= count[table]; i++) {
        row = table SUBSEP numbers[table, i]
        printf "| %s | %s | %s | %s | %s | %s |\n", grouped(numbers[table, i]), grouped(events[row]), grouped(median(rate, row)),
            grouped(median(per_cpu, row)), grouped(median(middle, row)), grouped(median(peak, row))
    }
}

END {
    print_table("workers", "workers")
    print_table("partitions", "partitions")
    print_table("models", "models")
    print_table("sizes", "bytes an event")
}
