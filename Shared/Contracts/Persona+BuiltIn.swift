extension Persona {
    /// The personas that surfaces use; conversation-svc installs them, and they are not listed.
    package enum BuiltIn {
        /// Without character: the persona of imported conversations.
        package static let assistant = id(0)
        /// Continues a transcript: the persona of seed 000.
        package static let continuation = id(101)
        /// JARVIS, who uses tools: the persona of seed 002.
        package static let functionAgent = id(102)
        /// Jokes and trivia of sitcoms: the persona of seed 004.
        package static let sitcomTrivia = id(103)
        /// Without character: the persona of seed 001, which lists the conversations with it.
        package static let chat = id(104)

        /// Returns the id of a built-in persona, which is the same in every installation.
        package static func id(_ number: Int) -> Persona.ID {
            var generator = NumberedGenerator(state: UInt64(number))
            return Persona.ID(at: creation(number), using: &generator)
        }

        /// The creation time of a built-in persona: each is one second older than the one before.
        ///
        /// It defines the order of the list, so it is fixed.
        package static func creation(_ number: Int) -> Timestamp {
            Timestamp(microseconds: 1_763_683_200_000_000 - Int64(number) * 1_000_000)
        }
    }

    /// A deterministic generator, so that each built-in persona keeps its id.
    private struct NumberedGenerator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }
}
