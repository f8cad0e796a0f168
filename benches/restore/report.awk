# Runs, one JSON object a line, to tables in Markdown: medians over the rounds. Needs benches/job/figures.awk.

{ kind = field("kind") }

kind == "fill" {
    events = field("events")
    changed = field("changed")
    written = field("state_bytes")
    deltas = field("deltas_stored")
    snapshots = field("snapshots_stored")
}

kind == "restore" {
    who = field("workers"); round = field("round") + 0
    if (!(who in seen)) { seen[who] = 1; order[++count] = who }
    if (round > rounds) rounds = round
    customers = field("restored_customers") + 0
    # When a second worker joins late, the first has begun with partitions that it then gives away: these are restored twice.
    if (!everybody || customers < everybody) everybody = customers
    back[who, round] = customers + 0
    read[who, round] = field("restored_bytes") / customers
    ready[who, round] = field("ready_s") + 0
    took[who, round] = field("restore_s") + 0
    rate[who, round] = customers / field("restore_s") / who
    cpu[who, round] = field("cpu_s") + 0
    peak[who, round] = field("peak_rss_mib") + 0
}

kind == "idle" {
    idle[++idles] = field("workers")
    idle_s = field("idle_s")
    share[idles] = field("cpu_s_per_s")
    idle_written[idles] = field("state_bytes")
    idle_stored[idles] = field("stored")
}

END {
    printf "%s events; medians of %d rounds.\n\n", grouped(events), rounds
    print "| workers | customers restored | seconds to ready | of which restoring | customers/s and worker | bytes read per customer | CPU seconds | peak MiB |"
    print "|--:|--:|--:|--:|--:|--:|--:|--:|"
    for (i = 1; i <= count; i++) {
        who = order[i]
        printf "| %s | %s | %s | %s | %s | %s | %s | %s |\n", who, grouped(median(back, who)), fixed(median(ready, who)), fixed(median(took, who)),
            grouped(median(rate, who)), grouped(median(read, who)), fixed(median(cpu, who)), grouped(median(peak, who))
    }
    print "\n| state | bytes | per event | per customer | per changed customer and epoch |"
    print "|---|--:|--:|--:|--:|"
    row("written, before compression", written)
    row("there afterwards: `state-deltas`", deltas)
    row("there afterwards: `state-snapshots`", snapshots)
    print "\n| workers, idle | CPU seconds per second | bytes of state written | bytes more in the state topics |"
    print "|--:|--:|--:|--:|"
    for (i = 1; i <= idles; i++)
        printf "| %s, %s s | %.4f | %s | %s |\n", idle[i], idle_s, share[i], grouped(idle_written[i]), grouped(idle_stored[i])
}

function row(what, bytes) {
    printf "| %s | %s | %.1f | %.1f | %.1f |\n", what, grouped(bytes), bytes / events, bytes / everybody, bytes / changed
}
