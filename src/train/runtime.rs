//! libtorch's threads and device.

use anyhow::Result;

use crate::config::train::Device;
use crate::error::InputError;

/// What libraries read from the environment when they are loaded, before `main`, and its value for training:
///
/// - OpenMP's waiting threads spin by default, which costs a busy machine a factor of 30 and gains an idle one a fifth.
/// - glibc gives every large freed block back to the system, and every new one comes with page faults: a fourth of the
///   training's time. Up to 32 MiB (the most it takes) blocks come from its heap, which keeps 1 GiB.
const SETTINGS: [(&str, &str); 3] =
    [("OMP_WAIT_POLICY", "PASSIVE"), ("MALLOC_MMAP_THRESHOLD_", "33554432"), ("MALLOC_TRIM_THRESHOLD_", "1073741824")];

/// Starts this program anew with the environment that training wants, where a variable of it is not set: call it first
/// thing in a command that trains. A variable the user set stays.
///
/// # Errors
/// When the program cannot start itself.
pub fn quiet_threads() -> Result<()> {
    #[cfg(unix)]
    {
        let missing: Vec<_> = SETTINGS.into_iter().filter(|(name, _)| std::env::var_os(name).is_none()).collect();
        if !missing.is_empty() {
            use std::os::unix::process::CommandExt;
            let mut command = std::process::Command::new(std::env::current_exe()?);
            let error = command.args(std::env::args_os().skip(1)).envs(missing).exec();
            return Err(anyhow::Error::new(error).context("starting again with the environment that training wants"));
        }
    }
    Ok(())
}

/// Sets the number of CPU threads, 0 for every core. Returns the number in use.
pub fn set_threads(threads: usize) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = if threads == 0 { cores } else { threads };
    if tch::get_num_threads() != threads as i32 {
        tch::set_num_threads(threads as i32);
    }
    threads
}

/// libtorch's device.
///
/// # Errors
/// An [`InputError`] where a GPU is asked for and this libtorch has none.
pub fn device(device: Device) -> Result<tch::Device> {
    match device {
        Device::Cpu => Ok(tch::Device::Cpu),
        Device::Cuda if tch::Cuda::is_available() => Ok(tch::Device::Cuda(0)),
        Device::Cuda => {
            let expected = "cpu, or a GPU and a CUDA libtorch named by LIBTORCH when slimgate is built";
            Err(InputError::new("train.device", "cuda, without a usable GPU", expected).into())
        }
    }
}
