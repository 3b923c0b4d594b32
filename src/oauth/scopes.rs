//! Permissions: what each opens, which to ask for, and whether chatting is among those given.
//!
//! [`known`] types the names that services use: today's XMPP servers, `OpenID` Connect, Live Connect, and the
//! resources of Messenger Connect that came before it. Only chatting, who one is, and a lasting sign-in are ever asked
//! for unasked; the others are known so that a person reads what they mean before agreeing.

/// What a scope opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// Messages and presence: the XMPP sign-in itself.
    Chat,
    /// Who it is: name and picture.
    Identity,
    /// A sign-in that lasts beyond the session: a refresh token.
    Stay,
    /// The whole profile: status, photo, personal data.
    Profile,
    /// E-mail addresses.
    Emails,
    /// Telephone numbers.
    Phones,
    /// Postal addresses.
    PostalAddresses,
    /// The birthday.
    Birthday,
    /// Employers and schools.
    Work,
    /// The address book.
    Contacts,
    /// Birthdays of people in the address book.
    ContactsBirthdays,
    /// Photos and videos.
    Photos,
    /// Photos of people in the address book.
    ContactsPhotos,
    /// Files.
    Files,
    /// Files that others share.
    ContactsFiles,
    /// Calendars and events.
    Calendars,
    /// Calendars of people in the address book.
    ContactsCalendars,
    /// What one did and posted.
    Activities,
    /// The status text that others read.
    Status,
    /// The account at the server itself: password, settings.
    Account,
}

/// What may be done with it: Messenger Connect's View is [`Read`](Self::Read), its Update is [`Write`](Self::Write).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Look at it.
    Read,
    /// Look at it and change it.
    Write,
}

/// A scope that butty knows the meaning of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Its name on the wire.
    pub name: &'static str,
    /// What it opens.
    pub resource: Resource,
    /// How far.
    pub access: Access,
}

impl Scope {
    /// True when what an application does with it is seen by other people.
    pub fn others_see(&self) -> bool {
        self.access == Access::Write && matches!(self.resource, Resource::Activities | Resource::Status)
    }
}

/// The scope of this name, if its meaning is known.
pub fn known(name: &str) -> Option<&'static Scope> {
    KNOWN.iter().find(|scope| scope.name == name)
}

/// All scopes whose meaning is known.
pub fn all() -> &'static [Scope] {
    KNOWN
}

const fn read(name: &'static str, resource: Resource) -> Scope {
    Scope { name, resource, access: Access::Read }
}

const fn write(name: &'static str, resource: Resource) -> Scope {
    Scope { name, resource, access: Access::Write }
}

/// Meanings: Prosody's `mod_http_oauth2`, XEP-0493 section 6, ejabberd, `OpenID` Connect Core section 5.4, and the
/// scopes of Live Connect and Messenger Connect. Live Connect's `wl.share` posts; it reads nothing.
const KNOWN: &[Scope] = &[
    write("xmpp", Resource::Chat),
    write("xmpp:client:normal", Resource::Chat),
    write("sasl_auth", Resource::Chat),
    write("wl.messenger", Resource::Chat),
    write("Messenger.SignIn", Resource::Chat),
    read("openid", Resource::Identity),
    read("profile", Resource::Identity),
    read("wl.signin", Resource::Identity),
    read("email", Resource::Emails),
    read("phone", Resource::Phones),
    read("address", Resource::PostalAddresses),
    write("offline_access", Resource::Stay),
    write("wl.offline_access", Resource::Stay),
    read("xmpp:account:read", Resource::Account),
    write("xmpp:account:write", Resource::Account),
    write("prosody:user", Resource::Account),
    write("prosody:registered", Resource::Account),
    write("prosody:member", Resource::Account),
    read("wl.basic", Resource::Contacts),
    read("wl.emails", Resource::Emails),
    read("wl.phone_numbers", Resource::Phones),
    read("wl.postal_addresses", Resource::PostalAddresses),
    read("wl.birthday", Resource::Birthday),
    read("wl.work_profile", Resource::Work),
    write("wl.contacts_create", Resource::Contacts),
    read("wl.contacts_birthday", Resource::ContactsBirthdays),
    read("wl.contacts_calendars", Resource::ContactsCalendars),
    read("wl.contacts_photos", Resource::ContactsPhotos),
    read("wl.contacts_skydrive", Resource::ContactsFiles),
    read("wl.photos", Resource::Photos),
    read("wl.skydrive", Resource::Files),
    write("wl.skydrive_update", Resource::Files),
    read("wl.calendars", Resource::Calendars),
    write("wl.calendars_update", Resource::Calendars),
    write("wl.events_create", Resource::Calendars),
    write("wl.share", Resource::Status),
    read("WL_Activities.View", Resource::Activities),
    write("WL_Activities.Update", Resource::Activities),
    read("WL_Contacts.View", Resource::Contacts),
    read("WL_Photos.View", Resource::Photos),
    read("WL_Profiles.View", Resource::Profile),
];

