//! Network files: round trip, equal bytes, and every way in which a file can be wrong.

mod tiny;

use std::fs;
use std::path::Path;

use rand::seq::IndexedRandom;
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use slimgate::network::Network;
use slimgate::network::random::{RandomSpec, random_network};
use tempfile::TempDir;
use tiny::{text, tiny};

fn saved() -> TempDir {
    let folder = TempDir::new().unwrap();
    tiny().save(folder.path()).unwrap();
    folder
}

/// The message of loading `tiny` after a change to the text of its JSON.
fn after_json(change: impl FnOnce(String) -> String) -> String {
    let folder = saved();
    let path = folder.path().join("network.json");
    let text = fs::read_to_string(&path).unwrap();
    let changed = change(text.clone());
    assert_ne!(text, changed, "the change changes something");
    fs::write(path, changed).unwrap();
    message(folder.path())
}

fn message(folder: &Path) -> String {
    text(&Network::load(folder).expect_err("a wrong file"), folder)
}

#[track_caller]
fn check_json(from: &str, to: &str, wanted: &str) {
    let found = after_json(|text| text.replacen(from, to, 1));
    assert!(found.starts_with("network.json: ") && found.contains(wanted), "wanted: {wanted}\nfound:  {found}");
}

#[test]
fn round_trip_of_random_networks() {
    let seed = rand::rng().next_u64();
    println!("seed {seed}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..50 {
        let network = random_network(&mut rng, &RandomSpec::default());
        let (one, two) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        network.save(one.path()).unwrap();
        network.save(two.path()).unwrap();
        for file in ["network.json", "network.safetensors"] {
            assert_eq!(fs::read(one.path().join(file)).unwrap(), fs::read(two.path().join(file)).unwrap());
        }
        assert_eq!(fs::read_dir(one.path()).unwrap().count(), 2, "nothing else is left behind");
        assert_eq!(Network::load(one.path()).unwrap(), network);
        assert_eq!(Network::load(&one.path().join("network.json")).unwrap(), network);
    }
}

#[test]
fn another_version_or_format() {
    check_json("\"version\": 1", "\"version\": 2", "version: found version 2; expected version 1");
    check_json("\"version\": 1", "\"version\": \"1\"", "version: found version \"1\"; expected version 1");
    check_json("  \"version\": 1,\n", "", "version: found version null; expected version 1");
    check_json("slimgate-network", "onnx", "format: found \"onnx\"; expected \"slimgate-network\"");
    // A later version may have any fields: the version is what is reported.
    check_json("\"version\": 1,", "\"version\": 7, \"extra\": [],", "version: found version 7");
}

#[test]
fn unknown_missing_and_wrong_fields() {
    check_json("\"name\": \"tiny\"", "\"nmae\": \"tiny\"", "nmae (line 4, column 8): found unknown field `nmae`");
    check_json("\"weight_bits\": 3", "\"weight_bits\": 3, \"groups\": 2", "nodes[0].op.conv.groups (line ");
    check_json("\"max_pool\"", "\"min_pool\"", "nodes[1].op (line 52, column 18): found unknown variant `min_pool`");
    check_json("\"weight_bits\": 3", "\"weight_bits\": 3.5", "nodes[0].op.conv.weight_bits (line ");
    check_json("\"weight_bits\": 3", "\"weight_bits\": -3", "nodes[0].op.conv.weight_bits (line ");
    check_json("          \"weight_bits\": 3,\n", "", "missing field `weight_bits`");
    check_json("\"dense\",", "\"packed\",", "nodes[0].op.conv.storage");
    check_json(
        "\"sparse\"",
        "\"sparse\", \"out\": {\"bits\": 4, \"signed\": false, \"scale\": 2}",
        "nodes[3].op.dense.out",
    );
}

#[test]
fn json_syntax() {
    check_json("\"name\":", "\"name\"", "line 4, column 10: found expected `:`");
    let found = after_json(|text| text[..text.len() / 2].to_string());
    assert!(found.contains("found EOF while parsing"), "{found}");
    let found = after_json(|_| String::new());
    assert!(found.contains("line 1, column 0: found EOF"), "{found}");
    let found = after_json(|text| text + "{}");
    assert!(found.contains("found trailing characters"), "{found}");
}

#[test]
fn inconsistent_graph() {
    check_json("\"out_channels\": 2", "\"out_channels\": 0", "nodes[0] \"conv1\".out_channels");
    check_json("\"height\": 4", "\"height\": 1", "nodes[1] \"pool1\".kernel[0]: found 2; expected at most 1");
    check_json("\"height\": 4", "\"height\": 18446744073709551615", "input: found [1, 18446744073709551615, 4]");
}

#[test]
fn files_of_two_networks() {
    let folder = saved();
    let other = TempDir::new().unwrap();
    let mut network = tiny();
    network.params.get_mut("conv1").unwrap().bias[0] += 1;
    network.save(other.path()).unwrap();
    fs::copy(other.path().join("network.safetensors"), folder.path().join("network.safetensors")).unwrap();
    let found = message(folder.path());
    assert!(found.starts_with("network.json: tensors_sha256: found"), "{found}");
    // Of other shapes: the tensor is named.
    check_json("\"out_features\": 3", "\"out_features\": 4", "classes: found 3 names; expected 4");
}

