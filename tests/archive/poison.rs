//! What a stranger writes and a server hands on, however odd, ends no session: neither when it comes, nor when the archive
//! tells it again. The words in it are read.

use super::terminal::Terminal;
use super::{Peers, accounts, home, number, phone_at, sign_in, user, wait_for_rows};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Messages with words in them, each odd in its way: too many attributes, too deep, and an attribute of XML's own, which
/// Prosody hands on under a prefix of its making.
fn odd(to: &str) -> [String; 4] {
    let attributes = (0..70).map(|n| format!(" a{n}='1'")).collect::<Vec<_>>().concat();
    let deep = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
    [
        format!("<x xmlns='urn:butty:odd'{attributes}/>"),
        format!("<x xmlns='urn:butty:odd'>{}</x>", deep(70)),
        format!("<x xmlns='urn:butty:odd'>{}</x>", deep(60)),
        "<x xmlns='urn:butty:odd' xml:space='preserve'/>".to_owned(),
    ]
    .map(|odd| format!("<message to='{to}' type='chat' id='odd{}'><body>odd words</body>{odd}</message>", odd.len()))
}

fn poisoned(peers: &Peers, server: &str, [own, other]: [&str; 2]) {
    let mut stranger = phone_at(peers, server, other);
    let home = home();
    sign_in(peers, home.path(), own);
    let log = [("BUTTY_LOG", "debug")];
    let butty = Terminal::start_with(home.path(), &[], 100, 30, &log);
    butty.wait_for("Available");
    for message in odd(own) {
        stranger.tell(&format!("raw {message}"));
    }
    stranger.tell(&format!("say {own} and now plain words"));
    let all_said = |count: i64| {
        wait_for_rows(home.path(), "all that was said", Duration::from_secs(30), |kept| {
            number(kept, "SELECT count(*) FROM message") == count
        });
    };
    all_said(5);
    assert_eq!(butty.quit(), 0);

    // Both kinds come out of the archive, the second time with more behind them.
    for message in odd(own) {
        stranger.tell(&format!("raw {message}"));
    }
    stranger.tell(&format!("say {own} more plain words"));
    stranger.wait_for("more plain words");
    let butty = Terminal::start_with(home.path(), &[], 100, 30, &log);
    butty.wait_for(user(other));
    all_said(10);
    assert_eq!(butty.quit(), 0);
    let log = std::fs::read_to_string(home.path().join("butty/state/butty.log")).expect("a log");
    assert_eq!(
        log.matches("a part of a stanza is passed over").count(),
        2,
        "once in each session, and there were two:\n{log}"
    );
}

#[test]
fn what_a_stranger_wrote_ends_no_session_at_prosody() {
    let peers = Peers::find();
    let [own, other] = accounts(&peers, ["mia", "eve"]);
    poisoned(&peers, "PROSODY13", [&own, &other]);
}

#[test]
fn what_a_stranger_wrote_ends_no_session_at_ejabberd() {
    let peers = Peers::find();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() % 1_000_000_000;
    let names = [format!("noa{now}"), format!("eve{now}")];
    peers.make_accounts("ej23.test", &[&names[0], &names[1]]);
    let [own, other] = names.map(|name| format!("{name}@ej23.test"));
    poisoned(&peers, "EJABBERD", [&own, &other]);
}
