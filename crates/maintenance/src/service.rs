//! MaintenanceService: internal. The rows of an area's store, as they lie.

use std::pin::Pin;

use contracts::common::v1 as pb;
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use pb::maintenance_service_server::{MaintenanceService, MaintenanceServiceServer};
use runtime::config::Limits;
use runtime::{answer, sized, status};
use store::{RawRow, Snapshot, Store};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use vocabulary::Fault;

/// Where a message is closed, in bytes of rows.
const MESSAGE_BYTES: usize = 1 << 20;

type Steps = Pin<Box<dyn Stream<Item = Result<pb::BackupResponse, Status>> + Send>>;

/// Serves the upkeep of one store.
pub struct Maintenance {
    store: Store,
    part_of: fn(u8) -> pb::BackupPart,
    stopping: CancellationToken,
}

impl Maintenance {
    /// The service of a store whose tables belong, by their tag, to the parts that `part_of` says.
    /// Backups that are being read are cut short when `stopping` is cancelled.
    pub fn server(
        store: Store,
        part_of: fn(u8) -> pb::BackupPart,
        limits: &Limits,
        stopping: CancellationToken,
    ) -> MaintenanceServiceServer<Self> {
        sized!(MaintenanceServiceServer::new(Self { store, part_of, stopping }), limits.internal())
    }

    async fn steps(&self) -> Result<Steps, Fault> {
        let snapshot = self.store.snapshot().await?;
        let moment = |at: store::Ancestor| pb::StoreMoment { store_id: at.incarnation, groups: at.groups };
        let descends = snapshot.origin().map(|origin| origin.descends.iter().copied().map(moment).collect()).unwrap_or_default();
        let beginning = pb::BackupBeginning { moment: Some(moment(snapshot.at())), descends, rows: snapshot.rows() };
        let part_of = self.part_of;
        let pieces = stream::try_unfold(Some(snapshot), move |snapshot| async move {
            let Some(snapshot) = snapshot else { return Ok::<_, Status>(None) };
            let (rows, rest) = next_rows(snapshot).await.map_err(status)?;
            Ok(Some(match rows.is_empty() {
                true => (vec![step(pb::backup_response::Step::End(pb::BackupEnd {}))], None),
                false => (by_part(rows, part_of), Some(rest)),
            }))
        });
        let beginning = stream::once(async { Ok(step(pb::backup_response::Step::Beginning(beginning))) });
        let steps = beginning.chain(pieces.map_ok(|piece| stream::iter(piece.into_iter().map(Ok))).try_flatten());
        Ok(Box::pin(steps.take_until(self.stopping.clone().cancelled_owned())))
    }
}

async fn next_rows(mut snapshot: Snapshot) -> Result<(Vec<RawRow>, Snapshot), Fault> {
    let read = move || Ok((snapshot.next_rows(MESSAGE_BYTES)?, snapshot));
    tokio::task::spawn_blocking(read).await.unwrap_or_else(|_| Err(Fault::internal("reading rows was cut short")))
}

/// Rows in the order of their keys, in a message for each part.
fn by_part(rows: Vec<RawRow>, part_of: fn(u8) -> pb::BackupPart) -> Vec<pb::BackupResponse> {
    let mut messages: Vec<pb::BackupRows> = Vec::new();
    for row in rows {
        let part = part_of(row.tag());
        let row = pb::BackupRow { key: row.key, value: row.value };
        match messages.last_mut().filter(|last| last.part() == part) {
            Some(last) => last.rows.push(row),
            None => messages.push(pb::BackupRows { part: part.into(), rows: vec![row] }),
        }
    }
    messages.into_iter().map(|rows| step(pb::backup_response::Step::Rows(rows))).collect()
}

fn step(step: pb::backup_response::Step) -> pb::BackupResponse {
    pb::BackupResponse { step: Some(step) }
}

#[tonic::async_trait]
impl MaintenanceService for Maintenance {
    type BackupStream = Steps;

    async fn backup(&self, _: Request<pb::BackupRequest>) -> Result<Response<Steps>, Status> {
        answer(self.steps().await)
    }
}

impl std::fmt::Debug for Maintenance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Maintenance").finish_non_exhaustive()
    }
}
