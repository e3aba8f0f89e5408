//! The drill for a lost disk, as SECURITY.md has it, with the binary: closed, brought back, and nothing is other than it was.

use std::process::{Command, Output};
use std::sync::Arc;

use contracts::consent::v1 as pb;
use contracts::consent::v1::consent_service_client::ConsentServiceClient;
use contracts::graph::v1::list_introducers_request::Target;
use rapport::client::{Client, told};
use rapport::convert;
use rapport::demo::load;
use vocabulary::{Kind, Reason};

use crate::fixtures::{every_overview, grant, introducers, lead, opt_out, overview, small_company};
use crate::harness::{Running, binary};

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_disk_is_brought_back_from_the_mirror() {
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let settings = [format!("keyring.mirror={}", directory.path().join("second disk").display())];
    let company = small_company();
    let running = Running::in_five_processes_with(Arc::clone(&directory), &settings);
    let client = running.client(&company.tenant.id);
    load::company(&client, &company).await.unwrap();
    let granted = grant(&client).await.unwrap();
    let read = load::mailboxes(&client, &company, &granted.revision).await.unwrap();
    let withdrawn = opt_out(&client, &company.users[0].addresses[0]).await.unwrap();
    let expected = every_overview(&client, &company, &withdrawn.revision).await;
    let (_, bytes) = &expected[0];
    assert!(!bytes.is_empty() && read.accepted > 1_000);
    running.stop().await;

    let data = directory.path().join("data");
    for lost in ["consent", "keyring"] {
        std::fs::remove_dir_all(data.join(lost)).unwrap();
    }
    std::fs::remove_file(data.join("epoch")).unwrap();

    // It starts and serves nobody: what was lost cannot be mistaken for what was never decided.
    let running = Running::in_five_processes_with(Arc::clone(&directory), &settings);
    let client = running.client(&company.tenant.id);
    let closed = consent(&client).await.unwrap_err();
    assert_eq!((closed.kind, closed.reason), (Kind::FailedPrecondition, Reason::ConsentRolledBack));
    let refused = introducers(&client, Target::Record(lead(&company.stories.lead.lead_id)), "").await.unwrap_err();
    assert_eq!((refused.kind, refused.reason), (Kind::Unavailable, Reason::ConsentUnknown), "{refused}");
    let record = convert::record_ref(company.records[0].reference.clone());
    assert_eq!(overview(&client, record, "").await.unwrap_err().reason, Reason::ConsentRolledBack);
    running.stop().await;

    let recover = |way: &[&str]| -> Output {
        let data = format!("data_dir={}", data.display());
        Command::new(binary()).args(["consent", "recover", "--set", &data, "--set", &settings[0]]).args(way).output().unwrap()
    };
    let neither = recover(&[]);
    assert!(!neither.status.success() && String::from_utf8_lossy(&neither.stderr).contains("--from-mirror"));
    let recovered = recover(&["--from-mirror"]);
    assert!(recovered.status.success(), "{}", String::from_utf8_lossy(&recovered.stderr));
    let needless = recover(&["--withdraw-all"]);
    assert!(!needless.status.success() && String::from_utf8_lossy(&needless.stderr).contains("no decision is missing"));

    let running = Running::in_five_processes_with(Arc::clone(&directory), &settings);
    let client = running.client(&company.tenant.id);
    assert!(consent(&client).await.unwrap().granted);
    let now = every_overview(&client, &company, &withdrawn.revision).await;
    assert!(now == expected, "an overview differs");
    // While it serves, nobody brings anything back under it.
    let taken = recover(&["--from-mirror"]);
    assert!(!taken.status.success(), "{}", String::from_utf8_lossy(&taken.stdout));
    running.stop().await;
}

async fn consent(client: &Client) -> Result<pb::Consent, vocabulary::Fault> {
    let request = pb::GetConsentRequest { tenant_id: client.tenant.clone(), ..Default::default() };
    Ok(told(ConsentServiceClient::new(client.link.clone()).get_consent(request).await)?.consent.unwrap())
}
