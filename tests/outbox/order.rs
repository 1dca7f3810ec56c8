//! Several relays, some of which are killed: nothing is lost, and the order of a key is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use event_schema::outbox::{Outbox, Relay};
use event_schema::sqlx::Any;

use crate::common::until;
use crate::shop::{Ordered, Running, Shop, first, order};

/// With a lease that ends soon.
fn relay(outbox: &Outbox<Any>) -> Relay<Any> {
    outbox.relay().lease(Duration::from_secs(1)).poll_interval(Duration::from_millis(10)).in_flight(7)
}

const CUSTOMERS: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];

/// Seeded: which transactions are rolled back, and when a relay is killed, ended or started.
#[tokio::test(flavor = "multi_thread")]
async fn relays_that_are_killed_lose_and_swap_nothing() {
    for seed in 0..3 {
        let shop = Shop::open().await;
        let mut random = fastrand::Rng::with_seed(seed);
        let outboxes = [shop.outbox.clone(), shop.other().await];
        let mut running: Vec<Running> = outboxes.iter().map(|outbox| Running::start(relay(outbox))).collect();
        let mut committed: BTreeMap<Vec<u8>, Vec<Ordered>> = BTreeMap::new();
        let mut number = 0;
        while number < 200 {
            let mut tx = outboxes[0].begin().await.unwrap();
            let mut orders = Vec::new();
            for _ in 0..random.u32(1..5) {
                orders.push(order(random.choice(CUSTOMERS).unwrap(), number));
                outboxes[0].add(&mut tx, orders.last().unwrap()).await.unwrap();
                number += 1;
            }
            if random.u8(0..4) == 0 {
                tx.rollback().await.unwrap();
            } else {
                tx.commit().await.unwrap();
                for order in orders {
                    committed.entry(order.customer.clone().into_bytes()).or_default().push(order);
                }
            }
            if random.u8(0..20) == 0 {
                let which = random.usize(0..2);
                let fresh = Running::start(relay(&outboxes[which]));
                let old = std::mem::replace(&mut running[which], fresh);
                if random.bool() { old.kill().await } else { old.close().await }
            }
        }
        let sent = shop.sent::<Ordered>("orders").await;
        for (customer, orders) in &committed {
            assert_eq!(first(&sent[customer]), *orders, "seed {seed}");
            let ids: BTreeSet<_> = sent[customer].iter().map(|(_, id)| id).collect();
            assert_eq!(ids.len(), orders.len(), "seed {seed}");
        }
        assert_eq!(sent.len(), committed.len(), "seed {seed}");
        for relay in running {
            relay.close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_relay_leads_and_another_takes_over() {
    let shop = Shop::open().await;
    let (first, second) = (relay(&shop.outbox), relay(&shop.other().await));
    let (one, two) = (first.handle(), second.handle());
    let first = Running::start(first);
    until(30, "a leader", || one.leads()).await;
    let second = Running::start(second);
    until(30, "a relay that waits", || two.is_ready()).await;
    assert!(one.leads() && !two.leads());
    first.kill().await;
    until(30, "a successor of the one that was killed", || two.leads()).await;

    let third = relay(&shop.outbox);
    let three = third.handle();
    let third = Running::start(third);
    until(30, "a relay that waits", || three.is_ready()).await;
    second.close().await;
    until(30, "a successor of the one that has ended", || three.leads()).await;
    shop.place(&order("alice", 1)).await;
    assert_eq!(shop.sent::<Ordered>("orders").await.len(), 1);
    third.close().await;
}

/// It is told to end when the outbox is full, and sends what is there.
#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_ends_sends_what_is_left() {
    let shop = Shop::open().await;
    for number in 0..50 {
        shop.place(&order(CUSTOMERS[number as usize % 5], number)).await;
    }
    let relay = relay(&shop.outbox);
    let handle = relay.handle();
    let relay = Running::start(relay);
    until(30, "a leader", || handle.leads()).await;
    relay.close().await;
    assert_eq!(shop.outbox.lag().await.unwrap().unsent, 0);
}
