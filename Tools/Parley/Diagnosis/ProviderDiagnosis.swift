import Bus
import Contracts
import InferenceService
import ServiceKit

/// Checks the providers of models: which are configured, reachable and answer, and with which models.
struct ProviderDiagnosis: Sendable {
    /// Maximum duration of a generation of one token; a provider may have to load a large model first.
    private static let generationLimit = Duration.seconds(20)
    /// Maximum number of model names in a finding.
    private static let nameLimit = 8
    /// How to configure a provider.
    private static let advice = [
        ("ollama", "start Ollama (`ollama serve`), or set OLLAMA_BASE_URL to its address"),
        ("gemini", "set GEMINI_API_KEY"),
        ("anthropic", "set ANTHROPIC_API_KEY"),
        ("openai", "set OPENAI_API_KEY, or set OPENAI_BASE_URL to the address of a compatible server"),
        ("anthropic", "set ANTHROPIC_API_KEY"),
    ]

    let bus: any Bus

    /// Throws a `Fault` if inference-svc is not available.
    func findings() async throws -> [Diagnosis.Finding] {
        let reports = try await bus.call(Models.List(), CallContext(deadline: .now + .seconds(10)))
        var findings = [await defaultModel()]
        findings += await withTaskGroup { group in
            for (index, report) in reports.enumerated() {
                group.addTask { (index, await check(report)) }
            }
            var found: [(Int, Diagnosis.Finding)] = []
            for await finding in group { found.append(finding) }
            return found.sorted { $0.0 < $1.0 }.map(\.1)
        }
        for (name, advice) in Self.advice where !reports.contains(where: { $0.name == name }) {
            findings.append(
                Diagnosis.Finding(
                    isHealthy: true,
                    subject: "provider \(name)",
                    message: "not configured. To use it, \(advice)."
                )
            )
        }
        return findings
    }

    /// Whether a model is available for requests that name none.
    private func defaultModel() async -> Diagnosis.Finding {
        let subject = "the default model"
        do {
            let model = try await bus.call(Models.Find(name: nil), CallContext(deadline: .now + .seconds(10)))
            let message = "\(model.name), with a context window of \(model.window) tokens."
            return Diagnosis.Finding(isHealthy: true, subject: subject, message: message)
        } catch let fault as Fault {
            return Diagnosis.Finding(isHealthy: false, subject: subject, message: "\(fault.message) See DEFAULT_MODEL.")
        } catch {
            return Diagnosis.Finding(isHealthy: false, subject: subject, message: "\(error)")
        }
    }

    /// What is wrong with a provider first, then what could not be taken from it.
    private func check(_ report: Models.ProviderReport) async -> Diagnosis.Finding {
        var finding = report.isOfTargets ? targets(report) : await state(of: report)
        for remark in report.remarks ?? [] { finding.message += "\n        " + remark }
        if report.isOfTargets, report.remarks != nil { finding.isHealthy = false }
        return finding
    }

    private func targets(_ report: Models.ProviderReport) -> Diagnosis.Finding {
        let aliases = report.models.map { "\($0.name) (\($0.note ?? "no model is known"))" }
        return Diagnosis.Finding(
            isHealthy: true,
            subject: "targets",
            message: aliases.isEmpty ? "none are configured." : aliases.joined(separator: ", ") + "."
        )
    }

    private func state(of report: Models.ProviderReport) async -> Diagnosis.Finding {
        let subject = "provider \(report.name)"
        let place = report.address.map { "configured, at \($0)" } ?? "built in"
        if let fault = report.fault {
            return Diagnosis.Finding(isHealthy: false, subject: subject, message: "\(place); \(fault.message)")
        }
        let names = report.models.map(\.name)
        let more = names.count > Self.nameLimit ? " and \(names.count - Self.nameLimit) more" : ""
        let list = names.prefix(Self.nameLimit).joined(separator: ", ") + more
        guard let model = InferenceService.modelToTry(of: report) else {
            let advice = report.name == "ollama" ? " Get one with `ollama pull llama3.2`." : ""
            return Diagnosis.Finding(
                isHealthy: false,
                subject: subject,
                message: "\(place), reachable, but has no chat model.\(advice)"
            )
        }
        if let fault = await fault(of: model) {
            return Diagnosis.Finding(
                isHealthy: false,
                subject: subject,
                message: "\(place), reachable, has \(list); but \(model.name) does not answer: \(fault.message)"
            )
        }
        return Diagnosis.Finding(
            isHealthy: true,
            subject: subject,
            message: "\(place), reachable, \(model.name) answers; has \(list)."
        )
    }

    /// Requests a few tokens of a model; returns `nil` if it answers.
    private func fault(of model: Model) async -> Fault? {
        let question = Inference.Message(role: .user, content: "Say yes.")
        let generate = Inference.Generate(model: model.name, messages: [question], options: .init(maxTokens: 16))
        do {
            _ = try await bus.call(Inference.Complete(generate), CallContext(deadline: .now + Self.generationLimit))
            return nil
        } catch let fault as Fault {
            return fault
        } catch {
            return Fault(.internal, "\(error)")
        }
    }
}

extension Models.ProviderReport {
    /// Whether this is the report of the aliases, which is no provider's.
    fileprivate var isOfTargets: Bool { name == "targets" && address == nil }
}
