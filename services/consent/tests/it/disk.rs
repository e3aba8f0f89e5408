//! What lies on disk: searched byte by byte.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use contracts::consent::v1 as pb;

use crate::suite::{Suite, opt_out, revoke, users};

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

fn search(dir: &Path, words: &[String]) {
    let mut found = Vec::new();
    files(dir, &mut found);
    assert!(found.len() > 5);
    for path in found {
        let bytes = fs::read(&path).unwrap().to_ascii_lowercase();
        for word in words {
            let word = word.to_ascii_lowercase();
            assert!(!bytes.windows(word.len()).any(|window| window == word.as_bytes()), "{word} lies in {}", path.display());
        }
    }
}

#[tokio::test]
async fn no_file_names_anybody() {
    let suite = Suite::start(Duration::from_millis(200)).await;
    let mut words: Vec<String> = ["contoso.example", "Contoso Limited", "everybody@", "speaking-request-id"].map(String::from).to_vec();
    for user in users() {
        words.extend(user.addresses);
        words.extend([user.external_id, user.display_name]);
    }
    search(suite.path(), &words);
    suite.grant().await;
    let request = pb::OptOutUserRequest { request_id: "speaking-request-id".into(), ..opt_out("ada") };
    suite.consents().opt_out_user(request).await.unwrap();
    search(suite.path(), &words);
    suite.consents().revoke_consent(revoke()).await.unwrap();
    let dir = suite.stop().await;
    search(dir.path(), &words);
}
