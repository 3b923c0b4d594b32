//! Every quirk of the service as a switch, so that a test can ask for each alone.
//!
//! The defaults are the documented service with one redirect, plus today's extras. What is documented, inferred or
//! added stands in [`about()`](super::about()).

use std::time::Duration;

/// How the service behaves. Made once, at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switches {
    /// The documents alone: no receipts, no entity capabilities, no nudges, no hiding, opaque addresses.
    pub strict: bool,
    /// Scripted waits take a fortieth of their time (changes of presence a quarter), and the device endpoint asks for a
    /// poll every second.
    pub fast: bool,

    /// Where see-other-host stands.
    pub redirect: Redirect,
    /// Gateways passed one after the other before one lets in; 1 to [`MOST_HOPS`].
    pub redirect_hops: u8,
    /// The last gateway sends back to the first, for ever.
    pub redirect_loop: bool,
    /// How the target is written.
    pub redirect_target: Target,
    /// Every connection to the first host is redirected; otherwise only the first one of the run.
    pub redirect_always: bool,

    /// The mechanism's name ends in a blank, as in Microsoft's own sample.
    pub trailing_blank: bool,
    /// What becomes of the question for the person's own card.
    pub own_card: OwnCard,
    /// `from` of an answer to an IQ without `to`.
    pub iq_from: IqFrom,
    /// A stream without an element for so long is cut without a word; white space does not count.
    pub idle_kill: Option<Duration>,
    /// The XMPP certificate proves another name than the account's domain.
    pub foreign_certificate: bool,
    /// Every token is refused at XMPP.
    pub refuse_token: bool,
    /// STARTTLS is not offered, as if somebody on the way had taken it out.
    pub no_starttls: bool,
    /// The connection is cut when this is reached.
    pub close_at: Option<CloseAt>,
    /// Today's sign-in beside the documented one: metadata (RFC 8414), registration (RFC 7591), OAUTHBEARER with its
    /// error challenge (RFC 7628, XEP-0493), and the page for the person behind TLS.
    pub modern: bool,
    /// With [`modern`](Self::modern): new programs may register themselves.
    pub registration: bool,
    /// RFC 6120 and 6121 alone: every extension's request is answered by `service-unavailable`.
    pub core_only: bool,

    /// `expires_in` of a token answer is a JSON string.
    pub expires_in_text: bool,
    /// Every so many polls the answer is `slow_down`.
    pub slow_down_every: Option<u32>,
    /// The password that the page asks for; it takes no answer without.
    pub password: Option<String>,
    /// The person's answer, given as soon as a code is made. Nobody needs to open the page.
    pub answered: Option<bool>,
    /// A refusal is told as `authorization_declined`, as Microsoft does today, in place of `access_denied`.
    pub declined_word: bool,
    /// How long a device code lives.
    pub code_lifetime: Duration,
    /// Pace of polling told to the client; `None`: not told, and 5 s meant.
    pub interval: Option<Duration>,
    /// The secret that the client must show; none: a public client.
    pub client_secret: Option<String>,
    /// Scopes that are known and never granted, as at services that trim what was asked for.
    pub withheld_scopes: Vec<String>,
    /// Refresh tokens of 4 KiB, full of what a form must encode.
    pub long_tokens: bool,
    /// A refresh token or a device code that comes again is answered again, as long as nothing of the first answer was
    /// used: it got lost. Otherwise it ends the consent in any case.
    pub forgives_lost_answers: bool,
    /// A refresh is answered once a connection to XMPP has its TLS: it must not be waited for before.
    pub refresh_waits_for_tls: bool,
    /// How long an access token lives.
    pub access_lifetime: Duration,
    /// How long the consent holds if the box *connect automatically* stays ticked.
    pub consent_lifetime: Duration,
}

/// The most gateways in a chain; clients give up after five redirects (RFC 6120 section 4.9.3.19).
pub const MOST_HOPS: u8 = 8;

/// Where see-other-host stands (not documented, so both).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirect {
    /// Nowhere.
    Never,
    /// In answer to the first, plain header, in place of the features.
    BeforeTls,
    /// In answer to the header after STARTTLS.
    AfterTls,
}

