import Foundation
import InferenceService
import ServiceKit

/// The environment of a child process: the variables of the system, and the settings that its service uses.
///
/// A service receives no secret of another service, and nothing secret is on a command line, which every user can read.
struct ChildEnvironment {
    /// Variables of the system that every child inherits.
    private static let inheritedNames: Set = [
        "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "LD_PRELOAD",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "GLIBC_TUNABLES", "ASAN_OPTIONS", "TSAN_OPTIONS", "LLVM_PROFILE_FILE",
    ]
    private static let inheritedPrefixes = ["LC_", "MALLOC_", "SWIFT_"]

    let service: ServiceKind
    let plan: ServicePlan
    /// The text by which the supervisor recognizes the child.
    let instance: String

    func variables(inheritedFrom parent: [String: String] = ProcessInfo.processInfo.environment) -> [String: String] {
        var variables = parent.filter { name, _ in
            Self.inheritedNames.contains(name) || Self.inheritedPrefixes.contains { name.hasPrefix($0) }
        }
        variables.merge(plan.settings.environment(for: service)) { $1 }
        if service == .inference { variables.merge(providerKeys()) { _, setting in setting } }
        variables[SupervisedProcess.marker] = "1"
        variables[SupervisedProcess.instanceVariable] = instance
        variables[SupervisedProcess.logFileVariable] = plan.logPath(of: service)
        return variables
    }

    /// The API keys in variables that `PROVIDERS_FILE` names.
    private func providerKeys() -> [String: String] {
        do {
            var keys: [String: String] = [:]
            for name in try InferenceService.keyVariables(settings: plan.settings) {
                keys[name] = try plan.settings.secret(inVariable: name)
            }
            return keys
        } catch {
            // inference-svc reads the same file and reports what is wrong with it.
            return [:]
        }
    }
}
