//! A name server on loopback that says what a test tells it, and ports that lead elsewhere.

use hickory_server::proto::op::{Message, MessageType, ResponseCode};
use hickory_server::proto::rr::rdata::{A, AAAA, SRV};
use hickory_server::proto::rr::{Name, RData, Record, RecordType};
use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;

/// The name server. Its thread ends with the test.
pub struct Names {
    pub address: SocketAddr,
}

impl Names {
    /// Names and their records, such as `10 SRV 5222 0 host.test`, `A 127.0.0.1`; what is not here does not exist.
    pub fn serve(zone: &[(&str, &[&str])]) -> Self {
        let zone: HashMap<String, Vec<RData>> = zone
            .iter()
            .map(|(name, records)| (format!("{name}."), records.iter().map(|record| read(record)).collect()))
            .collect();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok((count, from)) = socket.recv_from(&mut piece) {
                let Ok(mut message) = Message::from_vec(&piece[..count]) else { continue };
                let query = message.queries[0].clone();
                message.metadata.message_type = MessageType::Response;
                match zone.get(&query.name().to_ascii().to_lowercase()) {
                    None => message.metadata.response_code = ResponseCode::NXDomain,
                    Some(records) => {
                        for data in records.iter().filter(|data| data.record_type() == query.query_type()) {
                            message.add_answer(Record::from_rdata(query.name().clone(), 60, data.clone()));
                        }
                    }
                }
                drop(socket.send_to(&message.to_vec().unwrap(), from));
            }
        });
        Self { address }
    }
}

fn read(record: &str) -> RData {
    let words: Vec<&str> = record.split(' ').collect();
    let name = |text: &str| Name::from_ascii(if text == "." { ".".to_owned() } else { format!("{text}.") }).unwrap();
    match words[..] {
        ["A", address] => RData::A(A(address.parse().unwrap())),
        ["AAAA", address] => RData::AAAA(AAAA(address.parse().unwrap())),
        [priority, "SRV", port, weight, target] => RData::SRV(SRV::new(
            priority.parse().unwrap(),
            weight.parse().unwrap(),
            port.parse().unwrap(),
            name(target),
        )),
        _ => panic!("{record} of kind {:?}", RecordType::ANY),
    }
}

/// Listens at `from` and carries every connection to this port of 127.0.0.1. Its threads end with the test.
pub fn forward(from: &str, to: u16) -> SocketAddr {
    carry(TcpListener::bind(from).unwrap(), to)
}

/// The usual port of some address in 127/8, carried to this port of 127.0.0.1.
pub fn usual_port(to: u16) -> SocketAddr {
    let free = (2..250).find_map(|last| TcpListener::bind((format!("127.77.{}.{last}", to % 250), 5222)).ok());
    carry(free.expect("a free address"), to)
}

fn carry(listener: TcpListener, to: u16) -> SocketAddr {
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(server) = TcpStream::connect(("127.0.0.1", to)) else { continue };
            let ends = (client.try_clone().unwrap(), server.try_clone().unwrap());
            for (mut from, mut to) in [(client, server), (ends.1, ends.0)] {
                thread::spawn(move || {
                    drop(io::copy(&mut from, &mut to));
                    drop(to.shutdown(std::net::Shutdown::Write));
                });
            }
        }
    });
    address
}
