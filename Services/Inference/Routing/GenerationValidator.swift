import Contracts

/// Validates requests for generations.
enum GenerationValidator {
    private static let stopLimit = 16
    private static let tokenLimit = 1_000_000

    /// Throws `invalid` with the name of the invalid value and the permitted range.
    static func check(_ request: GenerationRequest) throws(Fault) {
        let options = request.options
        guard request.hasMessages else {
            throw Fault(.invalid, "A generation needs at least one message.")
        }
        if let tokens = options.maxTokens, !(1...tokenLimit).contains(tokens) {
            throw Fault(.invalid, "maxTokens is \(tokens); it must be from 1 to \(tokenLimit).")
        }
        if let temperature = options.temperature, !(0...2).contains(temperature) {
            throw Fault(.invalid, "temperature must be from 0 to 2.")
        }
        if let gather = request.gather, !(.zero ... .seconds(1)).contains(gather) {
            throw Fault(.invalid, "gatherMilliseconds must be from 0 to 1000.")
        }
        guard let stop = options.stop else { return }
        guard stop.count <= stopLimit, stop.allSatisfy({ (1...1000).contains($0.utf8.count) }) else {
            throw Fault(.invalid, "stop must have at most \(stopLimit) texts, each of 1 to 1000 bytes.")
        }
    }
}
