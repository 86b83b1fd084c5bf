/// The outcome of a change of a key or quota.
///
/// Tasks may continue in another order than their changes were committed. Of two changes of one key or quota, the one
/// with the higher number was committed later.
struct AccessChange<Value: Sendable>: Sendable {
    let value: Value
    /// The number of the change among all changes of keys and quotas.
    let number: Int
}
