//! SRV answers and chance in, an ordered list of endpoints out (RFC 6120 section 3.2, RFC 2782, XEP-0368).
//!
//! `_xmpp-client` and `_xmpps-client` are merged by priority and weight. A target `.` says "not offered". Once
//! DNS has answered with records there is no way back to the plain address; without records it is the domain
//! itself on port 5222.

/// What one SRV record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SrvRecord {
    /// Lower is tried first.
    pub priority: u16,
    /// Share among records of one priority.
    pub weight: u16,
    /// Port.
    pub port: u16,
    /// Host, without its last dot; empty for the root, which means "not offered".
    pub target: String,
}

/// What DNS said to one SRV question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SrvAnswer {
    /// At least one record.
    Records(Vec<SrvRecord>),
    /// The name or the type does not exist, or the question was not asked.
    Absent,
}

/// How TLS begins at an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// At once (XEP-0368).
    Direct,
    /// By STARTTLS.
    StartTls,
}

/// One place to try.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How TLS begins.
    pub transport: Transport,
}

/// Where to go, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Try these; DNS named them, so nothing else may be tried.
    Named(Vec<Endpoint>),
    /// DNS knows no service record: the domain itself.
    Fallback(Endpoint),
    /// The domain says that it offers no such service.
    NoService,
}

/// Endpoints kept of one answer; a longer list is a joke or an attack.
const MOST: usize = 32;
/// The registered client port.
const STARTTLS_PORT: u16 = 5222;
/// The customary port of direct TLS, used only when direct TLS is demanded and DNS knows nothing.
const DIRECT_PORT: u16 = 5223;

/// Orders the answers for `domain`. `direct` and `starttls` are `None` when that way is switched off. `chance`
/// gives a random number for each draw.
pub fn plan(
    domain: &str,
    direct: Option<SrvAnswer>,
    starttls: Option<SrvAnswer>,
    mut chance: impl FnMut() -> u32,
) -> Plan {
    let fallback = match (&direct, &starttls) {
        (Some(_), None) => (DIRECT_PORT, Transport::Direct),
        _ => (STARTTLS_PORT, Transport::StartTls),
    };
    let mut answered = false;
    let mut pool = Vec::new();
    for (answer, transport) in [(direct, Transport::Direct), (starttls, Transport::StartTls)] {
        if let Some(SrvAnswer::Records(records)) = answer {
            answered = true;
            // dnsmasq writes `.` targets with port 1, so only the target counts.
            let offered = records.into_iter().filter(|record| !record.target.is_empty() && record.port != 0);
            pool.extend(offered.map(|record| (record, transport)));
        }
    }
    if !answered {
        return Plan::Fallback(Endpoint { host: domain.to_owned(), port: fallback.0, transport: fallback.1 });
    }
    if pool.is_empty() {
        return Plan::NoService;
    }
    pool.sort_by_key(|(record, transport)| (record.priority, record.weight != 0, *transport == Transport::StartTls));
    pool.truncate(MOST);
    Plan::Named(ordered(pool, &mut chance))
}

