//! ExportService: what records and timelines hold on a person.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

use contracts::analytics::v1 as pb;
use contracts::analytics::v1::export_service_server::ExportService;
use feed::View;
use futures::{Stream, StreamExt as _, stream};
use pb::export_response::Item;
use runtime::{Deadline, answer};
use tonic::{Request, Response, Status};
use vocabulary::{Fault, Revision};

use super::relationships::computed;
use crate::convert::{self, Exporting};
use crate::follow::Folded;
use crate::readable::readable;
use crate::record_store::RecordStore;
use crate::waiting::Waiting;

/// The export service.
pub struct Exports {
    waiting: Waiting,
    store: Arc<RecordStore>,
    view: View<Folded>,
}

impl Exports {
    /// The service over a store and a view.
    pub fn new(waiting: Waiting, store: Arc<RecordStore>, view: View<Folded>) -> Self {
        Self { waiting, store, view }
    }

    /// All of it stands on one permit, and is made at once: a person is on few records.
    async fn export(&self, request: Request<pb::ExportRequest>) -> Result<Vec<pb::ExportResponse>, Fault> {
        let until = Deadline::of_waiting(&request);
        let Exporting { tenant, addresses, people } = convert::exporting(request.get_ref())?;
        let nothing = Revision::default();
        let permit = self.waiting.permit(&tenant, &nothing, until).await?;
        let kept = self.store.of_tenant(&permit).await?;
        let reader = self.view.reader(&permit, &nothing, until.remaining()).await?;
        computed(move || {
            let held: Vec<_> = addresses.into_iter().filter(|address| !permit.is_erased(address)).collect();
            let records = kept.read();
            let naming: BTreeSet<_> = held.iter().flat_map(|address| records.at_address(address)).cloned().collect();
            let naming = naming.iter().filter_map(|reference| records.get(reference));
            let mut items: Vec<_> = naming.map(|record| Item::Record(convert::exported(record, &held))).collect();
            let (readable, folded) = (readable(&permit, &reader), reader.fold());
            let identities: BTreeSet<_> = people.iter().flat_map(|person| folded.0.naming(*person)).collect();
            let times = identities.into_iter().filter_map(|identity| {
                let mut told = folded.0.copies(identity).filter(|told| readable.allows(told.origin()));
                told.next().map(|told| told.time())
            });
            let times: BTreeSet<_> = times.enumerate().map(|(at, time)| (time, at)).collect();
            let ends = times.first().zip(times.last());
            items.extend(ends.map(|((first, _), (last, _))| Item::Timeline(convert::exported_timeline(times.len(), *first, *last))));
            Ok(items.into_iter().map(|item| pb::ExportResponse { item: Some(item) }).collect())
        })
        .await
    }
}

#[tonic::async_trait]
impl ExportService for Exports {
    type ExportStream = Pin<Box<dyn Stream<Item = Result<pb::ExportResponse, Status>> + Send>>;

    async fn export(&self, request: Request<pb::ExportRequest>) -> Result<Response<Self::ExportStream>, Status> {
        answer(self.export(request).await.map(|items| Box::pin(stream::iter(items).map(Ok)) as Self::ExportStream))
    }
}
