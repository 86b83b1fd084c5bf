import Bus
import Contracts
import NIOCore
import Synchronization

/// Reads Ollama's chat stream to the line that says it is done; nothing less is an end.
final class OllamaStream: Sendable {
    /// The longest line in bytes; Ollama's own client has the same limit.
    static let lineLimit = 8 * 1024 * 1024
    /// How much is read after the end has been said, for the sake of the connection.
    private static let tailLimit = 65_536

    private struct State {
        var lines = JSONLines(limit: OllamaStream.lineLimit)
        var isFinished = false
        /// What is to be thrown once the text before it has been handed out.
        var fault: Fault?
    }

    private let body: HTTPClient.Body
    private let model: String
    private let faults: OllamaFaults
    private let state = Mutex(State())

    /// The stream in a response's body; `model` is the model's full name.
    init(body: HTTPClient.Body, model: String, faults: OllamaFaults) {
        self.body = body
        self.model = model
        self.faults = faults
    }

    /// What one read brought, as one event, with the finish behind it; empty when it was no text.
    func next() async throws -> [Inference.Event]? {
        let (isFinished, fault) = state.withLock { ($0.isFinished, $0.fault) }
        if isFinished {
            await drain()
            return nil
        }
        if let fault { throw fault }
        do {
            let bytes = try await body.nextRead()
            let events = state.withLock { take(bytes, &$0) }
            if let fault = state.withLock({ $0.fault }) {
                body.close()
                if events.isEmpty { throw fault }
            }
            return events
        } catch let error as HTTPClientError {
            throw faults.midStream(error)
        }
    }

    func close() {
        body.close()
    }

    private func take(_ bytes: ByteBuffer?, _ state: inout State) -> [Inference.Event] {
        var text = ""
        var finish: Inference.Finish?
        do {
            var lines = bytes == nil ? [state.lines.unfinished] : []
            if let bytes { lines = try state.lines.append(bytes) }
            for line in lines where line.readableBytes > 0 {
                let line = try OllamaChatLine(line)
                if let error = line.error { throw faults.said(error) }
                text += line.text
                guard line.isDone else { continue }
                finish = self.finish(line)
                break
            }
            if bytes == nil, finish == nil { throw faults.unfinished }
        } catch {
            state.fault = fault(error, isAtEnd: bytes == nil)
        }
        state.isFinished = finish != nil
        let more = text.isEmpty ? [] : [Inference.Event(text: text)]
        return more + (finish.map { [Inference.Event(finish: $0)] } ?? [])
    }

    private func fault(_ error: any Error, isAtEnd: Bool) -> Fault {
        switch error {
        case let fault as Fault: fault
        case is JSONLines.TooLong: faults.unreadable("a line of more than \(Self.lineLimit) bytes")
        case _ where isAtEnd: faults.unfinished
        default: faults.unreadable("a line that is not JSON")
        }
    }

    private func finish(_ line: OllamaChatLine) -> Inference.Finish {
        let isCounted = line.promptTokens != nil || line.completionTokens != nil
        return Inference.Finish(
            reason: line.doneReason == "length" ? .length : .stop,
            model: model,
            usage: isCounted
                ? Usage(
                    promptTokens: line.promptTokens ?? 0,
                    completionTokens: line.completionTokens ?? 0,
                    isEstimated: false
                )
                : nil
        )
    }

    /// Reads on to the body's proper end, so that the connection can be used again; leaves when that is much.
    private func drain() async {
        var count = 0
        // The end has been said: how the connection fares after it changes nothing.
        do {
            while count < Self.tailLimit, let bytes = try await body.nextRead() { count += bytes.readableBytes }
        } catch {}
        body.close()
    }
}
