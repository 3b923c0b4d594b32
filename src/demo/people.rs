//! The cast: who lives in the demo, and what they say to what.
//!
//! Names and lines are data (`assets/demo/people.json`), read once at start. Pure: the wait before a line is a number
//! here, the clock is elsewhere.

use serde::Deserialize;
use std::io;
use std::time::Duration;

use super::stanza::shortened;

/// Characters of your own text that come back in an echo.
const ECHO: usize = 2_000;

/// Everybody.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cast {
    /// The person who signs in.
    pub(super) you: You,
    /// The others, in the order of the list.
    pub(super) people: Vec<Person>,
}

/// The person who signs in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct You {
    /// Full name.
    pub(super) name: String,
    /// The account's e-mail; the XMPP address is another.
    pub(super) email: String,
}

/// One persona.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    /// Local part of the readable address.
    pub(super) id: String,
    pub(super) name: String,
    /// What looking up an address finds.
    pub(super) email: String,
    /// In the list from the start.
    pub(super) buddy: bool,
    pub(super) groups: Vec<String>,
    /// Resource.
    pub(super) device: String,
    pub(super) show: Show,
    /// Personal message.
    pub(super) status: String,
    /// Seconds from your message to the first key press.
    waits: f64,
    /// Shows that an answer is being written.
    pub(super) types: bool,
    /// Answers a nudge by a nudge.
    #[serde(default)]
    pub(super) nudges: bool,
    /// Lines said unasked, once in a run.
    #[serde(default)]
    pub(super) opens: Vec<Opening>,
    /// Asks to be a buddy so many seconds after the first sign-in.
    #[serde(default)]
    asks_after: Option<f64>,
    /// While offline: comes to read so many seconds after a message.
    #[serde(default)]
    reads_after: Option<f64>,
    /// Said when you and they have become buddies.
    #[serde(default)]
    pub(super) welcomed: Option<String>,
    rules: Vec<Rule>,
    /// What to say where no rule fits, in turn.
    otherwise: Vec<String>,
    /// What to say to a nudge, in turn.
    nudged: Vec<String>,
    /// How they appear later; begins anew after the last.
    #[serde(default)]
    pub(super) life: Vec<Turn>,
}

/// How somebody appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Show {
    Available,
    Away,
    Busy,
    Offline,
}

/// A line said unasked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Opening {
    after: f64,
    pub(super) say: String,
}

/// An appearance that comes later.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Turn {
    after: f64,
    pub(super) show: Show,
    pub(super) status: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// Words, or words in a row.
    any: Vec<String>,
    say: Vec<String>,
}

impl Cast {
    /// The cast that comes with butty.
    pub(super) fn read() -> io::Result<Self> {
        serde_json::from_str(include_str!("../../assets/demo/people.json")).map_err(io::Error::other)
    }

    /// Your first name.
    pub(super) fn first_name(&self) -> &str {
        self.you.name.split(' ').next().unwrap_or_default()
    }
}

impl Person {
    /// Wait before the first key press of an answer.
    pub(super) fn waits(&self) -> Duration {
        seconds(self.waits)
    }

    /// When this person asks to be a buddy.
    pub(super) fn asks_after(&self) -> Option<Duration> {
        self.asks_after.map(seconds)
    }

    /// When this person, being offline, comes to read.
    pub(super) fn reads_after(&self) -> Option<Duration> {
        self.reads_after.map(seconds)
    }

    /// What to answer; `turn` counts this person's answers, so that nobody repeats themselves at once.
    pub(super) fn answer(&self, text: &str, turn: usize, you: &str) -> Option<String> {
        let heard = spoken(text);
        let echoed = text.trim_start().strip_prefix("/echo ");
        let rule = self.rules.iter().find(|rule| rule.any.iter().any(|words| heard.contains(&spoken(words))));
        let lines = rule.map_or(&self.otherwise, |rule| &rule.say);
        match echoed {
            Some(rest) if self.id == "bot" => Some(shortened(rest, ECHO)),
            _ => said(lines, turn, text, you),
        }
    }

    /// What to say to a nudge.
    pub(super) fn answer_to_nudge(&self, turn: usize, you: &str) -> Option<String> {
        said(&self.nudged, turn, "", you)
    }
}

impl Opening {
    /// When, counted from the first sign-in.
    pub(super) fn after(&self) -> Duration {
        seconds(self.after)
    }
}

impl Turn {
    /// When, counted from the first sign-in.
    pub(super) fn after(&self) -> Duration {
        seconds(self.after)
    }
}

/// How long a line takes to write.
pub(super) fn typing_time(line: &str) -> Duration {
    let letters = u32::try_from(line.chars().count()).unwrap_or(u32::MAX);
    Duration::from_millis(35).saturating_mul(letters).clamp(Duration::from_millis(700), Duration::from_millis(2_500))
}

/// Puts names and quotations in a line.
pub(super) fn filled(line: &str, text: &str, you: &str) -> String {
    // The quotation last: braces in it are the writer's own.
    line.replace("{name}", you).replace("{text}", &shortened(text, ECHO))
}

fn said(lines: &[String], turn: usize, text: &str, you: &str) -> Option<String> {
    let line = lines.get(turn.checked_rem(lines.len())?)?;
    Some(filled(line, text, you))
}

/// Words between blanks, so that `no` is not found in `know`.
fn spoken(text: &str) -> String {
    let plain: String = text
        .chars()
        .take(ECHO)
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_alphanumeric() || matches!(c, '/' | '\'') { c } else { ' ' })
        .collect();
    format!(" {} ", plain.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn seconds(number: f64) -> Duration {
    Duration::try_from_secs_f64(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(id: &str) -> Person {
        Cast::read().unwrap().people.into_iter().find(|person| person.id == id).unwrap()
    }

    #[test]
    fn everybody_has_something_to_say_and_their_own_address() {
        let cast = Cast::read().unwrap();
        let mut ids: Vec<_> = cast.people.iter().map(|person| person.id.clone()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), cast.people.len());
        for person in &cast.people {
            assert!(person.answer("?!", 0, "Anna").is_some() && person.answer_to_nudge(9, "Anna").is_some());
            let turns: Vec<_> = person.life.iter().map(Turn::after).collect();
            assert!(turns.is_sorted(), "{}", person.id);
        }
    }

    #[test]
    fn answers_fit_whole_words_and_do_not_repeat_at_once() {
        let bela = person("bela");
        assert_eq!(bela.answer("Yes!! it did", 0, "Anna"), bela.answer("yes", 0, "Anna"));
        assert_ne!(bela.answer("I know it", 0, "Anna"), bela.answer("no", 0, "Anna"));
        assert_ne!(bela.answer("blue", 0, "Anna"), bela.answer("blue", 1, "Anna"));
    }

    #[test]
    fn the_bot_helps_and_echoes_what_it_got() {
        let bot = person("bot");
        assert!(bot.answer("/help", 0, "Anna").unwrap().contains("/echo"));
        assert_eq!(bot.answer("{name} & <b>", 0, "Anna").unwrap(), "You wrote: {name} & <b>");
        assert_eq!(bot.answer("/echo  two", 0, "Anna").unwrap(), " two");
        assert!(bot.answer(&"x".repeat(100_000), 0, "Anna").unwrap().len() < 3_000);
    }

    #[test]
    fn opening_lines_come_soon_and_know_your_name() {
        let bela = person("bela");
        assert!(bela.opens[0].after() <= Duration::from_secs(3));
        assert!(filled(&bela.opens[0].say, "", "Anna").contains("Anna"));
    }
}
