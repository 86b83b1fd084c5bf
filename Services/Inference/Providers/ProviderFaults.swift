import Contracts
import Foundation
import HTTP
import NIOHTTP1

/// What goes wrong with a provider, in sentences that say where and what to do, and with what may help.
struct ProviderFaults: Sendable {
    /// What it is called in sentences: `Ollama`.
    let name: String
    /// Where it was looked for, without any credential.
    let address: String
    /// The setting that says where it is.
    let setting: String
    /// What to do when nothing is there, beside looking at the setting.
    var advice = ""
    /// What to do when a model is not there; `{model}` stands for its name.
    var adviceForMissing = "Choose another model."
    /// Our credentials there: some servers repeat them in their errors, which are told to everybody and logged.
    var secrets: [String] = []

    /// No head came.
    func requestFailed(_ error: HTTPClientError, responseTimeout: Duration) -> ProviderError {
        switch error.kind {
        case .tls:
            // What the library says is a code with the place in its source.
            let isDistrusted = ["CERTIFICATE", "Hostname"].contains { error.message.contains($0) }
            let why = isDistrusted ? "its certificate is not to be trusted" : "what answers there does not speak TLS"
            return ProviderError(
                Fault(.unavailable, "\(name) cannot be asked at \(address): \(why). Check \(setting).", retryAfter: 5),
                .retry
            )
        case .connect, .connectTimeout, .badURL, .exhausted:
            return ProviderError(
                Fault(
                    .unavailable,
                    "\(name) cannot be reached at \(address): \(error.message) \(advice)Set \(setting) to where it runs.",
                    retryAfter: 5
                ),
                .retry
            )
        case .headTimeout, .readTimeout: return late(responseTimeout)
        case .protocolViolation, .tooLarge:
            return ProviderError(
                Fault(.provider, "What answers at \(address) does not speak HTTP as \(name) does. Check \(setting)."),
                .retry
            )
        case .closed:
            return ProviderError(
                Fault(.cut, "\(name) at \(address) closed the connection before it answered. Try again."),
                .retry
            )
        }
    }

    /// No first token came.
    func late(_ responseTimeout: Duration) -> ProviderError {
        ProviderError(
            Fault(
                .timeout,
                "\(name) at \(address) gave no first token within \(responseTimeout.seconds) seconds. "
                    + "A large model may still be loading: try again, or set FIRST_TOKEN_TIMEOUT higher."
            ),
            .retry
        )
    }

    /// The stream broke off.
    func streamFailed(_ error: HTTPClientError) -> ProviderError {
        switch error.kind {
        case .readTimeout, .headTimeout:
            ProviderError(
                Fault(.timeout, "\(name) at \(address) fell silent in the middle of its answer. Try again."),
                .retry
            )
        default:
            ProviderError(
                Fault(.cut, "The answer of \(name) at \(address) broke off before it was done. Try again."),
                .retry
            )
        }
    }

    /// The stream ended without saying that it was done.
    var unfinished: ProviderError {
        ProviderError(
            Fault(.cut, "The answer of \(name) at \(address) stopped without saying that it was done. Try again."),
            .retry
        )
    }

    /// The provider failed within its stream.
    func said(_ words: String) -> ProviderError {
        ProviderError(
            Fault(
                .provider,
                "\(name) at \(address) ended its answer with an error: \(told(words)) Try again."
            ),
            .retry
        )
    }

    func invalidResponse(_ why: String) -> ProviderError {
        ProviderError(
            Fault(
                .provider,
                "\(name) at \(address) sent \(why), so its answer cannot be read further. Check \(setting)."
            ),
            .tryAnotherModel
        )
    }

    /// What a provider says with an error.
    struct Refusal {
        var status: Int
        var headers: HTTPHeaders
        /// Its sentence, where it could be read.
        var words: String?
        /// Its own name for the error: `context_length_exceeded`, `RESOURCE_EXHAUSTED`.
        var code: String?
        /// How long it wants to be left alone, where its body says so.
        var delay: Duration?
        /// What it means, where the dialect says so more clearly than the status.
        var meaning: Meaning?

        /// What an error means, whatever its status.
        enum Meaning {
            /// Our credential is not taken.
            case credential
            /// What was granted is used up, and waiting a little does not bring it back.
            case spent
        }
    }

