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

    // Killed with the message unread.
    friend.tell(&format!("marked {own} one from the friend"));
    butty.wait_for("(1)");
    wait_for_rows(home.path(), "one, unread", PATIENCE, |kept| number(kept, UNREAD) == 1);
    kill(butty);
    let butty = Terminal::start(home.path(), &[], 100, 30);
    butty.wait_for("● Available");
    butty.wait_for("(1)");
    assert_eq!(friend.count("MARKER\t"), 0, "nobody has read it");

    // Killed right after it was read: the next process tells.
    let mut butty = told_by_the_next(butty, &mut friend, home.path(), [&own, &other]);

    // And once it is told, it is told no more.
    let told = friend.count("MARKER\t");
    assert_eq!(butty.quit(), 0);
    butty = Terminal::start(home.path(), &[], 100, 30);
    butty.wait_for(user(&other));
    butty.line(&format!("/msg {other}"));
    butty.wait_for("one from the friend");
    friend.tell(&format!("marked {own} the last from the friend"));
    butty.wait_for("the last from the friend");
    let last = said(&friend).pop().expect("something was said");
    friend.wait_for(&format!("\tdisplayed\t{last}"));
    assert_eq!(friend.count("MARKER\t"), told + 1);
    assert_eq!(butty.quit(), 0);
}

/// Reads what waits and is killed before that is told; the next one tells it. On a machine so slow that it is told before
/// the kill, once more with something new.
fn told_by_the_next(
    mut butty: Terminal,
    friend: &mut super::Talker,
    home: &std::path::Path,
    [own, other]: [&str; 2],
) -> Terminal {
    for attempt in 1..=5 {
        let before = friend.count("MARKER\t");
        butty.wait_for(user(other));
        butty.line(&format!("/msg {other}"));
        wait_for_rows(home, "all read", PATIENCE, |kept| number(kept, UNREAD) == 0);
        kill(butty);
        std::thread::sleep(Duration::from_millis(500));
        let was_told = friend.count("MARKER\t") > before;
        butty = Terminal::start(home, &[], 100, 30);
        if !was_told {
            friend.wait_until("the marker that was owed", |friend| friend.count("MARKER\t") > before);
            let newest = said(friend).pop().expect("something was said");
            friend.wait_for(&format!("\tdisplayed\t{newest}"));
            let told = "SELECT count(*) FROM talk WHERE displayed_to >= read_to AND read_to > 0";
            wait_for_rows(home, "that it was told", PATIENCE, |kept| number(kept, told) == 1);
            return butty;
        }
        friend.tell(&format!("marked {own} attempt {attempt}"));
        butty.wait_for("(1)");
    }
    panic!("it was always told within a second");
}
