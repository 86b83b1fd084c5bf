import Contracts
import Foundation
import HTTP
import NIOHTTP1

/// Creates the errors of one provider.
///
/// Messages name the provider, and its setting where an operator can help. Addresses and causes go to
/// ``ProviderError/detail``, which only logs contain. A provider's own text is redacted.
struct ProviderFaults: Sendable {
    /// The provider's display name: `Ollama`.
    let name: String
    /// The provider's base URL without credentials, for logs.
    let address: String
    /// The setting with the base URL.
    let setting: String
    /// What to do if the provider is unreachable, besides checking the setting.
    var advice = ""
    /// What to do if a model is missing; `{model}` is replaced by its name.
    var adviceForMissing = "Choose another model."
    /// Credentials that a server may repeat in its errors.
    var secrets: [String] = []

    /// The request failed before the head of a response.
    func requestFailed(_ error: HTTPClientError, responseTimeout: Duration) -> ProviderError {
        switch error.kind {
        case .tls:
            // The message of the TLS library is a code with a position in its source.
            let isDistrusted = ["CERTIFICATE", "Hostname"].contains { error.message.contains($0) }
            let reason = isDistrusted ? "its certificate is not trusted" : "its server does not speak TLS"
            return self.error(
                Fault(.unavailable, "\(name) is not available: \(reason). Check \(setting).", retryAfter: 5),
                .retry,
                error.message
            )
        case .connect, .connectTimeout, .badURL, .exhausted:
            return self.error(
                Fault(
                    .unavailable,
                    "\(name) cannot be reached. \(advice)Set \(setting) to its address, or try again later.",
                    retryAfter: 5
                ),
                .retry,
                error.message
            )
        case .headTimeout, .readTimeout, .writeTimeout, .totalTimeout: return firstTokenTimedOut(responseTimeout)
        case .protocolViolation, .tooLarge:
            return self.error(
                Fault(.provider, "The server of \(name) does not speak HTTP as \(name) does. Check \(setting)."),
                .retry,
                error.message
            )
        case .closed:
            return self.error(
                Fault(.cut, "\(name) closed the connection before it answered. Try again."),
                .retry,
                error.message
            )
        }
    }

    /// The first token did not arrive in time.
    func firstTokenTimedOut(_ timeout: Duration) -> ProviderError {
        error(
            Fault(
                .timeout,
                "\(name) gave no first token within \(timeout.seconds) seconds. "
                    + "A large model may still be loading: try again, or set FIRST_TOKEN_TIMEOUT higher."
            ),
            .retry
        )
    }

    /// The connection failed within a response.
    func streamFailed(_ cause: HTTPClientError) -> ProviderError {
        switch cause.kind {
        case .readTimeout, .writeTimeout, .headTimeout, .totalTimeout:
            error(
                Fault(.timeout, "\(name) sent nothing more in the middle of its answer. Try again."),
                .retry,
                cause.message
            )
        default:
            error(
                Fault(.cut, "The answer of \(name) broke off before it was complete. Try again."),
                .retry,
                cause.message
            )
        }
    }

    /// The response ended without a finish reason.
    var incompleteStream: ProviderError {
        error(Fault(.cut, "The answer of \(name) ended without a finish reason. Try again."), .retry)
    }

    /// The provider reported an error within its response.
    func reported(_ text: String) -> ProviderError {
        error(Fault(.provider, "\(name) ended its answer with an error: \(publicText(text)) Try again."), .retry, text)
    }

    /// The response cannot be read, because it contains what `description` says.
    func invalidResponse(_ description: String) -> ProviderError {
        error(
            Fault(
                .provider,
                "\(name) sent \(description), so the rest of its answer cannot be read. Check \(setting)."
            ),
            .tryAnotherModel
        )
    }

    /// A response with an error status.
    struct ErrorResponse {
        var status: Int
        var headers: HTTPHeaders
        /// The provider's message, if the body could be read.
        var message: String?
        /// The provider's code for the error: `context_length_exceeded`, `RESOURCE_EXHAUSTED`.
        var code: String?
        /// How long the body asks to wait.
        var delay: Duration?
        /// What the error means, if the body says so more precisely than the status.
        var meaning: Meaning?

        /// The meaning of an error, independent of its status.
        enum Meaning {
            /// Our credential is invalid.
            case invalidCredential
            /// The quota is used up, and does not return within minutes.
            case quotaExceeded
        }
    }

