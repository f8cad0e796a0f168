# Runs, one JSON object a line, to a table in Markdown (standard output) and a summary in JSON (the file named by `json`).
# Figures are medians over the rounds; a ratio is taken within each round, and its median told.
# Needs figures.awk.

# Median over the rounds of upper[who] / lower[other].
function ratio(upper, who, lower, other,    i, quotients) {
    split("", quotients)
    for (i = 1; i <= rounds; i++)
        if (((who, i) in upper) && ((other, i) in lower) && lower[other, i] > 0)
            quotients["r", i] = upper[who, i] / lower[other, i]
    return median(quotients, "r")
}

{
    who = field("contestant"); round = field("round") + 0
    if (!(who in seen)) { seen[who] = 1; order[++count] = who }
    if (round > rounds) rounds = round
    events = field("events")
    rate[who, round] = field("events_per_s") + 0
    per_cpu[who, round] = field("events_per_cpu_s") + 0
    if (field("events_per_cpu_s_mid80") != "") middle[who, round] = field("events_per_cpu_s_mid80") + 0
    cpu[who, round] = field("cpu_s") + 0
    peak[who, round] = field("peak_rss_mib") + 0
    if (field("commit_wait_s") != "") { commits[who] = 1; stood[who, round] = field("commit_wait_s") + 0 }
    if (field("checkpoints") + 0 > 0) {
        asked[who] = field("checkpoint_ms_asked")
        reached[who, round] = 1000 * field("wall_s") / field("checkpoints")
    }
}

END {
    name["reader"] = "plain reader, one record a `poll`"
    name["batch"] = "plain reader, in batches"
    name["eos"] = "klantreis, exactly once"
    name["alo"] = "klantreis, at least once"
    name["rekey"] = "klantreis, exactly once, `keying: rekey`"
    name["streams"] = "Kafka Streams, exactly once"
    name["streams-alo"] = "Kafka Streams, at least once"
    name["flink"] = "Flink, exactly once"
    name["flink-1s"] = "Flink, exactly once every second"
    name["flink-alo"] = "Flink, at least once"
    printf "%s events, medians of %d rounds in turn.\n\n", grouped(events), rounds
    print "| | events/s | events per CPU second | the same, middle 80 % | CPU seconds | peak MiB |"
    print "|---|--:|--:|--:|--:|--:|"
    printf "{\"events\":%s,\"rounds\":%d,\"medians\":{", events, rounds > json
    for (i = 1; i <= count; i++) {
        who = order[i]
        printf "| %s | %s | %s | %s | %s | %s |\n", name[who], grouped(median(rate, who)), grouped(median(per_cpu, who)),
            grouped(median(middle, who)), fixed(median(cpu, who)), grouped(median(peak, who))
        printf "%s\"%s\":{\"events_per_s\":%d,\"events_per_cpu_s\":%d,\"events_per_cpu_s_mid80\":%s,\"cpu_s\":%s,\"peak_rss_mib\":%d",
            (i > 1 ? "," : ""), who, median(rate, who), median(per_cpu, who), value(median(middle, who)),
            value(median(cpu, who)), median(peak, who) > json
        if (who in asked)
            printf ",\"checkpoint_ms_asked\":%d,\"checkpoint_ms_reached\":%d", asked[who], median(reached, who) + 0.5 > json
        printf "}" > json
    }
    for (i = 1; i <= count; i++)
        if (order[i] in asked)
            printf "\n%s: a checkpoint every %d ms was asked for, one every %d ms was reached.\n",
                name[order[i]], asked[order[i]], median(reached, order[i]) + 0.5
    for (i = 1; i <= count; i++)
        if (order[i] in commits)
            printf "\n%s: the workers stood still for %s s altogether because an epoch was still being committed.\n",
                name[order[i]], fixed(median(stood, order[i]))
    printf "},\"ratios\":{" > json
    print "\n| ratio, median over the rounds | exactly once | at least once |"
    print "|---|--:|--:|"
    line("events per CPU second ÷ those of Kafka Streams", "per_cpu_to_streams", per_cpu, per_cpu, "streams")
    line("the same, middle 80 %", "mid80_per_cpu_to_streams", middle, middle, "streams")
    line("events per CPU second ÷ those of Flink", "per_cpu_to_flink", per_cpu, per_cpu, "flink")
    line("the same, middle 80 %", "mid80_per_cpu_to_flink", middle, middle, "flink")
    line("events per CPU second ÷ those of Flink every second", "per_cpu_to_flink_1s", per_cpu, per_cpu, "flink-1s")
    line("the same, middle 80 %", "mid80_per_cpu_to_flink_1s", middle, middle, "flink-1s")
    line("events per second ÷ those of the plain reader (`poll`)", "rate_to_reader", rate, rate, "reader")
    line("events per second ÷ those of the plain reader (batches)", "rate_to_batch_reader", rate, rate, "batch")
    line("CPU time ÷ that of the plain reader (`poll`)", "cpu_to_reader", cpu, cpu, "reader")
    line("CPU time ÷ that of the plain reader (batches)", "cpu_to_batch_reader", cpu, cpu, "batch")
    printf ",\"rekey_to_direct\":{\"cpu\":%s,\"rate\":%s}", value(ratio(cpu, "rekey", cpu, "eos")),
        value(ratio(rate, "rekey", rate, "eos")) > json
    if (("rekey" in seen) && ("eos" in seen))
        printf "\nBeside `keying: direct`, `rekey` takes %s times the CPU time, and %s times as many events a second come through.\n",
            fixed(ratio(cpu, "rekey", cpu, "eos")), fixed(ratio(rate, "rekey", rate, "eos"))
    print "}}" > json
}

function line(text, key, upper, lower, other,    eos, alo) {
    eos = ratio(upper, "eos", lower, other)
    alo = ratio(upper, "alo", lower, other)
    if (other in seen) printf "| %s | %s | %s |\n", text, fixed(eos), fixed(alo)
    printf "%s\"%s\":{\"eos\":%s,\"alo\":%s}", (written++ ? "," : ""), key, value(eos), value(alo) > json
}
