import Bus
import Contracts
import Foundation
import Synchronization

/// A fake embedding model: texts about one concept, such as `dog` and `puppy`, get similar vectors.
final class ScriptedEmbeddings: Sendable {
    private struct State {
        var name = "test/embedding"
        var dimensions = 16
        var fault: Fault?
        var refused: String?
        var inputs: [[String]] = []
        var isHanging = false
    }

    private static let concepts = [
        ["dog", "puppy", "hound"], ["tea", "beverage"], ["car", "vehicle"], ["paris", "city"],
    ]

    private let state = Mutex(State())

    /// The texts of each request.
    var inputs: [[String]] { state.withLock { $0.inputs } }

    /// Changes the model that answers.
    func use(_ name: String, dimensions: Int) {
        state.withLock { ($0.name, $0.dimensions) = (name, dimensions) }
    }

    /// Makes all further requests fail.
    func fail(_ fault: Fault?) {
        state.withLock { $0.fault = fault }
    }

    /// Makes requests with a text fail as invalid.
    func refuse(_ text: String) {
        state.withLock { $0.refused = text }
    }

    /// Makes requests wait until their caller disconnects.
    func hang(_ isHanging: Bool = true) {
        state.withLock { $0.isHanging = isHanging }
    }

    func add(to table: inout EndpointTable) {
        table.serve(Inference.Embed.self) { request, _ in
            let state = self.state.withLock { state in
                state.inputs.append(request.input)
                return state
            }
            if let fault = state.fault { throw fault }
            if state.isHanging { try await Task.sleep(for: .seconds(3600)) }
            if let refused = state.refused, request.input.contains(refused) {
                throw Fault(.invalid, "The text is too long for this model.")
            }
            return Inference.Embeddings(
                model: state.name,
                vectors: request.input.map { Self.encode(Self.vector(of: $0, dimensions: state.dimensions)) },
                promptTokens: 1,
                isEstimated: true
            )
        }
    }

    private static func vector(of text: String, dimensions: Int) -> [Float] {
        var vector = [Float](repeating: 0.01, count: dimensions)
        for (index, words) in concepts.enumerated() where words.contains(where: text.lowercased().contains) {
            vector[index] += 1
        }
        return vector
    }

    private static func encode(_ vector: [Float]) -> String {
        var data = Data()
        for value in vector { withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) } }
        return data.base64EncodedString()
    }
}
