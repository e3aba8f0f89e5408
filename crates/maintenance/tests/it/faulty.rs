//! An area that does not send what it should: no backup comes of it.

use std::pin::Pin;

use contracts::common::v1 as pb;
use futures::{Stream, stream};
use maintenance::{Sources, take};
use pb::backup_response::Step;
use pb::maintenance_service_server::{MaintenanceService, MaintenanceServiceServer};
use runtime::Link;
use tonic::service::Routes;
use tonic::{Request, Response, Status};
use vocabulary::{Reason, SystemClock};

use crate::Suite;

/// Sends these steps.
struct Says(Vec<Step>);

#[tonic::async_trait]
impl MaintenanceService for Says {
    type BackupStream = Pin<Box<dyn Stream<Item = Result<pb::BackupResponse, Status>> + Send>>;

    async fn backup(&self, _: Request<pb::BackupRequest>) -> Result<Response<Self::BackupStream>, Status> {
        let steps = self.0.clone().into_iter().map(|step| Ok(pb::BackupResponse { step: Some(step) }));
        Ok(Response::new(Box::pin(stream::iter(steps))))
    }
}

fn beginning(rows: u64) -> Step {
    let moment = Some(pb::StoreMoment { store_id: 7, groups: 1 });
    Step::Beginning(pb::BackupBeginning { moment, descends: Vec::new(), rows })
}

/// A row with an empty message.
fn row(part: pb::BackupPart, key: &[u8]) -> Step {
    let rows = vec![pb::BackupRow { key: key.to_vec(), value: crc(key).to_le_bytes().to_vec() }];
    Step::Rows(pb::BackupRows { part: part.into(), rows })
}

/// CRC-32 as everybody has it.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 })
    })
}

#[tokio::test]
async fn only_all_of_its_rows_in_order_make_a_backup() {
    use pb::BackupPart::{Consent, Records};
    let end = || Step::End(pb::BackupEnd {});
    let (dir, stores) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let suite = Suite::open(stores.path(), 2).await;
    let damaged = {
        let Step::Rows(mut rows) = row(Records, b"\x01a") else { unreachable!() };
        rows.rows[0].value[0] ^= 1;
        Step::Rows(rows)
    };
    let cases = [
        ("whole", vec![beginning(2), row(Records, b"\x01a"), row(Records, b"\x01b"), end()], true),
        ("empty", vec![beginning(0), end()], true),
        ("cut", vec![beginning(1), row(Records, b"\x01a")], false),
        ("a row is missing", vec![beginning(2), row(Records, b"\x01a"), end()], false),
        ("a row too many", vec![beginning(0), row(Records, b"\x01a"), end()], false),
        ("nothing", vec![], false),
        ("no beginning", vec![row(Records, b"\x01a"), end()], false),
        ("after the end", vec![beginning(1), end(), row(Records, b"\x01a")], false),
        ("begun twice", vec![beginning(1), row(Records, b"\x01a"), beginning(1), end()], false),
        ("of another part", vec![beginning(1), row(Consent, b"\x01a"), end()], false),
        ("twice", vec![beginning(2), row(Records, b"\x01a"), row(Records, b"\x01a"), end()], false),
        ("not what was written", vec![beginning(1), damaged, end()], false),
    ];
    for (case, steps, is_whole) in cases {
        let analytics = Link::in_process(Routes::new(MaintenanceServiceServer::new(Says(steps))));
        let to = dir.path().join(case);
        let taken = take(Sources { analytics, ..suite.sources() }, &to, &SystemClock).await;
        assert_eq!(taken.is_ok(), is_whole, "{case}");
        assert!(taken.err().is_none_or(|fault| fault.reason == Reason::BackupDamaged), "{case}");
        assert_eq!(to.exists(), is_whole, "{case}");
    }
    let whole = std::fs::read_dir(dir.path()).unwrap().count();
    assert_eq!(whole, 2, "something was left behind");
    suite.close().await;
}
