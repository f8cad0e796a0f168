# Runs, one JSON object a line, to a table in Markdown, a row for each. Needs benches/job/figures.awk.

NR == 1 {
    printf "Milliseconds from an event's record to its transition with a `read_committed` consumer; events sent with a linger of %s ms.\n\n",
        field("linger_ms")
    print "| | commit interval | events/s | transitions | p50 | p99 | p99.9 | longest | longest gap between two | feed behind at worst |"
    print "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
}

{
    name = field("guarantee")
    gsub(/_/, " ", name)
    if (name == "broker") name = "no service: the events themselves"
    interval = field("commit_interval")
    sub(/ms/, " ms", interval)
    printf "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", name, interval, grouped(field("events_per_s")),
        grouped(field("transitions")), field("p50_ms"), field("p99_ms"), field("p999_ms"), field("max_ms"), field("gap_ms_max"),
        field("behind_ms_max")
}
