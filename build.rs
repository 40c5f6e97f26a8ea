//! Lets the binary find libtorch without an exported variable: its folder goes into the run path.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if let Ok(lib) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{lib}");
        // Nothing refers to libtorch's CUDA part, which registers itself: the linker would leave it out.
        let cuda = std::path::Path::new(&lib).join("libtorch_cuda.so");
        if cuda.exists() {
            println!("cargo:rustc-link-arg=-Wl,--no-as-needed,{},--as-needed", cuda.display());
        }
        // libtorch says its version in a file beside lib/; a run's report names it.
        let version = std::fs::read_to_string(std::path::Path::new(&lib).join("../build-version"));
        if let Ok(version) = version {
            println!("cargo:rustc-env=SLIMGATE_LIBTORCH={}", version.trim());
        }
    }
}
