//! From compressed captures to their bytes: gzip with several members, zstd, lz4 and xz.

use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;

/// Bytes read from the file at once.
const BUFFER: usize = 128 << 10;
/// Bytes decompressed at once. Damage loses at most so many; with fewer, the calls themselves would cost time.
const STEP: usize = 8 << 10;
/// How far back a compressed capture may refer. A decoder keeps so many bytes in memory, and a hostile header could ask for
/// gigabytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct DecoderWindow(u64);

impl DecoderWindow {
    /// `xz -9` needs 64 MiB, `zstd --long` and `zstd --ultra -22` need 128.
    const MOST: u64 = 256 << 20;
    /// What `xz` and `zstd -19` need. A decoder gets as much however little memory there is.
    const LEAST: u64 = 8 << 20;
    /// A decoder gets this part of all memory: several captures are read at once, and the rest of the analysis needs memory too.
    const PART: u64 = 8;

    /// The window that fits into so much memory.
    pub(crate) fn within(memory_bytes: Option<u64>) -> Self {
        Self(memory_bytes.map_or(Self::MOST, |bytes| (bytes / Self::PART).clamp(Self::LEAST, Self::MOST)))
    }

    /// Memory of an xz decoder: the window, and tables.
    fn xz_memory(self) -> u64 {
        self.0 + (2 << 20)
    }

    /// The window as zstd counts it: a power of two, at most 27 for a decoder that was not given another limit.
    fn zstd_log(self) -> u32 {
        self.0.ilog2().min(27)
    }
}

impl Default for DecoderWindow {
    fn default() -> Self {
        Self(Self::MOST)
    }
}

/// How a capture is compressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Compression {
    Plain,
    Gzip,
    Zstd,
    Lz4,
    Xz,
}

impl Compression {
    /// The compression, from the first bytes of the file. Its name is not used.
    pub(crate) fn sniff(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            // The second is the frame format from before 2014, which `lz4 -l` still writes.
            [0x04, 0x22, 0x4d, 0x18, ..] | [0x02, 0x21, 0x4c, 0x18, ..] => Self::Lz4,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            // A skippable frame may open both; zstd writers (pzstd, seekable format) are the ones that do.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }

    /// Name of the format, for people; none for what is not compressed.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
            Self::Lz4 => Some("lz4"),
            Self::Xz => Some("xz"),
        }
    }

    /// The compression that the name of a format ends with, as in `pcapng (zstd)`.
    pub(crate) fn of_format(format: &str) -> Self {
        let ends_with = |name: &str| format.strip_suffix(')').is_some_and(|rest| rest.ends_with(&format!("({name}")));
        [Self::Gzip, Self::Zstd, Self::Lz4, Self::Xz]
            .into_iter()
            .find(|compression| compression.name().is_some_and(ends_with))
            .unwrap_or(Self::Plain)
    }

    /// What to do about data that could not be decompressed, by what the decoder said.
    pub(crate) fn advice(self, error: &str) -> String {
        match self {
            // Our decoders limit their memory; these command lines have no limit, or a larger one.
            Self::Xz if error.contains("memory") => "`xz -dc FILE | whither map -` reads it".to_owned(),
            Self::Zstd if error.contains("memory") => "`zstd -dc --long=31 FILE | whither map -` reads it".to_owned(),
            _ => match self.name() {
                Some(name) => format!("check that it was copied whole: `{name} -t FILE` tests it"),
                None => "check that it was copied whole".to_owned(),
            },
        }
    }

    /// The decompressed bytes of `reader`.
    pub(crate) fn decoder(
        self,
        reader: Box<dyn Read + Send>,
        window: DecoderWindow,
    ) -> io::Result<Box<dyn Read + Send>> {
        let buffered = |reader| BufReader::with_capacity(BUFFER, reader);
        Ok(match self {
            Self::Plain => reader,
            Self::Gzip => stepped(Gzip { member: Some(flate2::bufread::GzDecoder::new(buffered(reader))) }),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(buffered(reader))?;
                decoder.window_log_max(window.zstd_log())?;
                stepped(decoder)
            }
            Self::Lz4 => stepped(Lz4::new(buffered(reader))),
            Self::Xz => {
                let stream =
                    liblzma::stream::Stream::new_stream_decoder(window.xz_memory(), liblzma::stream::CONCATENATED)
                        .map_err(io::Error::other)?;
                stepped(liblzma::bufread::XzDecoder::new_stream(buffered(reader), stream))
            }
        })
    }
}

