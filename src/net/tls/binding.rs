//! What a TLS connection can be told by: `tls-exporter` (RFC 9266) and `tls-server-end-point` (RFC 5929 section 4).
//!
//! RFC 9266 takes TLS 1.3, or 1.2 with the extended master secret; rustls does not tell whether a 1.2 connection has
//! that, so the exporter is of 1.3 alone. The end point is the hash of the certificate by the hash of its signature;
//! the certificate says which. No end point where RFC 5929 defines none: a signature without a hash of its own
//! (Ed25519), one with two, and one whose hash we do not have (SHA-224).

use super::der::{NAME, SEQUENCE, element};
use crate::xmpp::Bindings;
use ring::digest::{self, Algorithm, SHA256, SHA384, SHA512, SHA512_256};
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ProtocolVersion;

/// RFC 9266 section 2.
const LABEL: &[u8] = b"EXPORTER-Channel-Binding";

/// The bindings of a connection whose handshake is done.
pub(in crate::net) fn bindings_of<S>(stream: &TlsStream<S>) -> Bindings {
    let connection = stream.get_ref().1;
    let unique = connection.protocol_version() == Some(ProtocolVersion::TLSv1_3);
    let exported = || connection.export_keying_material([0; 32], LABEL, Some(&[])).ok();
    let leaf = connection.peer_certificates().and_then(<[_]>::first);
    Bindings { exporter: exported().filter(|_| unique), end_point: leaf.and_then(|leaf| end_point(leaf)) }
}

/// The hash of a certificate that RFC 5929 section 4.1 asks for.
fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let hash = hash_of_signature(certificate)?;
    Some(digest::digest(hash, certificate).as_ref().to_vec())
}

/// `Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }` (RFC 5280 section 4.1).
fn hash_of_signature(certificate: &[u8]) -> Option<&'static Algorithm> {
    let (fields, _) = element(SEQUENCE, certificate)?;
    let (_, rest) = element(SEQUENCE, fields)?;
    let (algorithm, _) = element(SEQUENCE, rest)?;
    let (name, parameters) = element(NAME, algorithm)?;
    if name == RSA_PSS {
        return hash_of_pss(parameters);
    }
    SIGNATURES.iter().find(|(signature, _)| *signature == name).map(|(_, hash)| *hash)
}

/// `RSASSA-PSS-params` (RFC 4055 section 3.1): `[0]` names the hash, `[1]` the mask's, each SHA-1 where absent.
fn hash_of_pss(parameters: &[u8]) -> Option<&'static Algorithm> {
    let (mut fields, _) = element(SEQUENCE, parameters)?;
    let (mut hash, mut mask_hash) = (SHA_1, SHA_1);
    if let Some((tagged, rest)) = element(0xA0, fields) {
        hash = element(NAME, element(SEQUENCE, tagged)?.0)?.0;
        fields = rest;
    }
    if let Some((tagged, _)) = element(0xA1, fields) {
        let (_, of_mask) = element(NAME, element(SEQUENCE, tagged)?.0)?;
        mask_hash = element(NAME, element(SEQUENCE, of_mask)?.0)?.0;
    }
    let only = hash == mask_hash;
    HASHES.iter().find(|(name, _)| only && *name == hash).map(|(_, hash)| *hash)
}

/// 1.2.840.113549.1.1.10
const RSA_PSS: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 10];
/// 1.3.14.3.2.26
const SHA_1: &[u8] = &[0x2B, 14, 3, 2, 26];

/// Names of hashes. RFC 5929: where it is MD5 or SHA-1, SHA-256 stands in.
const HASHES: &[(&[u8], &Algorithm)] = &[
    (SHA_1, &SHA256),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1], &SHA256),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2], &SHA384),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3], &SHA512),
];

