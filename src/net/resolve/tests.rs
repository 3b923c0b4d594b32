//! Against a scripted name server on loopback: short answers by UDP, long ones by TCP.

use super::*;
use hickory_resolver::proto::op::{Message, MessageType};
use hickory_resolver::proto::rr::rdata::{A, AAAA, CNAME, SRV};
use hickory_resolver::proto::rr::{Name, Record, RecordType};
use std::str::FromStr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

fn name(text: &str) -> Name {
    Name::from_str(text).unwrap()
}

/// What the zone says; `None`: nothing at all comes back.
fn answer(query: &str, kind: RecordType) -> Option<Result<Vec<RData>, ResponseCode>> {
    Some(match (query, kind) {
        ("_xmpp-client._tcp.alpha.test.", RecordType::SRV) => Ok(vec![
            RData::SRV(SRV::new(20, 0, 15222, name("Dead.test."))),
            RData::SRV(SRV::new(10, 60, 15222, name("alpha.test."))),
        ]),
        ("_xmpp-client._tcp.none.test.", RecordType::SRV) => Ok(vec![RData::SRV(SRV::new(0, 0, 0, name(".")))]),
        ("_xmpp-client._tcp.broken.test.", RecordType::SRV) => Err(ResponseCode::ServFail),
        ("alpha.test.", RecordType::A) => Ok(vec![RData::A(A::new(127, 0, 0, 13)), RData::A(A::new(127, 0, 0, 14))]),
        ("alpha.test.", RecordType::AAAA) => Ok(vec![RData::AAAA(AAAA::new(0, 0, 0, 0, 0, 0, 0, 1))]),
        ("empty.test.", _) | ("_xmpp-client._tcp.empty.test.", RecordType::SRV) => Ok(vec![]),
        ("many.test.", RecordType::A) => Ok((0..200).map(|last| RData::A(A::new(127, 0, 1, last))).collect()),
        ("itself.test.", _) => Ok(vec![RData::CNAME(CNAME(name("itself.test.")))]),
        ("there.test.", _) => Ok(vec![RData::CNAME(CNAME(name("back.test.")))]),
        ("back.test.", _) => Ok(vec![RData::CNAME(CNAME(name("there.test.")))]),
        ("wrong.test.", RecordType::A) => Ok(vec![RData::A(A::new(127, 0, 0, 66))]),
        ("silent.test.", _) => return None,
        _ => Err(ResponseCode::NXDomain),
    })
}

/// The server of that zone: it knows `alpha.test`, while `none.test` offers no chat, and `broken.test` is in trouble.
pub(in crate::net) async fn name_server() -> SocketAddr {
    // One number for both: another test may have taken the second of the two.
    let (socket, server, listener) = loop {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let server = socket.local_addr().unwrap();
        if let Ok(listener) = TcpListener::bind(server).await {
            break (socket, server, listener);
        }
    };
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            while let Ok(count) = tcp.read_u16().await {
                let mut piece = vec![0; usize::from(count)];
                tcp.read_exact(&mut piece).await.unwrap();
                let Some(reply) = reply(&piece) else { continue };
                tcp.write_u16(u16::try_from(reply.len()).unwrap()).await.unwrap();
                tcp.write_all(&reply).await.unwrap();
            }
        }
    });
    tokio::spawn(async move {
        let mut piece = [0; 4096];
        loop {
            let (count, from) = socket.recv_from(&mut piece).await.unwrap();
            let Some(mut reply) = reply(&piece[..count]) else { continue };
            if reply.len() > 512 {
                let mut short = Message::from_vec(&reply).unwrap();
                short.metadata.truncation = true;
                short.answers.clear();
                reply = short.to_vec().unwrap();
            }
            socket.send_to(&reply, from).await.unwrap();
        }
    });
    server
}

async fn names() -> Names {
    Names { patience: Duration::from_millis(200), ..Names::new(Some(name_server().await)) }
}

