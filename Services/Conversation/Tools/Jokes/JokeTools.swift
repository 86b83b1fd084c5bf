/// The tools of the persona of seed 004, whose results are answers.
enum JokeTools {
    static let all: [any Tool] = [SarcasmDetection(), JokeExplanation(), JokeDelivery()]
}