/// RFC 2782: within a priority, zero weights first, a random number up to the sum, the first whose running sum
/// reaches it, take it out, again.
fn ordered(mut pool: Vec<(SrvRecord, Transport)>, chance: &mut impl FnMut() -> u32) -> Vec<Endpoint> {
    let mut list = Vec::with_capacity(pool.len());
    while let Some(priority) = pool.first().map(|(record, _)| record.priority) {
        let group = pool.iter().take_while(|(record, _)| record.priority == priority);
        let sum: u32 = group.clone().map(|(record, _)| u32::from(record.weight)).sum();
        let drawn = if sum == 0 { 0 } else { chance() % (sum + 1) };
        let mut running = 0_u32;
        let chosen = group
            .map(|(record, _)| {
                running += u32::from(record.weight);
                running
            })
            .position(|running| running >= drawn)
            .unwrap_or(0);
        let (record, transport) = pool.remove(chosen);
        let endpoint = Endpoint { host: record.target, port: record.port, transport };
        if !list.contains(&endpoint) {
            list.push(endpoint);
        }
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(priority: u16, weight: u16, port: u16, target: &str) -> SrvRecord {
        SrvRecord { priority, weight, port, target: target.to_owned() }
    }

    fn hosts(plan: &Plan) -> Vec<String> {
        match plan {
            Plan::Named(list) => list.iter().map(|end| format!("{}:{}", end.host, end.port)).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn both_kinds_are_merged_by_priority() {
        let direct = SrvAnswer::Records(vec![record(5, 10, 15223, "alpha.test")]);
        let starttls = SrvAnswer::Records(vec![
            record(20, 0, 15222, "dead.test"),
            record(10, 60, 15222, "alpha.test"),
            record(10, 40, 15222, "beta.test"),
        ]);
        let plan = plan("alpha.test", Some(direct), Some(starttls), || 0);
        assert_eq!(hosts(&plan), ["alpha.test:15223", "alpha.test:15222", "beta.test:15222", "dead.test:15222"]);
    }

    #[test]
    fn a_root_target_switches_one_kind_off_and_not_the_other() {
        let root = SrvAnswer::Records(vec![record(0, 0, 1, "")]);
        let good = SrvAnswer::Records(vec![record(10, 0, 15222, "beta.test")]);
        assert_eq!(hosts(&plan("beta.test", Some(root.clone()), Some(good), || 0)), ["beta.test:15222"]);
        assert_eq!(plan("none.test", Some(root.clone()), Some(root.clone()), || 0), Plan::NoService);
        assert_eq!(plan("none.test", Some(SrvAnswer::Absent), Some(root.clone()), || 0), Plan::NoService);
        assert_eq!(plan("none.test", Some(root), Some(SrvAnswer::Absent), || 0), Plan::NoService, "no fallback");
    }

    #[test]
    fn only_without_an_answer_the_domain_itself_is_tried() {
        let absent = || Some(SrvAnswer::Absent);
        let itself = |port, transport| Plan::Fallback(Endpoint { host: "nosrv.test".into(), port, transport });
        assert_eq!(plan("nosrv.test", absent(), absent(), || 0), itself(5222, Transport::StartTls));
        assert_eq!(plan("nosrv.test", None, absent(), || 0), itself(5222, Transport::StartTls));
        assert_eq!(plan("nosrv.test", absent(), None, || 0), itself(5223, Transport::Direct));
    }

    #[test]
    fn row_000_05_weights_are_shares() {
        let records = SrvAnswer::Records(vec![record(1, 90, 1, "big"), record(1, 10, 1, "small")]);
        let mut first = 0;
        for draw in 0..=100 {
            let plan = plan("d", None, Some(records.clone()), || draw);
            first += usize::from(hosts(&plan)[0] == "big:1");
        }
        assert_eq!(first, 91, "running sum 90 takes the draws 0..=90");
    }

    #[test]
    fn a_zero_weight_is_rare_but_possible() {
        let records = SrvAnswer::Records(vec![record(1, 9, 1, "nine"), record(1, 0, 1, "zero")]);
        assert_eq!(hosts(&plan("d", None, Some(records.clone()), || 0)), ["zero:1", "nine:1"]);
        assert_eq!(hosts(&plan("d", None, Some(records), || 1)), ["nine:1", "zero:1"]);
    }

    #[test]
    fn two_hundred_records_are_cut_and_do_not_overflow() {
        let many = (0..200).map(|n| record(1, u16::MAX, 5222, &format!("h{n}.example"))).collect();
        let mut draws = 0_u32;
        let plan = plan("d", None, Some(SrvAnswer::Records(many)), || {
            draws += 1;
            u32::MAX - draws
        });
        assert_eq!(hosts(&plan).len(), MOST);
    }
}
