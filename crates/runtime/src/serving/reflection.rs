//! Reflection about the services of one listener and nothing else. Files are cut on the wire, because decoding one would lose
//! the options prost does not know, such as `google.api.http`.

use std::collections::BTreeMap;

use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};
use prost_types::{FileDescriptorProto, ServiceDescriptorProto};
use tonic::service::Routes;
use tonic_reflection::server::{Builder, Error};

use crate::wire::{Unreadable, fields};

/// Field numbers of `google.protobuf.FileDescriptorSet` and `FileDescriptorProto`.
const FILE: u32 = 1;
const SERVICE: u32 = 6;
const SOURCE_CODE_INFO: u32 = 9;

/// Adds the two versions of the reflection service that clients ask for.
pub(super) fn add(routes: Routes, descriptors: &[u8]) -> Result<Routes, Error> {
    let builder = || {
        Builder::configure()
            .register_encoded_file_descriptor_set(descriptors)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            // The details that errors carry, so that clients which ask by reflection can print them.
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
    };
    Ok(routes.add_service(builder().build_v1()?).add_service(builder().build_v1alpha()?))
}

/// The files that declare one of `services`, without other services, and the files these import, without any service.
pub(super) fn only(set: &[u8], services: &[&str]) -> Result<Vec<u8>, Unreadable> {
    let mut files = BTreeMap::new();
    let mut order = Vec::new();
    let mut wanted = Vec::new();
    for raw in fields(set)?.into_iter().filter_map(|field| (field.number == FILE).then_some(field.value)) {
        let file = FileDescriptorProto::decode(raw)?;
        let shows = |service: &ServiceDescriptorProto| services.contains(&full_name(&file, service).as_str());
        if file.service.iter().any(shows) {
            wanted.push(file.name().to_owned());
        }
        order.push(file.name().to_owned());
        files.insert(file.name().to_owned(), (raw, file));
    }
    let mut shown = BTreeMap::new();
    while let Some(name) = wanted.pop() {
        if let Some((raw, file)) = files.get(&name)
            && !shown.contains_key(&name)
        {
            shown.insert(name, without_other_services(raw, file, services)?);
            wanted.extend(file.dependency.iter().cloned());
        }
    }
    let mut out = Vec::new();
    for file in order.iter().filter_map(|name| shown.get(name)) {
        encode_key(FILE, WireType::LengthDelimited, &mut out);
        encode_varint(file.len() as u64, &mut out);
        out.extend_from_slice(file);
    }
    Ok(out)
}

/// The file without the services that are not shown, and without its comments, which would speak of them.
fn without_other_services(raw: &[u8], file: &FileDescriptorProto, services: &[&str]) -> Result<Vec<u8>, Unreadable> {
    let mut out = Vec::with_capacity(raw.len());
    for field in fields(raw)? {
        let kept = match field.number {
            SERVICE => services.contains(&full_name(file, &ServiceDescriptorProto::decode(field.value)?).as_str()),
            SOURCE_CODE_INFO => false,
            _ => true,
        };
        if kept {
            out.extend_from_slice(field.whole);
        }
    }
    Ok(out)
}

fn full_name(file: &FileDescriptorProto, service: &ServiceDescriptorProto) -> String {
    if file.package().is_empty() { service.name().to_owned() } else { format!("{}.{}", file.package(), service.name()) }
}

#[cfg(test)]
mod tests {
    use prost_types::FileDescriptorSet;

    use super::*;

    fn file(name: &str, services: &[&str], imports: &[&str]) -> FileDescriptorProto {
        let service = |name: &&str| ServiceDescriptorProto { name: Some((*name).into()), ..Default::default() };
        FileDescriptorProto {
            name: Some(name.into()),
            package: Some("t".into()),
            service: services.iter().map(service).collect(),
            dependency: imports.iter().map(|import| (*import).into()).collect(),
            source_code_info: Some(prost_types::SourceCodeInfo::default()),
            ..Default::default()
        }
    }

    #[test]
    fn a_listener_sees_its_services_and_what_they_import() {
        let all = [file("base", &[], &[]), file("both", &["Open", "Closed"], &["base"]), file("closed", &["Enforce"], &["base"])];
        let shown = only(&FileDescriptorSet { file: all.into() }.encode_to_vec(), &["t.Open"]).unwrap();
        let mut both = file("both", &["Open"], &["base"]);
        let mut base = file("base", &[], &[]);
        (both.source_code_info, base.source_code_info) = (None, None);
        assert_eq!(FileDescriptorSet::decode(shown.as_slice()).unwrap().file, [base, both]);
    }

    #[test]
    fn options_that_prost_does_not_know_survive() {
        let mut raw = file("a", &["Open", "Closed"], &[]).encode_to_vec();
        // Field 8, options, with the unknown extension 72295728 as a varint.
        let option = [0x80, 0xcd, 0xe5, 0x93, 0x02, 0x07];
        raw.extend([0x42, option.len() as u8]);
        raw.extend(option);
        let mut set = vec![0x0a, raw.len() as u8];
        set.extend(raw);
        let shown = only(&set, &["t.Open"]).unwrap();
        assert!(shown.windows(option.len()).any(|window| window == option));
    }

    #[test]
    fn bytes_that_are_no_descriptors_are_refused() {
        assert_eq!(only(&[0x0a, 0x7f], &[]), Err(Unreadable));
        assert_eq!(only(&[0x0b], &[]), Err(Unreadable));
        assert_eq!(only(b"", &[]), Ok(Vec::new()));
    }
}
