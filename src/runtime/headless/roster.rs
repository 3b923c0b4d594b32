//! `butty roster`: who is on the list. Presence is not asked for: that would show this account online.

use super::accounts::told;
use super::{Desk, Errand};
use crate::app::event::LinkFact;
use crate::cli::{Args, Record, RosterCommand};
use crate::types::{Line, Problem};
use crate::xmpp::{Event, RosterItem, Subscription};

/// Exit code where nothing was found.
const NOTHING_THERE: u8 = 8;

pub(super) async fn run(args: &Args, desk: &Desk, command: Option<&RosterCommand>) -> Result<u8, Problem> {
    let setup = desk.account(args.account.as_deref())?;
    let group = command.and_then(|RosterCommand::List { group }| group.as_deref());
    let mut errand = Errand::start(desk, setup, true, args.timeout);
    let items = fetch(&mut errand).await?;
    errand.finish().await;
    let records: Vec<Record> = items
        .iter()
        .filter(|item| group.is_none_or(|wanted| item.groups.iter().any(|group| group.as_str() == wanted)))
        .map(|item| {
            let groups: Vec<&str> = item.groups.iter().map(Line::as_str).collect();
            Record::new("buddy")
                .account(setup.id.as_str())
                .column("who", item.jid.as_str())
                .column("name", item.name.as_ref().map_or("", Line::as_str))
                .column("state", state(item))
                .column("groups", &groups.join(", "))
        })
        .collect();
    if let Some(group) = group.filter(|_| records.is_empty()) {
        desk.voice.say(&format!("Nobody on your list is in the group {}.", Line::clean(group)));
        return Ok(NOTHING_THERE);
    }
    told(desk.voice.table(&["who", "name", "state", "groups"], &records))
}

/// The roster, as the server has it.
pub(super) async fn fetch(errand: &mut Errand) -> Result<Vec<RosterItem>, Problem> {
    loop {
        if let LinkFact::Session(Event::Roster { items, .. }) = errand.next().await? {
            let mut items = items.unwrap_or_default();
            items.sort_by(|a, b| a.jid.cmp(&b.jid));
            return Ok(items);
        }
    }
}

/// What the two are to each other, in the words of the screen.
fn state(item: &RosterItem) -> &'static str {
    match item.subscription {
        _ if item.pending => "waiting",
        Subscription::Both | Subscription::To => "buddy",
        Subscription::From => "sees you",
        Subscription::None | Subscription::Removed => "none",
    }
}
