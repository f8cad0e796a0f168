//! Transitions and signals as they happen.

use klantreis::engine::ports::Told;

use crate::client::{Exchange, get_with};
use crate::fake::Window;

const TRANSITION: &str = r#"{"model":"think5","customer":"c1","seq":1,"from":null,"to":"orientatie"}"#;

/// A listener that has been greeted.
fn listen(window: &Window) -> Exchange {
    let mut exchange = Exchange::begin(window.all, "GET", "/v1/live", &[]);
    let head = exchange.head();
    assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream")));
    let hello = exchange.chunk().expect("a first event");
    assert_eq!(hello, "event: hello\ndata: {\"application\":\"shop\",\"version\":\"0.1.0\"}\n\n");
    exchange
}

fn event(name: &str, data: &str) -> Option<String> {
    Some(format!("event: {name}\ndata: {data}\n\n"))
}

#[test]
fn a_listener_is_greeted_and_then_hears_each_transition_and_signal() {
    let window = Window::open(None);
    let mut listener = listen(&window);
    window.live.publish([(Told::Transition, TRANSITION), (Told::Signal, "{}")]);
    assert_eq!(listener.chunk(), event("transition", TRANSITION));
    assert_eq!(listener.chunk(), event("signal", "{}"));
}

#[test]
fn two_listeners_hear_the_same() {
    let window = Window::open(None);
    let mut listeners = [listen(&window), listen(&window)];
    window.live.publish([(Told::Transition, TRANSITION)]);
    for listener in &mut listeners {
        assert_eq!(listener.chunk(), event("transition", TRANSITION));
    }
}

#[test]
fn a_listener_who_does_not_read_slows_nobody_and_is_told_what_it_missed() {
    let window = Window::open(None);
    let mut listener = listen(&window);
    // More than sockets and buffers between us can hold, so that some must be skipped.
    let large = format!("{{\"id\":\"{}\"}}", "x".repeat(100_000));
    let published: u64 = 2_000;
    for _ in 0..published {
        window.live.publish([(Told::Transition, large.as_str())]);
    }
    let (mut heard, mut skipped) = (0, 0);
    while heard + skipped < published {
        let said = listener.chunk().expect("events go on");
        match said.strip_prefix("event: skipped\ndata: {\"count\":") {
            Some(rest) => skipped += rest.trim_end_matches("}\n\n").parse::<u64>().expect("a count"),
            None => heard += 1,
        }
    }
    assert!(skipped > 0 && heard > 0, "heard {heard}, skipped {skipped}");
    assert_eq!(heard + skipped, published);
}

#[test]
fn too_many_listeners_are_refused_and_told_why() {
    let window = Window::open(None);
    let listeners: Vec<_> = (0..64).map(|_| listen(&window)).collect();
    let answer = get_with(window.all, "/v1/live", &[]);
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("64 are listening already"), "{answer:?}");
    drop(listeners);
}

#[test]
fn live_events_and_the_service_end_at_shutdown() {
    let mut window = Window::open(None);
    let mut listener = listen(&window);
    window.stop();
    assert_eq!(listener.chunk(), None);
    window.gone();
    assert!(std::net::TcpStream::connect(window.all).is_err());
}
