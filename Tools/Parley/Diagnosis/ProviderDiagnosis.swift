import Bus
import Contracts
import ServiceKit

/// Looks at the providers of models: which are set up, which can be reached, which answer, and with which models.
struct ProviderDiagnosis: Sendable {
    /// How long a provider may take for one token; a large model may have to be loaded.
    private static let patience = Duration.seconds(20)
    /// How many models are named.
    private static let namedModels = 8
    /// What sets up a provider that is not there.
    private static let advice = [
        ("ollama", "start Ollama (`ollama serve`), or set OLLAMA_BASE_URL to where it runs"),
        ("gemini", "set GEMINI_API_KEY"),
        ("openai", "set OPENAI_API_KEY, or OPENAI_BASE_URL to a server that speaks OpenAI's API"),
    ]

    let bus: any Bus

    /// Throws a `Fault` when inference-svc cannot be asked.
    func findings() async throws -> [Diagnosis.Finding] {
        let reports = try await bus.call(Models.List(), CallContext(deadline: .now + .seconds(10)))
        var findings = [await defaultModel()]
        findings += await withTaskGroup { group in
            for (index, report) in reports.enumerated() {
                group.addTask { (index, await examine(report)) }
            }
            var found: [(Int, Diagnosis.Finding)] = []
            for await finding in group { found.append(finding) }
            return found.sorted { $0.0 < $1.0 }.map(\.1)
        }
        for (name, what) in Self.advice where !reports.contains(where: { $0.name == name }) {
            findings.append(
                Diagnosis.Finding(
                    isHealthy: true,
                    subject: "provider \(name)",
                    message: "not set up. To use it, \(what)."
                )
            )
        }
        return findings
    }

    /// Whether somebody answers who is asked for no model in particular.
    private func defaultModel() async -> Diagnosis.Finding {
        let subject = "the default model"
        do {
            let model = try await bus.call(Models.Find(name: nil), CallContext(deadline: .now + .seconds(10)))
            let message = "\(model.name), which is shown \(model.window) tokens."
            return Diagnosis.Finding(isHealthy: true, subject: subject, message: message)
        } catch let fault as Fault {
            return Diagnosis.Finding(isHealthy: false, subject: subject, message: "\(fault.message) See DEFAULT_MODEL.")
        } catch {
            return Diagnosis.Finding(isHealthy: false, subject: subject, message: "\(error)")
        }
    }

    private func examine(_ report: Models.ProviderReport) async -> Diagnosis.Finding {
        let subject = "provider \(report.name)"
        let place = report.address.map { "set up, at \($0)" } ?? "built in"
        if let fault = report.fault {
            return Diagnosis.Finding(isHealthy: false, subject: subject, message: "\(place); \(fault.message)")
        }
        let names = report.models.map(\.name)
        let more = names.count > Self.namedModels ? " and \(names.count - Self.namedModels) more" : ""
        let offer = names.prefix(Self.namedModels).joined(separator: ", ") + more
        guard let model = report.models.first(where: { $0.supports(.chat) }) else {
            let advice = report.name == "ollama" ? " Get one with `ollama pull llama3.2`." : ""
            return Diagnosis.Finding(
                isHealthy: false,
                subject: subject,
                message: "\(place), reachable, but offers no model to talk with.\(advice)"
            )
        }
        if let fault = await fault(of: model) {
            return Diagnosis.Finding(
                isHealthy: false,
                subject: subject,
                message: "\(place), reachable, offers \(offer); but \(model.name) does not answer: \(fault.message)"
            )
        }
        return Diagnosis.Finding(
            isHealthy: true,
            subject: subject,
            message: "\(place), reachable, \(model.name) answers; offers \(offer)."
        )
    }

    /// Asks a model for one token.
    private func fault(of model: Model) async -> Fault? {
        let question = Inference.Message(role: .user, content: "Say yes.")
        let generate = Inference.Generate(model: model.name, messages: [question], options: .init(maxTokens: 16))
        do {
            _ = try await bus.call(Inference.Complete(generate), CallContext(deadline: .now + Self.patience))
            return nil
        } catch let fault as Fault {
            return fault
        } catch {
            return Fault(.internal, "\(error)")
        }
    }
}
