//! The library as a caller from Rust uses it: nothing of the process is changed by it.

use fixtures::pcap;
use fixtures::transport::udp_packet;
use whither::Analyser;
use whither::capture::Source;

/// Rayon's pool for the whole process can be built once: by the caller, if the library has not.
#[test]
fn no_pool_of_the_process_is_started() {
    let analyser = Analyser::new().expect("the data are sound");
    let open = || analyser.open(&["samples/phone.pcapng"]).expect("a capture").sources;
    let flows = analyser.flows(open()).expect("threads").inspect(|flow| assert!(flow.is_ok())).count();
    let report = analyser.report(open()).expect("threads");
    assert!(flows > 50 && report.frames > 1_000, "{flows} flows, {} frames", report.frames);
    assert_eq!(analyser.locate([203, 205, 239, 154].into()).asn, Some(132_203));
    rayon::ThreadPoolBuilder::new().num_threads(1).build_global().expect("nobody has built it");
}

/// Many flows of one packet each, all of them open at once.
fn crowded(flows: u32) -> Vec<Source> {
    let mut file = pcap::head(pcap::RAW);
    for flow in 0..flows {
        let [_, a, b, c] = flow.to_be_bytes();
        let packet = udp_packet(([10, a, b, c], 5_000), ([198, 51, 100, 7], 9_000), b"hello");
        file.extend(pcap::whole(u64::from(flow) * 1_000, &packet));
    }
    vec![Source::memory("crowded", file).expect("a capture")]
}

/// How many flows are left out for lack of memory, by these words; 0 where they do not say so.
fn left_out(words: &[String]) -> usize {
    let is_of_memory = |what: &&String| what.contains("left out for lack of memory");
    let count = |what: &String| what.split(' ').next()?.parse().ok();
    words.iter().find(is_of_memory).map_or(0, |what| count(what).expect("a number"))
}

#[test]
fn flows_that_do_not_fit_into_memory_are_told_when_all_have_been_given() {
    const FLOWS: usize = 12_000;
    let mut analyser = Analyser::new().expect("the data are sound");
    let mut flows = analyser.flows(crowded(FLOWS as u32)).expect("threads");
    assert_eq!((flows.by_ref().count(), left_out(flows.left_out())), (FLOWS, 0));

    analyser.options.max_memory = Some(64 << 20);
    let mut flows = analyser.flows(crowded(FLOWS as u32)).expect("threads");
    flows.next().expect("a flow").expect("a record");
    assert_eq!(flows.left_out(), [""; 0], "it is not known before the last flow");
    let given = 1 + flows.by_ref().inspect(|flow| assert!(flow.is_ok())).count();
    assert!((1_000..FLOWS).contains(&given), "{given}");
    assert_eq!(left_out(flows.left_out()), FLOWS - given);

    #[cfg(feature = "columns")]
    {
        let mut batches = analyser.batches(crowded(FLOWS as u32)).expect("threads");
        let given: usize = batches.by_ref().map(|batch| batch.expect("a batch").num_rows()).sum();
        assert!((1_000..FLOWS).contains(&given), "{given}");
        assert_eq!(left_out(batches.left_out()), FLOWS - given);
    }
}
