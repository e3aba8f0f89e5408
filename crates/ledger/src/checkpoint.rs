//! Checkpoints: how large a ledger is and what its root is, as a text that is signed (C2SP, tlog-checkpoint).

use crate::{Hash, NoteError, Signer, Verifier};

/// The state of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which ledger; also the name of its signer.
    pub origin: Box<str>,
    /// How many events it has.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The signed note: origin, size, root in base64.
    pub fn sign(size: u64, root: Hash, signer: &Signer) -> String {
        signer.sign(&format!("{}\n{size}\n{}\n", signer.verifier().name(), root.base64()))
    }

    /// Reads a checkpoint that the verifier's key signed. Further lines of the text are allowed and mean nothing here.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn open(note: &str, verifier: &Verifier) -> Result<Self, NoteError> {
        let text = verifier.open(note)?;
        let mut lines = text.lines();
        let mut read = || -> Option<Self> {
            let origin = lines.next().filter(|origin| *origin == verifier.name())?;
            let digits = lines.next()?;
            let size: u64 = digits.parse().ok()?;
            // No sign and no leading zero: one size has one text.
            let root = Hash::parse(lines.next()?).filter(|_| size.to_string() == digits)?;
            Some(Self { origin: origin.into(), size, root })
        };
        read().ok_or(NoteError::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_has_origin_size_and_root_and_is_read_back() {
        let signer = Signer::of("rapport.dev/ledger/contoso", &[5; 32]).unwrap();
        let note = Checkpoint::sign(20_852_163, Hash([7; 32]), &signer);
        let lines: Vec<_> = note.lines().collect();
        assert_eq!(lines[..4], ["rapport.dev/ledger/contoso", "20852163", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=", ""]);
        let read = Checkpoint::open(&note, signer.verifier()).unwrap();
        assert_eq!(read, Checkpoint { origin: lines[0].into(), size: 20_852_163, root: Hash([7; 32]) });
    }

    #[test]
    fn a_signed_text_that_is_no_checkpoint_is_refused() {
        let signer = Signer::of("origin", &[5; 32]).unwrap();
        let root = Hash([7; 32]).base64();
        for text in [
            "origin\n1\n".to_owned(),
            format!("other\n1\n{root}\n"),
            format!("origin\n01\n{root}\n"),
            format!("origin\n+1\n{root}\n"),
            format!("origin\n1\n{}\n", &root[4..]),
        ] {
            assert_eq!(Checkpoint::open(&signer.sign(&text), signer.verifier()), Err(NoteError::Malformed), "{text}");
        }
        assert!(Checkpoint::open(&signer.sign(&format!("origin\n1\n{root}\nextension\n")), signer.verifier()).is_ok());
    }
}
