//! The built-in models on data that others published: a year of households and three days of orders, with the numbers they
//! come to, and with what any reading of the same files must agree with.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;

use flate2::read::GzDecoder;
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::Value;

#[path = "support/program.rs"]
mod program;

use program::klantreis;

const BASKETS: &str = "tests/fixtures/completejourney/baskets.csv.gz";
const MAILINGS: &str = "tests/fixtures/completejourney/campaign_mailings.csv.gz";
const COUPONS: &str = "tests/fixtures/completejourney/coupon_redemptions.csv.gz";
const DAYS: [&str; 3] = [
    "tests/fixtures/online-retail/2010-12-01.csv.gz",
    "tests/fixtures/online-retail/2010-12-02.csv.gz",
    "tests/fixtures/online-retail/2010-12-03.csv.gz",
];

/// What a replay of an example came to.
struct Replayed {
    transitions: Vec<Value>,
    signals: Vec<Value>,
    figures: String,
}

fn replay(example: &str, inputs: &[(&str, &str)]) -> Replayed {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let signals = folder.path().join("signals.ndjson").display().to_string();
    let config = format!("deploy/examples/{example}.yaml");
    let mut arguments: Vec<String> =
        ["replay", "-c", &config, "--sort", "--signals", &signals].map(str::to_owned).into();
    for (input, file) in inputs {
        arguments.extend(["--input".to_owned(), format!("{input}={file}")]);
    }
    let output = klantreis(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let figures = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(output.status.success(), "{figures}");
    let parse = |text: &str| text.lines().map(|line| serde_json::from_str(line).expect("it is JSON")).collect();
    Replayed {
        transitions: parse(std::str::from_utf8(&output.stdout).expect("UTF-8")),
        signals: parse(&std::fs::read_to_string(signals).expect("it was written")),
        figures,
    }
}

fn households() -> Replayed {
    replay("completejourney-built-in", &[("pos", BASKETS), ("mail", MAILINGS), ("clicks", COUPONS)])
}

fn orders() -> Replayed {
    replay("online-retail-built-in", &DAYS.map(|day| ("orders", day)))
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or("new")
}

impl Replayed {
    fn of(&self, model: &str) -> impl Iterator<Item = &Value> {
        self.transitions.iter().filter(move |transition| transition["model"] == model)
    }

    /// A model's transitions by phases, its signals by id and its customers by phase.
    #[track_caller]
    fn check(&self, model: &str, moves: &[(&str, usize)], signals: &[(&str, usize)], customers: &str) {
        let mut counted: BTreeMap<String, usize> = BTreeMap::new();
        for transition in self.of(model) {
            *counted.entry(format!("{}>{}", text(transition, "from"), text(transition, "to"))).or_default() += 1;
        }
        let wanted = |list: &[(&str, usize)]| list.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect();
        assert_eq!(counted, wanted(moves), "transitions of {model}");
        let mut told: BTreeMap<String, usize> = BTreeMap::new();
        for signal in self.signals.iter().filter(|signal| signal["model"] == model) {
            *told.entry(text(signal, "signal").to_owned()).or_default() += 1;
        }
        assert_eq!(told, wanted(signals), "signals of {model}");
        let line = format!("customers in {model}: {customers}");
        assert!(self.figures.lines().any(|one| one == line), "{line}\n{}", self.figures);
        self.check_flow(model);
    }

    /// Who came into a phase and did not leave it is in it; each customer's transitions are numbered without a gap, and each
    /// leaves the phase that the one before entered.
    #[track_caller]
    fn check_flow(&self, model: &str) {
        let mut last: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
        for transition in self.of(model) {
            let (seq, from) = last.get(text(transition, "customer")).copied().unwrap_or((0, "new"));
            assert_eq!((transition["seq"].as_u64(), text(transition, "from")), (Some(seq + 1), from), "{transition}");
            last.insert(text(transition, "customer"), (seq + 1, text(transition, "to")));
        }
        let mut there: BTreeMap<&str, usize> = BTreeMap::new();
        last.values().for_each(|(_, phase)| *there.entry(phase).or_default() += 1);
        let figures = self.figures.lines().find_map(|line| line.strip_prefix(&format!("customers in {model}: ")));
        for entry in figures.expect("the model has its line").split(", ") {
            let (phase, count) = entry.split_once(' ').expect("a phase and its count");
            assert_eq!(count, there.get(phase).copied().unwrap_or(0).to_string(), "{phase} of {model}");
        }
    }

    /// When each customer first entered a phase.
    fn entered(&self, model: &str, phase: &str) -> BTreeMap<String, Timestamp> {
        let mut first = BTreeMap::new();
        for transition in self.of(model).filter(|transition| transition["to"] == phase) {
            let at = text(transition, "at").parse().expect("a time");
            first.entry(text(transition, "customer").to_owned()).or_insert(at);
        }
        first
    }

    /// The phases that these customers are in at the end.
    fn ends(&self, model: &str, customers: impl Iterator<Item = String>) -> BTreeSet<String> {
        let mut ends: BTreeMap<&str, &str> = BTreeMap::new();
        self.of(model).for_each(|transition| _ = ends.insert(text(transition, "customer"), text(transition, "to")));
        customers.map(|customer| ends.get(customer.as_str()).copied().unwrap_or("new").to_owned()).collect()
    }

    fn told(&self, model: &str, signal: &str) -> usize {
        self.signals.iter().filter(|told| told["model"] == model && told["signal"] == signal).count()
    }
}

/// Rows of a file, by the names of its columns.
fn rows(file: &str) -> Vec<BTreeMap<String, String>> {
    let file = File::open(format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))).expect("the fixture is there");
    csv::Reader::from_reader(GzDecoder::new(file)).deserialize().map(|row| row.expect("a row")).collect()
}

