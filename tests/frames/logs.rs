//! The log as somebody on call reads it: search, context, entries folded and open, errors by shape, one request.

use super::{compare, desk::Desk, shoot};

/// An application whose image calls fail, with an hour of its log.
fn on_call() -> Desk {
    let mut desk = Desk::at("image-fails");
    desk.press("4");
    for _ in 0..60 {
        desk.wait(60);
        if !desk.model.logs.lines().errors().is_empty() {
            return desk;
        }
    }
    panic!("no image failed in an hour")
}

fn see(name: &str, desk: &Desk) {
    compare(&format!("reading-{name}"), &shoot(name, &desk.model));
}

#[test]
fn following_and_reading_on() {
    let mut desk = on_call();
    see("following", &desk);
    desk.press("kkkk");
    desk.wait(30);
    see("detached", &desk);
}

#[test]
fn searching() {
    let mut desk = on_call();
    desk.press("/ Traceback enter");
    desk.model.logs.finish_scans();
    see("search", &desk);
    desk.press("& BedrockException enter");
    desk.model.logs.finish_scans();
    see("filter", &desk);
    desk.press("x");
    desk.model.logs.finish_scans();
    see("context", &desk);
}

#[test]
fn entries() {
    let mut desk = on_call();
    desk.press("E");
    see("open", &desk);
    desk.press("z");
    see("folded", &desk);
    desk.press("enter");
    see("entry", &desk);
}

#[test]
fn errors_and_requests() {
    let mut desk = on_call();
    desk.press("#");
    see("shapes", &desk);
    desk.press("esc E *");
    desk.model.logs.finish_scans();
    see("request", &desk);
}
