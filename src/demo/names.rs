//! DNS for the demo's names, and for no other: everything else is answered by NXDOMAIN.

use hickory_server::Server;
use hickory_server::proto::rr::rdata::{A, SOA, SRV};
use hickory_server::proto::rr::{LowerName, Name, RData, Record};
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, Catalog, ZoneHandler, ZoneType};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, UdpSocket};

/// Seconds that an answer may be kept; a run's ports are its own.
const TTL: u32 = 30;
/// Ports tried until UDP and TCP are both free.
const TRIES: usize = 20;

/// What is to be found.
pub(super) struct Zone {
    /// The XMPP domain, the host that serves it and its port.
    pub(super) service: (String, String, u16),
    /// Names and their addresses.
    pub(super) hosts: Vec<(String, Ipv4Addr)>,
}

/// The server; it stops when dropped.
pub(super) struct Names {
    /// Where it listens, UDP and TCP.
    pub(super) address: SocketAddr,
    _server: Server<Catalog>,
}

/// Starts answering on a random port of loopback.
pub(super) async fn serve(zone: &Zone) -> io::Result<Names> {
    let (udp, tcp) = sockets().await?;
    let address = udp.local_addr()?;
    let mut server = Server::new(catalog(zone).map_err(io::Error::other)?);
    server.register_socket(udp);
    server.register_listener(tcp, Duration::from_secs(5), 16);
    Ok(Names { address, _server: server })
}

async fn sockets() -> io::Result<(UdpSocket, TcpListener)> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..TRIES {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        match TcpListener::bind(udp.local_addr()?).await {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The root zone, as this resolver knows it.
fn catalog(zone: &Zone) -> Result<Catalog, hickory_server::proto::ProtoError> {
    let root = Name::root();
    let mut names = InMemoryZoneHandler::<hickory_server::net::runtime::TokioRuntimeProvider>::empty(
        root.clone(),
        ZoneType::Primary,
        AxfrPolicy::Deny,
    );
    let soa = SOA::new(root.clone(), root.clone(), 1, 3_600, 600, 86_400, TTL);
    names.upsert_mut(Record::from_rdata(root.clone(), TTL, RData::SOA(soa)), 1);
    let (domain, host, port) = &zone.service;
    let srv = SRV::new(0, 0, *port, absolute(host)?);
    names.upsert_mut(Record::from_rdata(absolute(&format!("_xmpp-client._tcp.{domain}"))?, TTL, RData::SRV(srv)), 1);
    for (name, address) in &zone.hosts {
        names.upsert_mut(Record::from_rdata(absolute(name)?, TTL, RData::A(A(*address))), 1);
    }
    let mut catalog = Catalog::new();
    catalog.upsert(LowerName::from(root), vec![Arc::new(names) as Arc<dyn ZoneHandler>]);
    Ok(catalog)
}

fn absolute(name: &str) -> Result<Name, hickory_server::proto::ProtoError> {
    Name::from_ascii(format!("{name}."))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use hickory_server::proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
    use hickory_server::proto::rr::RecordType;

    /// Asks over UDP.
    pub(in super::super) async fn ask(server: SocketAddr, name: &str, kind: RecordType) -> (ResponseCode, Vec<String>) {
        let mut question = Message::new(7, MessageType::Query, OpCode::Query);
        question.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        socket.send_to(&question.to_vec().unwrap(), server).await.unwrap();
        let mut buffer = [0; 1_500];
        let length = socket.recv(&mut buffer).await.unwrap();
        let answer = Message::from_vec(&buffer[..length]).unwrap();
        let answers = answer.answers.iter().map(|record| record.data.to_string()).collect();
        (answer.metadata.response_code, answers)
    }

    #[tokio::test]
    async fn the_demo_is_found_and_nothing_else() {
        let zone = Zone {
            service: ("demo.butty".into(), "xmpp.demo.butty".into(), 40_001),
            hosts: vec![("xmpp.demo.butty".into(), Ipv4Addr::LOCALHOST)],
        };
        let names = serve(&zone).await.unwrap();
        assert!(names.address.ip().is_loopback());
        let srv = ask(names.address, "_xmpp-client._tcp.demo.butty.", RecordType::SRV).await;
        assert_eq!(srv, (ResponseCode::NoError, vec!["0 0 40001 xmpp.demo.butty.".to_owned()]));
        let host = ask(names.address, "XMPP.demo.butty.", RecordType::A).await;
        assert_eq!(host, (ResponseCode::NoError, vec!["127.0.0.1".to_owned()]));
        assert_eq!(ask(names.address, "xmpp.demo.butty.", RecordType::AAAA).await, (ResponseCode::NoError, vec![]));
        for (name, kind) in [
            ("_xmpps-client._tcp.demo.butty.", RecordType::SRV),
            ("demo.butty.example.", RecordType::A),
            ("example.org.", RecordType::A),
        ] {
            assert_eq!(ask(names.address, name, kind).await, (ResponseCode::NXDomain, vec![]), "{name}");
        }
    }
}