/// The times of each household's baskets, in order, read without the program.
fn baskets() -> BTreeMap<String, Vec<Timestamp>> {
    let mut baskets: BTreeMap<String, Vec<Timestamp>> = BTreeMap::new();
    for row in rows(BASKETS) {
        let local: DateTime = row["transaction_timestamp"].parse().expect("a local time");
        let at = local.in_tz("America/New_York").expect("a zone there is").timestamp();
        baskets.entry(row["household_id"].clone()).or_default().push(at);
    }
    baskets.values_mut().for_each(|times| times.sort_unstable());
    baskets
}

#[test]
fn a_year_of_households_through_four_built_in_models() {
    let replayed = households();
    assert!(replayed.figures.starts_with("3838 records: 3807 applied, 31 repeated\n"), "{}", replayed.figures);
    replayed.check(
        "think5",
        &[
            ("aankoop>gebruik", 2129),
            ("evaluatie>aankoop", 366),
            ("gebruik>aankoop", 1733),
            ("gebruik>evaluatie", 382),
            ("new>aankoop", 40),
            ("new>orientatie", 3),
            ("orientatie>aankoop", 3),
        ],
        &[("evaluation_due", 537), ("repeat_purchase", 3550)],
        "orientatie 0, afweging 0, aankoop 13, gebruik 14, evaluatie 16, vertrokken 0",
    );
    replayed.check(
        "awareness5",
        &[("adoption>loyalty", 44), ("lapsed>adoption", 2), ("loyalty>lapsed", 3), ("new>adoption", 43)],
        &[("loyal_again", 2), ("repeat_purchase", 3550)],
        "awareness 0, consideration 0, decision 0, adoption 1, loyalty 41, lapsed 1",
    );
    replayed.check(
        "retention5",
        &[("loyaliteit>retentie", 2), ("new>retentie", 43), ("retentie>loyaliteit", 44)],
        &[("evaluation_due", 537), ("repeat_purchase", 3550), ("vip_reached", 60)],
        "bekendheid 0, afweging 0, aankoop 0, retentie 1, loyaliteit 42, pauze 0",
    );
    replayed.check(
        "store-pos",
        &[
            ("aankoop>gebruik", 2118),
            ("evaluatie>aankoop", 366),
            ("gebruik>aankoop", 1722),
            ("gebruik>evaluatie", 382),
            ("new>aankoop", 43),
        ],
        &[("evaluation_due", 2915), ("repeat_purchase", 3550), ("vip_reached", 46)],
        "orientatie 0, afweging 0, aankoop 13, gebruik 14, evaluatie 16, ambassadeur 0, ontevreden 0",
    );
}