#[test]
fn shapes_that_disagree_with_the_graph() {
    let found = after_json(|text| text.replacen("3,\n            3\n", "3,\n            2\n", 1));
    assert!(found.contains("tensor conv1.weight: found I8 [2, 1, 3, 3]; expected I8 [2, 1, 3, 2]"), "{found}");
}

/// The message after the tensors of `tiny` were replaced.
fn after_tensors(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let folder = saved();
    let path = folder.path().join("network.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
    message(folder.path())
}

#[test]
fn damaged_tensors() {
    let len = fs::read(saved().path().join("network.safetensors")).unwrap().len();
    for keep in [0, 7, 8, 100, len - 1] {
        let found = after_tensors(|bytes| bytes.truncate(keep));
        assert!(found.starts_with("network.safetensors: found") && found.contains("whole safetensors file"), "{found}");
    }
    let found = after_tensors(|bytes| bytes.push(0));
    assert!(found.starts_with("network.safetensors: "), "{found}");
    let found = after_tensors(|bytes| *bytes.last_mut().unwrap() = 0); // the last byte is a shift
    assert!(found.contains(".shift[1]: found 0; expected 1 to 40") || found.contains(".weight["), "{found}");
}

/// The message after a change of the safetensors header that keeps its length.
fn after_header(from: &str, to: &str) -> String {
    assert_eq!(from.len(), to.len());
    after_tensors(|bytes| {
        let at = bytes.windows(from.len()).position(|w| w == from.as_bytes()).expect("the text is there");
        bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
    })
}

#[test]
fn missing_extra_and_wrong_tensors() {
    let found = after_header("fc.weight", "fd.weight");
    assert!(found.contains("tensor fc.weight: found no such tensor; expected I8 [3, 8]"), "{found}");
    assert!(found.contains("tensor fd.weight: found a tensor; expected none of this name"), "{found}");
    let found = after_header("[3,8]", "[8,3]");
    assert!(found.contains("tensor fc.weight: found I8 [8, 3]; expected I8 [3, 8]"), "{found}");
    let found = after_header("\"I8\"", "\"U8\"");
    assert!(found.contains("found U8 "), "{found}");
}

#[test]
fn weight_out_of_its_bits() {
    // conv1's 3-bit weights hold 18 bytes somewhere in the data: find them and put a 4 there.
    let weights = tiny().params["conv1"].weight.iter().map(|&w| w as u8).collect::<Vec<u8>>();
    let found = after_tensors(|bytes| {
        let at = bytes.windows(weights.len()).position(|w| w == weights).unwrap();
        bytes[at + 4] = 4;
    });
    assert_eq!(found, "network.safetensors: nodes[0] \"conv1\".weight[4]: found 4; expected -3 to 3");
}

#[test]
fn missing_files_and_unwritable_folders() {
    let folder = TempDir::new().unwrap();
    let found = message(folder.path());
    assert!(found.starts_with("network.json: found No such file"), "{found}");
    tiny().save(folder.path()).unwrap();
    fs::remove_file(folder.path().join("network.safetensors")).unwrap();
    let found = message(folder.path());
    assert!(found.starts_with("network.safetensors: found No such file"), "{found}");
    fs::write(folder.path().join("file"), "").unwrap();
    let error = tiny().save(&folder.path().join("file")).unwrap_err();
    assert!(text(&error, folder.path()).starts_with("file: found "), "{error}");
}

#[test]
fn an_invalid_network_is_not_saved() {
    let folder = TempDir::new().unwrap();
    let mut network = tiny();
    network.nodes.pop();
    let error = network.save(folder.path()).unwrap_err();
    assert!(text(&error, folder.path()).contains("expected conv or dense as the last node"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn random_damage_never_panics() {
    let seed = rand::rng().next_u64();
    println!("seed {seed}");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let folder = saved();
    let paths = ["network.json", "network.safetensors"].map(|name| folder.path().join(name));
    let good = paths.each_ref().map(|path| fs::read(path).unwrap());
    for _ in 0..400 {
        let which = rng.random_range(0..2);
        let mut bytes = good[which].clone();
        for _ in 0..rng.random_range(1..4) {
            let at = rng.random_range(0..bytes.len());
            bytes[at] = if which == 0 { *b"0123456789{}[],:\"-ax".choose(&mut rng).unwrap() } else { rng.random() };
        }
        fs::write(&paths[which], &bytes).unwrap();
        if let Err(error) = Network::load(folder.path()) {
            text(&error, folder.path()); // asserts that it is a wrong input
        } else {
            assert!(which == 0 || bytes == good[which], "damaged tensors do not pass");
        }
        fs::write(&paths[which], &good[which]).unwrap();
    }
}
