//! Two devices of one account end with the same history and the same read positions.

use super::terminal::Terminal;
use super::{HOST, Peers, Talker, accounts, home, kept, number, phone, sign_in, user, wait_for_rows};
use std::path::Path;
use std::time::Duration;

pub const UNREAD: &str = "SELECT count(*) FROM message m WHERE direction = 0 AND stamp >
    coalesce((SELECT read_to FROM talk t WHERE t.account = m.account AND t.peer = m.peer AND t.kind = m.kind), 0)";

/// The talk as this butty has it: which way, and the words.
fn talk(home: &Path) -> Vec<(bool, String)> {
    let kept = kept(home);
    let mut query = kept.prepare("SELECT direction, body FROM message ORDER BY stamp, key").expect("a query");
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    rows.map(|row| row.expect("a row")).collect()
}

/// The talk as the server's archive has it, told by slixmpp.
fn archived(phone: &mut Talker, with: &str) -> Vec<(bool, String)> {
    phone.tell(&format!("past {with}"));
    phone.wait_for("PAST\tend");
    let lines = phone.lines("PAST\t");
    let fields = lines.iter().filter_map(|line| line.strip_prefix("PAST\t")?.split_once('\t'));
    fields.map(|(way, words)| (way == "out", words.to_owned())).collect()
}

/// A butty that has the friend on its list and no talk open.
pub fn beside(peers: &Peers, home: &Path, own: &str) -> Terminal {
    sign_in(peers, home, own);
    let butty = Terminal::start(home, &[], 100, 30);
    butty.wait_for("Available");
    butty
}

pub fn befriend(butty: &mut Terminal, friend: &mut Talker, own: &str, other: &str) {
    butty.line(&format!("/add {other}"));
    friend.wait_for("ASKED");
    friend.tell(&format!("accept {own}"));
    butty.wait_for(user(other));
}

#[test]
fn must_show_5_butty_and_slixmpp_have_the_same_history_and_read_positions() {
    let peers = Peers::find();
    let [own, other] = accounts(&peers, ["anna", "bela"]);
    let (mut phone, mut friend) = (phone(&peers, &own), phone(&peers, &other));
    let home = home();
    let mut butty = beside(&peers, home.path(), &own);
    befriend(&mut butty, &mut friend, &own, &other);

    // Read there: not unread here any more.
    friend.tell(&format!("say {own} one from the friend"));
    butty.wait_for("(1)");
    phone.wait_for("one from the friend");
    phone.tell(&format!("seen {other}"));
    butty.wait_gone("(1)");

    // Read here: told there.
    butty.line(&format!("/msg {other}"));
    butty.wait_for("one from the friend");
    let told = phone.count("READ\t");
    friend.tell(&format!("say {own} two from the friend"));
    butty.wait_for("two from the friend");
    phone.wait_until("what butty has read", |phone| phone.count("READ\t") > told);

    // Said on either: here and there.
    butty.line("three from butty");
    friend.wait_for("three from butty");
    phone.wait_for("three from butty");
    phone.tell(&format!("say {other} four from the phone"));
    butty.wait_for("four from the phone");
    butty.wait_for("✓");
    assert_eq!(butty.quit(), 0);

    // While butty is away.
    friend.tell(&format!("say {own} five from the friend"));
    phone.wait_for("five from the friend");
    phone.tell(&format!("say {other} six from the phone"));
    friend.wait_for("six from the phone");
    friend.tell(&format!("say {own} seven from the friend"));
    phone.wait_for("seven from the friend");
    phone.tell(&format!("seen {other}"));
    phone.wait_until("the phone has read it", |phone| phone.count("SEEN\t") > 1);

    let butty = Terminal::start(home.path(), &[], 100, 30);
    let patience = Duration::from_secs(30);
    wait_for_rows(home.path(), "seven messages, all read", patience, |kept| {
        number(kept, "SELECT count(*) FROM message") == 7 && number(kept, UNREAD) == 0
    });
    assert_eq!(butty.quit(), 0);
    assert_eq!(talk(home.path()), archived(&mut phone, &other));
}

#[test]
fn must_show_5_two_buttys_have_the_same_history_and_read_positions() {
    let peers = Peers::find();
    let [own, other] = accounts(&peers, ["carl", "dora"]);
    let mut friend = phone(&peers, &other);
    let (here, there) = (home(), home());
    let mut first = beside(&peers, here.path(), &own);
    let mut second = beside(&peers, there.path(), &own);
    befriend(&mut first, &mut friend, &own, &other);
    second.wait_for(user(&other));

    friend.tell(&format!("say {own} one from the friend"));
    first.wait_for("(1)");
    second.wait_for("(1)");
    first.line(&format!("/msg {other}"));
    first.wait_for("one from the friend");
    second.wait_gone("(1)");

    first.line("two from the first");
    friend.wait_for("two from the first");
    second.line(&format!("/msg {other}"));
    second.wait_for("two from the first");
    second.line("three from the second");
    first.wait_for("three from the second");
    first.wait_for("✓");
    assert_eq!(first.quit(), 0);

    // While the first is away, the second reads on, and then they change places.
    friend.tell(&format!("say {own} four from the friend"));
    second.wait_for("four from the friend");
    second.line("five from the second");
    second.wait_until("five to be with the server", |screen| {
        screen.lines().any(|line| line.contains("five from the second") && line.trim_end().ends_with('✓'))
    });
    assert_eq!(second.quit(), 0);
    // This archive counts in whole seconds: what comes in the second of a position counts as seen.
    std::thread::sleep(Duration::from_millis(1_100));
    friend.tell(&format!("say {own} six from the friend"));
    let first = Terminal::start(here.path(), &[], 100, 30);
    let patience = Duration::from_secs(30);
    let all = "SELECT count(*) FROM message";
    wait_for_rows(here.path(), "all six, the last unread", patience, |kept| {
        number(kept, all) == 6 && number(kept, UNREAD) == 1
    });
    let second = Terminal::start(there.path(), &[], 100, 30);
    wait_for_rows(there.path(), "all six, the last unread", patience, |kept| {
        number(kept, all) == 6 && number(kept, UNREAD) == 1
    });
    assert_eq!(first.quit(), 0);
    assert_eq!(second.quit(), 0);
    assert_eq!(talk(here.path()), talk(there.path()));
    assert!(own.ends_with(HOST));
}
