//! The examples on data that others published: what is replayed makes phases that a reader can follow.

use serde_json::Value;
use std::collections::BTreeMap;

#[path = "support/program.rs"]
mod program;

use program::klantreis;

const BASKETS: &str = "pos=tests/fixtures/completejourney/baskets.csv.gz";
const MAILINGS: &str = "mail=tests/fixtures/completejourney/campaign_mailings.csv.gz";
const COUPONS: &str = "clicks=tests/fixtures/completejourney/coupon_redemptions.csv.gz";
const DAYS: [&str; 3] = [
    "lines=tests/fixtures/online-retail/2010-12-01.csv.gz",
    "lines=tests/fixtures/online-retail/2010-12-02.csv.gz",
    "lines=tests/fixtures/online-retail/2010-12-03.csv.gz",
];

/// What a replay wrote.
struct Replayed {
    transitions: String,
    figures: String,
}

impl Replayed {
    /// How often each (from, to) was taken, as `from>to` and the count.
    fn moves(&self) -> BTreeMap<String, usize> {
        let mut moves = BTreeMap::new();
        for transition in self.records() {
            let from = transition["from"].as_str().unwrap_or("new");
            let key = format!("{from}>{}", transition["to"].as_str().expect("every transition leads somewhere"));
            *moves.entry(key).or_default() += 1;
        }
        moves
    }

    /// One customer's journey: a line a transition.
    fn journey(&self, customer: &str) -> String {
        let mut lines = String::new();
        for transition in self.records().filter(|transition| transition["customer"] == customer) {
            let text = |field: &str| transition[field].as_str().unwrap_or("-").to_owned();
            lines += &format!("{} {} {} {}\n", text("at"), text("to"), text("cause"), text("rule"));
        }
        lines
    }

    fn records(&self) -> impl Iterator<Item = Value> {
        self.transitions.lines().map(|line| serde_json::from_str(line).expect("a transition is JSON"))
    }
}

fn run(arguments: &[&str]) -> Replayed {
    let output = klantreis(arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let (transitions, figures) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{arguments:?}: {figures}");
    Replayed { transitions, figures }
}

fn replay(example: &str, inputs: &[&str]) -> Replayed {
    let config = format!("deploy/examples/{example}.yaml");
    let mut arguments = vec!["replay", "-c", &config, "--sort"];
    arguments.extend(inputs.iter().flat_map(|input| ["--input", input]));
    run(&arguments)
}

#[track_caller]
fn check_figures(replayed: &Replayed, expected: &[&str]) {
    let lines: Vec<&str> = replayed.figures.lines().take(expected.len()).collect();
    assert_eq!(lines, expected);
}

#[track_caller]
fn check_moves(replayed: &Replayed, expected: &[(&str, usize)]) {
    let expected = expected.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect();
    assert_eq!(replayed.moves(), expected);
}

#[test]
fn a_year_of_households_is_habits_silences_and_returns() {
    let replayed = replay("completejourney", &[BASKETS, MAILINGS, COUPONS]);
    check_figures(
        &replayed,
        &[
            "3838 records: 3807 applied, 31 repeated",
            "189 transitions",
            "customers in household: aangeschreven 0, kennismaking 0, vast 29, grote_mand 4, verslapt 1, slapend 3, terug 6",
            // Each of the 3807 events met somebody: the model lists no touchpoints, so all are.
            "met in household, aangeschreven: mail 3",
            "met in household, kennismaking: mail 1, pos 156",
            "met in household, vast: mail 127, clicks 37, pos 2921",
            "met in household, grote_mand: mail 25, clicks 14, pos 430",
            "met in household, verslapt: mail 5",
            "met in household, terug: mail 2, pos 86",
        ],
    );
    check_moves(
        &replayed,
        &[
            ("aangeschreven>kennismaking", 3),
            ("grote_mand>vast", 13),
            ("kennismaking>vast", 38),
            ("kennismaking>verslapt", 5),
            ("new>aangeschreven", 3),
            ("new>kennismaking", 40),
            ("slapend>terug", 5),
            ("terug>vast", 11),
            ("terug>verslapt", 9),
            ("vast>grote_mand", 17),
            ("vast>verslapt", 16),
            ("verslapt>slapend", 8),
            ("verslapt>terug", 21),
        ],
    );
}

#[test]
fn a_household_is_won_lost_and_won_back() {
    let replayed = replay("completejourney", &[BASKETS, MAILINGS, COUPONS]);
    assert_eq!(
        replayed.journey("33"),
        "\
2017-01-09T23:12:11.000Z kennismaking purchased first-basket
2017-01-23T04:21:27.000Z vast purchased habit
2017-04-06T00:19:19.000Z verslapt timer lapse
2017-04-29T05:22:19.000Z terug purchased return
2017-05-13T23:03:51.000Z vast purchased habit
2017-07-26T06:18:08.000Z verslapt timer lapse
2017-09-24T06:18:08.000Z slapend timer asleep
2017-09-27T05:23:51.000Z terug purchased return
2017-10-20T20:11:15.000Z vast purchased habit
2017-11-17T20:11:15.000Z verslapt timer lapse
2017-11-19T22:56:09.000Z terug purchased return
2018-01-01T05:33:46.000Z vast purchased habit
"
    );
    assert_eq!(
        replayed.journey("93"),
        "\
2016-12-28T05:00:00.000Z aangeschreven mail_delivered first-mail
2017-01-02T23:59:05.000Z kennismaking purchased first-basket
2017-01-23T01:23:24.000Z vast purchased habit
2017-10-30T04:00:00.000Z verslapt mail_delivered unanswered
2017-12-29T04:00:00.000Z slapend timer asleep
",
        "days are local: they begin at 05:00 in winter and at 04:00 in summer"
    );
}

#[test]
fn sorted_input_gives_the_same_whatever_the_order_of_the_files() {
    let one = replay("completejourney", &[BASKETS, MAILINGS, COUPONS]);
    let other = replay("completejourney", &[COUPONS, BASKETS, MAILINGS]);
    assert!(one.transitions == other.transitions, "the order of the files shows in the transitions");
}

#[test]
fn three_days_of_invoices_are_first_orders_large_accounts_and_returns() {
    let replayed = replay("online-retail", &DAYS);
    check_figures(
        &replayed,
        &[
            "7419 records: 5076 applied, 53 repeated, 2290 dead letters",
            "dead letters: no_customer 2290",
            "295 transitions",
            "customers in wholesale: eerste_order 200, herhaalklant 7, grootafnemer 21, retour 27, stil 0",
        ],
    );
    check_moves(
        &replayed,
        &[
            ("eerste_order>grootafnemer", 18),
            ("eerste_order>herhaalklant", 5),
            ("eerste_order>retour", 7),
            ("herhaalklant>grootafnemer", 3),
            ("herhaalklant>retour", 1),
            ("new>eerste_order", 230),
            ("new>retour", 25),
            ("retour>herhaalklant", 6),
        ],
    );
    assert_eq!(
        replayed.journey("17850"),
        "\
2010-12-01T08:26:00.000Z eerste_order line_sold first-line
2010-12-01T09:01:00.000Z herhaalklant line_sold next-order
2010-12-01T10:51:00.000Z grootafnemer line_sold large
"
    );
}
