//! The parts of a service as one process.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use crate::common::shop::Shop;
use crate::common::{until, within};
use event_schema::kafka::{App, AppError, AppHandle, Closing, Delivery, EventConsumer, Failure, GiveUp, Runner, State};
use event_schema::prelude::*;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

#[derive(Debug, Serialize, EventSchema)]
#[event(topic = "orders", key = number)]
struct Ordered {
    number: u32,
}

#[derive(Debug, Serialize, EventSchema)]
#[event(topic = "accepted", key = number)]
struct Accepted {
    number: u32,
}

impl Shop {
    async fn runner(&self) -> Runner<Ordered> {
        let config = self.kafka.config().group("shop");
        EventConsumer::subscribe(&config).await.unwrap().runner().publish_with(&self.producer)
    }
}

async fn accept(order: Ordered) -> Accepted {
    Accepted { number: order.number }
}

fn start(app: App) -> (AppHandle, JoinHandle<Result<(), AppError>>) {
    (app.handle(), tokio::spawn(app.run()))
}

async fn end(running: JoinHandle<Result<(), AppError>>) -> Result<(), AppError> {
    within(30, "end of the app", running).await.unwrap()
}

type Log = Arc<Mutex<Vec<&'static str>>>;

/// The handler has taken its message when the app is told to end: what it returns is published still.
#[tokio::test(flavor = "multi_thread")]
async fn parts_end_in_the_opposite_order() {
    async fn slowly(order: Ordered, State((log, gate)): State<(Log, Arc<Semaphore>)>) -> Accepted {
        log.lock().unwrap().push("taken");
        gate.acquire().await.unwrap().forget();
        log.lock().unwrap().push("handled");
        Accepted { number: order.number }
    }

    let shop = Shop::open().await;
    shop.producer.send(&Ordered { number: 7 }).await.unwrap();
    let (log, gate) = (Log::default(), Arc::new(Semaphore::new(0)));
    let task = {
        let (log, gate) = (Arc::clone(&log), Arc::clone(&gate));
        move |closing: Closing| async move {
            closing.await;
            log.lock().unwrap().push("task");
            gate.add_permits(1);
            Ok(())
        }
    };
    let app = App::new("shop")
        .consumer(shop.runner().await.state((Arc::clone(&log), Arc::clone(&gate))), slowly)
        .task("http", task)
        .producer(&shop.producer);
    let (handle, running) = start(app);
    until(30, "a message in hand", || *log.lock().unwrap() == ["taken"]).await;
    assert!(handle.is_ready());
    assert_eq!(handle.parts(), [("shop:orders".to_owned(), true), ("/shop".to_owned(), true)]);
    handle.close();
    end(running).await.unwrap();
    assert_eq!(*log.lock().unwrap(), ["taken", "task", "handled"]);
    assert!(!handle.is_ready() && !shop.producer.is_ready());
    assert_eq!(shop.kafka.received::<Accepted>("accepted", 1).await[0].event().unwrap().number, 7);
    assert_eq!(shop.kafka.committed("shop", "orders").await[&0], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_fails_ends_the_others() {
    let shop = Shop::open().await;
    shop.producer.send(&Ordered { number: 7 }).await.unwrap();
    let orders = shop.runner().await;
    let counts = orders.handle();
    let task = move |_| async move {
        until(30, "an accepted order", || counts.counts().done() == 1).await;
        Err("port 80 is in use".into())
    };
    let (handle, running) =
        start(App::new("shop").producer(&shop.producer).task("http", task).consumer(orders, accept));
    let error = end(running).await.unwrap_err();
    assert_eq!((error.part(), error.is_of_close()), (Some("http"), false));
    assert_eq!(format!("{error:?}"), "part `http` failed\nCaused by: port 80 is in use");
    assert!(!handle.is_ready());
    assert_eq!(shop.kafka.committed("shop", "orders").await[&0], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_stops_ends_the_others() {
    let shop = Shop::open().await;
    shop.producer.send(&Ordered { number: 7 }).await.unwrap();
    let refuse = async |_: Delivery<Ordered>| Err::<(), _>(Failure::reject("no such customer"));
    let runner = shop.runner().await.give_up(GiveUp::Stop);
    let closed = Log::default();
    let task = {
        let closed = Arc::clone(&closed);
        move |closing: Closing| async move {
            closing.await;
            closed.lock().unwrap().push("http");
            Ok(())
        }
    };
    let (_, running) = start(App::new("shop").consumer(runner, refuse).task("http", task));
    let error = end(running).await.unwrap_err();
    assert_eq!(error.part(), Some("shop:orders"));
    assert_eq!(error.to_string(), "consumer `shop:orders` failed");
    assert!(format!("{error:?}").contains("Caused by: stopped at orders/0@0: no such customer"), "{error:?}");
    assert_eq!(*closed.lock().unwrap(), ["http"]);
}

/// It gets half of the time, and the others the rest.
#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_does_not_end_keeps_no_consumer_from_its_commit() {
    let shop = Shop::open().await;
    shop.producer.send(&Ordered { number: 7 }).await.unwrap();
    // Nothing is committed before the close.
    let orders = shop.runner().await.commit_interval(Duration::from_secs(600));
    let counts = orders.handle();
    let app = App::new("shop")
        .deadline(Duration::from_secs(4))
        .consumer(orders, accept)
        .task("http", async |_| std::future::pending().await);
    let (handle, running) = start(app);
    until(30, "an accepted order", || counts.counts().done() == 1).await;
    handle.close();
    let error = end(running).await.unwrap_err();
    assert_eq!((error.part(), error.is_of_close()), (Some("http"), true));
    assert!(error.to_string().starts_with("part `http` had not ended "), "{error}");
    assert_eq!(shop.kafka.committed("shop", "orders").await[&0], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_ends_the_app() {
    async fn panics(_: Closing) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        panic!("on purpose")
    }

    let error = end(start(App::new("shop").task("http", panics)).1).await.unwrap_err();
    assert_eq!(error.to_string(), "part `http` panicked");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_ends_with_its_last_part() {
    let shop = Shop::open().await;
    for number in 0..3 {
        shop.producer.send(&Ordered { number }).await.unwrap();
    }
    let app = App::new("replay")
        .producer(&shop.producer)
        .consumer(shop.runner().await.until_end(), accept)
        .task("once", async |_| Ok(()));
    end(start(app).1).await.unwrap();
    assert_eq!(shop.kafka.received::<Accepted>("accepted", 3).await.len(), 3);

    // One that is closed before it runs ends at once.
    let app = App::new("shop").task("http", async |closing: Closing| {
        closing.await;
        Ok(())
    });
    app.handle().close();
    end(start(app).1).await.unwrap();
}

/// Each may use all the time that there is.
#[tokio::test(flavor = "multi_thread")]
async fn consumers_end_together() {
    async fn slowly(_: Ordered, State((begun, gate)): State<(Arc<Semaphore>, Arc<Semaphore>)>) {
        begun.add_permits(1);
        gate.acquire().await.unwrap().forget();
    }

    let shop = Shop::open().await;
    shop.producer.send(&Ordered { number: 7 }).await.unwrap();
    let (begun, gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let mut app = App::new("shop").deadline(Duration::from_secs(60));
    let mut handles = Vec::new();
    for group in ["one", "two", "three"] {
        let config = shop.kafka.config().group(group);
        let consumer = EventConsumer::<Ordered>::subscribe(&config).await.unwrap();
        handles.push(consumer.handle());
        app = app.consumer(consumer.runner().state((Arc::clone(&begun), Arc::clone(&gate))), slowly);
    }
    let (handle, running) = start(app);
    begun.acquire_many(3).await.unwrap().forget();
    handle.close();
    // All are told before one of them has ended.
    until(30, "the closing of all", || handles.iter().all(|handle| !handle.is_ready())).await;
    gate.add_permits(3);
    end(running).await.unwrap();
    assert!(handles.iter().all(|handle| handle.counts().done() == 1));
}

/// What has done its work does not make the others unready.
#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_has_ended_is_not_waited_for() {
    let shop = Shop::open().await;
    shop.producer.send(&Ordered { number: 7 }).await.unwrap();
    let replay = EventConsumer::<Ordered>::subscribe(&shop.kafka.config().group("replay")).await.unwrap();
    let counts = replay.handle();
    let app = App::new("shop")
        .producer(&shop.producer)
        .consumer(replay.runner().until_end(), async |_: Ordered| {})
        .consumer(shop.runner().await, accept);
    let (handle, running) = start(app);
    until(30, "the end of the replay", || counts.counts().done() == 1 && handle.parts().len() == 2).await;
    until(30, "readiness", || handle.is_ready()).await;
    handle.close();
    end(running).await.unwrap();
}

/// A signal that is polled again is still there.
#[tokio::test]
async fn closing_may_be_polled_again_and_cloned() {
    let app = App::new("shop").task("http", async |mut closing: Closing| {
        let other = closing.clone();
        (&mut closing).await;
        (&mut closing).await;
        other.await;
        closing.clone().await;
        Ok(())
    });
    app.handle().close();
    end(start(app.deadline(Duration::MAX)).1).await.unwrap();
}

#[tokio::test]
async fn an_app_that_is_dropped_is_not_ready() {
    let app = App::new("shop").task("http", async |_| std::future::pending().await);
    let handle = app.handle();
    let mut run = Box::pin(app.run());
    assert!(run.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() && handle.is_ready());
    drop(run);
    assert!(!handle.is_ready());
}

/// A process of its own, whose parts end at a signal.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_the_process() {
    const CHILD: &str = "EVENT_SCHEMA_TEST_APP";
    if env::var_os(CHILD).is_some() {
        let shop = Shop::open().await;
        let app = App::new("shop").producer(&shop.producer).consumer(shop.runner().await, accept);
        let handle = app.handle();
        tokio::spawn(async move {
            until(30, "readiness", || handle.is_ready()).await;
            println!("\nready");
        });
        app.run().await.unwrap();
        println!("\nended");
        return;
    }
    for signal in ["-TERM", "-INT"] {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["app::a_signal_ends_the_process", "--exact", "--nocapture"])
            .env(CHILD, "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.any(|line| line == "ready"));
        let pid = child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        assert!(lines.any(|line| line == "ended"));
        assert!(child.wait().unwrap().success());
    }
}
