use super::*;
use proptest::prelude::*;

fn login() -> Login {
    Login { user: "anna".to_owned(), password: Secret::from("pw") }
}

/// Talks with a proxy that answers so, each answer in pieces of this size. Gives what was sent, and the end.
fn talk(mut tunnel: Tunnel, answers: &[&[u8]], piece: usize) -> (Vec<Vec<u8>>, Result<(), Refusal>) {
    let mut sent = Vec::new();
    let mut coming: std::collections::VecDeque<&[u8]> = answers.iter().copied().collect();
    loop {
        match tunnel.poll() {
            Next::Send(bytes) => sent.push(bytes.expose().clone()),
            Next::Open => return (sent, Ok(())),
            Next::Read(most) => {
                assert!(most > 0);
                let Some(answer) = coming.front_mut() else { return (sent, Err(Refusal::Rubbish)) };
                let (now, later) = answer.split_at(answer.len().min(most).min(piece));
                *answer = later;
                if later.is_empty() {
                    coming.pop_front();
                }
                if let Err(refusal) = tunnel.take(now) {
                    return (sent, Err(refusal));
                }
            }
        }
    }
}

fn socks(answers: &[&[u8]]) -> (Vec<Vec<u8>>, Result<(), Refusal>) {
    let tunnel = || Tunnel::new(ProxyKind::Socks5, "example.org", 5222, Some(login()));
    let whole = talk(tunnel(), answers, usize::MAX);
    for piece in 1..9 {
        assert_eq!(talk(tunnel(), answers, piece), whole, "in pieces of {piece}");
    }
    whole
}

fn http(login: Option<&Login>, answer: &str) -> Result<(), Refusal> {
    let tunnel = || Tunnel::new(ProxyKind::Http, "example.org", 5222, login.cloned());
    let whole = talk(tunnel(), &[answer.as_bytes()], usize::MAX).1;
    for piece in 1..9 {
        assert_eq!(talk(tunnel(), &[answer.as_bytes()], piece).1, whole, "in pieces of {piece}");
    }
    whole
}

#[test]
fn socks5_sends_the_name_and_never_asks_dns() {
    let (sent, end) = socks(&[&[5, 0], &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]]);
    assert_eq!(end, Ok(()));
    assert_eq!(sent[0], [5, 2, 0, 2]);
    assert_eq!(sent[1], [&[5, 1, 0, 3, 11][..], b"example.org", &[0x14, 0x66]].concat());
    let addresses = [("192.0.2.1", vec![1, 192, 0, 2, 1]), ("::1", [vec![4], vec![0; 15], vec![1]].concat())];
    for (host, coded) in addresses {
        let (sent, _) = talk(Tunnel::new(ProxyKind::Socks5, host, 1, None), &[&[5, 0]], 9);
        assert_eq!(sent, [vec![5, 1, 0], [vec![5, 1, 0], coded, vec![0, 1]].concat()]);
    }
}

#[test]
fn socks5_gives_name_and_password_when_asked() {
    let name = [&[5, 0, 0, 3, 4][..], b"host", &[0, 1]].concat();
    let (sent, end) = socks(&[&[5, 2], &[1, 0], &name]);
    assert_eq!(end, Ok(()));
    assert_eq!(sent[1], [&[1, 4][..], b"anna", &[2], b"pw"].concat());
    assert_eq!(socks(&[&[5, 2], &[1, 1]]).1, Err(Refusal::LoginRefused));
    assert_eq!(socks(&[&[5, 0xff]]).1, Err(Refusal::LoginRefused));
    let without = talk(Tunnel::new(ProxyKind::Socks5, "a", 1, None), &[&[5, 0xff]], 9);
    assert_eq!(without.1, Err(Refusal::LoginNeeded));
    let unasked = talk(Tunnel::new(ProxyKind::Socks5, "a", 1, None), &[&[5, 2]], 9);
    assert_eq!(unasked.1, Err(Refusal::Rubbish), "a method that was not offered");
}

#[test]
fn socks5_refusals_are_told_apart() {
    let reply = |code: u8| socks(&[&[5, 0], &[5, code, 0, 1, 0, 0, 0, 0, 0, 0]]).1.unwrap_err();
    for (code, said) in [(1, "general failure"), (2, "not allowed"), (7, "not supported"), (8, "not supported")] {
        assert_eq!(reply(code), Refusal::Refused(Line::clean(said)));
    }
    for (code, said) in
        [(3, "network unreachable"), (4, "host unreachable"), (5, "connection refused"), (6, "timed out")]
    {
        assert_eq!(reply(code), Refusal::NoWay(Line::clean(said)));
    }
    assert_eq!(reply(9), Refusal::Rubbish);
}

