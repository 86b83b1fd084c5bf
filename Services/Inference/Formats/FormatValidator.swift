import Contracts
import NIOCore

/// Validates answers against the requested format, in bounded time and space.
struct FormatValidator: Sendable {
    /// Maximum size of an answer that is validated, in bytes.
    static let textLimit = JSONTree.Limits.answer.bytes

    /// The prepared schema; `nil` if an answer is only a JSON object, or if the schema cannot be used.
    private let schema: JSONSchema?
    /// Whether a schema was requested.
    private let hasSchema: Bool

    /// Prepares the schema of a format; `nil` for text.
    init?(_ format: ResponseFormat) {
        switch format {
        case .text: return nil
        case .json: (schema, hasSchema) = (nil, false)
        case .schema(let definition):
            hasSchema = true
            // An answer is only checked to be JSON if its schema is too large or refers to another document.
            do { schema = try JSONSchema(JSONTree(schema: definition.json)) } catch { schema = nil }
        }
    }

    /// Validates the text of an answer, on a worker thread unless it is cheap; `nil` if there is no verdict.
    ///
    /// `isCut`: whether the answer reached the limit of its tokens.
    func verdict(on text: String, isCut: Bool) async throws -> Inference.FormatVerdict? {
        // The cost of a schema does not follow from its size.
        let isCheap = schema == nil && text.utf8.count <= WorkerThreads.inlineLimit
        let verdict = isCheap ? verdict(on: text) : try await WorkerThreads.run { self.verdict(on: text) }
        guard isCut, verdict?.isValid == false else { return verdict }
        return Inference.FormatVerdict(
            isValid: false,
            reason: "The answer reached the limit of its tokens before it was complete. Set a higher limit."
        )
    }

    /// The verdict on an answer that is a refusal.
    static let refused = Inference.FormatVerdict(
        isValid: false,
        reason: "The model did not answer in the requested format, because the answer is a refusal."
    )

    /// Validates the text of an answer; `nil` if there is no verdict.
    func verdict(on text: String) -> Inference.FormatVerdict? {
        var text = text
        return text.withUTF8 { bytes in
            let bytes = UnsafeRawBufferPointer(bytes)
            do {
                guard let schema else { return try syntaxVerdict(bytes) }
                guard let found = try SchemaCheck.mismatch(of: JSONTree(bytes, limits: .answer), with: schema) else {
                    return Inference.FormatVerdict(isValid: true)
                }
                return Inference.FormatVerdict(isValid: false, reason: "\(found.place): \(found.reason)")
            } catch JSONTree.Failure.syntax(let offset) {
                return Inference.FormatVerdict(isValid: false, reason: "The answer is not JSON: see byte \(offset).")
            } catch JSONTree.Failure.invalid(let words) {
                return Inference.FormatVerdict(isValid: false, reason: "The answer is not JSON. \(words)")
            } catch {
                return nil
            }
        }
    }

    /// The verdict without a schema: JSON, and an object unless the schema may ask for something else.
    private func syntaxVerdict(_ bytes: UnsafeRawBufferPointer) throws -> Inference.FormatVerdict? {
        try JSONTree.checkSyntax(bytes)
        guard !hasSchema else { return nil }
        let isObject = bytes.first { $0 > 0x20 } == UInt8(ascii: "{")
        return Inference.FormatVerdict(isValid: isObject, reason: isObject ? nil : "$: Expected an object.")
    }
}
