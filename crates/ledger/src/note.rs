//! Signed notes: a text and the signatures of those who stand for it (C2SP, signed-note). Ed25519 only.

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

/// Begins every signature line: an em dash and a space.
const DASH: &str = "\u{2014} ";
const ED25519: u8 = 1;
const SIGNATURE: usize = 64;

/// Who signs: a name without white space and plus signs, and a key.
pub struct Signer {
    verifier: Verifier,
    key: SigningKey,
}

impl Signer {
    /// A signer whose key comes of a seed of 32 random bytes; `None` when the name is none.
    pub fn of(name: &str, seed: &[u8; 32]) -> Option<Self> {
        let key = SigningKey::from_bytes(seed);
        Some(Self { verifier: Verifier::of(name, key.verifying_key())?, key })
    }

    /// The public half.
    pub const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The note of a text, which ends with a newline.
    pub fn sign(&self, text: &str) -> String {
        let signed = [&self.verifier.key_id()[..], &self.key.sign(text.as_bytes()).to_bytes()].concat();
        format!("{text}\n{DASH}{} {}\n", self.verifier.name, BASE64.encode(&signed))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.verifier.name)
    }
}

/// Whom a signature is checked against. Its text is the `vkey` of the specification: `name+id+key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: Box<str>,
    key: VerifyingKey,
}

impl Verifier {
    fn of(name: &str, key: VerifyingKey) -> Option<Self> {
        let named = !name.is_empty() && !name.contains(|c: char| c == '+' || c.is_whitespace());
        named.then(|| Self { name: name.into(), key })
    }

    /// Reads a `vkey`; `None` when it is none, or its id is not that of its key.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '+');
        let (name, id, key) = (parts.next()?, parts.next()?, parts.next()?);
        let key = BASE64.decode(key.as_bytes()).ok()?;
        let (&ED25519, key) = key.split_first()? else { return None };
        let verifier = Self::of(name, VerifyingKey::from_bytes(key.try_into().ok()?).ok()?)?;
        (HEXLOWER.encode(&verifier.key_id()) == id).then_some(verifier)
    }

    /// The name of the signer.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of SHA-256 over name, newline, signature type and key.
    fn key_id(&self) -> [u8; 4] {
        let hashed = Sha256::new().chain_update(self.name.as_bytes()).chain_update([b'\n', ED25519]).chain_update(self.key.as_bytes());
        let hash: [u8; 32] = hashed.finalize().into();
        [hash[0], hash[1], hash[2], hash[3]]
    }

    /// The text of a note that carries a valid signature of this verifier; signatures of others are passed over.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn open<'a>(&self, note: &'a str) -> Result<&'a str, NoteError> {
        let at = note.rfind("\n\n").ok_or(NoteError::Malformed)?;
        let (text, signatures) = (&note[..=at], &note[at + 2..]);
        if !signatures.ends_with('\n') || note.chars().any(|c| c.is_ascii_control() && c != '\n') {
            return Err(NoteError::Malformed);
        }
        let mut found = Err(NoteError::UnknownSigner);
        for line in signatures.lines() {
            let signature = line.strip_prefix(DASH).and_then(|line| line.split_once(' ')).ok_or(NoteError::Malformed)?;
            let (name, signature) = (signature.0, BASE64.decode(signature.1.as_bytes()).map_err(|_| NoteError::Malformed)?);
            let (id, signature) = signature.split_first_chunk::<4>().ok_or(NoteError::Malformed)?;
            if name != &*self.name || *id != self.key_id() {
                continue;
            }
            let signature: [u8; SIGNATURE] = signature.try_into().map_err(|_| NoteError::Malformed)?;
            let valid = self.key.verify_strict(text.as_bytes(), &Signature::from_bytes(&signature));
            valid.map_err(|_| NoteError::WrongSignature)?;
            found = Ok(text);
        }
        found
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519], &self.key.as_bytes()[..]].concat();
        write!(f, "{}+{}+{}", self.name, HEXLOWER.encode(&self.key_id()), BASE64.encode(&key))
    }
}

/// Why a note is not to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteError {
    /// It is no signed note, or no checkpoint.
    Malformed,
    /// It carries no signature under the expected key.
    UnknownSigner,
    /// Its text is not what was signed.
    WrongSignature,
}

impl fmt::Display for NoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "is no signed checkpoint",
            Self::UnknownSigner => "carries no signature under the expected key",
            Self::WrongSignature => "is not what was signed",
        })
    }
}

impl std::error::Error for NoteError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the documentation of `golang.org/x/mod/sumdb/note`, the reference implementation.
    const NAME: &str = "PeterNeumann";
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const SECRET: &str = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    fn signer() -> Signer {
        let secret = BASE64.decode(SECRET.as_bytes()).unwrap();
        Signer::of(NAME, secret[1..].try_into().unwrap()).unwrap()
    }

    #[test]
    fn the_published_note_is_signed_and_opened() {
        assert_eq!(signer().verifier().to_string(), VKEY);
        assert_eq!(signer().sign(TEXT), NOTE);
        let verifier = Verifier::parse(VKEY).unwrap();
        assert_eq!(verifier.open(NOTE), Ok(TEXT));
    }

    #[test]
    fn what_was_not_signed_is_not_opened() {
        let verifier = signer().verifier().clone();
        assert_eq!(verifier.open(&NOTE.replace("answer", "remedy")), Err(NoteError::WrongSignature));
        assert_eq!(verifier.open(&NOTE.replace("PeterNeumann x", "EnochRoot x")), Err(NoteError::UnknownSigner));
        assert_eq!(Signer::of(NAME, &[9; 32]).unwrap().verifier().open(NOTE), Err(NoteError::UnknownSigner));
        for broken in [TEXT, "", "\n\n", &NOTE.replace("\u{2014} ", "- "), NOTE.trim_end(), &NOTE.replace("x08go", "x08")] {
            assert_eq!(verifier.open(broken), Err(NoteError::Malformed), "{broken:?}");
        }
        // The signature of somebody else stands beside.
        let both = format!("{NOTE}{}", signer_of("EnochRoot").sign(TEXT).split_once("\n\n").unwrap().1);
        assert_eq!(verifier.open(&both), Ok(TEXT));
    }

    fn signer_of(name: &str) -> Signer {
        Signer::of(name, &[3; 32]).unwrap()
    }

    #[test]
    fn keys_and_names_that_do_not_fit_are_refused() {
        for bad in ["", "PeterNeumann", &VKEY.replace("c74f20a3", "c74f20a4"), &VKEY.replace("+AR", "+BR"), &VKEY[..40]] {
            assert_eq!(Verifier::parse(bad), None, "{bad}");
        }
        for bad in ["", "two words", "a+b", "new\nline"] {
            assert!(Signer::of(bad, &[1; 32]).is_none(), "{bad}");
        }
        assert!(!format!("{:?}", signer()).contains("814142"));
    }
}
