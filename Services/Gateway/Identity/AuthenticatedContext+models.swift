import Bus
import Contracts

/// The management of models.
extension AuthenticatedContext {
    /// Whether the caller may pull, create and delete models: admins, and in open mode every user on this machine.
    func mayManageModels(_ mode: AuthenticationMode) -> Bool {
        principal.role == .admin || mode == .open && isLoopback
    }

    /// Throws `forbidden` unless the caller may pull, create and delete models.
    func requireModelManager(_ mode: AuthenticationMode) throws(Fault) {
        guard mayManageModels(mode) else {
            throw Fault(.forbidden, "Only admins can pull, create and delete models.")
        }
    }

    /// The bus context for the start of a job: on one replica of inference-svc, so that a repeated request finds the first.
    var jobCall: CallContext {
        var call = call
        call.requiresSameReplica = true
        return call
    }

    /// The bus context for a deletion: deleting the files of a large model takes long.
    var modelDeletionCall: CallContext {
        var call = call
        call.deadline = .now + .seconds(70)
        return call
    }
}
