import Bus
import NIOHTTP1

/// The identifiers of a request in logs, on the bus and in its response.
struct RequestIDs: Sendable {
    let requestID: String
    let correlationID: String

    /// Takes the client's identifiers where they are valid tokens, and generates the others.
    init(_ headers: HTTPHeaders = [:]) {
        let correlation = headers.first(name: "x-correlation-id").flatMap(BusHeaders.token)
        requestID =
            headers.first(name: BusHeaders.requestID).flatMap(BusHeaders.token) ?? correlation ?? .randomHex(words: 1)
        correlationID = correlation ?? requestID
    }
}
