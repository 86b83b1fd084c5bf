import Contracts

/// There is no place at a provider, and none became free in time.
struct QueueRejection: Error, Equatable {
    let fault: Fault
}
