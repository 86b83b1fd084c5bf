import Synchronization
import TestSupport

/// Tells one fake server how to answer which requests.
final class Director: Sendable {
    /// Requests that hold a text, and how the next of them are answered, in order.
    private struct Rule {
        var text: String
        var manners: [Manner]
    }

    private let dialect: Dialect
    private let server: FakeServer
    private let rules = Mutex<[Rule]>([])

    /// `model` speaks instead of the server's own, whenever the server finds nothing wrong with the request.
    init(
        _ dialect: Dialect,
        _ server: FakeServer,
        model: @escaping @Sendable (FakeRequest) -> FakeResponse? = { _ in nil }
    ) {
        self.dialect = dialect
        self.server = server
        server.amend { [self] request, answer in
            let isTaken = answer.bytes.starts(with: "HTTP/1.1 200".utf8)
            let usual = isTaken ? model(request) ?? answer : answer
            return next(for: request)?.answer(usual, in: dialect) ?? usual
        }
    }

    /// Answers the next requests that hold `text` in these manners.
    func expect(_ text: String, _ manners: [Manner]) {
        rules.withLock { $0.append(Rule(text: text, manners: manners)) }
    }

    private func next(for request: FakeRequest) -> Manner? {
        rules.withLock { rules in
            let place = rules.firstIndex { !$0.manners.isEmpty && request.body.contains($0.text) }
            return place.map { rules[$0].manners.removeFirst() }
        }
    }

    /// The requests that hold `text`, in order.
    func requests(holding text: String) -> [FakeRequest] {
        server.requests().filter { text.isEmpty || $0.body.contains(text) }
    }

    /// Where the server is.
    var url: String { server.url }
}