/// The whole answer to a question.
fn reply(question: &[u8]) -> Option<Vec<u8>> {
    let mut message = Message::from_vec(question).unwrap();
    let query = message.queries[0].clone();
    let said = answer(&query.name().to_ascii().to_lowercase(), query.query_type())?;
    message.metadata.message_type = MessageType::Response;
    match said {
        Ok(data) => {
            for data in data {
                // Somebody else's address, in answer to this question.
                let wrong = query.name().to_ascii().starts_with("wrong");
                let owner = if wrong { name("other.test.") } else { query.name().clone() };
                message.add_answer(Record::from_rdata(owner, 60, data));
            }
        }
        Err(code) => message.metadata.response_code = code,
    }
    Some(message.to_vec().unwrap())
}

#[tokio::test]
async fn service_records_come_as_they_are() {
    let names = names().await;
    let Ok(SrvAnswer::Records(records)) = names.srv("xmpp-client", "alpha.test").await else { panic!("records") };
    let mut told: Vec<_> = records.iter().map(|r| (r.priority, r.weight, r.port, r.target.as_str())).collect();
    told.sort_unstable();
    assert_eq!(told, [(10, 60, 15222, "alpha.test"), (20, 0, 15222, "dead.test")]);
    let Ok(SrvAnswer::Records(none)) = names.srv("xmpp-client", "none.test").await else { panic!("records") };
    assert_eq!(none[0].target, "");
}

#[tokio::test]
async fn absent_and_broken_are_told_apart() {
    let names = names().await;
    assert_eq!(names.srv("xmpp-client", "empty.test").await, Ok(SrvAnswer::Absent));
    assert_eq!(names.srv("xmpp-client", "nothing.test").await, Ok(SrvAnswer::Absent));
    assert_eq!(names.srv("xmpp-client", "broken.test").await, Err(DnsFailure::Silent));
}

#[tokio::test]
async fn addresses_come_by_turns_and_absence_has_two_forms() {
    let names = names().await;
    let list = names.addresses("alpha.test").await.unwrap();
    assert_eq!(list[0].to_string(), "::1");
    assert_eq!(list.len(), 3);
    assert_eq!(names.addresses("nothing.test").await, Err(DnsFailure::NotFound));
    assert_eq!(names.addresses("empty.test").await, Err(DnsFailure::NotFound));
    assert_eq!(names.addresses("192.0.2.7").await.unwrap()[0].to_string(), "192.0.2.7");
    assert_eq!(names.addresses("2001:db8::7").await.unwrap()[0].to_string(), "2001:db8::7");
}

#[tokio::test]
async fn a_silent_resolver_is_given_up_and_made_anew() {
    let names = names().await;
    assert_eq!(names.addresses("silent.test").await, Err(DnsFailure::Silent));
    assert!(names.made.lock().unwrap().is_none());
    assert!(names.addresses("alpha.test").await.is_ok());
    assert_eq!(DnsFailure::NotFound.problem("a\u{1b}b"), Problem::NameNotFound { host: Line::clean("a\u{1b}b") });
}

#[tokio::test]
async fn names_that_lead_in_a_circle_or_answer_for_another_are_no_addresses() {
    let names = names().await;
    for circle in ["itself.test", "there.test", "wrong.test"] {
        let found = tokio::time::timeout(LIMIT, names.addresses(circle)).await.expect("in time");
        assert!(found.is_err(), "{circle}: {found:?}");
    }
    assert!(names.addresses("alpha.test").await.is_ok(), "and nothing is the worse for it");
}

#[tokio::test]
async fn two_hundred_addresses_are_two_hundred_addresses() {
    assert_eq!(names().await.addresses("many.test").await.map(|list| list.len()), Ok(200));
}

#[test]
fn families_take_turns() {
    let list = ["192.0.2.1", "192.0.2.2", "2001:db8::1"].iter().map(|text| text.parse().unwrap());
    let told: Vec<String> = by_turns(list).iter().map(ToString::to_string).collect();
    assert_eq!(told, ["2001:db8::1", "192.0.2.1", "192.0.2.2"]);
}
