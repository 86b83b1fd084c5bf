import Contracts
import Foundation
import Testing

struct PersonaTests {
    @Test func `a persona of an earlier version is active and has no tools`() throws {
        let json = """
            {"id":"0192f0c1-7b5a-7c3e-9f00-000000000001","name":"maya-kitchen","displayName":"Maya","avatarURL":"/a.svg",\
            "description":"A home cook.","category":"cooking","greeting":"Hi!","suggestedMessages":["What can I cook?"],\
            "createdAt":1763683199000000,"conversationCount":7}
            """
        let persona = try JSONDecoder().decode(Persona.self, from: Data(json.utf8))
        #expect(persona.status == .active && persona.tools == [])
        #expect(persona.conversationCount == 7 && persona.suggestedMessages == ["What can I cook?"])
    }

    @Test func `a persona keeps its status and tools`() throws {
        for status in Persona.Status.allCases {
            let persona = Persona(
                id: Persona.ID(),
                name: "a",
                displayName: "A",
                avatarURL: "",
                description: "",
                category: "",
                greeting: "",
                suggestedMessages: [],
                createdAt: .now(),
                status: status,
                tools: ["get_weather"]
            )
            let decoded = try JSONDecoder().decode(Persona.self, from: JSONEncoder().encode(persona))
            #expect(decoded == persona)
        }
    }

    @Test func `the built-in personas have fixed ids`() {
        #expect(Persona.BuiltIn.id(1).description == "019aa3b5-e818-7910-beeb-8da1658eec67")
        #expect(Persona.BuiltIn.assistant.description == "019aa3b5-ec00-7e22-ae78-9e6aa1b965f4")
    }
}
