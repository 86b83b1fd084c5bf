import Contracts

/// There is no place at a provider, and none became free in time.
struct QueueRefusal: Error, Equatable {
    let fault: Fault
}
