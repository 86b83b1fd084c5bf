import Contracts

/// The queue of a provider is full, or no slot became free in time.
struct QueueRejection: Error, Equatable {
    let cause: Cause
    let fault: Fault
}
