//! libtorch's threads and device.

use anyhow::Result;

use crate::config::train::Device;
use crate::error::InputError;

/// OpenMP's waiting threads spin by default, which costs a busy machine a factor of 30 and an idle one gains a fifth.
const WAIT_POLICY: &str = "OMP_WAIT_POLICY";

/// Starts this program anew with OpenMP's threads sleeping while they wait, unless the environment already says how
/// they wait. (OpenMP reads the variable when its library is loaded, before `main`.) Call it first thing in a command
/// that trains.
///
/// # Errors
/// When the program cannot start itself.
pub fn quiet_threads() -> Result<()> {
    #[cfg(unix)]
    if std::env::var_os(WAIT_POLICY).is_none() && std::env::var_os("GOMP_SPINCOUNT").is_none() {
        use std::os::unix::process::CommandExt;
        let error = std::process::Command::new(std::env::current_exe()?)
            .args(std::env::args_os().skip(1))
            .env(WAIT_POLICY, "PASSIVE")
            .exec();
        return Err(anyhow::Error::new(error).context("starting again with quiet threads"));
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
