//! `butty roster`: who is on the list. Presence is not asked for: that would show this account online.

use super::accounts::{self, told};
use super::{Desk, Errand};
use crate::app::event::LinkFact;
use crate::app::model::OnlyHere;
use crate::cli::{Args, Record, RosterCommand};
use crate::types::{AccountId, BareJid, Line, Problem};
use crate::xmpp::{Event, RosterItem, Subscription};
use std::collections::BTreeMap;

/// Exit code where nothing was found.
const NOTHING_THERE: u8 = 8;

pub(super) async fn run(args: &Args, desk: &Desk, command: Option<&RosterCommand>) -> Result<u8, Problem> {
    let setup = desk.account(args.account.as_deref())?;
    let group = command.and_then(|RosterCommand::List { group }| group.as_deref());
    let mut errand = Errand::start(desk, setup, true, args.timeout);
    let buddies = as_shown_here(desk, &setup.id, fetch(&mut errand).await?)?;
    errand.finish().await;
    let records: Vec<Record> = buddies
        .iter()
        .filter(|buddy| group.is_none_or(|wanted| buddy.groups().iter().any(|group| group.as_str() == wanted)))
        .map(|buddy| {
            let groups: Vec<&str> = buddy.groups().iter().map(Line::as_str).collect();
            Record::new("buddy")
                .account(setup.id.as_str())
                .column("who", buddy.item.jid.as_str())
                .column("name", buddy.called().map_or("", Line::as_str))
                .column("state", state(&buddy.item))
                .column("groups", &groups.join(", "))
                .field("hidden", buddy.here.hidden)
        })
        .collect();
    if let Some(group) = group.filter(|_| records.is_empty()) {
        desk.voice.say(&format!("Nobody on your list is in the group {}.", Line::clean(group)));
        return Ok(NOTHING_THERE);
    }
    told(desk.voice.table(&["who", "name", "state", "groups"], &records))
}

/// A buddy, and what the person changed of them on this computer alone.
pub(super) struct Buddy {
    pub(super) item: RosterItem,
    pub(super) here: OnlyHere,
}

impl Buddy {
    /// The name that the person gave: the one of this computer first.
    pub(super) fn called(&self) -> Option<&Line> {
        self.here.name.as_ref().or(self.item.name.as_ref())
    }

    fn groups(&self) -> &[Line] {
        self.here.groups.as_deref().unwrap_or(&self.item.groups)
    }
}

/// Those of the server, as the list on the screen shows them.
pub(super) fn as_shown_here(desk: &Desk, account: &AccountId, items: Vec<RosterItem>) -> Result<Vec<Buddy>, Problem> {
    let cache = accounts::cache(desk, account)?;
    let mut here: BTreeMap<BareJid, OnlyHere> =
        cache.map(|cache| cache.only_here.into_iter().collect()).unwrap_or_default();
    let with = |item: RosterItem| Buddy { here: here.remove(&item.jid).unwrap_or_default(), item };
    Ok(items.into_iter().map(with).collect())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::StoreRequest;
    use crate::cli::Voice;
    use crate::config::{Config, Folders};
    use crate::runtime::Clock;
    use crate::store::{Place, Store};

    #[test]
    fn names_and_groups_of_this_computer_go_before_those_of_the_server() {
        let home = tempfile::tempdir().unwrap();
        let environment = [("BUTTY_HOME".to_owned(), home.path().to_string_lossy().into_owned())];
        let folders = Folders::find(&environment).unwrap();
        let voice = Voice { json: false, quiet: true, columns: None };
        let desk = Desk::new(voice, Config::default(), Vec::new(), folders.clone(), Clock::start());
        let (account, bela) = (AccountId::new("anna@example.org"), BareJid::parse("bela@example.org").unwrap());
        let item = |jid: &str| RosterItem {
            jid: BareJid::parse(jid).unwrap(),
            name: Some(Line::clean("00ab")),
            groups: vec![Line::clean("Friends")],
            subscription: Subscription::Both,
            pending: false,
        };
        let items = || vec![item("bela@example.org"), item("dad@example.org")];
        let called = |buddies: &[Buddy]| -> Vec<String> {
            let shown = |buddy: &Buddy| format!("{} {}", buddy.called().unwrap(), buddy.groups()[0]);
            buddies.iter().map(shown).collect()
        };
        let nothing_kept = as_shown_here(&desk, &account, items()).unwrap();
        assert_eq!(called(&nothing_kept), ["00ab Friends", "00ab Friends"]);
        assert!(!folders.data.exists(), "a look makes no file");
        let store = Store::start(Place::Folder(folders.data.clone()), false, |_| ()).unwrap();
        let here = OnlyHere { name: Some(Line::clean("Bela")), groups: Some(vec![Line::clean("Work")]), hidden: true };
        store.send(StoreRequest::OnlyHere { account: account.clone(), who: bela, here });
        store.close();
        let buddies = as_shown_here(&desk, &account, items()).unwrap();
        assert_eq!(called(&buddies), ["Bela Work", "00ab Friends"]);
        assert!(buddies[0].here.hidden && !buddies[1].here.hidden);
    }
}
