import Synchronization
import TestSupport

/// Overrides the responses of one fake server.
final class FakeServerController: Sendable {
    /// The overrides for the next requests that contain a text, in order.
    private struct Rule {
        var text: String
        var overrides: [ResponseOverride]
    }

    private let api: ProviderAPI
    private let server: FakeServer
    private let rules = Mutex<[Rule]>([])

    /// `model` replaces the server's own answer to valid requests.
    init(
        _ api: ProviderAPI,
        _ server: FakeServer,
        model: @escaping @Sendable (FakeRequest) -> FakeResponse? = { _ in nil }
    ) {
        self.api = api
        self.server = server
        server.amend { [self] request, answer in
            let isSuccess = answer.bytes.starts(with: "HTTP/1.1 200".utf8)
            let usual = isSuccess ? model(request) ?? answer : answer
            return next(for: request)?.answer(usual, in: api) ?? usual
        }
    }

    /// Overrides the responses to the next requests that contain `text`.
    func expect(_ text: String, _ overrides: [ResponseOverride]) {
        rules.withLock { $0.append(Rule(text: text, overrides: overrides)) }
    }

    private func next(for request: FakeRequest) -> ResponseOverride? {
        rules.withLock { rules in
            let place = rules.firstIndex { !$0.overrides.isEmpty && request.body.contains($0.text) }
            return place.map { rules[$0].overrides.removeFirst() }
        }
    }

    /// The requests that contain `text`, in order; all requests if it is empty.
    func requests(containing text: String) -> [FakeRequest] {
        server.requests().filter { text.isEmpty || $0.body.contains(text) }
    }

    var url: String { server.url }
}