#[test]
fn what_is_told_of_households_is_what_their_baskets_say() {
    let (replayed, baskets) = (households(), baskets());
    let nth = |number: usize| -> BTreeMap<String, Timestamp> {
        baskets.iter().filter_map(|(household, times)| Some((household.clone(), *times.get(number)?))).collect()
    };
    for (model, phase, basket) in [
        ("think5", "aankoop", 0),
        ("store-pos", "aankoop", 0),
        ("awareness5", "adoption", 0),
        ("awareness5", "loyalty", 1),
        ("retention5", "retentie", 0),
        ("retention5", "loyaliteit", 2),
    ] {
        assert_eq!(replayed.entered(model, phase), nth(basket), "{phase} of {model} begins with basket {}", basket + 1);
    }
    for (model, past) in [
        ("think5", &["aankoop", "gebruik", "evaluatie"][..]),
        ("store-pos", &["aankoop", "gebruik", "evaluatie"]),
        ("awareness5", &["adoption", "loyalty", "lapsed"]),
        ("retention5", &["retentie", "loyaliteit", "pauze"]),
    ] {
        let ends = replayed.ends(model, baskets.keys().cloned());
        assert!(ends.iter().all(|phase| past.contains(&phase.as_str())), "who bought is past it in {model}: {ends:?}");
    }
    let bought: usize = baskets.values().map(Vec::len).sum();
    for model in ["think5", "store-pos", "awareness5", "retention5"] {
        let again = replayed.told(model, "repeat_purchase");
        assert_eq!(again, bought - baskets.len(), "every basket but a household's first is a repeat in {model}");
    }
    // Asked about are the baskets with a quiet week after them: think5 has one answer for all, and waits for the last.
    let week = jiff::SignedDuration::from_hours(7 * 24);
    let end = baskets.values().flatten().max().copied().expect("there are baskets");
    let quiet = |times: &Vec<Timestamp>| {
        let next = |place: usize| times.get(place + 1).copied();
        let is_quiet = |place: &usize| match next(*place) {
            // The wait is over before the next basket of the same instant is looked at.
            Some(next) => times[*place] + week <= next,
            None => times[*place] + week <= end,
        };
        (0..times.len()).filter(is_quiet).count()
    };
    let expected: usize = baskets.values().map(quiet).sum();
    assert_eq!(replayed.told("think5", "evaluation_due"), expected);
    assert_eq!(replayed.told("retention5", "evaluation_due"), expected);
}

#[test]
fn three_days_of_orders_through_two_built_in_models() {
    let replayed = orders();
    let start = "7419 records: 352 applied, 4777 repeated, 2290 dead letters\ndead letters: no_customer 2290\n";
    assert!(replayed.figures.starts_with(start), "{}", replayed.figures);
    replayed.check(
        "think5",
        &[("aankoop>gebruik", 94), ("gebruik>aankoop", 1), ("new>aankoop", 234)],
        &[("repeat_purchase", 82)],
        "orientatie 0, afweging 0, aankoop 141, gebruik 93, evaluatie 0, vertrokken 0",
    );
    replayed.check(
        "store-pos",
        &[
            ("aankoop>gebruik", 87),
            ("aankoop>ontevreden", 10),
            ("gebruik>aankoop", 1),
            ("new>aankoop", 230),
            ("new>orientatie", 25),
            ("ontevreden>aankoop", 3),
            ("orientatie>aankoop", 4),
        ],
        &[("call_back", 10), ("loyal_again", 3), ("repeat_purchase", 82), ("vip_reached", 1)],
        "orientatie 21, afweging 0, aankoop 141, gebruik 86, evaluatie 0, ambassadeur 0, ontevreden 7",
    );
}

#[test]
fn what_is_told_of_orders_is_what_the_invoices_say() {
    let replayed = orders();
    // A line of an invoice that bears a later minute than the lines before is news, whatever its id.
    let (mut bought, mut returned) = (BTreeMap::<String, BTreeSet<_>>::new(), BTreeSet::new());
    for row in DAYS.iter().flat_map(|day| rows(day)).filter(|row| !row["CustomerID"].is_empty()) {
        let customer = row["CustomerID"].trim_end_matches(".0").to_owned();
        if row["InvoiceNo"].starts_with('C') {
            returned.insert(customer);
        } else {
            bought.entry(customer).or_default().insert((row["InvoiceDate"].clone(), row["InvoiceNo"].clone()));
        }
    }
    let orders: usize = bought.values().map(BTreeSet::len).sum();
    for model in ["think5", "store-pos"] {
        assert_eq!(replayed.told(model, "repeat_purchase"), orders - bought.len(), "{model}");
        assert!(replayed.entered(model, "aankoop").keys().eq(bought.keys()), "{model}: who bought, and nobody else");
    }
    let only_returned: Vec<_> = returned.iter().filter(|customer| !bought.contains_key(*customer)).cloned().collect();
    let ends = replayed.ends("store-pos", only_returned.iter().cloned());
    assert_eq!(ends.into_iter().collect::<Vec<_>>(), ["orientatie"], "a return without a purchase is an arrival");
    assert_eq!(only_returned.len(), 21);
    assert!(replayed.ends("think5", only_returned.into_iter()).iter().eq(["new"]), "think5 knows no returns");
    let unhappy = replayed.entered("store-pos", "ontevreden");
    assert!(unhappy.keys().all(|customer| returned.contains(customer)), "nobody is unhappy without a return");
}
