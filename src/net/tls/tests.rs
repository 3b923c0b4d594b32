//! Every fault of a certificate, shown by a real handshake.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

use super::*;
use crate::net::testing::{Authority, acceptor, setup};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::HandshakeKind;

fn trust(pem: &str) -> Trust {
    let mut setup = setup("example.org");
    setup.ca_pem = Some(pem.to_owned());
    Trust::of(&setup)
}

async fn shake(configs: &Configs, pem: &str, server: &TlsAcceptor, domain: &str) -> Result<bool, Problem> {
    let (here, there) = tokio::io::duplex(64 * 1024);
    let server = server.clone();
    let serving = tokio::spawn(async move {
        if let Ok(mut stream) = server.accept(there).await {
            let _ = stream.write_all(b"!").await;
            let _ = stream.shutdown().await;
        }
    });
    let config = configs.get(&trust(pem), Use::StartTls)?;
    let result = connect(config, &Domain::parse(domain).unwrap(), here).await;
    let result = match result {
        Ok(mut stream) => {
            let mut all = Vec::new();
            stream.read_to_end(&mut all).await.unwrap();
            assert_eq!(all, b"!");
            Ok(stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed))
        }
        Err(problem) => Err(problem),
    };
    serving.await.unwrap();
    result
}

async fn fault(ca: &Authority, server: TlsAcceptor, domain: &str) -> CertificateFault {
    match shake(&Configs::new(TlsMinimum::V12), &ca.pem, &server, domain).await {
        Err(Problem::Certificate { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_right_certificate_passes_and_the_next_handshake_is_short() {
    let ca = Authority::new();
    let server = ca.acceptor(&["example.org", "xn--mnchen-3ya.example"], |_| {});
    let configs = Configs::new(TlsMinimum::V12);
    assert_eq!(shake(&configs, &ca.pem, &server, "example.org").await, Ok(false));
    assert_eq!(shake(&configs, &ca.pem, &server, "example.org").await, Ok(true), "resumed");
    assert_eq!(shake(&configs, &ca.pem, &server, "münchen.example").await, Ok(false), "names with umlauts");
    assert!(shake(&Configs::new(TlsMinimum::V13), &ca.pem, &server, "example.org").await.is_ok());
}

/// Early data (RFC 8446 section 2.3) would leave before the server proved itself, and could be played again.
#[test]
fn early_data_is_off_whatever_the_connection_is_for() {
    let (ca, configs) = (Authority::new(), Configs::new(TlsMinimum::V12));
    for purpose in [Use::Direct, Use::StartTls, Use::Web] {
        assert!(!configs.get(&trust(&ca.pem), purpose).unwrap().enable_early_data, "{purpose:?}");
    }
}

#[tokio::test]
async fn each_fault_has_its_own_name() {
    let ca = Authority::new();
    let other = ca.acceptor(&["mail.example.net", "*.example.org"], |_| {});
    let names = vec![Line::clean("mail.example.net"), Line::clean("*.example.org")];
    assert_eq!(fault(&ca, other, "example.org").await, CertificateFault::WrongName(names));

    let old = ca.acceptor(&["example.org"], |params| {
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 2, 3);
    });
    assert_eq!(fault(&ca, old, "example.org").await, CertificateFault::Expired(Some(Line::clean("2002-02-03"))));

    let early = ca.acceptor(&["example.org"], |params| {
        params.not_before = date_time_ymd(2999, 1, 2);
        params.not_after = date_time_ymd(3000, 1, 1);
    });
    assert_eq!(fault(&ca, early, "example.org").await, CertificateFault::NotYetValid(Some(Line::clean("2999-01-02"))));

    let strange = Authority::named("Nobody").acceptor(&["example.org"], |_| {});
    assert_eq!(fault(&ca, strange, "example.org").await, CertificateFault::UnknownIssuer);

    let forged = Authority::new().acceptor(&["example.org"], |_| {});
    assert_eq!(fault(&ca, forged, "example.org").await, CertificateFault::Unusable, "signed in a known name");

    let client = ca.acceptor(&["example.org"], |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    assert_eq!(fault(&ca, client, "example.org").await, CertificateFault::Unusable);
}

#[tokio::test]
async fn a_certificate_that_signed_itself_has_no_known_issuer() {
    let ca = Authority::new();
    let key = KeyPair::generate().unwrap();
    for is_ca in [IsCa::NoCa, IsCa::Ca(rcgen::BasicConstraints::Unconstrained)] {
        let mut params = CertificateParams::new(vec!["example.org".to_owned()]).unwrap();
        params.is_ca = is_ca;
        let certificate = params.self_signed(&key).unwrap();
        let server = acceptor(certificate.der().clone(), &key);
        assert_eq!(fault(&ca, server, "example.org").await, CertificateFault::UnknownIssuer);
    }
}

/// Both ends of a connection make the same of it, and nothing else does.
#[tokio::test]
async fn both_ends_of_a_connection_agree_on_what_it_is_told_by() {
    let ca = Authority::new();
    let server = ca.acceptor(&["example.org"], |_| {});
    let configs = Configs::new(TlsMinimum::V12);
    let mut seen = Vec::new();
    for version in [&version::TLS13, &version::TLS12, &version::TLS13] {
        let mut config = Arc::unwrap_or_clone(configs.get(&trust(&ca.pem), Use::StartTls).unwrap());
        if version.version == ProtocolVersion::TLSv1_2 {
            config = one_version(&configs, &ca.pem, version);
        }
        let (here, there) = tokio::io::duplex(64 * 1024);
        let domain = Domain::parse("example.org").unwrap();
        let (ours, theirs) = tokio::join!(connect(Arc::new(config), &domain, here), server.accept(there));
        let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
        assert_eq!(ours.get_ref().1.protocol_version(), Some(version.version));
        let bindings = bindings_of(&ours);
        let theirs =
            theirs.get_ref().1.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", Some(b"")).unwrap();
        let unique = version.version == ProtocolVersion::TLSv1_3;
        assert_eq!(bindings.exporter, unique.then_some(theirs), "{version:?}");
        let leaf = &ours.get_ref().1.peer_certificates().unwrap()[0];
        let hash = ::ring::digest::digest(&::ring::digest::SHA256, leaf);
        assert_eq!(bindings.end_point.as_deref(), Some(hash.as_ref()), "ECDSA with SHA-256");
        seen.push(bindings.exporter);
    }
    assert_ne!(seen[0], seen[2], "another connection to the same server");
}

/// A configuration for this version alone.
fn one_version(configs: &Configs, pem: &str, version: &'static SupportedProtocolVersion) -> ClientConfig {
    let provider = Arc::new(ring::default_provider());
    let verifier = verifier(&trust(pem), &provider).unwrap();
    let made = configs.build(provider.clone(), verifier.clone(), Use::StartTls).unwrap();
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
    let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    config.resumption = made.resumption;
    config
}

#[tokio::test]
async fn a_peer_that_speaks_no_tls_is_told_apart_from_one_that_closes() {
    let ca = Authority::new();
    let config = Configs::new(TlsMinimum::V12).get(&trust(&ca.pem), Use::Direct).unwrap();
    let domain = Domain::parse("example.org").unwrap();
    let (here, mut there) = tokio::io::duplex(4096);
    there.write_all(b"<?xml version='1.0'?><stream:stream>").await.unwrap();
    assert_eq!(
        connect(config.clone(), &domain, here).await.unwrap_err(),
        Problem::TlsFailed { domain: domain.clone() }
    );
    let (here, there) = tokio::io::duplex(4096);
    drop(there);
    let closed = Problem::ClosedAt { host: Line::clean("example.org"), stage: Stage::Tls };
    assert_eq!(connect(config, &domain, here).await.unwrap_err(), closed);
}

#[test]
fn a_ca_file_that_holds_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my-ca.pem");
    let configs = Configs::new(TlsMinimum::V12);
    for content in
        [None, Some(""), Some("no pem"), Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    {
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let mut setup = setup("example.org");
        setup.ca_file = Some(file.clone());
        let problem = configs.get(&Trust::of(&setup), Use::Direct).unwrap_err();
        assert_eq!(problem, Problem::NoTrust { file: Some(Line::clean("my-ca.pem")) }, "{content:?}");
    }
}