/// A decoder that is always asked for the same small number of bytes, however large the reader's buffer is. A call that meets damage
/// loses what it had decompressed before the damage; this way it loses little, and the same whatever the sizes of the pieces.
struct Stepped<R> {
    decoder: R,
    step: Box<[u8]>,
    /// The part of the step that was not handed out yet.
    unread: Range<usize>,
    /// The error, which is given again at the next call: some decoders would go on behind the damage.
    problem: Option<(io::ErrorKind, String)>,
}

fn stepped(decoder: impl Read + Send + 'static) -> Box<dyn Read + Send> {
    Box::new(Stepped { decoder, step: vec![0; STEP].into(), unread: 0..0, problem: None })
}

impl<R: Read> Stepped<R> {
    /// Asks the decoder for one step.
    fn ask(&mut self, step: &mut [u8]) -> io::Result<usize> {
        if let Some((kind, what)) = &self.problem {
            return Err(io::Error::new(*kind, what.clone()));
        }
        self.decoder.read(step).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                self.problem = Some((error.kind(), error.to_string()));
            }
        })
    }
}

impl<R: Read> Read for Stepped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.unread.is_empty() {
            // Where there is room for all of it, it need not be copied.
            if let Some(step) = buffer.get_mut(..STEP) {
                return self.ask(step);
            }
            let mut step = std::mem::take(&mut self.step);
            let asked = self.ask(&mut step);
            self.step = step;
            self.unread = 0..asked?;
        }
        let read = self.step.get(self.unread.clone()).unwrap_or_default().read(buffer)?;
        self.unread.start += read;
        Ok(read)
    }
}

/// All members of a gzip file; zeros after the last one (tapes and block devices leave them) end it.
struct Gzip<R: BufRead> {
    member: Option<flate2::bufread::GzDecoder<R>>,
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while let Some(member) = &mut self.member {
            let read = member.read(buffer)?;
            if read > 0 {
                return Ok(read);
            }
            let Some(mut rest) = self.member.take().map(flate2::bufread::GzDecoder::into_inner) else { break };
            if !only_zeros(&mut rest)? {
                self.member = Some(flate2::bufread::GzDecoder::new(rest));
            }
        }
        Ok(0)
    }
}

/// Skips zeros. Returns whether nothing follows them.
fn only_zeros(rest: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = rest.fill_buf()?;
        if bytes.is_empty() {
            return Ok(true);
        }
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let is_over = zeros < bytes.len();
        rest.consume(zeros);
        if is_over {
            return Ok(false);
        }
    }
}

/// All frames of an lz4 file: the decoder reports each frame's end once.
struct Lz4<R: BufRead> {
    frames: lz4_flex::frame::FrameDecoder<Probed<R>>,
    /// Frames from before 2014 have no end mark.
    has_end_marks: bool,
}

/// A reader to which bytes can be added when it is at its end.
struct Probed<R> {
    inner: R,
    probe: &'static [u8],
}

impl<R: BufRead> Read for Probed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(buffer)? {
            0 => self.probe.read(buffer),
            read => Ok(read),
        }
    }
}

impl<R: BufRead> Lz4<R> {
    fn new(inner: R) -> Self {
        let frames = lz4_flex::frame::FrameDecoder::new(Probed { inner, probe: &[] });
        Self { frames, has_end_marks: true }
    }

    /// Whether the file ends inside a frame, which the decoder does not report. Inside a frame, zeros are an end mark; outside, they
    /// are not a magic number.
    fn is_cut_short(&mut self) -> bool {
        self.frames.get_mut().probe = &[0; 7];
        let result = self.frames.read(&mut [0]);
        self.frames.get_mut().probe = &[];
        result.map_or_else(|error| error.kind() == io::ErrorKind::UnexpectedEof, |_| true)
    }
}

