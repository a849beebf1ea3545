//! Decompression, within limits.

use super::Bytes;
use super::Compression;
use super::Peek;
use super::SourceError;
use super::Tally;
use super::TooMuch;
use super::UnpackLimits;
use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::errors::ReadFrameHeaderError;
use std::fs::File;
use std::io;
use std::io::BufRead;
use std::io::Read;
use std::io::{Seek, SeekFrom};
use std::sync::Arc;

/// The largest window of a zstd frame, which is memory: all levels up to 19 stay below.
pub(super) const WINDOW: u64 = 16 << 20;

/// zstd frames, one after the other.
pub(super) struct Frames<R> {
    pub(super) reader: R,
    pub(super) decoder: FrameDecoder,
    pub(super) inside: bool,
}

impl<R: BufRead> Frames<R> {
    pub(super) fn new(reader: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW);
        Self { reader, decoder, inside: false }
    }

    /// Begins the next frame; `false` at the end.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.reader.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.reader) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = (&mut self.reader).take(u64::from(length));
                    io::copy(&mut skipped, &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        use ruzstd::decoding::BlockDecodingStrategy::UptoBlocks;

        if out.is_empty() {
            return Ok(0);
        }
        loop {
            if self.inside && self.decoder.can_collect() > 0 {
                return self.decoder.read(out);
            }
            if self.inside && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.reader, UptoBlocks(1))
                    .map_err(io::Error::other)?;
                continue;
            }
            self.inside = self.begin()?;
            if !self.inside {
                return Ok(0);
            }
        }
    }
}

/// A decompressed stream, within limits.
pub(super) struct Bounded<R> {
    pub(super) reader: R,
    pub(super) tally: Arc<Tally>,
    pub(super) bounds: UnpackLimits,
    pub(super) count: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(out)?;
        self.count += count as u64;
        let read = self.tally.read();
        let by_ratio = read.saturating_mul(self.bounds.ratio).max(self.bounds.floor);
        let limit = by_ratio.min(self.bounds.unpacked);
        if self.count > limit {
            return Err(io::Error::other(TooMuch { read, limit }));
        }
        Ok(count)
    }
}

/// The contents of a compressed stream: text, or an archive inside it.
pub(super) fn unpacked<R: Read + Send + 'static>(
    reader: R,
    bounds: &UnpackLimits,
) -> Result<Bytes, SourceError> {
    let mut reader = Peek::new(reader, 1024)?;
    Ok(match Compression::of(reader.ahead())? {
        Compression::Zip => Bytes::Archive(spool(&mut reader, bounds)?),
        Compression::Plain => Bytes::Stream(Box::new(reader)),
        Compression::Gzip | Compression::Zstd => {
            return Err(SourceError::Compression {
                what: "a compressed file inside a compressed file",
            });
        }
    })
}

/// Keeps a stream in a temporary file, for random access.
pub(super) fn spool(reader: &mut dyn Read, bounds: &UnpackLimits) -> Result<File, SourceError> {
    let mut file = tempfile::tempfile()?;
    let count = io::copy(&mut reader.take(bounds.unpacked + 1), &mut file)?;
    if count > bounds.unpacked {
        let too_much = TooMuch { read: count, limit: bounds.unpacked };
        return Err(SourceError::Io(io::Error::other(too_much)));
    }
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}
