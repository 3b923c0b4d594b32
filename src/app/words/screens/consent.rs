//! The words of a consent: what butty may and may not do, since when and until when.

use super::sign_in::{STAY, scope};
use crate::app::event::Keep;
use crate::app::model::Options;
use crate::app::words::{duration, time};
use crate::oauth::Agreement;
use crate::types::Stamp;
use std::time::Duration;

words! {
    MAY_NOW = "butty may now";
    MAY_NOT = "butty may not";
    ACCOUNT_TITLE = "Your account";
    ACCOUNT_FOOT = "Enter close · s sign out";
    ACCOUNT_FOOT_NEXT = "Enter close · Tab next account · s sign out";
    ACCOUNT_FOOT_AGREED = "Enter close · r take back · s sign out";
    ACCOUNT_FOOT_AGREED_NEXT = "Enter · Tab next · r take back · s sign out";
    TAKE_BACK_TITLE = "Take it back?";
    TAKE_BACK_FOOT = "Enter take back · Esc leave it";
    AGREE_AGAIN_TITLE = "Your picture";
    AGREE_AGAIN_FOOT = "Enter get a code · Esc not now (asks again next month)";
    AGREE_AGAIN_FOOT_SHORT = "Enter get a code · Esc not now";
    ASKS_NEXT_MONTH = "If not now, butty asks again next month.";
    ADDRESS_BOOK_TOO = "It opens your address book too; butty does not read it.";
    PICTURE_KEY = "p asks for your picture.";
    DO_SO = "do so";
    RAW_NAMES = "i shows the names that the service uses.";
    BY_PASSWORD = "You sign in with a password.";
    BY_TOKEN_COMMAND = "You sign in with a token that a command prints. What it allows, only the service knows.";
    BY_TOKEN_FILE = "You sign in with a token from a file. What it allows, only the service knows.";
    BY_TOKEN_GIVEN = "You sign in with a token that you handed in. What it allows, only the service knows.";
    NOT_SIGNED_IN_YET = "Nobody is signed in.";
    KEPT_KEYRING = "Your sign-in is kept in: the system keyring";
    KEPT_FILE = "Your sign-in is kept in: a file only you can read";
    KEPT_MEMORY = "Your sign-in is kept: only until butty closes";
}

/// A consent in words, one line for each thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsentWords {
    /// What butty may do.
    pub may: Vec<String>,
    /// What it asked for and may not do.
    pub may_not: Vec<String>,
    /// How long, where the sign-in does not last; it is one of the lines above, too.
    pub term: Option<String>,
    /// When the person agreed.
    pub since: Option<String>,
    /// It is over: butty may nothing any more.
    pub ended: Option<String>,
}

/// The service's own page where a consent is taken back.
pub fn consents_page(page: &str, opens: bool) -> String {
    let keys = if opens { "b opens, u copies" } else { "u copies" };
    format!("Its page for taking back ({keys}): {page}")
}

/// The same for the command line.
pub fn take_back_in_shell(domain: &str, page: Option<&str>) -> String {
    let there = page.map(|page| format!("; or at {page}")).unwrap_or_default();
    format!("Taken back by butty logout: {domain} forgets this computer{there}")
}

/// What taking it back does.
pub fn take_back_means(domain: &str) -> String {
    format!(
        "{domain} forgets that butty may do this, and the saved sign-in is deleted. Your buddies and messages stay on \
         this computer. To chat again you sign in again."
    )
}

/// What more is to be agreed to, and why.
pub fn agree_again(domain: &str) -> String {
    format!("To show display pictures, {domain} wants you to agree once more.")
}

/// Where the sign-in is kept.
pub fn kept_in(keep: Keep) -> &'static str {
    match keep {
        Keep::Keyring => KEPT_KEYRING,
        Keep::File => KEPT_FILE,
        Keep::Memory => KEPT_MEMORY,
    }
}

/// A consent in words, or by the raw names. `messenger`: the page has the box that is named in the sentence.
pub fn consent(agreed: &Agreement, raw: bool, messenger: bool, now: Stamp, options: &Options) -> ConsentWords {
    let mut words = ConsentWords {
        since: agreed.since.map(|since| format!("You agreed on {}.", date(since, options))),
        ..ConsentWords::default()
    };
    let say = |name: &str| if raw { name.to_owned() } else { scope(name, true) };
    for line in agreed.may().map(say) {
        push(&mut words.may, line);
    }
    for line in agreed.may_not().map(say) {
        if !words.may.contains(&line) {
            push(&mut words.may_not, format!("{line} (you did not agree)"));
        }
    }
    let until = agreed.until.filter(|until| *until > now);
    if agreed.stays() {
        let stay = match (until, agreed.until) {
            (Some(until), _) => format!("{STAY} until {}", end(until, now, options)),
            (None, Some(over)) => format!("{STAY}; that ended on {}", date(over, options)),
            (None, None) => STAY.to_owned(),
        };
        words.may.push(stay.clone());
        return ConsentWords { term: Some(stay), ..words };
    }
    if let Some(over) = agreed.until.filter(|until| *until <= now) {
        let ended = format!("This sign-in ended {}. To go on you sign in again.", at(over, now, options));
        return ConsentWords { ended: Some(ended), since: words.since, ..ConsentWords::default() };
    }
    let unticked = agreed.stay_refused() && messenger;
    if let Some(until) = until {
        // Who asked for chatting alone does not stay: it is as long as it is.
        let (what, why) = match (agreed.chat_only(), unticked) {
            (true, _) => (DO_SO, "; then you sign in again"),
            (false, true) => (STAY, " (you unticked “connect automatically”)"),
            (false, false) => (STAY, ""),
        };
        let span = until.since(agreed.since.unwrap_or(now));
        let term = format!("{what} for {}, until {}{why}", hours(span), end(until, now, options));
        words.may.push(term.clone());
        words.term = Some(term);
    }
    if agreed.stay_refused() && !(unticked && until.is_some()) {
        let longer = if until.is_some() { " longer" } else { "" };
        words.may_not.push(format!("{STAY}{longer} (you did not agree)"));
    }
    words
}

