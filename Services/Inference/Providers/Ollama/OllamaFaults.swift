import Bus
import Contracts
import Foundation
import NIOCore
import NIOHTTP1

/// What went wrong with Ollama, in sentences that say where and what to do.
struct OllamaFaults: Sendable {
    /// Where Ollama was looked for.
    let address: String

    /// No head came.
    func beforeAnswer(_ error: HTTPClientError, patience: Duration) -> Fault {
        switch error.kind {
        case .connect, .connectTimeout, .tls, .badURL, .exhausted:
            Fault(
                .unavailable,
                "Ollama cannot be reached at \(address): \(error.message) "
                    + "Start it with `ollama serve`, or set OLLAMA_BASE_URL to where it runs.",
                retryAfter: 5
            )
        case .headTimeout, .readTimeout:
            Fault(
                .timeout,
                "Ollama at \(address) gave no first token within \(patience.seconds) seconds. "
                    + "A large model may still be loading: try again, or set FIRST_TOKEN_TIMEOUT higher."
            )
        case .protocolViolation, .tooLarge:
            Fault(
                .provider,
                "What answers at \(address) does not speak HTTP as Ollama does. Check OLLAMA_BASE_URL."
            )
        case .closed:
            Fault(.cut, "Ollama at \(address) closed the connection before it answered. Try again.")
        }
    }

    /// The stream broke off.
    func midStream(_ error: HTTPClientError) -> Fault {
        switch error.kind {
        case .readTimeout, .headTimeout:
            Fault(.timeout, "Ollama at \(address) fell silent in the middle of its answer.")
        default:
            Fault(.cut, "The answer of Ollama at \(address) broke off before it was done.")
        }
    }

    /// The stream ended without saying that it was done.
    var unfinished: Fault {
        Fault(.cut, "The answer of Ollama at \(address) stopped without saying that it was done.")
    }

    /// The provider refused or failed within its stream.
    func said(_ error: String) -> Fault {
        Fault(.provider, "Ollama at \(address) ended its answer with an error: \(Self.sentence(error))")
    }

    func unreadable(_ why: String) -> Fault {
        Fault(.provider, "Ollama at \(address) sent \(why), so its answer cannot be read further.")
    }

    /// An answer with a status other than 200.
    func status(_ status: Int, headers: HTTPHeaders, body: ByteBuffer, model: String) -> Fault {
        let error = Self.error(in: body)
        let words = error.map { Self.sentence($0) } ?? "It gave no reason."
        let retryAfter = headers.first(name: "retry-after").flatMap { Int($0) }.flatMap {
            (0...3600).contains($0) ? $0 : nil
        }
        switch status {
        case 404 where error != nil:
            return Fault(
                .missing,
                "The model \(model) was not found at Ollama (\(address)). "
                    + "Get it with `ollama pull \(model)`, or choose another model."
            )
        case 404:
            return Fault(.provider, "What answers at \(address) has no Ollama interface. Check OLLAMA_BASE_URL.")
        case 401, 403:
            return Fault(.provider, "Ollama at \(address) refuses us with status \(status): \(words)")
        case 300..<400:
            return Fault(
                .provider,
                "Ollama at \(address) answered with a redirect (status \(status)), which is not followed. "
                    + "Set OLLAMA_BASE_URL to where it really is."
            )
        case 500...:
            return Fault(
                .unavailable,
                "Ollama at \(address) cannot answer now (status \(status)): \(words)",
                retryAfter: retryAfter ?? (status == 503 ? 2 : nil)
            )
        default:
            return Fault(
                .provider,
                "Ollama at \(address) did not take the request (status \(status)): \(words)",
                retryAfter: retryAfter
            )
        }
    }

    /// What a foreign program says, short enough and plain enough for our logs and answers.
    private static func sentence(_ words: String) -> String {
        let plain = words.unicodeScalars.prefix(300).map { scalar in
            scalar.properties.generalCategory == .control ? " " : String(scalar)
        }
        let text = plain.joined().trimmingCharacters(in: .whitespaces)
        guard let last = text.last else { return "It gave no reason." }
        return ".!?".contains(last) ? text : text + "."
    }

    /// The `error` member of a JSON answer.
    private static func error(in body: ByteBuffer) -> String? {
        do {
            return try OllamaChatLine(body).error
        } catch {
            return nil
        }
    }
}

extension Duration {
    /// Seconds as a person writes them: `60`, `0.25`.
    var seconds: String {
        let value = Double(components.seconds) + Double(components.attoseconds) / 1e18
        return value == value.rounded() ? String(format: "%.0f", value) : String(format: "%.3g", value)
    }
}
