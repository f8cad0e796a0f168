# What the reports have in common: fields of a line of JSON, medians over the rounds (`rounds` says how many), numbers as text.

function field(name,    at, rest) {
    at = index($0, "\"" name "\":")
    if (!at) return ""
    rest = substr($0, at + length(name) + 3)
    sub(/^"/, "", rest)
    sub(/[",}].*/, "", rest)
    return rest
}

# The median of table[who, 1..rounds]; nothing if there is none.
function median(table, who,    n, i, j, swap, sorted) {
    n = 0
    for (i = 1; i <= rounds; i++) if ((who, i) in table) sorted[++n] = table[who, i]
    for (i = 2; i <= n; i++)
        for (j = i; j > 1 && sorted[j - 1] > sorted[j]; j--) { swap = sorted[j]; sorted[j] = sorted[j - 1]; sorted[j - 1] = swap }
    if (!n) return ""
    return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

function grouped(number,    text, out) {
    if (number == "") return "–"
    text = sprintf("%d", number + 0.5)
    while (length(text) > 3) { out = "," substr(text, length(text) - 2) out; text = substr(text, 1, length(text) - 3) }
    return text out
}

function fixed(number) { return number == "" ? "–" : sprintf("%.2f", number) }
function value(number) { return number == "" ? "null" : sprintf("%.4g", number) + 0 }
