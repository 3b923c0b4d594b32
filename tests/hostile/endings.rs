//! R13: the terminal is given back, within a second, whatever the server does meanwhile.

use super::server::Server;
use super::world::{FROZEN, home, open};
use std::process::Command;
use std::time::Instant;

/// A session whose server has stopped to listen, or one that never came to be.
fn servers() -> [(&'static str, Server); 2] {
    let deaf = Server::start(|talk| {
        Box::pin(async move {
            let talk = talk.up_to_session().await?;
            std::future::pending::<()>().await;
            drop(talk);
            Some(())
        })
    });
    let silent = Server::start(|talk| Box::pin(talk.until_gone()));
    [("deaf", deaf), ("silent", silent)]
}

#[test]
fn every_signal_gives_the_terminal_back() {
    for (what, server) in servers() {
        for signal in ["TERM", "QUIT", "INT"] {
            let home = home();
            let mut butty = open(home.path(), &server);
            butty.wait_for("hostile.test");
            let begun = Instant::now();
            let pid = butty.pid().to_string();
            assert!(Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap().success());
            butty.end();
            let took = begun.elapsed();
            assert!(took < FROZEN, "{what}, {signal}: {took:?}");
            restored(&format!("{what}, {signal}"), &butty.bytes());
        }
    }
}

#[track_caller]
fn restored(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for mode in ["1049", "2004", "1004", "1000", "1002", "1006"] {
        let on = text.rfind(&format!("\x1b[?{mode}h"));
        let off = text.rfind(&format!("\x1b[?{mode}l"));
        assert!(on.is_some() && on < off, "{what}: mode {mode} stays on");
    }
    let (shown, hidden) = (text.rfind("\x1b[?25h"), text.rfind("\x1b[?25l"));
    assert!(shown > hidden, "{what}: the cursor stays hidden");
}
