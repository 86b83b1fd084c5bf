/// The version of Gemini's API.
enum GeminiVersion: String, CaseIterable, Sendable {
    case v1
    case v1beta
    case v1alpha
}
