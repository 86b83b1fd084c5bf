import Contracts
import Logging
import Synchronization

/// Requests the lists of providers: one request at a time for each, which all that wait for it share.
///
/// Thread-safe.
final class ProviderLists: Sendable {
    /// Maximum time for a list, however many pages it has.
    private static let limit = Duration.seconds(10)

    private let prices: PriceList
    private let running = Mutex<[String: Task<Void, Never>]>([:])

    init(prices: PriceList) {
        self.prices = prices
    }

    /// Requests a list, or waits for the request in progress; `apply` gets the result once.
    func refresh(
        _ provider: any Provider,
        isNewFault: Bool,
        _ apply: @escaping @Sendable (Result<[Model], Fault>) -> Void
    ) async {
        let task = running.withLock { running in
            if let task = running[provider.name] { return task }
            let task = Task {
                if let result = await self.list(provider, isNewFault: isNewFault) { apply(result) }
                self.running.withLock { $0[provider.name] = nil }
            }
            running[provider.name] = task
            return task
        }
        await task.value
    }

    /// Cancels the requests in progress.
    func cancel() {
        for task in running.withLock({ Array($0.values) }) { task.cancel() }
    }

    /// Lists a provider's models; returns `nil` if the task is cancelled.
    private func list(_ provider: any Provider, isNewFault: Bool) async -> Result<[Model], Fault>? {
        do {
            return .success(
                try await models(of: provider).map { model in
                    var model = model
                    model.price = prices.price(
                        of: String(model.name.dropFirst(provider.name.count + 1)),
                        from: provider.name
                    )
                    return model
                }
            )
        } catch let error as ProviderError {
            Logger.current.log(
                level: isNewFault && provider.isConfigured ? .notice : .debug,
                "Listing failed",
                metadata: error.metadata
            )
            return .failure(error.fault)
        } catch let fault as Fault {
            return .failure(fault)
        } catch is CancellationError {
            return nil
        } catch {
            Logger.current.error(
                "Listing failed",
                metadata: ["provider.name": "\(provider.name)", "error": "\(error)"]
            )
            return .failure(
                Fault(
                    .internal,
                    "The models of \(provider.name) cannot be listed. See the log of the inference service."
                )
            )
        }
    }

    private func models(of provider: any Provider) async throws -> [Model] {
        try await withThrowingTaskGroup(of: [Model]?.self) { group in
            group.addTask { try await provider.models() }
            group.addTask {
                try await Task.sleep(for: Self.limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let models = try await group.next() ?? nil else {
                throw Fault(
                    .timeout,
                    "\(provider.name) did not list its models within \(Self.limit.seconds) seconds.",
                    retryAfter: 5
                )
            }
            return models
        }
    }
}