/// Scopes that mean "chat as you", in the order of choice: Prosody, XEP-0493 section 6, ejabberd, Live Connect.
const CHAT: [&str; 4] = ["xmpp", "xmpp:client:normal", "sasl_auth", "wl.messenger"];
/// Who it is, at services that speak `OpenID` Connect.
const IDENTITY: &str = "openid";
/// A sign-in that lasts: at services of Live Connect's family, at all others.
const STAY_LIVE: [&str; 2] = ["wl.offline_access", "offline_access"];
const STAY: [&str; 1] = ["offline_access"];
/// What opens one's own picture at services of Live Connect's family. The first is the documented one, and opens the
/// address book as well: there is none for the picture alone.
const PICTURE_LIVE: [&str; 2] = ["wl.basic", "wl.signin"];

/// The scopes to ask for. `wished` (the config's or the profile's) is taken as it is; else the usual ones, cut
/// down to those that the service says it knows. `renews`: it says that it knows the refresh grant; then a lasting
/// sign-in is asked for though no list names its scope, because services leave that one out (RFC 8414 section 2 lets
/// them; Prosody does) and give no refresh token without it.
pub fn choose(wished: &[String], supported: Option<&[String]>, renews: bool) -> Vec<String> {
    if !wished.is_empty() {
        return wished.to_vec();
    }
    let known = |scope: &&str| supported.is_none_or(|list| list.iter().any(|other| other == scope));
    let chat = CHAT.into_iter().find(known);
    let live = chat.is_some_and(|scope| scope.starts_with("wl."));
    let identity = Some(IDENTITY).filter(known).filter(|_| !live);
    let names = if live { STAY_LIVE.as_slice() } else { STAY.as_slice() };
    let unlisted = names.first().filter(|_| renews && (chat.is_some() || identity.is_some()));
    let stay = names.iter().find(|scope| known(scope)).or(unlisted).copied();
    [chat, identity, stay].into_iter().flatten().map(str::to_owned).collect()
}

/// True for a scope that yields a sign-in that lasts.
pub fn is_staying(scope: &str) -> bool {
    known(scope).is_some_and(|scope| scope.resource == Resource::Stay)
}

/// The scopes of Live Connect: the service documents them, no metadata does.
pub fn messenger() -> Vec<String> {
    vec!["wl.messenger".to_owned(), "wl.offline_access".to_owned()]
}

/// The scope that one's own picture waits for, beside those that were granted. Only services of Live Connect's family
/// keep it behind one; elsewhere whoever may chat may read cards.
pub fn missing_for_picture(granted: &[String]) -> Option<&'static str> {
    let live = granted.iter().any(|scope| scope.starts_with("wl.") && is_chat(scope));
    let opens = granted.iter().any(|scope| PICTURE_LIVE.contains(&scope.as_str()));
    PICTURE_LIVE.first().copied().filter(|_| live && !opens)
}

/// The scope among `asked` that a refusal names in its words.
pub fn named<'a>(asked: &'a [String], refusal: &str) -> Option<&'a String> {
    let apart =
        |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ',' | ';' | '(' | ')' | '[' | ']' | '<' | '>');
    let said: Vec<&str> = refusal.split(apart).map(|word| word.trim_end_matches(['.', ':', '!'])).collect();
    asked.iter().find(|scope| said.contains(&scope.as_str()))
}

/// The smaller set after the person said No: without staying signed in. `None`: there is no smaller one.
pub fn without_staying(asked: &[String]) -> Option<Vec<String>> {
    smaller(asked, |scope| !is_staying(scope))
}

