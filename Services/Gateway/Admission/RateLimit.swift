/// The number of requests that a caller may send per minute and per hour; 0 means unlimited.
struct RateLimit: Sendable {
    /// The name under which requests are counted, such as `user:alice`.
    var caller: String
    var perMinute: Int
    var perHour: Int

    var isLimited: Bool { perMinute > 0 || perHour > 0 }
}
