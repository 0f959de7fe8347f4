//! Who may see and change which job.

use openclaw_protocol::jobs::JobOrigin;

use super::Job;

/// Whether somebody may see and change a job. An agent has the jobs of its own session only: a job of
/// another one may run with more than its own may.
pub(super) fn may_manage(actor: &JobOrigin, job: &Job) -> bool {
    match actor {
        JobOrigin::Agent { agent_id, session_key, .. } => job.plan.as_ref().is_ok_and(|plan| {
            matches!(&plan.definition.origin, JobOrigin::Agent { agent_id: agent, session_key: session, .. }
                if agent == agent_id && session == session_key)
        }),
        _ => true,
    }
}
