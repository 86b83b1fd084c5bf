import Contracts

/// The members of a turn's body that say how the answer is generated.
struct RunOptionsRequest: Decodable {
    private static let temperatures = 0.0...2
    private static let tokenCounts = 1...1_000_000
    private static let nameLengths = 1...256
    private static let toolLimit = 16
    private static let toolNameLengths = 1...64

    private var model: String?
    private var temperature: Double?
    private var max_tokens: LenientInteger?
    private var tools: [String]?

    /// Returns the options; `nil` without any.
    ///
    /// Throws `invalid` with the name of an invalid member.
    func validated() throws -> Run.Options? {
        if let model, !Self.nameLengths.contains(model.utf8.count) {
            throw Fault(.invalid, "`model` must be the name of a model, 1 to 256 bytes long.")
        }
        if let temperature, !Self.temperatures.contains(temperature) {
            throw Fault(.invalid, "`temperature` must be a number from 0 to 2.")
        }
        let maxTokens = max_tokens?.value
        if let maxTokens, !Self.tokenCounts.contains(maxTokens) {
            throw Fault(.invalid, "`max_tokens` must be an integer from 1 to 1000000.")
        }
        if let tools,
            tools.count > Self.toolLimit || !tools.allSatisfy({ Self.toolNameLengths.contains($0.utf8.count) })
        {
            throw Fault(.invalid, "`tools` must be an array of at most 16 names of tools, each 1 to 64 bytes long.")
        }
        let options = Run.Options(model: model, maxTokens: maxTokens, temperature: temperature, tools: tools)
        return options == Run.Options() ? nil : options
    }
}

/// The body of a turn: its own members, and those of ``RunOptionsRequest`` beside them.
struct TurnBody<Members: Decodable>: Decodable {
    let members: Members
    let options: RunOptionsRequest

    init(from decoder: any Decoder) throws {
        members = try Members(from: decoder)
        options = try RunOptionsRequest(from: decoder)
    }
}
