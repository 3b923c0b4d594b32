//! What is documented, what is inferred, what was added.

/// One line each: the kind, the fact, its source.
const FACTS: &[(&str, &str, &str)] = &[
    (DOCUMENTED, "found by DNS SRV of the domain, or by host name and port 5222", SIGN_IN),
    (DOCUMENTED, "TLS is required", SIGN_IN),
    (DOCUMENTED, "see-other-host must be followed", SIGN_IN),
    (DOCUMENTED, "X-MESSENGER-OAUTH2 is the only mechanism; its name ends in a blank", SIGN_IN),
    (DOCUMENTED, "the access token is sent as it is; success is empty", SIGN_IN),
    (DOCUMENTED, "the address comes from the token: an identifier, adopted at bind", SIGN_IN),
    (DOCUMENTED, "adding is the only change of the list; `chat` the only message type; no probes", REFERENCE),
    (DOCUMENTED, "cards (XEP-0054) can be read, not written", REFERENCE),
    (DOCUMENTED, "archive (XEP-0136): ten messages of a talk at most", REFERENCE),
    (DOCUMENTED, "a subscription request carries a nickname (XEP-0172)", REFERENCE),
    (DOCUMENTED, "typing (XEP-0085) and delayed delivery (XEP-0203)", "press note of 2011"),
    (DOCUMENTED, "e-mail to address by jidlookup", "Gabble's and MatriX' source"),
    (DOCUMENTED, "an IQ without `to` is answered from the domain", "wocky's tests, freedesktop bug 39057"),
    (DOCUMENTED, "a stream without real traffic is cut after one to two minutes", "SleekXMPP issue 134"),
    (DOCUMENTED, "list items carry names, for addresses cannot be read", "Android sample"),
    (DOCUMENTED, "scopes, consent for a year or three hours, all or nothing", CONSENT),
    (DOCUMENTED, "`expires_in` may be a number or a string", "Microsoft's Live SDK"),
    (DOCUMENTED, "device codes: fields, errors, lifetimes", "public clients of login.live.com; RFC 8628"),
    (INFERRED, "TLS is reached by STARTTLS on the usual port", "clients that worked"),
    (INFERRED, "the redirect stands before TLS, once in a run", "MatriX sample, wocky's test server; not documented"),
    (
        INFERRED,
        "the redirect names a port here, for the ports are random; the real one named none",
        "RFC 6120 4.9.3.19",
    ),
    (INFERRED, "a redirect's target proves the account's domain by its certificate", "RFC 6120 4.9.3.19"),
    (INFERRED, "a token encoded again, or percent-encoded, is refused, and the stream ends", "what clients sent"),
    (INFERRED, "the blank may be the sample's own: slixmpp, which does not trim it, finds no mechanism", "tried"),
    (INFERRED, "a mechanism asked for with the blank is refused", "the documented request has none"),
    (
        INFERRED,
        "refused changes of the list answer not-allowed; other message types service-unavailable",
        "RFC 6120 8.3",
    ),
    (INFERRED, "the identifier is 32 hexadecimal digits", "`uid` of an authentication token"),
    (INFERRED, "the cut of a silent stream comes without a word", "reports of clients"),
    (
        INFERRED,
        "without *connect automatically* no refresh token comes, and one access token lives for the three hours",
        CONSENT,
    ),
    (INFERRED, "refresh tokens are used once; one used again ends the consent", "RFC 9700 4.14.2"),
    (ADDED, "but not as long as nothing of the new pair was used: its answer may have got lost", "butty"),
    (ADDED, "readable addresses of buddies (not with --strict)", "butty"),
    (ADDED, "receipts (XEP-0184) and entity capabilities (XEP-0115) of buddies (not with --strict)", "butty"),
    (ADDED, "nudges (XEP-0224) and hiding (XEP-0186) (not with --strict)", "butty"),
    (ADDED, "service discovery (XEP-0030) of the service itself, beyond jidlookup", "butty"),
    (ADDED, "a code may be asked about every second instead of every five (not with --strict)", "butty"),
    (ADDED, "for tests: metadata, registration, OAUTHBEARER (never in `butty demo`)", "butty"),
    (ADDED, "the sign-in service's revocation endpoint (RFC 7009)", "butty"),
    (ADDED, "the page for the person, on this computer only, and its look", "butty"),
    (
        INFERRED,
        "the own card holds the picture where the token has wl.basic or wl.signin",
        "Microsoft: Messenger Connect scopes",
    ),
    (ADDED, "the people, what they say, and when", "butty"),
];

const CONSENT: &str = "Microsoft: Obtaining user consent";
const DOCUMENTED: &str = "documented";
const INFERRED: &str = "inferred";
const ADDED: &str = "added";
const SIGN_IN: &str = "Microsoft: Signing in to the Messenger XMPP service, 2013";
const REFERENCE: &str = "Microsoft: Messenger XMPP reference (hh550849)";

/// What the demo is and where each of its ways comes from: one line each, its kind and source named.
pub fn about() -> String {
    let head = "Microsoft closed the Messenger service. This demo is a reconstruction from its documents and from the\n\
                programs that spoke to it. It runs on this computer alone and proves nothing about other servers.\n\n";
    FACTS.iter().fold(head.to_owned(), |text, (kind, fact, source)| format!("{text}{kind:<10}  {fact}  [{source}]\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_a_kind_a_fact_and_a_source() {
        let text = about();
        let lines: Vec<&str> = text.lines().skip(3).collect();
        assert_eq!(lines.len(), FACTS.len());
        for kind in [DOCUMENTED, INFERRED, ADDED] {
            assert!(lines.iter().any(|line| line.starts_with(kind)), "{kind}");
        }
        assert!(lines.iter().all(|line| line.ends_with(']')));
        assert!(text.contains("reconstruction"));
    }
}
