//! The library as a caller from Rust uses it: nothing of the process is changed by it.

use whither::Analyser;

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