fn push(lines: &mut Vec<String>, line: String) {
    if !lines.contains(&line) {
        lines.push(line);
    }
}

/// A whole number of hours in words, anything else in its largest units. To the minute: the answer took a moment.
fn hours(span: Duration) -> String {
    let span = Duration::from_secs((span.as_secs() + 30) / 60 * 60);
    match (span.as_secs() / 3_600, span.as_secs() % 3_600) {
        (1, 0) => "1 hour".to_owned(),
        (count @ 2..=23, 0) => format!("{count} hours"),
        _ => duration(span),
    }
}

/// The time of day where that is clear, else the date.
fn end(until: Stamp, now: Stamp, options: &Options) -> String {
    const CLEAR: Duration = Duration::from_secs(20 * 3_600);
    if until.since(now) < CLEAR { time::clock(until, options) } else { date(until, options) }
}

/// The same for a moment that has been, in a sentence.
fn at(over: Stamp, now: Stamp, options: &Options) -> String {
    const CLEAR: Duration = Duration::from_secs(20 * 3_600);
    if now.since(over) < CLEAR {
        format!("at {}", time::clock(over, options))
    } else {
        format!("on {}", date(over, options))
    }
}

pub(super) fn date(stamp: Stamp, options: &Options) -> String {
    time::calendar_day(&time::local(stamp, &options.zone).date().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 23 November 2026, 14:07 UTC.
    const NOW: Stamp = Stamp(1_795_442_820_000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn agreed(asked: &str, granted: &str, lasting: bool, until: Option<Stamp>) -> Agreement {
        let list = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        Agreement {
            asked: list(asked),
            granted: list(granted),
            since: Some(NOW),
            until,
            lasting: Some(lasting),
            page: None,
        }
    }

    fn words(agreed: &Agreement, messenger: bool) -> (String, String) {
        let words = consent(agreed, false, messenger, NOW, &Options::default());
        (words.may.join(" · "), words.may_not.join(" · "))
    }

    #[test]
    fn row_003_12_what_was_asked_and_not_given_is_said() {
        let trimmed = agreed("xmpp openid wl.basic offline_access", "xmpp offline_access", true, None);
        let (may, may_not) = words(&trimmed, false);
        assert_eq!(may, "chat as you · stay signed in");
        assert_eq!(
            may_not,
            "see your name and picture (you did not agree) · see your address book (you did not agree)"
        );
        let raw = consent(&trimmed, true, false, NOW, &Options::default());
        assert_eq!(raw.may_not, ["openid (you did not agree)", "wl.basic (you did not agree)"]);
        assert_eq!(raw.since.as_deref(), Some("You agreed on 23 November 2026."));
    }

    #[test]
    fn row_003_03_the_end_of_a_consent_is_a_date() {
        let year = agreed("xmpp", "xmpp", true, Some(NOW.plus(365 * 24 * HOUR)));
        assert_eq!(words(&year, true).0, "chat as you · stay signed in until 23 November 2027");
        let later = consent(&year, false, true, NOW.plus(366 * 24 * HOUR), &Options::default());
        assert_eq!(later.may[1], "stay signed in; that ended on 23 November 2027");
    }

    #[test]
    fn row_003_04_without_the_box_it_is_three_hours_and_the_reason_is_said() {
        let three = Some(NOW.plus(3 * HOUR));
        let unticked = agreed("wl.messenger wl.offline_access", "wl.messenger", false, three);
        let (may, may_not) = words(&unticked, true);
        let reason = "(you unticked “connect automatically”)";
        assert_eq!(may, format!("chat as you · stay signed in for 3 hours, until 17:07 {reason}"));
        assert_eq!(may_not, "");
        let hour = NOW.plus(Duration::from_millis(3_599_400));
        let (may, may_not) = words(&agreed("xmpp offline_access", "xmpp", false, Some(hour)), false);
        assert_eq!(may, "chat as you · stay signed in for 1 hour, until 15:06");
        assert_eq!(may_not, "stay signed in longer (you did not agree)");
        assert_eq!(words(&agreed("xmpp", "xmpp", false, None), false), ("chat as you".into(), String::new()));
    }

    #[test]
    fn row_003_02_chatting_alone_does_not_stay_signed_in_and_when_it_is_over_nothing_is_allowed() {
        let hour = agreed("xmpp", "xmpp", false, Some(NOW.plus(HOUR)));
        let (may, may_not) = words(&hour, false);
        assert_eq!(may, "chat as you · do so for 1 hour, until 15:07; then you sign in again");
        assert_eq!(may_not, "");
        let later = |after| consent(&hour, false, false, NOW.plus(after), &Options::default());
        let over = later(HOUR);
        assert_eq!(over.ended.as_deref(), Some("This sign-in ended at 15:07. To go on you sign in again."));
        assert!(over.may.is_empty() && over.may_not.is_empty() && over.term.is_none());
        let ended = later(48 * HOUR).ended.unwrap();
        assert_eq!(ended, "This sign-in ended on 23 November 2026. To go on you sign in again.");
        let unticked = agreed("xmpp offline_access", "xmpp", false, Some(NOW.plus(HOUR)));
        assert!(
            consent(&unticked, true, true, NOW.plus(HOUR), &Options::default()).ended.is_some(),
            "by raw names too"
        );
    }
}
