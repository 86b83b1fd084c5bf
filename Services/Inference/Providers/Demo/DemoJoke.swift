/// The jokes that the demo model knows.
enum DemoJoke {
    static let all = [
        "I told my clock a secret. It will keep it for the time being.",
        "The librarian's sitcom was cancelled: the neighbours kept hearing the laugh track, and she kept hushing it.",
        "Why do cache and database no longer speak? One said that nothing had changed, and the other had seen the update.",
    ]
}
