/// Which of Gemini's interfaces is spoken.
enum GeminiVersion: String, CaseIterable, Sendable {
    case v1
    case v1beta
    case v1alpha
}
