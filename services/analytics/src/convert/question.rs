//! Questions: what is asked, checked field by field.

use std::ops::RangeInclusive;

use contracts::analytics::v1 as pb;
use sealing::Context;
use vocabulary::entry::{RecordKind, RecordRef};
use vocabulary::{Address, Fault, Revision, TenantId, Timestamp, Violation};

use super::fields::Fields;
use super::{record_kind, reference};

const GRID_PAGE: (RangeInclusive<i32>, usize) = (0..=500, 50);
const LIST_PAGE: (RangeInclusive<i32>, usize) = (0..=1000, 100);

/// One record, as it was asked for.
#[derive(Debug)]
pub struct RecordQuestion {
    /// The tenant.
    pub tenant: TenantId,
    /// Which record.
    pub reference: RecordRef,
    /// What the answer must know of.
    pub demanded: Revision,
}

/// A page of records, as it was asked for.
#[derive(Debug)]
pub struct ListQuestion {
    /// The tenant.
    pub tenant: TenantId,
    /// Of which kind; any, when absent.
    pub kind: Option<RecordKind>,
    /// Naming this address; any, when absent.
    pub address: Option<Address>,
    /// From 1.
    pub page_size: usize,
    /// Empty for the first page.
    pub page_token: String,
    /// What the answer must know of.
    pub demanded: Revision,
}

/// How a relationship stands, as it was asked.
#[derive(Debug)]
pub struct RelationshipQuestion {
    /// The tenant.
    pub tenant: TenantId,
    /// Which record.
    pub reference: RecordRef,
    /// The instant, if one is named.
    pub as_of: Option<Timestamp>,
    /// Days of the window, if they are named.
    pub window_days: Option<u32>,
    /// What the answer must know of.
    pub demanded: Revision,
}

/// The grid, as it was asked for.
#[derive(Debug)]
pub struct GridQuestion {
    /// The tenant.
    pub tenant: TenantId,
    /// Of which kind.
    pub kind: RecordKind,
    /// In which state; any, when absent.
    pub state: Option<analytics_domain::State>,
    /// Whose; anybody's, when absent.
    pub owner: Option<Address>,
    /// The instant, if one is named.
    pub as_of: Option<Timestamp>,
    /// Days of the window, if they are named.
    pub window_days: Option<u32>,
    /// From 1.
    pub page_size: usize,
    /// Empty for the first page.
    pub page_token: String,
    /// What the answer must know of.
    pub demanded: Revision,
}

/// Reads a question for one record.
///
/// # Errors
/// INVALID_ARGUMENT with every field that is wrong; REVISION_INVALID.
pub fn one(request: &pb::GetRecordRequest) -> Result<RecordQuestion, Fault> {
    let mut fields = Fields::default();
    let tenant = fields.tenant(&request.tenant_id);
    let reference = fields.take(reference("ref", request.r#ref.as_ref()));
    let (Some(tenant), Some(reference)) = (tenant, reference) else { return Err(fields.fault()) };
    Ok(RecordQuestion { tenant, reference, demanded: Revision::parse(&request.revision)? })
}

/// Reads a question for a page of records.
///
/// # Errors
/// As for [`one`].
pub fn list(request: pb::ListRecordsRequest) -> Result<ListQuestion, Fault> {
    let mut fields = Fields::default();
    let tenant = fields.tenant(&request.tenant_id);
    let address = fields.address("address", &request.address);
    let page_size = fields.page_size(request.page_size, LIST_PAGE);
    let (Some(tenant), Some(address), Some(page_size)) = (tenant, address, page_size) else { return Err(fields.fault()) };
    let kind = record_kind(request.kind());
    Ok(ListQuestion { tenant, kind, address, page_size, page_token: request.page_token, demanded: Revision::parse(&request.revision)? })
}

/// Reads a question about one relationship; `now` bounds the instant it may ask about.
///
/// # Errors
/// As for [`one`].
pub fn about(request: &pb::GetRelationshipRequest, now: Timestamp) -> Result<RelationshipQuestion, Fault> {
    let mut fields = Fields::default();
    let tenant = fields.tenant(&request.tenant_id);
    let reference = fields.take(reference("ref", request.r#ref.as_ref()));
    let window_days = fields.window_days(request.window_days);
    let as_of = fields.as_of(request.as_of.as_ref(), now);
    let (Some(tenant), Some(reference), Some(window_days), Some(as_of)) = (tenant, reference, window_days, as_of) else {
        return Err(fields.fault());
    };
    Ok(RelationshipQuestion { tenant, reference, as_of, window_days, demanded: Revision::parse(&request.revision)? })
}

/// Reads a question for the grid; `now` bounds the instant it may ask about.
///
/// # Errors
/// As for [`one`].
pub fn grid(request: pb::ListRelationshipsRequest, now: Timestamp) -> Result<GridQuestion, Fault> {
    let mut fields = Fields::default();
    let tenant = fields.tenant(&request.tenant_id);
    let missing = || Violation::new("kind", "must be contact, account, lead or opportunity");
    let kind = fields.take(record_kind(request.kind()).ok_or_else(missing));
    let owner = fields.address("owner", &request.owner);
    let window_days = fields.window_days(request.window_days);
    let page_size = fields.page_size(request.page_size, GRID_PAGE);
    let as_of = fields.as_of(request.as_of.as_ref(), now);
    let ((Some(tenant), Some(kind), Some(owner)), (Some(window_days), Some(page_size), Some(as_of))) =
        ((tenant, kind, owner), (window_days, page_size, as_of))
    else {
        return Err(fields.fault());
    };
    let state = match request.state() {
        pb::RecordState::Unspecified => None,
        pb::RecordState::Open => Some(analytics_domain::State::Open),
        pb::RecordState::Won => Some(analytics_domain::State::Won),
        pb::RecordState::Lost => Some(analytics_domain::State::Lost),
    };
    let demanded = Revision::parse(&request.revision)?;
    Ok(GridQuestion { tenant, kind, state, owner, as_of, window_days, page_size, page_token: request.page_token, demanded })
}

/// The page size and the demanded revision may differ from page to page; all else is what a token is bound to.
impl ListQuestion {
    /// The question as a page token is bound to it.
    pub fn place(&self) -> Context {
        let kind = self.kind.map_or(u64::MAX, |kind| kind as u64);
        let address = self.address.as_ref().map_or("", Address::as_str);
        Context::new("analytics.records.page").tenant(&self.tenant).number(kind).bytes(address.as_bytes())
    }
}

impl GridQuestion {
    /// The question as a page token is bound to it.
    pub fn place(&self) -> Context {
        let state = self.state.map_or(u64::MAX, |state| state as u64);
        let owner = self.owner.as_ref().map_or("", Address::as_str);
        let context = Context::new("analytics.relationships.page").tenant(&self.tenant).number(self.kind as u64).number(state);
        let context = context.bytes(owner.as_bytes()).number(self.window_days.unwrap_or_default().into());
        self.as_of.map_or(context.clone(), |as_of| context.number(as_of.micros() as u64))
    }
}
