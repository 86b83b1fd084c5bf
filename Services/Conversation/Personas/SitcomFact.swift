/// A fact about a sitcom of the nineties, and a question that it answers.
struct SitcomFact: Sendable, Hashable {
    var show: String
    var fact: String
    var question: String
    var answer: String

    private init(_ show: String, _ fact: String, _ question: String, _ answer: String) {
        self.show = show
        self.fact = fact
        self.question = question
        self.answer = answer
    }

    /// The fact and its question, as a line of instructions.
    var line: String { "- \(show): \(fact) Question: \(question) Answer: \(answer)." }

    /// All facts; a show may have several.
    static let all: [SitcomFact] = [
        SitcomFact(
            "Seinfeld",
            "The pilot was first shown in July 1989 as The Seinfeld Chronicles.",
            "What was Seinfeld called when its pilot was first shown?",
            "The Seinfeld Chronicles"
        ),
        SitcomFact(
            "Seinfeld",
            "Kramer's first name stays unknown for years, until his mother Babs says it: Cosmo.",
            "What is Kramer's first name?",
            "Cosmo"
        ),
        SitcomFact(
            "Seinfeld",
            "The outside of Monk's Café is Tom's Restaurant, at Broadway and West 112th Street in Manhattan.",
            "Which real restaurant lends its front to Monk's Café?",
            "Tom's Restaurant"
        ),
        SitcomFact(
            "Seinfeld",
            "Frank Costanza's holiday Festivus is on December 23 and has an aluminum pole instead of a tree.",
            "On which day is Festivus?",
            "December 23"
        ),
        SitcomFact(
            "Seinfeld",
            "The last episode was shown on May 14, 1998, and ends with the four friends in jail.",
            "In which year did Seinfeld end?",
            "1998"
        ),
        SitcomFact(
            "Friends",
            "The six friends meet in the coffee house Central Perk, where Gunther serves.",
            "What is the coffee house of the friends called?",
            "Central Perk"
        ),
        SitcomFact(
            "Friends",
            "The title song, I'll Be There for You, is played by the Rembrandts.",
            "Which band plays the title song of Friends?",
            "The Rembrandts"
        ),
        SitcomFact(
            "Friends",
            "Joey plays the neurosurgeon Dr. Drake Ramoray in Days of Our Lives.",
            "Which doctor does Joey play in Days of Our Lives?",
            "Dr. Drake Ramoray"
        ),
        SitcomFact(
            "Friends",
            "In the first season Ross has a capuchin monkey named Marcel.",
            "What is the name of Ross's monkey?",
            "Marcel"
        ),
        SitcomFact(
            "Friends",
            "Phoebe's twin Ursula is a waitress who appears in Mad About You too; Lisa Kudrow plays both.",
            "In which other sitcom does Phoebe's twin wait tables?",
            "Mad About You"
        ),
        SitcomFact(
            "Frasier",
            "Frasier Crane leaves the bar of Cheers in Boston and moves back to Seattle.",
            "In which city does Frasier live?",
            "Seattle"
        ),
        SitcomFact(
            "Frasier",
            "Frasier answers callers on the radio station KACL, with Roz Doyle as his producer.",
            "For which radio station does Frasier work?",
            "KACL"
        ),
        SitcomFact(
            "Frasier",
            "Martin's dog Eddie is a Jack Russell terrier who likes to stare at Frasier.",
            "Which breed is Eddie?",
            "A Jack Russell terrier"
        ),
        SitcomFact(
            "Frasier",
            "It won the Emmy for the best comedy series five years in a row, from 1994 to 1998.",
            "How many Emmys for the best comedy series did Frasier win in a row?",
            "Five"
        ),
        SitcomFact(
            "The Fresh Prince of Bel-Air",
            "Will comes from West Philadelphia to live with his aunt and uncle.",
            "From which part of which city does Will come?",
            "West Philadelphia"
        ),
        SitcomFact(
            "The Fresh Prince of Bel-Air",
            "Aunt Vivian is played by Janet Hubert first and by Daphne Maxwell Reid from the fourth season.",
            "How many actresses play Aunt Vivian?",
            "Two"
        ),
        SitcomFact(
            "Home Improvement",
            "Tim Taylor presents the television show Tool Time with Al Borland.",
            "What is the show within the show called?",
            "Tool Time"
        ),
        SitcomFact(
            "Home Improvement",
            "The face of the neighbor Wilson is always half hidden, most often by the fence.",
            "Which neighbor never shows his whole face?",
            "Wilson"
        ),
        SitcomFact(
            "The Nanny",
            "Fran Fine grew up in Flushing, in Queens.",
            "Where in New York did Fran grow up?",
            "Flushing, Queens"
        ),
        SitcomFact(
            "The Nanny",
            "Maxwell Sheffield, Fran's employer, produces Broadway shows.",
            "What is Mr. Sheffield's profession?",
            "Broadway producer"
        ),
        SitcomFact(
            "3rd Rock from the Sun",
            "The four aliens live in Rutherford, Ohio, in an attic rented from Mrs. Dubcek.",
            "In which state do the Solomons live?",
            "Ohio"
        ),
        SitcomFact(
            "3rd Rock from the Sun",
            "Dick Solomon, played by John Lithgow, teaches physics at Pendelton State University.",
            "Which subject does Dick Solomon teach?",
            "Physics"
        ),
        SitcomFact(
            "Everybody Loves Raymond",
            "Ray Barone writes about sports for the newspaper Newsday.",
            "What does Ray Barone do for a living?",
            "He is a sportswriter"
        ),
        SitcomFact(
            "Mad About You",
            "Paul and Jamie Buchman, played by Paul Reiser and Helen Hunt, have a dog named Murray.",
            "What is the Buchmans' dog called?",
            "Murray"
        ),
        SitcomFact(
            "NewsRadio",
            "It plays in the New York radio station WNYX.",
            "Which station is NewsRadio about?",
            "WNYX"
        ),
        SitcomFact(
            "Spin City",
            "Michael J. Fox plays Mike Flaherty, deputy mayor of New York.",
            "Which office does Mike Flaherty have?",
            "Deputy mayor of New York"
        ),
        SitcomFact(
            "The Drew Carey Show",
            "It plays in Cleveland, where Drew works in the department store Winfred-Louder.",
            "In which city does Drew live?",
            "Cleveland"
        ),
        SitcomFact(
            "Family Matters",
            "Steve Urkel, played by Jaleel White, was meant as a guest of one episode and stayed until the end.",
            "Who plays Steve Urkel?",
            "Jaleel White"
        ),
        SitcomFact(
            "Family Matters",
            "Harriette Winslow was an elevator operator in Perfect Strangers before she got her own family.",
            "From which sitcom does Family Matters come?",
            "Perfect Strangers"
        ),
        SitcomFact(
            "Full House",
            "Michelle Tanner is played by the twins Mary-Kate and Ashley Olsen.",
            "Which twins share the role of Michelle?",
            "Mary-Kate and Ashley Olsen"
        ),
        SitcomFact(
            "Living Single",
            "Khadijah James, played by Queen Latifah, publishes the magazine Flavor.",
            "Which magazine does Khadijah publish?",
            "Flavor"
        ),
        SitcomFact(
            "Martin",
            "Martin Payne begins the show as a host of the Detroit radio station WZUP.",
            "In which city is Martin's radio station?",
            "Detroit"
        ),
        SitcomFact(
            "Will & Grace",
            "Will Truman is a lawyer, and Grace Adler decorates interiors; the show began in 1998.",
            "What is Grace's profession?",
            "Interior designer"
        ),
        SitcomFact(
            "That '70s Show",
            "It began in 1998 and plays in Point Place, a town in Wisconsin that does not exist.",
            "In which state is Point Place?",
            "Wisconsin"
        ),
        SitcomFact(
            "Sabrina the Teenage Witch",
            "The cat Salem Saberhagen was a witch until he was punished for trying to rule the world.",
            "For what was Salem turned into a cat?",
            "For trying to take over the world"
        ),
        SitcomFact(
            "Boy Meets World",
            "William Daniels, who plays Mr. Feeny, was the voice of the car KITT in Knight Rider.",
            "Which car did the actor of Mr. Feeny speak?",
            "KITT"
        ),
        SitcomFact(
            "Ellen",
            "Ellen Morgan comes out in The Puppy Episode, shown in April 1997.",
            "What is the title of the episode in which Ellen comes out?",
            "The Puppy Episode"
        ),
        SitcomFact(
            "Wings",
            "The brothers Joe and Brian Hackett run the airline Sandpiper Air on Nantucket.",
            "On which island does Wings play?",
            "Nantucket"
        ),
        SitcomFact(
            "Dharma & Greg",
            "Dharma and Greg marry on the day of their first date.",
            "When do Dharma and Greg marry?",
            "On their first date"
        ),
        SitcomFact(
            "The King of Queens",
            "Doug Heffernan drives a truck for the parcel service IPS; the show began in 1998.",
            "For which company does Doug drive?",
            "IPS"
        ),
        SitcomFact(
            "Just Shoot Me!",
            "It plays in the office of the fashion magazine Blush.",
            "Which magazine is Just Shoot Me! about?",
            "Blush"
        ),
        SitcomFact(
            "Dinosaurs",
            "Baby Sinclair calls his father Earl \"Not the mama!\" and hits him with a pan.",
            "What does Baby call his father?",
            "Not the mama"
        ),
    ]
}
