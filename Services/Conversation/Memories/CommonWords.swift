/// Words that say nothing about what a text is about, such as `the`.
enum CommonWords {
    /// Whether a word, or a pair of characters of a script without blanks, is common.
    static func contains(_ word: String, isSpaceless: Bool) -> Bool {
        // Hiragana writes endings and particles.
        if isSpaceless { return word.unicodeScalars.allSatisfy { (0x3040...0x309F).contains($0.value) } }
        return words.contains(word) || word.utf8.count == 1 && (word.utf8.first ?? 0) > UInt8(ascii: "9")
    }

    private static let words: Set<String> = {
        let english = """
            the an and or but if of to in on at by for with from as is am are was were be been being it its this that these
            those he she they we you me him her us them my your his our their mine yours do does did done doing have has had
            having not no yes can could will would shall should may might must what which who whom whose when where why how
            there here then than so too very just about into over under again also only own same such some any all each
            few more most other up down out off once because while until please tell know say said let get got user
            don isn wasn doesn didn can won ll ve re
            """
        let german = """
            der die das den dem des ein eine einen einem einer und oder aber ich du er sie es wir ihr mich dich mir dir ist
            sind war waren bin bist hat haben hatte habe nicht kein keine ja nein zu im am an auf aus bei mit von vom für um
            was wer wie wo wann warum welche welcher mein meine dein deine sein seine
            """
        let romance = """
            le la les un une des du de et ou mais je tu il elle nous vous ils elles est sont était ai as avez ont ne pas que
            qui quoi où quand comment pourquoi mon ma mes ton ta tes son sa ses el los las una unos unas y o pero yo tú él
            ella nosotros es son era soy eres he ha no sí en con por para qué quién cómo cuándo dónde mi tu su che di il lo
            gli è sono não eu um uma e os meu minha
            """
        return Set([english, german, romance].flatMap { $0.split(whereSeparator: \.isWhitespace).map(String.init) })
    }()
}
