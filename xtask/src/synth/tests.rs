use super::*;
use whither::analysis::{Knowledge, Options, map};
use whither::capture::{Progress, Source};
use whither::report::{Report, build};

const ALL: [Profile; 7] = [
    Profile::Phone,
    Profile::Mix,
    Profile::Flows,
    Profile::Hostile,
    Profile::HostileFlows,
    Profile::HostileNames,
    Profile::HostileAnswers,
];

fn made(profile: Profile, seed: u64, limits: Limits, container: Container) -> (Vec<u8>, Written) {
    let mut bytes = Vec::new();
    let written = write(profile, limits, seed, container, &mut bytes).unwrap();
    (bytes, written)
}

fn bytes(bytes: u64) -> Limits {
    Limits { bytes: Some(bytes), flows: None }
}

/// What the program says of the capture.
fn report(capture: Vec<u8>) -> Report {
    let catalogue = whither::app::Catalogue::embedded().unwrap();
    let knowledge = Knowledge::new(catalogue, whither::place::Places::open(&[]).unwrap(), None);
    let sources = vec![Source::memory("synthetic", capture).unwrap()];
    let (routes, analysed) = map(sources, &Options::default(), &knowledge, &Progress::default());
    assert!(analysed.outcomes.iter().all(|outcome| outcome.defect.is_none()));
    build(&routes, &analysed, &knowledge, String::new())
}

#[test]
fn same_seed_makes_the_same_bytes_and_another_seed_others() {
    for profile in ALL {
        for container in [Container::Pcap, Container::Pcapng] {
            let (first, written) = made(profile, 7, bytes(100_000), container);
            assert_eq!(first, made(profile, 7, bytes(100_000), container).0, "{profile:?}");
            assert_ne!(first, made(profile, 8, bytes(100_000), container).0, "{profile:?}");
            assert_eq!(first.len() as u64, written.bytes);
            assert!((100_000..102_000).contains(&written.bytes), "{profile:?} wrote {written:?}");
        }
    }
}

#[test]
fn pcap_and_pcapng_hold_the_same_packets() {
    let limits = Limits { bytes: None, flows: Some(40) };
    let [pcap, pcapng] =
        [Container::Pcap, Container::Pcapng].map(|container| made(Profile::Mix, 1, limits, container).0);
    let (pcap, pcapng) = (report(pcap), report(pcapng));
    assert_eq!((pcap.frames, pcap.bytes, pcap.duration_ns), (pcapng.frames, pcapng.bytes, pcapng.duration_ns));
}

#[test]
fn every_packet_is_understood_and_flows_are_named() {
    for profile in ALL {
        let size = if matches!(profile, Profile::Phone | Profile::Mix) { 1_500_000 } else { 150_000 };
        let (capture, written) = made(profile, 3, bytes(size), Container::Pcap);
        let report = report(capture);
        assert_eq!((report.frames, report.not_ip.len()), (written.packets, 0), "{profile:?}");
        if matches!(profile, Profile::Phone | Profile::Mix) {
            let named: u64 = report.apps.iter().map(|app| app.traffic.bytes()).sum();
            assert!(report.apps.len() > 3 && named > report.bytes / 10, "{profile:?}: {named} of {}", report.bytes);
        }
    }
}

#[test]
fn shapes_are_what_they_are_called() {
    let (_, phone) = made(Profile::Phone, 1, bytes(8_000_000), Container::Pcap);
    assert!(phone.bytes / phone.packets > 700, "{phone:?}");
    let (_, mix) = made(Profile::Mix, 1, bytes(16_000_000), Container::Pcap);
    assert!((200..360).contains(&(mix.bytes / mix.packets)), "{mix:?}");
    let (_, flows) = made(Profile::Flows, 1, Limits { bytes: None, flows: Some(5_000) }, Container::Pcap);
    assert!(flows.flows == 5_000 && flows.packets < 15_001, "{flows:?}");
}

#[test]
fn initials_open() {
    let mut initial = Vec::new();
    openings::quic_initial(&mut initial, "video7.googlevideo.com", &mut random::Random::new(1));
    assert_eq!(initial.len(), 1_200);
    let datagram = whither::name::Datagram { payload: &initial, source_port: 50_000, destination_port: 443 };
    let reader = whither::name::table::DATAGRAM_READERS.iter().find(|reader| (reader.starts)(&datagram)).unwrap();
    let found = format!("{:?}", (reader.read)(&[datagram]));
    assert!(found.contains("video7.googlevideo.com"), "{found}");
}

#[test]
fn sizes_are_read() {
    assert_eq!([size("1G"), size("3k"), size("12")], [Ok(1 << 30), Ok(3 << 10), Ok(12)]);
    assert_eq!(size("endless"), Ok(u64::MAX));
    assert!(size("1X").is_err() && size("99999999T").is_err() && size("").is_err());
}