impl<R: BufRead> Read for Lz4<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.frames.get_mut().inner.fill_buf()?.starts_with(&[0x02, 0x21, 0x4c, 0x18]) {
                self.has_end_marks = false;
            }
            let read = self.frames.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            if self.frames.get_mut().inner.fill_buf()?.is_empty() {
                let is_cut_short = self.has_end_marks && self.is_cut_short();
                // Asked again, the answer must be the end.
                self.has_end_marks = false;
                return if is_cut_short { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(0) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::source::Source;
    use crate::capture::testing::*;
    use std::io::Write;
    use std::path::Path;

    fn compressed(compression: Compression, bytes: &[u8]) -> Vec<u8> {
        match compression {
            Compression::Plain => bytes.to_vec(),
            Compression::Gzip => {
                let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                writer.write_all(bytes).unwrap();
                writer.finish().unwrap()
            }
            Compression::Zstd => zstd::stream::encode_all(bytes, 1).unwrap(),
            Compression::Lz4 => {
                let mut writer = lz4_flex::frame::FrameEncoder::new(Vec::new());
                writer.write_all(bytes).unwrap();
                writer.finish().unwrap()
            }
            Compression::Xz => {
                let mut writer = liblzma::write::XzEncoder::new(Vec::new(), 0);
                writer.write_all(bytes).unwrap();
                writer.finish().unwrap()
            }
        }
    }

    const ALL: [Compression; 5] =
        [Compression::Plain, Compression::Gzip, Compression::Zstd, Compression::Lz4, Compression::Xz];

    fn capture() -> Vec<u8> {
        let mut noise = 7_u32;
        let mut byte = || {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (noise >> 24) as u8
        };
        pcap_of(&(0..40).map(|index| (0..index * 31).map(|_| byte()).collect()).collect::<Vec<_>>())
    }

    #[test]
    fn every_compression_of_two_members_gives_the_frames() {
        let capture = capture();
        let plain = read_one(capture.clone()).0;
        let (a, b) = capture.split_at(5_000);
        for compression in ALL {
            let bytes = [compressed(compression, a), compressed(compression, b)].concat();
            for piece in [1_024, 7_000, u64::MAX >> 8] {
                let memory = Source::memory("test", bytes.clone()).unwrap();
                let reader = Box::new(io::Cursor::new(bytes.clone()));
                let pipe = Source::pipe(Path::new("-"), "test".to_owned(), reader).unwrap();
                for source in [memory, pipe] {
                    let (seen, outcomes) = read_all(vec![source], Some(piece.min(1 << 20)), 2);
                    assert_eq!(seen, plain, "{compression:?}");
                    assert_eq!(outcomes[0].defect, None);
                    let name = compression.name().map_or("pcap".to_owned(), |name| format!("pcap ({name})"));
                    assert_eq!(outcomes[0].format, name);
                }
            }
        }
    }

    #[test]
    fn what_is_cut_short_gives_the_frames_before() {
        let capture = capture();
        let plain = read_one(capture.clone()).0;
        for compression in ALL {
            let bytes = compressed(compression, &capture);
            for cut in [1, 9, 1_000, 9_000] {
                // A block cut short gives nothing, and lz4 has but one here.
                let Ok(source) = Source::memory("test", bytes[..bytes.len() - cut].to_vec()) else {
                    assert_eq!(compression, Compression::Lz4);
                    continue;
                };
                let (seen, outcomes) = read_all(vec![source], Some(4_096), 2);
                assert_eq!(seen, plain[..seen.len()], "{compression:?} {cut}");
                let defect = outcomes[0].defect.as_ref().unwrap_or_else(|| panic!("{compression:?} {cut}"));
                assert_eq!(defect.frame, seen.len() as u64 + 1, "{compression:?} {cut}");
            }
        }
    }

    #[test]
    fn damage_takes_little_with_it_and_the_same_whatever_the_pieces() {
        let packets: Vec<Vec<u8>> =
            (0..700_u32).map(|index| (0..200 + index).map(|at| ((at * at) >> 7) as u8).collect()).collect();
        let capture = pcap_of(&packets);
        let plain = read_one(capture.clone()).0;
        for compression in [Compression::Gzip, Compression::Zstd, Compression::Xz] {
            let (first, second) = capture.split_at(capture.len() / 3);
            let (mut bytes, mut second) = (compressed(compression, first), compressed(compression, second));
            let middle = second.len() / 2;
            second[middle..middle + 40].fill(0xff);
            bytes.extend(second);
            let read = |piece| {
                let (seen, outcomes) = read_all(vec![Source::memory("test", bytes.clone()).unwrap()], Some(piece), 1);
                (seen, outcomes[0].clone())
            };
            let whole = read(16 << 20);
            // A damaged block of zstd gives nothing, and is as large as what is compressed here.
            let least = if compression == Compression::Gzip { plain.len() / 2 } else { plain.len() / 3 };
            assert!(whole.0.len() > least, "{compression:?} {} of {}", whole.0.len(), plain.len());
            assert_eq!(whole.0, plain[..whole.0.len()], "{compression:?}");
            assert!(whole.1.defect.is_some(), "{compression:?}");
            for piece in [1_000, 30_000, 1 << 20] {
                assert_eq!(read(piece), whole, "{compression:?} {piece}");
            }
        }
    }

    #[test]
    fn damage_ahead_of_the_first_packet_is_said_of_pipes_too() {
        // The first packet is not whole, and the checksum wrong.
        let mut bytes = compressed(Compression::Gzip, &pcap_of(&[vec![7; 60_000]])[..20_000]);
        let checksum = bytes.len() - 6;
        bytes[checksum] ^= 1;
        let memory = Source::memory("test", bytes.clone()).unwrap();
        let pipe = Source::pipe(Path::new("-"), "test".to_owned(), Box::new(io::Cursor::new(bytes))).unwrap();
        let [memory, pipe] = [memory, pipe].map(|source| read_all(vec![source], None, 1));
        assert!(memory.1[0].defect.as_ref().is_some_and(|defect| defect.what.contains("checksum")));
        assert_eq!(pipe, memory);
    }

    /// The windows are those of the highest levels, which packets of other bytes than these would need.
    #[test]
    fn a_window_too_large_for_the_memory_is_a_defect_and_no_memory() {
        let capture = capture();
        let zstd = {
            let mut encoder = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
            encoder.set_parameter(zstd::zstd_safe::CParameter::WindowLog(27)).unwrap();
            encoder.write_all(&capture).unwrap();
            encoder.finish().unwrap()
        };
        let xz = {
            let mut options = liblzma::stream::LzmaOptions::new_preset(0).unwrap();
            let mut filters = liblzma::stream::Filters::new();
            filters.lzma2(options.dict_size(64 << 20));
            let stream = liblzma::stream::Stream::new_stream_encoder(&filters, liblzma::stream::Check::Crc32).unwrap();
            let mut writer = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
            writer.write_all(&capture).unwrap();
            writer.finish().unwrap()
        };
        for bytes in [zstd, xz] {
            let defect = |memory_bytes| {
                let source = Source::memory("test", &*bytes).unwrap();
                let options =
                    crate::capture::ReadOptions { range_bytes: Some(1 << 20), most_range_bytes: None, memory_bytes };
                let mut join = |_: crate::capture::Piece<Log>| ();
                let progress = crate::capture::Progress::default();
                crate::capture::read(vec![source], &options, &progress, &Log::default, &mut join)[0].defect.clone()
            };
            assert_eq!((defect(None), defect(Some(4 << 30))), (None, None));
            let what = defect(Some(64 << 20)).unwrap().what;
            assert!(what.to_lowercase().contains("memory"), "{what}");
        }
        assert_eq!([0, 128 << 20, 1 << 40].map(|bytes| DecoderWindow::within(Some(bytes)).zstd_log()), [23, 24, 27]);
    }

    #[test]
    fn zeros_after_gzip_are_no_defect() {
        let bytes = [compressed(Compression::Gzip, &capture()), vec![0; 700]].concat();
        assert_eq!(read_one(bytes).1.defect, None);
    }
}
