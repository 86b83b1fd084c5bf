import Contracts
import Testing

@testable import ConversationService

struct PersonaPromptTests {
    private static let moment = Timestamp(microseconds: 1_764_054_205_987_654)

    private func persona(
        _ instructions: String,
        traits: String = "{}",
        description: String = "A home cook."
    ) -> StoredPersona {
        StoredPersona(
            persona: Persona(
                id: Persona.ID(),
                name: "maya",
                displayName: "Maya",
                avatarURL: "",
                description: description,
                category: "",
                greeting: "",
                suggestedMessages: [],
                createdAt: .now()
            ),
            instructions: instructions,
            traits: RawJSON(traits)
        )
    }

    private func text(_ stored: StoredPersona) -> String {
        PersonaPrompt.text(for: stored, conversationCreatedAt: Self.moment)
    }

    @Test func `instructions are introduced by name and description`() {
        #expect(text(persona("You cook.")) == "You are Maya, a home cook.\n\nYou cook.")
        #expect(text(persona("You cook.", description: "")) == "You are Maya.\n\nYou cook.")
    }

    @Test(arguments: ["You are JARVIS.", "\n  You are JARVIS."])
    func `instructions that introduce the persona are not introduced`(instructions: String) {
        #expect(text(persona(instructions)) == instructions)
    }

    @Test func `other beginnings are introduced`() {
        for instructions in ["You areas", "You're a cook.", "Are you a cook?"] {
            #expect(text(persona(instructions)).hasPrefix("You are Maya, a home cook.\n\n"))
        }
    }

    @Test func `traits follow in their order, of every kind`() {
        let traits =
            #"{"energy_level":"high","z":["a","b",""],"a":0.50,"emoji_usage":true,"formal":false,"none":[],"e":"","":"x"}"#
        let expected = "You are X.\n\nYour manner: energy level: high; z: a, b; a: 0.50; emoji usage: yes; formal: no."
        #expect(text(persona("You are X.", traits: traits)) == expected)
        #expect(text(persona("You are X.", traits: "{}")) == "You are X.")
        #expect(text(persona("You are X.", traits: #"{"a":""}"#)) == "You are X.")
    }

    @Test func `white space between the tokens of traits is not stored`() {
        let spaced = RawJSON(" {\n\"a b\" : \"c \\\" d\\\\\" ,\t\"e\":[ \"f g\" , \"\" ]\r,\"h\": 0.50 } ")
        #expect(PersonaTraits.compact(spaced).text == #"{"a b":"c \" d\\","e":["f g",""],"h":0.50}"#)
    }

    @Test func `the current date is that of the conversation`() {
        let stored = persona("You are X. It is {current_date}, yes {current_date}. {other}")
        let date = "2025-11-25 07:03:25"
        #expect(text(stored) == "You are X. It is \(date), yes \(date). {other}")
    }

    @Test(arguments: [
        (Int64(0), "1970-01-01 00:00:00"), (951_782_400_000_001, "2000-02-29 00:00:00"),
        (1_709_251_199_999_999, "2024-02-29 23:59:59"), (4_102_444_800_000_000, "2100-01-01 00:00:00"),
    ])
    func `a date has the format of the original`(microseconds: Int64, expected: String) {
        #expect(PersonaPrompt.date(Timestamp(microseconds: microseconds)) == expected)
    }

    @Test func `a built-in persona has an introduction, instructions and manner`() throws {
        let maya = try #require(BuiltInPersonas.all.first)
        let prompt = text(maya)
        #expect(prompt.hasPrefix("You are Maya Fernandes, a home cook"))
        #expect(prompt.contains(maya.instructions))
        #expect(
            prompt.hasSuffix(
                "Your manner: energy: warm; style: practical; expertise: weeknight meals, leftovers, baking, spices."
            )
        )
        for stored in BuiltInPersonas.all { #expect(PersonaTraits(stored.traits) != nil, "\(stored.persona.name)") }
    }
}
