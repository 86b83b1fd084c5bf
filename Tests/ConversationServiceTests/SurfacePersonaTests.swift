import Contracts
import Testing

@testable import ConversationService

/// The personas of seeds 002 and 004.
struct SurfacePersonaTests {
    @Test func `the agent is JARVIS, and its prompt ends with the date`() {
        let agent = SurfacePersonas.functionAgent
        let created = Timestamp(microseconds: 1_764_054_205_987_654)
        let prompt = PersonaPrompt.text(for: agent, conversationCreatedAt: created)
        #expect(prompt.hasPrefix("You are JARVIS, a helpful and witty assistant."))
        #expect(agent.instructions.hasSuffix("\nThe current date is {current_date}"))
        #expect(prompt.hasSuffix("\nThe current date is 2025-11-25 07:03:25"))
        #expect(prompt.contains("'The User'"))
        #expect(
            agent.persona.tools == ["create_memory", "recall_memory", "web_search", "get_weather", "generate_image"]
        )
    }

    @Test func `the personas of surfaces are installed, not listed, and have no greeting`() {
        for persona in [SurfacePersonas.functionAgent, SurfacePersonas.sitcomTrivia] {
            #expect(BuiltInPersonas.all.contains(persona) && !BuiltInPersonas.listed.contains(persona))
            #expect(!persona.persona.status.isListed && persona.persona.status.answers)
            #expect(persona.persona.greeting.isEmpty)
            #expect(!persona.persona.avatarURL.isEmpty)
        }
        #expect(SurfacePersonas.functionAgent.persona.id == Persona.BuiltIn.functionAgent)
        #expect(SurfacePersonas.sitcomTrivia.persona.id == Persona.BuiltIn.sitcomTrivia)
        #expect(Set(BuiltInPersonas.all.map(\.persona.name)).count == BuiltInPersonas.all.count)
    }

    @Test func `the trivia persona knows at least thirty facts with a question and its answer`() {
        let facts = SitcomFact.all
        #expect(facts.count >= 30)
        #expect(Set(facts.map(\.question)).count == facts.count)
        #expect(Set(facts.map(\.show)).count >= 20)
        for fact in facts {
            #expect(fact.question.hasSuffix("?") && fact.fact.hasSuffix("."))
            #expect(SurfacePersonas.sitcomTrivia.instructions.contains(fact.line))
        }
        // Small beside the context window of any model.
        #expect(TokenEstimate.tokens(in: SurfacePersonas.sitcomTrivia.instructions) < 4000)
    }
}
