//! A server that keeps no read positions (XEP-0490 needs PEP): displayed markers (XEP-0333) tell the buddy, and by their
//! copies (XEP-0280) the other devices of the account. Prosody 13 without PEP, slixmpp and a second butty beside.

use super::devices::{UNREAD, befriend, beside};
use super::terminal::Terminal;
use super::{Peers, accounts_at, home, number, phone, user, wait_for_rows};
use std::process::Command;
use std::time::Duration;

const HOST: &str = "nopep.test";
const PATIENCE: Duration = Duration::from_secs(30);

/// The ids of what the friend has said, in order.
fn said(friend: &super::Talker) -> Vec<String> {
    friend.fields("SENT", 2)
}

/// Ends butty without a word.
fn kill(butty: Terminal) {
    let killed = Command::new("kill").args(["-KILL", &butty.pid().to_string()]).status().expect("kill runs");
    assert!(killed.success());
    drop(butty);
}

#[test]
fn must_show_5_where_no_positions_are_kept_markers_tell_the_buddy_and_our_devices() {
    let peers = Peers::find();
    let [own, other] = accounts_at(&peers, HOST, ["iris", "jan"]);
    let (mut phone, mut friend) = (phone(&peers, &own), phone(&peers, &other));
    let (here, there) = (home(), home());
    let mut butty = beside(&peers, here.path(), &own);
    let second = beside(&peers, there.path(), &own);
    befriend(&mut butty, &mut friend, &own, &other);

    // Read on the phone: not unread on either butty any more.
    friend.tell(&format!("marked {own} one from the friend"));
    butty.wait_for("(1)");
    second.wait_for("(1)");
    phone.wait_for("one from the friend");
    phone.tell(&format!("displayed {other}"));
    butty.wait_gone("(1)");
    second.wait_gone("(1)");

    // Read here: the friend is told, the phone and the second butty know.
    butty.line(&format!("/msg {other}"));
    butty.wait_for("one from the friend");
    friend.tell(&format!("marked {own} two from the friend"));
    butty.wait_for("two from the friend");
    friend.wait_until("two to be said", |friend| said(friend).len() == 2);
    let two = said(&friend).remove(1);
    friend.wait_for(&format!("\tdisplayed\t{two}"));
    phone.wait_for(&format!("DISPLAYED\t{other}\t{two}"));
    second.wait_until("two to be read there", |screen| screen.contains("jan") && !screen.contains("(1)"));
    wait_for_rows(there.path(), "two, read", PATIENCE, |kept| {
        number(kept, "SELECT count(*) FROM message") == 2 && number(kept, UNREAD) == 0
    });
    assert_eq!(butty.quit(), 0);
    assert_eq!(second.quit(), 0);
    let told = |friend: &super::Talker| friend.lines("MARKER\t").iter().filter(|line| line.ends_with(&two)).count();
    assert_eq!(told(&friend), 1, "once, by the one that was looked at");
}

#[test]
fn a_marker_that_is_owed_outlives_the_process() {
    let peers = Peers::find();
    let [own, other] = accounts_at(&peers, HOST, ["kim", "lea"]);
    let mut friend = phone(&peers, &other);
    let home = home();
    let mut butty = beside(&peers, home.path(), &own);
    befriend(&mut butty, &mut friend, &own, &other);

    // Killed with the message unread, and once more right after it was read, before that is told.
    friend.tell(&format!("marked {own} one from the friend"));
    butty.wait_for("(1)");
    wait_for_rows(home.path(), "one, unread", PATIENCE, |kept| number(kept, UNREAD) == 1);
    kill(butty);
    let mut butty = Terminal::start(home.path(), &[], 100, 30);
    butty.wait_for("(1)");
    assert_eq!(friend.count("MARKER\t"), 0, "nobody has read it");
    butty.line(&format!("/msg {other}"));
    wait_for_rows(home.path(), "one, read", PATIENCE, |kept| number(kept, UNREAD) == 0);
    kill(butty);
    let told_before = friend.count("MARKER\t");
    let butty = Terminal::start(home.path(), &[], 100, 30);
    let one = said(&friend).remove(0);
    friend.wait_for(&format!("\tdisplayed\t{one}"));
    println!("markers told before the kill: {told_before} (0: it was the next process that told)");
    wait_for_rows(home.path(), "that it was told", PATIENCE, |kept| {
        number(kept, "SELECT count(*) FROM talk WHERE displayed_to >= read_to AND read_to > 0") == 1
    });
    assert_eq!(butty.quit(), 0);

    // And once it is told, it is told no more.
    let told = friend.count("MARKER\t");
    let mut butty = Terminal::start(home.path(), &[], 100, 30);
    butty.wait_for(user(&other));
    butty.line(&format!("/msg {other}"));
    butty.wait_for("one from the friend");
    friend.tell(&format!("marked {own} two from the friend"));
    butty.wait_for("two from the friend");
    let two = said(&friend).remove(1);
    friend.wait_for(&format!("\tdisplayed\t{two}"));
    assert_eq!(friend.count("MARKER\t"), told + 1);
    assert_eq!(butty.quit(), 0);
}