/// Names of signatures, and the hash of each.
const SIGNATURES: &[(&[u8], &Algorithm)] = &[
    // 1.2.840.113549.1.1: RSA with MD5, SHA-1, SHA-256, SHA-384, SHA-512, SHA-512/256 (RFC 8017 appendix A.2.4).
    (&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 4], &SHA256),
    (&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 5], &SHA256),
    (&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 11], &SHA256),
    (&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 12], &SHA384),
    (&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 13], &SHA512),
    (&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 16], &SHA512_256),
    // 1.2.840.10045.4: ECDSA with SHA-1, SHA-256, SHA-384, SHA-512 (RFC 5758 section 3.2).
    (&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 1], &SHA256),
    (&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 2], &SHA256),
    (&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 3], &SHA384),
    (&[0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 4], &SHA512),
];

#[cfg(all(test, feature = "demo"))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop")]

    use super::*;
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};

    fn certificate(algorithm: &'static rcgen::SignatureAlgorithm) -> Vec<u8> {
        let key = KeyPair::generate_for(algorithm).unwrap();
        CertificateParams::new(vec!["example.org".to_owned()]).unwrap().self_signed(&key).unwrap().der().to_vec()
    }

    /// A certificate of nothing but its signature's name.
    fn shell(algorithm: &[u8]) -> Vec<u8> {
        wrap(SEQUENCE, &[&[SEQUENCE, 0][..], &wrap(SEQUENCE, &[algorithm]), &[3, 1, 0]])
    }

    fn wrap(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        [&[tag, u8::try_from(content.len()).unwrap()][..], &content].concat()
    }

    #[test]
    fn the_hash_is_that_of_the_signature() {
        for (algorithm, hash) in [(&PKCS_ECDSA_P256_SHA256, &SHA256), (&PKCS_ECDSA_P384_SHA384, &SHA384)] {
            let certificate = certificate(algorithm);
            assert_eq!(end_point(&certificate).unwrap(), digest::digest(hash, &certificate).as_ref());
        }
        assert_eq!(end_point(&certificate(&PKCS_ED25519)), None, "it has no hash of its own");
    }

    #[test]
    fn weak_hashes_are_stood_in_for_and_unknown_ones_are_none() {
        let rsa = |last: u8| wrap(NAME, &[&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, last]]);
        for (last, hash) in [(4, Some(&SHA256)), (5, Some(&SHA256)), (13, Some(&SHA512)), (14, None), (99, None)] {
            assert_eq!(hash_of_signature(&shell(&rsa(last))), hash, "{last}");
        }
    }

    #[test]
    fn pss_says_its_hash_in_its_parameters() {
        let named = |name: &[u8]| wrap(SEQUENCE, &[&wrap(NAME, &[name])]);
        let mask = |name: &[u8]| wrap(SEQUENCE, &[&wrap(NAME, &[&[0x2A, 1]]), &named(name)]);
        let pss =
            |fields: &[&[u8]]| hash_of_signature(&shell(&[wrap(NAME, &[RSA_PSS]), wrap(SEQUENCE, fields)].concat()));
        let (sha_384, sha_512) = (HASHES[2].0, HASHES[3].0);
        let both = [wrap(0xA0, &[&named(sha_384)]), wrap(0xA1, &[&mask(sha_384)])];
        assert_eq!(pss(&[&both[0], &both[1]]), Some(&SHA384));
        assert_eq!(pss(&[]), Some(&SHA256), "SHA-1 where nothing is said, and SHA-256 for that");
        let two = wrap(0xA1, &[&mask(sha_512)]);
        assert_eq!(pss(&[&both[0], &two]), None, "two hashes are none");
    }

    #[test]
    fn a_certificate_cut_anywhere_does_no_harm() {
        let whole = certificate(&PKCS_ECDSA_P256_SHA256);
        for end in 0..whole.len() {
            assert_eq!(end_point(&whole[..end]), None, "{end}");
        }
        for at in 0..whole.len() {
            let mut odd = whole.clone();
            odd[at] ^= 0xFF;
            let _ = end_point(&odd);
        }
        assert_eq!(end_point(&[SEQUENCE, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]), None);
    }
}
