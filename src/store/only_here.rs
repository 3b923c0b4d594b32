//! What the person changed of the buddy list on this computer alone.

use crate::app::model::OnlyHere;
use crate::types::{AccountId, BareJid, Line};
use rusqlite::{Connection, params};

/// All of an account.
pub(super) fn all(db: &Connection, account: &AccountId) -> rusqlite::Result<Vec<(BareJid, OnlyHere)>> {
    let mut query = db.prepare_cached("SELECT jid, name, groups, hidden FROM only_here WHERE account = ?1")?;
    let rows = query.query_map([account.as_str()], |row| {
        let (jid, name): (String, Option<String>) = (row.get(0)?, row.get(1)?);
        let (groups, hidden): (Option<String>, bool) = (row.get(2)?, row.get(3)?);
        let groups = groups.and_then(|text| serde_json::from_str::<Vec<String>>(&text).ok());
        let here = OnlyHere {
            name: name.map(|name| Line::clean(&name)),
            groups: groups.map(|groups| groups.iter().map(|group| Line::clean(group)).collect()),
            hidden,
        };
        Ok(BareJid::parse(&jid).ok().map(|jid| (jid, here)))
    })?;
    rows.filter_map(Result::transpose).collect()
}

/// One change; nothing is left of an empty one.
pub(super) fn put(db: &Connection, account: &AccountId, who: &BareJid, here: &OnlyHere) -> rusqlite::Result<()> {
    if *here == OnlyHere::default() {
        db.prepare_cached("DELETE FROM only_here WHERE account = ?1 AND jid = ?2")?
            .execute([account.as_str(), who.as_str()])?;
        return Ok(());
    }
    let groups = here.groups.as_ref().map(|groups| groups.iter().map(Line::as_str).collect::<Vec<_>>());
    let groups = groups.and_then(|groups| serde_json::to_string(&groups).ok());
    db.prepare_cached(
        "INSERT OR REPLACE INTO only_here (account, jid, name, groups, hidden) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        account.as_str(),
        who.as_str(),
        here.name.as_ref().map(Line::as_str),
        groups,
        here.hidden
    ])?;
    Ok(())
}

/// Forgets all of an account.
pub(super) fn forget(db: &Connection, account: &AccountId) -> rusqlite::Result<()> {
    db.execute("DELETE FROM only_here WHERE account = ?1", [account.as_str()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Place, accounts, schema};
    use super::*;

    #[test]
    fn what_was_changed_here_is_there_again_until_everything_is_forgotten() {
        let (db, _) = schema::open(&Place::Memory).unwrap();
        let (anna, other) = (AccountId::new("anna@a.test"), AccountId::new("other@a.test"));
        let bela = BareJid::parse("bela@a.test").unwrap();
        let group = Line::clean("The \"band\", mine");
        let here = OnlyHere { name: Some(Line::clean("Béla")), groups: Some(vec![group]), hidden: true };
        put(&db, &anna, &bela, &OnlyHere { groups: Some(Vec::new()), ..OnlyHere::default() }).unwrap();
        put(&db, &anna, &bela, &here).unwrap();
        put(&db, &other, &bela, &OnlyHere { hidden: true, ..OnlyHere::default() }).unwrap();
        assert_eq!(accounts::cache(&db, &anna).unwrap().only_here, [(bela.clone(), here.clone())]);
        // The server's list comes and goes without it.
        accounts::roster(&db, &anna, &[], None).unwrap();
        accounts::forget(&db, &anna, false).unwrap();
        assert_eq!(all(&db, &anna).unwrap(), [(bela.clone(), here)]);
        put(&db, &anna, &bela, &OnlyHere::default()).unwrap();
        assert!(all(&db, &anna).unwrap().is_empty());
        accounts::forget(&db, &other, true).unwrap();
        assert!(all(&db, &other).unwrap().is_empty());
    }
}
