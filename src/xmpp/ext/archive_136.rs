//! XEP-0136 (1.3), Message Archiving, as far as Messenger had it: the last ten messages of a talk, whatever end, page or
//! place was asked for. They carry a moment and words, and no id.

use super::datetime;
use crate::types::{BareJid, Prose, Stamp};
use crate::xml::Element;
use crate::xmpp::Direction;
use std::time::Duration;

pub(crate) const NS: &str = "urn:xmpp:archive";
/// Messages taken of an answer: "the number may change".
const MOST: usize = 100;
/// The collection is named by its beginning; Messenger had one of each talk, and looked at the name alone.
const START: &str = "1970-01-01T00:00:00Z";

/// The question for the last messages with somebody.
pub(crate) fn write(with: &BareJid) -> Element {
    Element::new("retrieve", NS).attr("with", with.as_str()).attr("start", START)
}

/// A message as the archive keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) direction: Direction,
    pub(crate) at: Stamp,
    pub(crate) words: Prose,
}

/// The messages of an answer, oldest first. Empty where nothing is kept; those whose moment cannot be read are left out.
pub(crate) fn read(iq: &Element) -> Vec<Line> {
    let Some(chat) = iq.find("chat", NS) else { return Vec::new() };
    let mut at = chat.get("start").and_then(datetime::read);
    let mut lines = Vec::new();
    for child in chat.children().filter(|child| child.ns() == NS) {
        let direction = match child.name() {
            "from" => Direction::In,
            "to" => Direction::Out,
            _ => continue,
        };
        // Seconds count from the message before (section 4.4).
        let later = child.get("secs").and_then(|text| text.parse::<u32>().ok()).map(u64::from).map(Duration::from_secs);
        at = match (child.get("utc").and_then(datetime::read), at, later) {
            (Some(utc), ..) => Some(utc),
            (None, Some(at), Some(later)) => Some(at.plus(later)),
            (None, at, None) => at,
            (None, None, Some(_)) => None,
        };
        let words = child.find_text("body", NS).filter(|words| !words.is_empty());
        if let (Some(at), Some(words)) = (at, words) {
            lines.push(Line { direction, at, words: Prose::clean(&words) });
        }
    }
    lines.split_off(lines.len().saturating_sub(MOST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xmpp::stanza::testing::{parse, written};

    #[test]
    fn one_talk_is_asked_for() {
        let with = BareJid::parse("juliet@capulet.com").unwrap();
        assert_eq!(
            written(&write(&with)),
            "<retrieve xmlns='urn:xmpp:archive' with='juliet@capulet.com' start='1970-01-01T00:00:00Z'/>"
        );
    }

    #[test]
    fn a_collection_counts_its_seconds_from_message_to_message() {
        let iq = parse(
            "<iq type='result' id='page1'><chat xmlns='urn:xmpp:archive' with='juliet@capulet.com/chamber'
                   start='2010-07-21T02:56:15Z'>
               <from secs='0'><body>Art thou not Romeo, and a Montague?</body></from>
               <to secs='11'><body>Neither, fair saint, if either thee dislike.</body></to>
               <note utc='2010-07-21T03:04:35Z'>hm</note>
               <from secs='7'/>
               <from secs='2'><body>How cam'st thou hither?</body></from>
               <to utc='2010-07-22T00:00:00Z'><body>With love's light wings.</body></to></chat></iq>",
        );
        let lines = read(&iq);
        let first = datetime::read("2010-07-21T02:56:15Z").unwrap();
        let seconds: Vec<u64> = lines.iter().map(|line| line.at.since(first).as_secs()).collect();
        assert_eq!(seconds, [0, 11, 20, 75_825]);
        let ways: Vec<Direction> = lines.iter().map(|line| line.direction).collect();
        assert_eq!(ways, [Direction::In, Direction::Out, Direction::In, Direction::Out]);
        assert_eq!(lines[2].words, Prose::clean("How cam'st thou hither?"));
    }

    #[test]
    fn an_empty_answer_and_junk_are_nothing() {
        for text in [
            "<iq type='result' id='a'/>",
            "<iq type='result' id='a'><chat xmlns='urn:xmpp:archive'/></iq>",
            "<iq type='result' id='a'><chat xmlns='urn:xmpp:archive' start='never'>
               <from secs='1'><body>a</body></from><to secs='-1'><body>b</body></to></chat></iq>",
        ] {
            assert!(read(&parse(text)).is_empty(), "{text}");
        }
        let many = "<to secs='1'><body>a</body></to>".repeat(500);
        let long = format!("<iq><chat xmlns='urn:xmpp:archive' start='2010-07-21T02:56:15Z'>{many}</chat></iq>");
        assert_eq!(read(&parse(&long)).len(), 100);
    }
}
