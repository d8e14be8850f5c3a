//! The file that TensorBoard reads: one scalar after the other.
//!
//! A record is its length, the length's checksum, the content and its checksum; the content is an
//! `Event` of TensorFlow as a protocol buffer, of which a scalar needs six fields.
//! Source: TensorFlow, `core/lib/io/record_writer.h` and `core/util/event.proto`.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// A metrics file that is written to.
pub(super) struct Events {
    file: File,
}

impl Events {
    /// Begins a file named by the time, in seconds since 1970.
    pub fn create(folder: &Path, now: f64) -> io::Result<Self> {
        let path = folder.join(format!("events.out.tfevents.{}.tradewind", now as u64));
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let mut events = Self { file };
        let mut event = Vec::new();
        double(&mut event, 1, now);
        bytes(&mut event, 3, b"brain.Event:2");
        events.file.write_all(&record(&event))?;
        Ok(events)
    }

    /// Writes a scalar of a step.
    pub fn scalar(&mut self, now: f64, step: u64, name: &str, value: f64) -> io::Result<()> {
        let mut number = Vec::new();
        bytes(&mut number, 1, name.as_bytes());
        key(&mut number, 2, 5);
        number.extend_from_slice(&(value as f32).to_le_bytes());
        let mut summary = Vec::new();
        bytes(&mut summary, 1, &number);
        let mut event = Vec::new();
        double(&mut event, 1, now);
        key(&mut event, 2, 0);
        varint(&mut event, step);
        bytes(&mut event, 5, &summary);
        self.file.write_all(&record(&event))
    }
}

fn record(content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u64).to_le_bytes();
    let mut record = length.to_vec();
    record.extend_from_slice(&masked(&length).to_le_bytes());
    record.extend_from_slice(content);
    record.extend_from_slice(&masked(content).to_le_bytes());
    record
}

/// The checksum as records hold it, so that one of a record in a record is still a good one.
fn masked(content: &[u8]) -> u32 {
    crc32c(content).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32C (Castagnoli), bit by bit: there are a few hundred bytes an epoch.
fn crc32c(content: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in content {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = (sum >> 1) ^ (0x82f6_3b78 * (sum & 1));
        }
    }
    !sum
}

fn key(to: &mut Vec<u8>, field: u64, wire: u64) {
    varint(to, field << 3 | wire);
}

fn varint(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn double(to: &mut Vec<u8>, field: u64, number: f64) {
    key(to, field, 1);
    to.extend_from_slice(&number.to_le_bytes());
}

fn bytes(to: &mut Vec<u8>, field: u64, content: &[u8]) {
    key(to, field, 2);
    varint(to, content.len() as u64);
    to.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_castagnolis() {
        // The check value of the catalogue of CRC algorithms, CRC-32/ISCSI.
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn a_file_is_made_of_records_with_both_checksums() {
        let folder = tempfile::tempdir().unwrap();
        let mut events = Events::create(folder.path(), 1000.0).unwrap();
        events.scalar(1001.0, 3, "loss/train", 0.5).unwrap();
        let path = folder.path().join("events.out.tfevents.1000.tradewind");
        let content = std::fs::read(path).unwrap();
        let (mut rest, mut found) = (content.as_slice(), Vec::new());
        while !rest.is_empty() {
            let length = u64::from_le_bytes(rest[..8].try_into().unwrap()) as usize;
            let sum = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
            assert_eq!(sum(8), masked(&rest[..8]));
            assert_eq!(sum(12 + length), masked(&rest[12..12 + length]));
            found.push(rest[12..12 + length].to_vec());
            rest = &rest[16 + length..];
        }
        assert_eq!(found.len(), 2);
        assert!(found[0].ends_with(b"brain.Event:2"));
        // wall_time 1001, step 3, summary { value { tag, simple_value 0.5 } }
        let right = b"\x09\x00\x00\x00\x00\x00\x48\x8f\x40\x10\x03\x2a\x13\x0a\x11\x0a\x0aloss/train\x15\x00\x00\x00\x3f";
        assert_eq!(found[1], right);
    }
}