    /// An answer with a status other than 200.
    func refused(_ refusal: Refusal, model: String) -> ProviderError {
        let status = refusal.status
        let words = refusal.words.map(told) ?? "It gave no reason."
        let delay = refusal.delay ?? RetryDelay.read(refusal.headers)
        if refusal.meaning == .credential { return credential(status, words) }
        switch status {
        case 404 where refusal.words != nil:
            let advice = adviceForMissing.replacing("{model}", with: model)
            let fault = Fault(.missing, "The model \(model) was not found at \(name) (\(address)): \(words) \(advice)")
            return ProviderError(fault, .tryAnotherModel, status: status)
        case 404:
            let fault = Fault(.provider, "What answers at \(address) has no such interface. Check \(setting).")
            return ProviderError(fault, .tryAnotherModel, status: status)
        case 401, 403: return credential(status, words)
        case ..<300:
            return ProviderError(
                Fault(
                    .provider,
                    "\(name) at \(address) answered with status \(status), which means nothing here. Check \(setting)."
                ),
                .tryAnotherModel,
                status: status
            )
        case 300..<400:
            let fault = Fault(
                .provider,
                "\(name) at \(address) answered with a redirect (status \(status)), which is not followed. "
                    + "Set \(setting) to where it really is."
            )
            return ProviderError(fault, .none, status: status)
        case 429: return tooMany(refusal, words, delay)
        case 408, 409, 425, 500...:
            let fault = Fault(
                .unavailable,
                "\(name) at \(address) cannot answer now (status \(status)): \(words) Try again later.",
                retryAfter: delay == nil && status == 503 ? 2 : nil
            )
            return ProviderError(fault, status == 501 ? .tryAnotherModel : .retry, status: status, delay: delay)
        default: return rejected(refusal, words)
        }
    }

    private func credential(_ status: Int, _ words: String) -> ProviderError {
        let sentence =
            "\(name) at \(address) does not take our credential (status \(status)): \(words) "
            + "Check the key that is set for it."
        return ProviderError(Fault(.upstreamAuth, sentence), .none, status: status)
    }

    /// Our credit there is used up, or our pace too high; only the second passes by itself.
    private func tooMany(_ refusal: Refusal, _ words: String, _ delay: Duration?) -> ProviderError {
        let isSpent =
            refusal.meaning == .spent || refusal.code == "insufficient_quota"
            || refusal.code == "billing_hard_limit_reached"
        let delay = isSpent ? nil : delay
        let fault = Fault(
            isSpent ? .quotaExceeded : .limited,
            "\(name) at \(address) takes no more requests now (status 429): \(words) "
                + (isSpent ? "Choose another model." : "Try again later."),
            retryAfter: delay == nil && !isSpent ? 5 : nil
        )
        return ProviderError(fault, isSpent ? .tryAnotherModel : .retry, status: 429, delay: delay)
    }

    private func rejected(_ refusal: Refusal, _ words: String) -> ProviderError {
        if refusal.code == "context_length_exceeded" || Self.reportsContextTooLong(words) {
            let fault = Fault(
                .contextTooLong,
                "The messages are too long for the model of \(name) at \(address): \(words) Shorten them."
            )
            return ProviderError(fault, .tryAnotherModel, status: refusal.status)
        }
        let code: Fault.Code = refusal.status == 413 ? .tooLarge : .rejected
        let fault = Fault(
            code,
            "\(name) at \(address) did not take the request (status \(refusal.status)): \(words)"
                + (code == .tooLarge ? " Send less." : "")
        )
        return ProviderError(fault, .none, status: refusal.status)
    }

    private static func reportsContextTooLong(_ words: String) -> Bool {
        let words = words.lowercased()
        return ["context length", "context window", "maximum context", "input token count", "prompt is too long"]
            .contains { words.contains($0) }
    }

    /// What the provider says, without our credentials.
    private func told(_ words: String) -> String {
        Self.sentence(secrets.reduce(words) { $0.replacing($1, with: "…") })
    }

    /// What a foreign program says, short enough and plain enough for our logs and answers.
    static func sentence(_ words: String) -> String {
        let plain = words.unicodeScalars.prefix(300).map { scalar in
            scalar.properties.generalCategory == .control ? " " : String(scalar)
        }
        let text = plain.joined().trimmingCharacters(in: .whitespaces)
        guard let last = text.last else { return "It gave no reason." }
        return ".!?".contains(last) ? text : text + "."
    }
}

extension Duration {
    /// Seconds as a person writes them: `60`, `0.25`.
    var seconds: String {
        let value = Double(components.seconds) + Double(components.attoseconds) / 1e18
        return value == value.rounded() ? String(format: "%.0f", value) : String(format: "%.3g", value)
    }
}
