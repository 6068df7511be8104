//! What may wait lets everything else on the machine go first.

/// How far work that nobody waits for by the millisecond steps back, as `nice` counts: what `nice`
/// itself takes when not told a number. More would let it starve beside a busy machine.
#[cfg(unix)]
const STEP: i32 = 10;

/// Lets the calling thread, and those it starts from now on, step back behind every other: for the
/// first sync of a whole vault, beside which somebody goes on working. On an idle machine it costs
/// nothing. Where the system refuses, or it was started so already, nothing changes.
///
/// On systems other than Linux it is the whole process that steps back.
pub(crate) fn step_back() {
    #[cfg(unix)]
    {
        let now = rustix::process::getpriority_process(None).unwrap_or(0);
        if now < STEP
            && let Err(error) = rustix::process::setpriority_process(None, STEP)
        {
            tracing::debug!(%error, "no lower priority is to be had");
        }
    }
}

/// The same for one thread of a process that goes on; where there is no such thing, nothing.
pub(crate) fn step_back_alone() {
    if cfg!(target_os = "linux") {
        step_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn one_thread_steps_back_once_and_no_other_does() {
        let priority = || rustix::process::getpriority_process(None).unwrap();
        let before = priority();
        let inside = std::thread::spawn(move || {
            step_back_alone();
            let once = priority();
            step_back_alone();
            (once, priority())
        });
        assert_eq!(inside.join().unwrap(), (STEP.max(before), STEP.max(before)));
        assert_eq!(priority(), before);
    }
}
