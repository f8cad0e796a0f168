//! A broker that goes away and comes back.

use std::time::{Duration, Instant};

use klantreis::engine::ports::{Change, Committed, Committer, Source, SourceError, Topic};

use crate::fixture::{Application, Draft, Member, STUCK};
use crate::support::{Broker, Isolation};

/// An epoch that says which it is.
fn numbered(member: &mut Member, number: usize) -> Draft {
    let mut draft = member.epoch();
    draft.output(Topic::Transitions, Some(0), Some(b"k"), Some(number.to_string().as_bytes()), &[]);
    draft.epoch.offsets = vec![(0, 0, number as i64)];
    draft
}

/// The epochs that are committed.
fn numbers(broker: &Broker, shop: &Application<'_>) -> Vec<usize> {
    let seen = broker.read(&shop.transitions(), Isolation::ReadCommitted);
    seen.iter().map(|one| one.text().parse().unwrap()).collect()
}

#[test]
fn epochs_go_on_when_the_broker_is_back_and_none_is_lost_or_doubled() {
    let Some(broker) = Broker::start_ours(|_| None) else { return };
    let shop = Application::on(&broker, "away", &["clicks"], 1);
    let mut member = shop.member("one");
    member.join();
    assert_eq!(member.source.trouble(), None);
    let mut number = 1;
    for _ in 0..5 {
        let draft = numbered(&mut member, number);
        assert!(matches!(member.submit(draft), Committed::Done { .. }));
        number += 1;
    }
    // What was decided has to have reached the partitions. A broker that dies before can forget to tell them, and then its one
    // transaction hangs for good: that is its own fault (see the module of overdue transactions), and not what is tried here.
    assert_eq!(numbers(&broker, &shop), [1, 2, 3, 4, 5]);
    assert_eq!(member.committed(0), [Some(5)]);
    // An epoch is handed over to a broker that is gone.
    broker.kill();
    let draft = numbered(&mut member, number);
    member.committer.submit(Box::new(draft.epoch));
    let begun = Instant::now();
    let mut lost = false;
    while !lost || member.source.trouble().is_none() {
        assert!(begun.elapsed() < STUCK, "nobody notices that the broker is away");
        lost |= member.serve().unwrap() == Some(Change::Lost);
        member.source.wait(Duration::from_millis(50));
    }
    assert!(member.committer.finished(Duration::ZERO).is_none(), "an epoch cannot end without a broker");
    broker.start_again();
    let begun = Instant::now();
    let mut pending = true;
    let mut failures = 0;
    while number <= 12 {
        assert!(begun.elapsed() < 2 * STUCK, "epoch {number} does not end");
        member.serve().unwrap();
        let ended = match pending {
            true => member.committer.finished(Duration::from_millis(50)).map(|(ended, _)| ended),
            // Without partitions there is nothing to commit.
            false if member.positions.is_empty() => {
                member.source.wait(Duration::from_millis(10));
                continue;
            }
            false => {
                let draft = numbered(&mut member, number);
                member.committer.submit(Box::new(draft.epoch));
                pending = true;
                continue;
            }
        };
        match ended {
            None => {}
            Some(Committed::Done { .. }) => {
                pending = false;
                number += 1;
            }
            // As a worker does: what is committed is what the group says.
            Some(Committed::Failed(why)) => {
                failures += 1;
                println!("an epoch came to nothing: {why}");
                assert!(failures < 20, "it never recovers: {why}");
                number = member.committed(0)[0].map_or(1, |offset| offset as usize + 1);
                pending = false;
            }
            Some(other) => panic!("{other:?}"),
        }
    }
    println!("going on took {:?} after the broker was back, with {failures} epochs to repeat", begun.elapsed());
    assert_eq!(numbers(&broker, &shop), (1..=12).collect::<Vec<_>>());
    assert_eq!(member.source.trouble(), None);
    being_fenced_after_an_outage_counts_the_second_time(&shop, &mut member);
    drop(member);
    a_worker_ends_while_the_broker_is_away(&shop);
}

/// The client can fence itself when it comes back; so the first time it only joins anew.
fn being_fenced_after_an_outage_counts_the_second_time(shop: &Application<'_>, member: &mut Member) {
    let begun = Instant::now();
    while member.positions.is_empty() {
        assert!(begun.elapsed() < STUCK, "nothing is assigned any more");
        _ = member.serve().unwrap();
        member.source.wait(Duration::from_millis(10));
    }
    // Somebody takes our place; we take it back, and then the other is the one who is fenced.
    let mut twin = shop.member("one");
    let mut lost = false;
    let fenced = loop {
        assert!(begun.elapsed() < 2 * STUCK, "nobody is fenced for good");
        lost |= member.serve().unwrap() == Some(Change::Lost);
        if let Err(problem) = twin.source.poll() {
            break problem;
        }
        member.source.wait(Duration::from_millis(10));
    };
    assert!(lost && matches!(fenced, SourceError::Fenced(_)), "{fenced:?}");
    drop(twin);
    // Only a first time is forgiven.
    let mut twin = shop.member("one");
    let fenced = loop {
        assert!(begun.elapsed() < 3 * STUCK, "nobody is fenced");
        _ = twin.source.poll();
        if let Err(problem) = member.serve() {
            break problem;
        }
        member.source.wait(Duration::from_millis(10));
    };
    assert!(matches!(fenced, SourceError::Fenced(_)), "{fenced:?}");
}

fn a_worker_ends_while_the_broker_is_away(shop: &Application<'_>) {
    let mut member = shop.member("another");
    member.join();
    shop.broker.kill();
    let begun = Instant::now();
    member.source.close(Duration::from_secs(2));
    drop(member);
    println!("ending without a broker took {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(15));
}