#[test]
fn socks5_takes_no_other_answer() {
    for answers in [
        &[&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..]][..],
        &[&[4, 0]],
        &[&[5, 1]],
        &[&[5, 0x80]],
        &[&[5, 2], &[5, 0]],
        &[&[5, 0], &[5, 0, 1, 1, 0, 0, 0, 0, 0, 0]],
        &[&[5, 0], &[5, 0, 0, 2]],
        &[&[5, 0], &[4]],
        &[],
    ] {
        assert_eq!(socks(answers).1, Err(Refusal::Rubbish), "{answers:?}");
    }
    let mut open = Tunnel::new(ProxyKind::Socks5, "a", 1, None);
    let _ = open.poll();
    assert_eq!(open.take(&[5, 0, 5, 0, 0]), Err(Refusal::Rubbish), "an answer to what was not asked");
}

#[test]
fn connect_asks_as_the_rfc_has_it() {
    let tunnel = Tunnel::new(ProxyKind::Http, "example.org", 443, Some(login()));
    let (sent, end) = talk(tunnel, &[b"HTTP/1.0 200 Connection established\r\nVia: x\r\n\r\n"], 9);
    assert_eq!(end, Ok(()));
    let asked =
        "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\nProxy-Authorization: Basic YW5uYTpwdw==\r\n\r\n";
    assert_eq!(sent, [asked.as_bytes()]);
    let (sent, _) = talk(Tunnel::new(ProxyKind::Http, "2001:db8::1", 5222, None), &[], 9);
    assert_eq!(sent, [b"CONNECT [2001:db8::1]:5222 HTTP/1.1\r\nHost: [2001:db8::1]:5222\r\n\r\n"]);
}

#[test]
fn connect_refusals_are_told_apart() {
    let said = |code: &str| http(None, &format!("HTTP/1.1 {code}\r\nContent-Length: 0\r\n\r\n"));
    assert_eq!(said("200"), Ok(()));
    assert_eq!(said("204 No Content"), Ok(()));
    assert_eq!(said("407 Who?"), Err(Refusal::LoginNeeded));
    for code in ["401 Unauthorized", "407 No"] {
        assert_eq!(http(Some(&login()), &format!("HTTP/1.1 {code}\r\n\r\n")), Err(Refusal::LoginRefused));
    }
    for code in ["403 Forbidden", "405 Method Not Allowed", "400 Bad", "302 Found", "500 Oh"] {
        assert_eq!(said(code), Err(Refusal::Refused(Line::clean(code))));
    }
    for code in ["404 Not Found", "502 Bad Gateway", "503 x", "504 Gateway Timeout"] {
        assert_eq!(said(code), Err(Refusal::NoWay(Line::clean(code))));
    }
    let painted = said("403 \u{1b}[31mred").unwrap_err();
    assert!(matches!(&painted, Refusal::Refused(line) if !line.as_str().contains('\u{1b}')), "{painted:?}");
}

#[test]
fn connect_takes_no_other_answer() {
    let long = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(2000));
    for answer in [
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 +20 OK\r\n\r\n",
        "HTTP/1.1\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: y",
        "\u{5}\u{0}",
        &long,
    ] {
        assert_eq!(http(None, answer), Err(Refusal::Rubbish), "{answer:.40}");
    }
    let early = talk(Tunnel::new(ProxyKind::Http, "a", 1, None), &[b"HTTP/1.1 200 OK\r\n\r\n<stream:stream"], 99);
    assert_eq!(early.1, Err(Refusal::Rubbish), "bytes before the server could speak");
}

proptest! {
    /// Any bytes, cut anywhere, end the same way and never panic; nothing is read that was not asked for.
    #[test]
    fn cuts_change_nothing(
        http in any::<bool>(),
        with_login in any::<bool>(),
        start in prop::sample::select(vec![&b""[..], b"\x05\x00\x05\x00\x00", b"\x05\x02\x01\x00\x05\x00\x00\x03", b"HTTP/1.1 200 ", b"HTTP/1.1 "]),
        tail in prop::collection::vec(any::<u8>(), 0..300),
        piece in 1_usize..40,
    ) {
        let kind = if http { ProxyKind::Http } else { ProxyKind::Socks5 };
        let tunnel = || Tunnel::new(kind, "example.org", 5222, with_login.then(login));
        let all = [start, &tail].concat();
        // A stream that reads no more than it is told to: as a socket would be read.
        prop_assert_eq!(talk(tunnel(), &[&all], piece), talk(tunnel(), &[&all], 1));
    }
}