/// How a redirect names its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// `bay1.gateway.demo.butty:40123`: the ports here are random, so this is the default.
    NameAndPort,
    /// `bay1.gateway.demo.butty`, port 5222 meant, as the documents show it.
    Name,
    /// `[::1]:40123`.
    Ipv6,
}

/// `from` of an answer to an IQ without `to` (wocky's tests met the domain; the RFC asks for the bare address).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IqFrom {
    /// The domain, as Messenger did.
    Domain,
    /// The account's own bare address.
    Bare,
    /// The account's own full address.
    Full,
    /// No `from`.
    Absent,
}

/// What becomes of the question for the person's own card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnCard {
    /// It comes.
    Given,
    /// It is refused: `not-authorized`.
    Refused,
    /// The service has a bad day: `internal-server-error`.
    Broken,
    /// Nothing comes.
    Silence,
}

/// A stage at which the connection can be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseAt {
    /// Accepted, nothing read.
    Accept,
    /// The client's first header was read.
    Header,
    /// STARTTLS was asked for.
    StartTls,
    /// `<proceed/>` was sent: in the TLS handshake.
    Tls,
    /// The header under TLS was read.
    Features,
    /// The token was read.
    Auth,
    /// A resource was asked for.
    Bind,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            strict: false,
            fast: false,
            redirect: Redirect::BeforeTls,
            redirect_hops: 1,
            redirect_loop: false,
            redirect_target: Target::NameAndPort,
            redirect_always: false,
            trailing_blank: true,
            own_card: OwnCard::Given,
            iq_from: IqFrom::Domain,
            idle_kill: Some(Duration::from_secs(120)),
            foreign_certificate: false,
            refuse_token: false,
            no_starttls: false,
            close_at: None,
            modern: false,
            registration: true,
            core_only: false,
            expires_in_text: false,
            slow_down_every: None,
            password: None,
            answered: None,
            declined_word: false,
            code_lifetime: Duration::from_secs(900),
            interval: Some(Duration::from_secs(5)),
            client_secret: None,
            withheld_scopes: Vec::new(),
            long_tokens: false,
            forgives_lost_answers: true,
            refresh_waits_for_tls: false,
            access_lifetime: Duration::from_secs(3_600),
            consent_lifetime: Duration::from_secs(365 * 24 * 3_600),
        }
    }
}

impl Switches {
    /// A scripted wait, shortened when `fast`.
    pub(super) fn pace(&self, wait: Duration) -> Duration {
        if self.fast { wait / 40 } else { wait }
    }

    /// Today's extras are on.
    pub(super) fn extras(&self) -> bool {
        !self.strict && !self.core_only
    }

    /// Gateways to open.
    pub(super) fn gateways(&self) -> u8 {
        if self.redirect == Redirect::Never { 0 } else { self.redirect_hops.clamp(1, MOST_HOPS) }
    }

    /// Seconds between polls as told to the client.
    pub(super) fn poll_interval(&self) -> Option<Duration> {
        if self.fast { self.interval.map(|interval| interval.min(Duration::from_secs(1))) } else { self.interval }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_documented_service_with_one_redirect() {
        let switches = Switches::default();
        assert_eq!(switches.gateways(), 1);
        assert!(switches.trailing_blank && switches.extras() && !switches.redirect_always);
        assert!(switches.idle_kill > Some(Duration::from_secs(60)), "a ping a minute keeps the stream");
    }

    #[test]
    fn fast_shortens_waits_and_strict_takes_the_extras() {
        let switches = Switches { strict: true, fast: true, ..Switches::default() };
        assert_eq!(switches.pace(Duration::from_secs(20)), Duration::from_millis(500));
        assert_eq!(switches.poll_interval(), Some(Duration::from_secs(1)));
        assert!(!switches.extras());
    }

    #[test]
    fn chains_are_bounded() {
        assert_eq!(Switches { redirect_hops: 0, ..Switches::default() }.gateways(), 1);
        assert_eq!(Switches { redirect_hops: 200, ..Switches::default() }.gateways(), MOST_HOPS);
        assert_eq!(Switches { redirect: Redirect::Never, ..Switches::default() }.gateways(), 0);
    }
}
