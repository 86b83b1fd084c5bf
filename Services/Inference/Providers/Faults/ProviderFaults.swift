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
    /// What may be missing at the end of the base URL if no API answers there: `/v1`.
    var usualPath: String?
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
                .unreachable,
                Fault(.unavailable, "\(name) is not available: \(reason). Check \(setting).", retryAfter: 5),
                error.message
            )
        case .connect, .connectTimeout, .badURL, .exhausted:
            return self.error(
                .unreachable,
                Fault(
                    .unavailable,
                    "\(name) cannot be reached. \(advice)Set \(setting) to its address, or try again later.",
                    retryAfter: 5
                ),
                error.message
            )
        case .headTimeout, .readTimeout, .writeTimeout, .totalTimeout: return firstTokenTimedOut(responseTimeout)
        case .protocolViolation, .tooLarge:
            return self.error(
                .broken,
                Fault(.provider, "The server of \(name) does not speak HTTP as \(name) does. Check \(setting)."),
                error.message
            )
        case .encoding: return unreadable(error)
        case .closed:
            return self.error(
                .broken,
                Fault(.cut, "\(name) closed the connection before it answered. Try again."),
                error.message
            )
        }
    }

    /// The first token did not arrive in time.
    func firstTokenTimedOut(_ timeout: Duration) -> ProviderError {
        error(
            .silent,
            Fault(
                .timeout,
                "\(name) gave no first token within \(timeout.seconds) seconds. "
                    + "A large model may still be loading: try again, or set FIRST_TOKEN_TIMEOUT higher."
            )
        )
    }

    /// The connection failed within a response.
    func streamFailed(_ cause: HTTPClientError) -> ProviderError {
        switch cause.kind {
        case .readTimeout, .writeTimeout, .headTimeout, .totalTimeout:
            error(
                .stalled,
                Fault(.timeout, "\(name) sent nothing more in the middle of its answer. Try again."),
                cause.message
            )
        case .encoding, .tooLarge: unreadable(cause)
        default:
            error(
                .broken,
                Fault(.cut, "The answer of \(name) broke off before it was complete. Try again."),
                cause.message
            )
        }
    }

    /// The response cannot be decoded, or is too large.
    private func unreadable(_ error: HTTPClientError) -> ProviderError {
        self.error(
            .unreadable,
            Fault(.provider, "\(name) sent a response that cannot be read. \(error.message) Check \(setting)."),
            error.message
        )
    }

    /// The response ended without a finish reason.
    var incompleteStream: ProviderError {
        error(.broken, Fault(.cut, "The answer of \(name) ended without a finish reason. Try again."))
    }

    /// The answer ended with a finish reason and has no content.
    var emptyAnswer: ProviderError {
        error(.empty, Fault(.provider, "\(name) gave an empty answer. Try again, or choose another model."))
    }

    /// The model's output is invalid.
    func modelFailed(_ description: String) -> ProviderError {
        error(
            .modelFailed,
            Fault(.provider, "\(name) ended its answer with an error: \(publicText(description)) Try again."),
            description
        )
    }

    /// The response cannot be read, because it contains what `description` says.
    func invalidResponse(_ description: String) -> ProviderError {
        error(
            .unreadable,
            Fault(
                .provider,
                "\(name) sent \(description), so the rest of its answer cannot be read. Check \(setting)."
            )
        )
    }

    /// The response is no answer of an API, but of a web server: a page in HTML, for example.
    var noInterface: ProviderError {
        error(.noInterface, Fault(.provider, "No API answered at the address of \(name)\(pathAdvice)"))
    }

    private var pathAdvice: String {
        guard let usualPath, !hasVersion else {
            return ". Check \(setting): it must be the base URL of the API."
        }
        return ": does the base URL lack \(usualPath)? Check \(setting)."
    }

    /// Whether the path of the base URL names a version: `/v1`, `/v1beta/openai`.
    private var hasVersion: Bool {
        address.split(separator: "/").dropFirst(2).contains {
            $0.first == "v" && $0.dropFirst().first?.isNumber == true
        }
    }

    /// An event is larger than `limit` bytes.
    func eventTooLong(limit: Int) -> ProviderError {
        error(
            .unreadable,
            Fault(
                .provider,
                "\(name) sent more than \(limit) bytes at once, so the rest of its answer cannot be read. "
                    + "Set PROVIDER_EVENT_LIMIT higher."
            )
        )
    }

    /// The error for a report of the provider, in a response with an error status or within a response.
    func reported(_ report: ErrorReport, model: String) -> ProviderError {
        let cause = ErrorClassification.cause(of: report)
        let status = ErrorClassification.status(of: report)
        let delay = cause == .spent ? nil : report.delay ?? RetryDelay.read(report.headers)
        let fault = fault(
            cause,
            said: report.message.map(publicText) ?? "It gave no reason.",
            at: status.map { " (status \($0))" } ?? "",
            of: model
        )
        var error = error(cause, fault, report.message, delay: delay)
        error.status = status ?? Self.impliedStatus[cause]
        if error.fault.retryAfter == nil, cause == .limited || status == 503 {
            error.fault.retryAfter = cause == .limited ? 5 : 2
        }
        return error
    }

    /// The statuses of errors within a response, where the provider's own server has already answered with 200.
    private static let impliedStatus: [Cause: Int] = [.limited: 429, .contextTooLong: 400, .rejected: 400]

    private func fault(_ cause: Cause, said text: String, at status: String, of model: String) -> Fault {
        switch cause {
        case .credential:
            Fault(
                .upstreamAuth,
                "\(name) rejected our credential\(status): \(text) Check the key that is set for it."
            )
        case .spent: Fault(.quotaExceeded, "\(name) has no credit left\(status): \(text) Choose another model.")
        case .limited:
            Fault(.limited, "\(name) accepts no more requests now\(status): \(text) Try again later.")
        case .overloaded: Fault(.unavailable, "\(name) cannot answer now\(status): \(text) Try again later.")
        case .modelMissing:
            Fault(
                .missing,
                "\(name) has no model \(model): \(text) " + adviceForMissing.replacing("{model}", with: model)
            )
        case .noInterface:
            Fault(.provider, "No API answered at the address of \(name)\(status)\(pathAdvice)")
        case .redirected:
            Fault(
                .provider,
                "\(name) answered with a redirect\(status), which is not followed. "
                    + "Set \(setting) to its final address."
            )
        case .unreadable:
            Fault(.provider, "\(name) answered with an unexpected response\(status). Check \(setting).")
        case .toolsUnsupported:
            Fault(.toolsUnsupported, "The model \(model) of \(name) does not support tools: \(text)")
        case .contextTooLong:
            Fault(.contextTooLong, "The messages are too long for the model of \(name): \(text) Shorten them.")
        case .tooLarge: Fault(.tooLarge, "\(name) rejected the request\(status): \(text) Send less.")
        case .rejected: Fault(.rejected, "\(name) rejected the request\(status): \(text)")
        case .unsupported:
            Fault(.provider, "\(name) does not support this request\(status): \(text) Choose another model.")
        default:
            status.isEmpty
                ? Fault(.provider, "\(name) ended its answer with an error: \(text) Try again.")
                : Fault(.unavailable, "\(name) cannot answer now\(status): \(text) Try again later.")
        }
    }

    private func error(
        _ cause: Cause,
        _ fault: Fault,
        _ words: String? = nil,
        delay: Duration? = nil
    ) -> ProviderError {
        let words = words.map { ": \(TextRedaction.singleLine(TextRedaction.removing(secrets, from: $0)))" } ?? ""
        return ProviderError(cause, fault, delay: delay, detail: address + words)
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
