//! More than a page was missed at ejabberd: the newest page first, the gap behind it filled, each message once and in its
//! order, beside what was here.

use super::terminal::Terminal;
use super::{Peers, home, kept, long, number, phone_at, sign_in, wait_for_rows};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const HOST: &str = "ej23.test";
/// More than one page.
const MISSED: u32 = 130;

#[test]
fn what_was_missed_at_ejabberd_comes_once_and_in_order() {
    let peers = Peers::find();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() % 1_000_000_000;
    let names = [format!("gwen{now}"), format!("hugo{now}")];
    peers.make_accounts(HOST, &[&names[0], &names[1]]);
    let [own, other] = names.map(|name| format!("{name}@{HOST}"));
    // It takes what comes, so that nothing waits for butty but in the archive.
    let phone = phone_at(&peers, "EJABBERD", &own);
    let mut friend = phone_at(&peers, "EJABBERD", &other);
    let (home, patience) = (home(), Duration::from_secs(30));
    sign_in(&peers, home.path(), &own);
    let butty = Terminal::start(home.path(), &[], 100, 30);
    butty.wait_for("Available");
    friend.tell(&format!("say {own} number 0"));
    wait_for_rows(home.path(), "the first message", patience, |kept| number(kept, "SELECT count(*) FROM message") == 1);
    assert_eq!(butty.quit(), 0);

    for number in 1..=MISSED {
        friend.tell(&format!("say {own} number {number}"));
    }
    phone.wait_for(&format!("number {MISSED}"));
    let began = Instant::now();
    let butty = Terminal::start_with(home.path(), &[], 100, 30, &[("BUTTY_LOG", "debug")]);
    wait_for_rows(home.path(), "all of them", patience, |kept| {
        number(kept, "SELECT count(*) FROM message") > i64::from(MISSED)
            && number(kept, "SELECT count(*) FROM archive_gap") == 0
    });
    println!("{MISSED} missed messages at ejabberd (debug build): all here after {} ms", began.elapsed().as_millis());
    assert_eq!(butty.quit(), 0);
    assert!(long::asked(home.path()) > 1, "there was a gap");
    let kept = kept(home.path());
    let mut query = kept.prepare("SELECT body FROM message ORDER BY stamp, key").expect("a query");
    let rows = query.query_map([], |row| row.get::<_, String>(0)).expect("rows");
    let all: Vec<String> = rows.map(|row| row.expect("a row")).collect();
    let right: Vec<String> = (0..=MISSED).map(|number| format!("number {number}")).collect();
    assert_eq!(all, right);
}
