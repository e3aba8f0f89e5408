//! The contracts of `proto/`, as generated and committed: messages, clients, servers, descriptors.
//! Nothing here is written by hand but this table; `cargo run -p contracts --example generate` writes the rest.

/// Words every area uses: purposes, kinds, reasons.
pub mod common {
    /// Version 1.
    pub mod v1 {
        #![allow(missing_docs, clippy::all, clippy::pedantic, unused_qualifications)]
        include!("generated/rapport.common.v1.rs");
    }
}

/// Tenants, applications, the directory, consent and its enforcement.
pub mod consent {
    /// Version 1.
    pub mod v1 {
        #![allow(missing_docs, clippy::all, clippy::pedantic, unused_qualifications)]
        include!("generated/rapport.consent.v1.rs");
    }
}

/// Interactions in, and the feed of sealed blocks.
pub mod ingestion {
    /// Version 1.
    pub mod v1 {
        #![allow(missing_docs, clippy::all, clippy::pedantic, unused_qualifications)]
        include!("generated/rapport.ingestion.v1.rs");
    }
}

/// CRM records, KPIs and health.
pub mod analytics {
    /// Version 1.
    pub mod v1 {
        #![allow(missing_docs, clippy::all, clippy::pedantic, unused_qualifications)]
        include!("generated/rapport.analytics.v1.rs");
    }
}

/// Who knows whom.
pub mod graph {
    /// Version 1.
    pub mod v1 {
        #![allow(missing_docs, clippy::all, clippy::pedantic, unused_qualifications)]
        include!("generated/rapport.graph.v1.rs");
    }
}

/// Composed answers.
pub mod gateway {
    /// Version 1.
    pub mod v1 {
        #![allow(missing_docs, clippy::all, clippy::pedantic, unused_qualifications)]
        include!("generated/rapport.gateway.v1.rs");
    }
}

/// Every contract as an encoded `google.protobuf.FileDescriptorSet`, imports included.
pub const DESCRIPTORS: &[u8] = include_bytes!("generated/descriptors.bin");
