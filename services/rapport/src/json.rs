//! Messages as the JSON that protobuf prescribes, by the descriptors: what `--json` prints and what JSON lines hold.

use contracts::DESCRIPTORS;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_json::Value;
use vocabulary::Fault;

/// The contracts, ready to read and write JSON.
pub struct Json {
    pool: DescriptorPool,
}

impl Json {
    /// Reads the descriptors.
    ///
    /// # Errors
    /// Never, with the descriptors this program was built with.
    pub fn new() -> Result<Self, Fault> {
        let pool = DescriptorPool::decode(DESCRIPTORS).map_err(|error| Fault::internal(error.to_string()))?;
        Ok(Self { pool })
    }

    /// A message as JSON; fields without a value are left out, names are as in the contract.
    ///
    /// # Errors
    /// When `name` is no message of the contracts.
    pub fn write(&self, name: &str, message: &impl Message) -> Result<Value, Fault> {
        let dynamic = DynamicMessage::decode(self.message(name)?, message.encode_to_vec().as_slice());
        let dynamic = dynamic.map_err(|error| Fault::internal(error.to_string()))?;
        let options = SerializeOptions::new().use_proto_field_name(true).stringify_64_bit_integers(false);
        dynamic.serialize_with_options(serde_json::value::Serializer, &options).map_err(|error| Fault::internal(error.to_string()))
    }

    /// A message from JSON; field names may be as in the contract or in lowerCamelCase.
    ///
    /// # Errors
    /// INVALID_ARGUMENT naming what the contract does not know.
    pub fn read<M: Message + Default>(&self, name: &str, value: Value) -> Result<M, Fault> {
        let dynamic = DynamicMessage::deserialize(self.message(name)?, value);
        let dynamic = dynamic.map_err(|error| Fault::invalid_field("line", error.to_string()))?;
        dynamic.transcode_to().map_err(|error| Fault::internal(error.to_string()))
    }

    fn message(&self, name: &str) -> Result<MessageDescriptor, Fault> {
        self.pool.get_message_by_name(name).ok_or_else(|| Fault::internal(format!("{name} is no message")))
    }
}

#[cfg(test)]
mod tests {
    use contracts::analytics::v1::Record;
    use serde_json::json;

    use super::*;

    const RECORD: &str = "rapport.analytics.v1.Record";

    #[test]
    fn a_message_survives_its_json() {
        let json = Json::new().unwrap();
        let line = json!({"ref": {"kind": "RECORD_KIND_CONTACT", "record_id": "c-1"}, "addresses": ["a@b.example"], "revenue_minor": 5});
        let record: Record = json.read(RECORD, line.clone()).unwrap();
        assert_eq!(record.addresses, ["a@b.example"]);
        assert_eq!(json.write(RECORD, &record).unwrap(), line);
    }

    #[test]
    fn an_unknown_field_is_named() {
        let fault = Json::new().unwrap().read::<Record>(RECORD, json!({"adresses": []})).unwrap_err();
        assert!(fault.message.contains("adresses"), "{fault}");
    }
}