    /// The error for a response with a status other than 200.
    func errorResponse(_ response: ErrorResponse, model: String) -> ProviderError {
        let status = response.status
        let text = response.message.map(publicText) ?? "It gave no reason."
        let delay = response.delay ?? RetryDelay.read(response.headers)
        if response.meaning == .invalidCredential { return invalidCredential(response, text) }
        if Self.reportsToolsUnsupported(text), [400, 404, 422, 500, 501].contains(status) {
            let fault = Fault(.toolsUnsupported, "The model \(model) of \(name) does not support tools: \(text)")
            return error(fault, .tryAnotherModel, response)
        }
        switch status {
        case 404 where response.message != nil:
            let advice = adviceForMissing.replacing("{model}", with: model)
            let fault = Fault(.missing, "\(name) has no model \(model): \(text) \(advice)")
            return error(fault, .tryAnotherModel, response)
        case 404:
            return error(
                Fault(.provider, "The server of \(name) does not have its interface. Check \(setting)."),
                .tryAnotherModel,
                response
            )
        case 401, 403: return invalidCredential(response, text)
        case ..<300:
            return error(
                Fault(.provider, "\(name) answered with the unexpected status \(status). Check \(setting)."),
                .tryAnotherModel,
                response
            )
        case 300..<400:
            let fault = Fault(
                .provider,
                "\(name) answered with a redirect (status \(status)), which is not followed. "
                    + "Set \(setting) to its final address."
            )
            return error(fault, .none, response)
        case 429: return rateLimited(response, text, delay)
        case 408, 409, 425, 500...:
            let fault = Fault(
                .unavailable,
                "\(name) cannot answer now (status \(status)): \(text) Try again later.",
                retryAfter: delay == nil && status == 503 ? 2 : nil
            )
            return error(fault, status == 501 ? .tryAnotherModel : .retry, response, delay: delay)
        default: return rejected(response, text)
        }
    }

    private func invalidCredential(_ response: ErrorResponse, _ text: String) -> ProviderError {
        let message =
            "\(name) rejected our credential (status \(response.status)): \(text) Check the key that is set for it."
        return error(Fault(.upstreamAuth, message), .none, response)
    }

    /// The quota is used up, or there were too many requests; only the latter passes by itself.
    private func rateLimited(_ response: ErrorResponse, _ text: String, _ delay: Duration?) -> ProviderError {
        let isQuota =
            response.meaning == .quotaExceeded || response.code == "insufficient_quota"
            || response.code == "billing_hard_limit_reached"
        let delay = isQuota ? nil : delay
        let fault = Fault(
            isQuota ? .quotaExceeded : .limited,
            "\(name) accepts no more requests now (status 429): \(text) "
                + (isQuota ? "Choose another model." : "Try again later."),
            retryAfter: delay == nil && !isQuota ? 5 : nil
        )
        var response = response
        response.status = 429
        return error(fault, isQuota ? .tryAnotherModel : .retry, response, delay: delay)
    }

    private func rejected(_ response: ErrorResponse, _ text: String) -> ProviderError {
        if response.code == "context_length_exceeded" || Self.reportsContextTooLong(text) {
            let fault = Fault(
                .contextTooLong,
                "The messages are too long for the model of \(name): \(text) Shorten them."
            )
            return error(fault, .tryAnotherModel, response)
        }
        let code: Fault.Code = response.status == 413 ? .tooLarge : .rejected
        let fault = Fault(
            code,
            "\(name) rejected the request (status \(response.status)): \(text)"
                + (code == .tooLarge ? " Send less." : "")
        )
        return error(fault, .none, response)
    }

    private static func reportsContextTooLong(_ text: String) -> Bool {
        let text = text.lowercased()
        return ["context length", "context window", "maximum context", "input token count", "prompt is too long"]
            .contains { text.contains($0) }
    }

    /// Whether an error means that the model or its server has no tools; servers have no code for it.
    private static func reportsToolsUnsupported(_ text: String) -> Bool {
        let text = text.lowercased().filter { !"`'\"".contains($0) }
        return toolErrors.contains { text.contains($0) }
    }

    /// Parts of the errors of Ollama, llama.cpp, vLLM, OpenRouter, Groq, Gemini and OpenAI.
    private static let toolErrors = [
        "not support tool", "support tool use", "tools param requires", "tool choice requires",
        "tool calling is not supported", "tool use is not supported", "tools is not supported",
        "tools are not supported",
        "not support function calling", "function calling is not enabled", "function calling is not supported",
    ]

    private func error(
        _ fault: Fault,
        _ advice: ProviderError.RetryAdvice,
        _ response: ErrorResponse,
        delay: Duration? = nil
    ) -> ProviderError {
        let detail = error(fault, advice, response.message).detail
        return ProviderError(fault, advice, status: response.status, delay: delay, detail: detail)
    }

    private func error(
        _ fault: Fault,
        _ advice: ProviderError.RetryAdvice,
        _ cause: String? = nil
    ) -> ProviderError {
        let cause = cause.map { ": \(TextRedaction.singleLine(TextRedaction.removing(secrets, from: $0)))" } ?? ""
        return ProviderError(fault, advice, detail: address + cause)
    }

    /// A provider's text as users may see it.
    func publicText(_ text: String) -> String {
        TextRedaction(secrets: secrets, host: host).sentence(text)
    }

    /// A provider's description of its progress as users may see it.
    func publicStatus(_ text: String) -> String {
        TextRedaction(secrets: secrets, host: host).redacted(text)
    }

    private var host: String {
        do { return try HTTPTarget.parse(address).target.host } catch { return "" }
    }
}

extension Duration {
    /// The number of seconds as a person writes it: `60`, `0.25`.
    var seconds: String {
        let value = Double(components.seconds) + Double(components.attoseconds) / 1e18
        return value == value.rounded() ? String(format: "%.0f", value) : String(format: "%.3g", value)
    }
}
