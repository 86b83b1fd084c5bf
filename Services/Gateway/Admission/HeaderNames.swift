import HTTPTypes

extension HTTPField.Name {
    static var xCorrelationID: Self { xCorrelationIDName }
    static var serverTiming: Self { serverTimingName }
    static var xParleyRun: Self { xParleyRunName }
    static var xParleyConversation: Self { xParleyConversationName }
    static var xParleyIgnoredOptions: Self { xParleyIgnoredOptionsName }
    static var xAccelBuffering: Self { xAccelBufferingName }
    static var lastEventID: Self { lastEventIDName }
    static var idempotencyKey: Self { idempotencyKeyName }
    static var rateLimitMinute: Self { rateLimitMinuteName }
    static var rateLimitHour: Self { rateLimitHourName }
    static var rateRemainingMinute: Self { rateRemainingMinuteName }
    static var rateRemainingHour: Self { rateRemainingHourName }
}

private let xCorrelationIDName = headerName("x-correlation-id")
private let serverTimingName = headerName("server-timing")
private let xParleyRunName = headerName("x-parley-run")
private let xParleyConversationName = headerName("x-parley-conversation")
private let xParleyIgnoredOptionsName = headerName("x-parley-ignored-options")
private let xAccelBufferingName = headerName("x-accel-buffering")
private let lastEventIDName = headerName("last-event-id")
private let idempotencyKeyName = headerName("idempotency-key")
private let rateLimitMinuteName = headerName("x-ratelimit-limit-minute")
private let rateLimitHourName = headerName("x-ratelimit-limit-hour")
private let rateRemainingMinuteName = headerName("x-ratelimit-remaining-minute")
private let rateRemainingHourName = headerName("x-ratelimit-remaining-hour")

/// Creates the name of a header from a literal.
func headerName(_ text: String) -> HTTPField.Name {
    guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is not a header's name.") }
    return name
}