/// The smaller set after the service refused `scope`; where it named none, what chatting needs and no more. `None`:
/// there is no smaller one with which butty could chat.
pub fn without_refused(asked: &[String], scope: Option<&str>) -> Option<Vec<String>> {
    smaller(asked, |other| scope.map_or_else(|| is_chat(other), |scope| other != scope))
        .filter(|rest| !asked.iter().any(|scope| is_chat(scope)) || rest.iter().any(|scope| is_chat(scope)))
}

fn smaller(asked: &[String], keep: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    let rest: Vec<String> = asked.iter().filter(|scope| keep(scope)).cloned().collect();
    (!rest.is_empty() && rest.len() < asked.len()).then_some(rest)
}

/// True for a scope that opens chatting.
pub fn is_chat(scope: &str) -> bool {
    known(scope).is_some_and(|scope| scope.resource == Resource::Chat)
}

/// False when a scope for chatting was asked for and none was given. A reply without scopes grants what was
/// asked (RFC 6749 section 5.1).
pub fn chat_granted(asked: &[String], granted: Option<&[String]>) -> bool {
    let Some(granted) = granted else { return true };
    !asked.iter().any(|scope| is_chat(scope)) || granted.iter().any(|scope| is_chat(scope))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    /// Resource and right of each scope of Messenger Connect and Live Connect (the tables of their documents).
    #[test]
    fn row_002_01_a_scope_is_a_right_to_a_resource() {
        let meaning = |name: &str| known(name).map(|scope| (scope.resource, scope.access));
        assert_eq!(meaning("wl.messenger"), Some((Resource::Chat, Access::Write)));
        assert_eq!(meaning("WL_Activities.View"), Some((Resource::Activities, Access::Read)));
        assert_eq!(meaning("WL_Activities.Update"), Some((Resource::Activities, Access::Write)));
        assert_eq!(meaning("wl.skydrive"), Some((Resource::Files, Access::Read)));
        assert_eq!(meaning("wl.skydrive_update"), Some((Resource::Files, Access::Write)));
        assert_eq!(meaning("WL_Messenger"), None);
        assert!(
            KNOWN.iter().enumerate().all(|(at, one)| KNOWN.iter().skip(at + 1).all(|other| other.name != one.name))
        );
    }

    /// The five resources of the document are known, and only who one is and chatting are ever asked for by butty.
    #[test]
    fn row_002_03_other_resources_are_known_and_never_asked_for() {
        let resources =
            ["WL_Activities.View", "WL_Contacts.View", "WL_Photos.View", "WL_Profiles.View", "wl.messenger"];
        let five: std::collections::HashSet<Resource> =
            resources.iter().filter_map(|name| known(name)).map(|scope| scope.resource).collect();
        assert_eq!(five.len(), 5);
        let everything: Vec<String> = KNOWN.iter().map(|scope| scope.name.to_owned()).collect();
        for asked in [choose(&[], Some(&everything), true), choose(&[], None, false), messenger()] {
            for scope in &asked {
                let resource = known(scope).unwrap().resource;
                assert!(matches!(resource, Resource::Chat | Resource::Identity | Resource::Stay), "{scope}");
            }
        }
    }

    /// Neither by our own choice nor because a service has them on offer.
    fn is_never_asked_for(resource: Resource) {
        let names = || KNOWN.iter().filter(move |scope| scope.resource == resource).map(|scope| scope.name.to_owned());
        assert!(names().count() > 0);
        let offered: Vec<String> = list("xmpp openid offline_access").into_iter().chain(names()).collect();
        let alone: Vec<String> = names().collect();
        for asked in [choose(&[], Some(&offered), true), choose(&[], Some(&alone), true), messenger()] {
            assert!(names().all(|name| !asked.contains(&name)), "{asked:?}");
        }
        let wished: Vec<String> = names().collect();
        assert_eq!(choose(&wished, Some(&offered), true), wished, "only the person may ask for it");
    }

    #[test]
    fn row_002_04_what_people_do_is_known_and_never_asked_for() {
        assert_eq!(known("WL_Activities.View").map(|scope| scope.access), Some(Access::Read));
        is_never_asked_for(Resource::Activities);
    }

    #[test]
    fn row_002_07_photos_are_known_and_never_asked_for() {
        assert_eq!(known("WL_Photos.View").map(|scope| scope.access), Some(Access::Read));
        assert_eq!(known("wl.photos").map(|scope| scope.resource), Some(Resource::Photos));
        is_never_asked_for(Resource::Photos);
    }

    #[test]
    fn row_002_05_what_others_will_see_is_told_apart() {
        let seen: Vec<&str> = KNOWN.iter().filter(|scope| scope.others_see()).map(|scope| scope.name).collect();
        assert_eq!(seen, ["wl.share", "WL_Activities.Update"]);
    }

    #[test]
    fn row_002_11_the_least_is_asked_for() {
        assert_eq!(messenger(), list("wl.messenger wl.offline_access"));
    }

    #[test]
    fn asked_is_what_the_service_knows() {
        let asked = |supported: &str| choose(&[], Some(&list(supported)), false);
        assert_eq!(choose(&[], None, false), list("xmpp openid offline_access"));
        let prosody = "xmpp prosody:member prosody:registered openid offline_access";
        assert_eq!(asked(prosody), list("xmpp openid offline_access"));
        assert_eq!(asked("xmpp:client:normal offline_access"), list("xmpp:client:normal offline_access"));
        assert_eq!(choose(&list("a b"), Some(&list(prosody)), true), list("a b"));
        assert_eq!(asked(""), list(""));
    }

    #[test]
    fn row_004_21_to_stay_is_asked_by_its_name_there_and_where_no_list_names_it_too() {
        let asked = |supported: &str, renews| choose(&[], Some(&list(supported)), renews);
        assert_eq!(asked("wl.messenger wl.basic wl.offline_access", true), messenger());
        assert_eq!(asked("wl.messenger offline_access", false), list("wl.messenger offline_access"));
        assert_eq!(asked("wl.messenger", true), messenger());
        let prosody = "xmpp prosody:member prosody:registered";
        assert_eq!(asked(prosody, true), list("xmpp offline_access"));
        assert_eq!(asked(prosody, false), list("xmpp"), "nothing says that it would be understood");
        assert_eq!(asked("openid", true), list("openid offline_access"));
        assert_eq!(asked("something", true), list(""), "not by itself");
    }

    #[test]
    fn row_003_11_after_a_no_the_smaller_set_does_not_stay_signed_in() {
        assert_eq!(without_staying(&list("xmpp openid offline_access")), Some(list("xmpp openid")));
        assert_eq!(without_staying(&messenger()), Some(list("wl.messenger")));
        assert_eq!(without_staying(&list("xmpp openid")), None);
        assert_eq!(without_staying(&list("offline_access")), None);
    }

    #[test]
    fn row_002_12_the_scope_that_a_service_refuses_is_found_and_left_out() {
        let asked = list("xmpp openid wl.basic");
        let said = "invalid_scope: The scope \"wl.basic\" is not registered.";
        assert_eq!(named(&asked, said).map(String::as_str), Some("wl.basic"));
        assert_eq!(named(&asked, "invalid_scope: xmppp"), None);
        assert_eq!(without_refused(&asked, Some("wl.basic")), Some(list("xmpp openid")));
        assert_eq!(without_refused(&asked, None), Some(list("xmpp")), "no name: chatting alone");
        assert_eq!(without_refused(&asked, Some("xmpp")), None, "nothing is left to chat with");
        assert_eq!(without_refused(&list("xmpp"), None), None);
        assert_eq!(without_refused(&list("custom wl.basic"), Some("wl.basic")), Some(list("custom")));
    }

    #[test]
    fn only_services_of_live_connects_family_keep_pictures_behind_a_scope() {
        assert_eq!(missing_for_picture(&messenger()), Some("wl.basic"));
        assert_eq!(missing_for_picture(&list("wl.messenger wl.basic")), None);
        assert_eq!(missing_for_picture(&list("wl.messenger wl.signin")), None);
        for granted in ["xmpp openid offline_access", "xmpp:client:normal", "sasl_auth", "wl.offline_access", ""] {
            assert_eq!(missing_for_picture(&list(granted)), None, "{granted}");
        }
    }

    #[test]
    fn only_a_missing_chat_scope_is_fatal() {
        let asked = list("xmpp openid offline_access");
        assert!(chat_granted(&asked, None));
        assert!(chat_granted(&asked, Some(&list("openid xmpp"))));
        assert!(!chat_granted(&asked, Some(&list("openid offline_access"))));
        assert!(!chat_granted(&asked, Some(&[])));
        assert!(chat_granted(&list("custom"), Some(&[])));
        assert!(!chat_granted(&messenger(), Some(&list("wl.offline_access"))));
    }
}
