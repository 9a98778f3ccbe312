"""Ready-made sentences: to a customer, in the customer's language, and to the team, in the team's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service.languages import NAMES
from service.moods import Missing


@dataclass(frozen=True, slots=True)
class ToCustomer:
    """One language. None of these promises anything."""

    lead_in: str  # in front of a quotation
    asked: Mapping[Missing, str]  # where the articles do not answer, by what is missing


@dataclass(frozen=True, slots=True)
class ToTeam:
    """One language. Braces are filled by `str.format`."""

    quoted: str
    not_found: str
    unreadable: str
    unsure: str
    refused: str
    foreign: str
    other_language: str
    unsupported: str
    from_ticket: str
    from_ticket_what: str
    matched: str
    seen_removed: str
    cut: str
    fill_in: str
    gloss_quote: str
    unanswered: str
    frame: str
    gloss_asked: Mapping[Missing, str]
    not_found_of: Mapping[Missing, str]  # where `not_found` would miss the point


_CUSTOMER = {
    "en": ToCustomer(
        "here is what our help pages say about this:",
        {
            "aim": "so that I can give you a certain answer: could you tell me a little more about what exactly you would like to do or know?",
            "fault": "so that I can help you with this: could you tell me what exactly happens, since when, and what you have tried so far?",
            "order": "so that I can look into this: could you tell me the number of your order, and what you would like to happen with it?",
            "topic": "how can I help you? Please tell me in a sentence or two what it is about.",
            "person": "thank you for your message. I have read it and am making sure that the right person here sees it.",
        },
    ),
    "de": ToCustomer(
        "dazu steht auf unseren Hilfeseiten:",
        {
            "aim": "damit ich Ihnen sicher antworten kann: Können Sie mir etwas genauer beschreiben, was Sie vorhaben oder wissen möchten?",
            "fault": "damit ich Ihnen helfen kann: Können Sie mir beschreiben, was genau passiert, seit wann, und was Sie schon versucht haben?",
            "order": "damit ich nachsehen kann: Können Sie mir Ihre Bestellnummer nennen, und was mit der Bestellung geschehen soll?",
            "topic": "wie kann ich Ihnen helfen? Bitte schreiben Sie mir in ein, zwei Sätzen, worum es geht.",
            "person": "danke für Ihre Nachricht. Ich habe sie gelesen und sorge dafür, dass die richtige Person bei uns sie sieht.",
        },
    ),
    "fr": ToCustomer(
        "voici ce qu'indiquent nos pages d'aide à ce sujet :",
        {
            "aim": "afin de vous répondre avec certitude, pourriez-vous me préciser ce que vous souhaitez faire ou savoir ?",
            "fault": "afin de pouvoir vous aider, pourriez-vous me dire ce qui se passe exactement, depuis quand, et ce que vous avez déjà essayé ?",
            "order": "afin de pouvoir vérifier, pourriez-vous m'indiquer votre numéro de commande et ce que vous souhaitez pour cette commande ?",
            "topic": "comment puis-je vous aider ? Dites-moi en une ou deux phrases de quoi il s'agit.",
            "person": "merci pour votre message. Je l'ai lu et je veille à ce que la bonne personne chez nous en prenne connaissance.",
        },
    ),
    "es": ToCustomer(
        "esto es lo que dicen nuestras páginas de ayuda al respecto:",
        {
            "aim": "para poder darle una respuesta segura: ¿podría contarme con un poco más de detalle qué quiere hacer o saber?",
            "fault": "para poder ayudarle: ¿podría decirme qué ocurre exactamente, desde cuándo y qué ha probado hasta ahora?",
            "order": "para poder comprobarlo: ¿podría indicarme el número de su pedido y qué desea que hagamos con él?",
            "topic": "¿en qué puedo ayudarle? Cuénteme en una o dos frases de qué se trata.",
            "person": "gracias por su mensaje. Lo he leído y me encargo de que lo vea la persona adecuada.",
        },
    ),
    "it": ToCustomer(
        "ecco che cosa dicono le nostre pagine di aiuto:",
        {
            "aim": "per poterle rispondere con certezza: potrebbe descrivermi meglio che cosa vorrebbe fare o sapere?",
            "fault": "per poterla aiutare: potrebbe dirmi che cosa succede esattamente, da quando, e che cosa ha già provato?",
            "order": "per poter verificare: potrebbe indicarmi il numero del suo ordine e che cosa desidera per questo ordine?",
            "topic": "come posso aiutarla? Mi scriva in una o due frasi di che cosa si tratta.",
            "person": "grazie per il suo messaggio. L'ho letto e faccio in modo che lo veda la persona giusta.",
        },
    ),
    "pt": ToCustomer(
        "isto é o que dizem as nossas páginas de ajuda:",
        {
            "aim": "para lhe poder dar uma resposta segura: pode descrever com um pouco mais de detalhe o que pretende fazer ou saber?",
            "fault": "para o poder ajudar: pode dizer-me o que acontece exatamente, desde quando, e o que já tentou?",
            "order": "para poder verificar: pode indicar-me o número da sua encomenda e o que pretende em relação a ela?",
            "topic": "em que posso ajudar? Escreva-me, por favor, em uma ou duas frases do que se trata.",
            "person": "obrigado pela sua mensagem. Já a li e vou garantir que a pessoa certa a vê.",
        },
    ),
    "nl": ToCustomer(
        "dit staat er op onze hulppagina's:",
        {
            "aim": "om u een zeker antwoord te kunnen geven: kunt u iets preciezer beschrijven wat u wilt doen of weten?",
            "fault": "om u te kunnen helpen: kunt u mij vertellen wat er precies gebeurt, sinds wanneer, en wat u al hebt geprobeerd?",
            "order": "om dit te kunnen nakijken: kunt u mij uw bestelnummer geven, en vertellen wat er met de bestelling moet gebeuren?",
            "topic": "waarmee kan ik u helpen? Schrijft u mij in een of twee zinnen waar het om gaat.",
            "person": "dank u voor uw bericht. Ik heb het gelezen en zorg ervoor dat de juiste persoon hier het ziet.",
        },
    ),
    "pl": ToCustomer(
        "oto informacje z naszych stron pomocy:",
        {
            "aim": "aby udzielić pewnej odpowiedzi, proszę o nieco więcej szczegółów: co dokładnie chcą Państwo zrobić lub wiedzieć?",
            "fault": "aby móc pomóc, proszę o kilka szczegółów: co dokładnie się dzieje, od kiedy i czego już Państwo próbowali?",
            "order": "aby móc to sprawdzić, proszę o numer zamówienia i o informację, co mamy z nim zrobić.",
            "topic": "w czym mogę pomóc? Proszę napisać w jednym lub dwóch zdaniach, o co chodzi.",
            "person": "dziękuję za wiadomość. Przeczytałem ją i zadbam o to, aby trafiła do właściwej osoby.",
        },
    ),
    "sv": ToCustomer(
        "så här står det på våra hjälpsidor:",
        {
            "aim": "för att kunna ge ett säkert svar: kan du beskriva lite närmare vad du vill göra eller veta?",
            "fault": "för att kunna hjälpa dig: kan du berätta exakt vad som händer, sedan när, och vad du redan har provat?",
            "order": "för att kunna titta på detta: kan du skicka ditt ordernummer och berätta vad som ska hända med beställningen?",
            "topic": "hur kan jag hjälpa dig? Skriv gärna i en eller två meningar vad det gäller.",
            "person": "tack för ditt meddelande. Jag har läst det och ser till att rätt person hos oss får se det.",
        },
    ),
    "da": ToCustomer(
        "sådan står der på vores hjælpesider:",
        {
            "aim": "for at kunne give et sikkert svar: kan du beskrive lidt nærmere, hvad du vil gøre eller vide?",
            "fault": "for at kunne hjælpe dig: kan du fortælle, hvad der præcis sker, siden hvornår, og hvad du allerede har prøvet?",
            "order": "for at kunne se på det: kan du sende dit ordrenummer og fortælle, hvad der skal ske med ordren?",
            "topic": "hvordan kan jeg hjælpe dig? Skriv gerne i en eller to sætninger, hvad det drejer sig om.",
            "person": "tak for din besked. Jeg har læst den og sørger for, at den rette person hos os ser den.",
        },
    ),
    "nb": ToCustomer(
        "dette står på hjelpesidene våre:",
        {
            "aim": "for å kunne gi et sikkert svar: kan du beskrive litt nærmere hva du vil gjøre eller vite?",
            "fault": "for å kunne hjelpe deg: kan du fortelle nøyaktig hva som skjer, siden når, og hva du allerede har prøvd?",
            "order": "for å kunne se på dette: kan du sende ordrenummeret ditt og fortelle hva som skal skje med bestillingen?",
            "topic": "hvordan kan jeg hjelpe deg? Skriv gjerne i en eller to setninger hva det gjelder.",
            "person": "takk for meldingen. Jeg har lest den og sørger for at rett person hos oss ser den.",
        },
    ),
    "fi": ToCustomer(
        "ohjesivuillamme sanotaan tästä näin:",
        {
            "aim": "jotta voin vastata varmasti: voisitko kertoa hieman tarkemmin, mitä haluat tehdä tai tietää?",
            "fault": "jotta voin auttaa: voisitko kertoa, mitä tarkalleen tapahtuu, mistä lähtien, ja mitä olet jo kokeillut?",
            "order": "jotta voin tarkistaa asian: voisitko kertoa tilausnumerosi ja mitä tilaukselle pitäisi tehdä?",
            "topic": "miten voin auttaa? Kerro yhdellä tai kahdella lauseella, mistä on kyse.",
            "person": "kiitos viestistäsi. Olen lukenut sen ja huolehdin siitä, että oikea henkilö meillä näkee sen.",
        },
    ),
    "cs": ToCustomer(
        "na našich stránkách nápovědy se k tomu píše:",
        {
            "aim": "abych vám mohl odpovědět s jistotou: můžete mi trochu podrobněji popsat, co chcete udělat nebo vědět?",
            "fault": "abych vám mohl pomoci: můžete mi popsat, co přesně se děje, od kdy a co jste už zkoušeli?",
            "order": "abych se na to mohl podívat: můžete mi napsat číslo objednávky a co se s ní má stát?",
            "topic": "jak vám mohu pomoci? Napište mi prosím jednou nebo dvěma větami, o co jde.",
            "person": "děkuji za vaši zprávu. Přečetl jsem ji a zajistím, aby se dostala ke správné osobě.",
        },
    ),
}

_TEAM = {
    "en": ToTeam(
        quoted="Sections of the articles, word for word; what they leave out stands in the source.",
        not_found="No article speaks of the question clearly enough.",
        unreadable="The model's answer could not be read, so there is no draft.",
        unsure="A draft was written, but the passages hardly support it: it is not shown.",
        refused="The model refused the text of this ticket, so there is no draft.",
        foreign="The quoted article is in {article}, the customer writes in {customer}: translate it.",
        other_language="The draft seems to be in {draft}, the customer writes in {customer}.",
        unsupported="In no source and not in the ticket: {what}",
        from_ticket="{ticket} was used: still true here?",
        from_ticket_what="{ticket} says {what}: true here as well?",
        matched="The model named no source; the ones listed were matched by their words.",
        seen_removed="A sentence that claimed to have seen an attachment was removed.",
        cut="The draft ends early: the model ran into its limit.",
        fill_in="Fill in: {what}",
        gloss_quote="what {titles} says, word for word.",
        unanswered="Not answered: “{question}”",
        frame="The draft's own sentences are in {frame}, the customer writes in {customer}: translate them.",
        gloss_asked={
            "aim": "a question: what exactly does the customer want to do or know?",
            "fault": "a question: what exactly happens, since when, and what was tried?",
            "order": "a question: the order's number, and what should happen with it?",
            "topic": "a question: what is it about?",
            "person": "a receipt: the message was read and goes to the right person.",
        },
        not_found_of={
            "topic": "The message does not say what it is about.",
            "person": "Personal data, press or the like, and no article speaks of it: decide who answers.",
        },
    ),
    "de": ToTeam(
        quoted="Ausgewählte Abschnitte der Artikel, wörtlich; was fehlt, steht in der Quelle.",
        not_found="Kein Artikel behandelt die Frage deutlich genug.",
        unreadable="Die Antwort des Modells war nicht lesbar, deshalb gibt es keinen Entwurf.",
        unsure="Es wurde ein Entwurf geschrieben, aber die Textstellen stützen ihn kaum: er wird nicht gezeigt.",
        refused="Das Modell hat den Text dieses Tickets abgelehnt, deshalb gibt es keinen Entwurf.",
        foreign="Der zitierte Artikel ist auf {article}, der Kunde schreibt auf {customer}: bitte übersetzen.",
        other_language="Der Entwurf scheint auf {draft} zu sein, der Kunde schreibt auf {customer}.",
        unsupported="In keiner Quelle und nicht im Ticket: {what}",
        from_ticket="{ticket} wurde verwendet: gilt es auch hier noch?",
        from_ticket_what="{ticket} nennt {what}: gilt das auch hier?",
        matched="Das Modell nannte keine Quelle; die aufgeführten passen nach ihren Wörtern.",
        seen_removed="Ein Satz, der einen Anhang gesehen haben wollte, wurde entfernt.",
        cut="Der Entwurf bricht ab: das Modell stieß an seine Grenze.",
        fill_in="Ausfüllen: {what}",
        gloss_quote="was in {titles} steht, Wort für Wort.",
        unanswered="Nicht beantwortet: „{question}“",
        frame="Die eigenen Sätze des Entwurfs sind auf {frame}, der Kunde schreibt auf {customer}: bitte übersetzen.",
        gloss_asked={
            "aim": "eine Rückfrage: was genau möchte der Kunde tun oder wissen?",
            "fault": "eine Rückfrage: was genau passiert, seit wann, was wurde versucht?",
            "order": "eine Rückfrage nach der Bestellnummer und dem Wunsch.",
            "topic": "eine Rückfrage: worum geht es?",
            "person": "eine Eingangsbestätigung: gelesen, geht an die richtige Person.",
        },
        not_found_of={
            "topic": "Die Nachricht sagt nicht, worum es geht.",
            "person": "Personenbezogene Daten, Presse oder Ähnliches, und kein Artikel behandelt es: klären, wer antwortet.",
        },
    ),
    "fr": ToTeam(
        quoted="Passages choisis des articles, mot pour mot ; le reste est dans la source.",
        not_found="Aucun article ne traite assez clairement de la question.",
        unreadable="La réponse du modèle était illisible : pas de brouillon.",
        unsure="Un brouillon a été écrit, mais les passages ne l'appuient guère : il n'est pas montré.",
        refused="Le modèle a refusé le texte de ce ticket : pas de brouillon.",
        foreign="L'article cité est en {article}, le client écrit en {customer} : à traduire.",
        other_language="Le brouillon semble être en {draft}, le client écrit en {customer}.",
        unsupported="Dans aucune source ni dans le ticket : {what}",
        from_ticket="{ticket} utilisé : encore vrai ici ?",
        from_ticket_what="{ticket} indique {what} : vrai ici aussi ?",
        matched="Le modèle n'a cité aucune source ; celles indiquées correspondent par leurs mots.",
        seen_removed="Une phrase prétendant avoir vu une pièce jointe a été supprimée.",
        cut="Le brouillon est coupé : le modèle a atteint sa limite.",
        fill_in="À compléter : {what}",
        gloss_quote="ce que dit {titles}, mot pour mot.",
        unanswered="Sans réponse : « {question} »",
        frame="Les phrases propres au brouillon sont en {frame}, le client écrit en {customer} : à traduire.",
        gloss_asked={
            "aim": "une question : que souhaite faire ou savoir le client ?",
            "fault": "une question : que se passe-t-il, depuis quand, qu'a-t-il essayé ?",
            "order": "une question : le numéro de commande et ce qu'il souhaite.",
            "topic": "une question : de quoi s'agit-il ?",
            "person": "un accusé de lecture : le message ira à la bonne personne.",
        },
        not_found_of={
            "topic": "Le message ne dit pas de quoi il s'agit.",
            "person": "Données personnelles, presse ou autre, et aucun article n'en traite : décider qui répond.",
        },
    ),
    "es": ToTeam(
        quoted="Apartados de los artículos, literalmente; lo que falta está en la fuente.",
        not_found="Ningún artículo trata la pregunta con suficiente claridad.",
        unreadable="No se pudo leer la respuesta del modelo: no hay borrador.",
        unsure="Se escribió un borrador, pero los pasajes apenas lo respaldan: no se muestra.",
        refused="El modelo rechazó el texto de este ticket: no hay borrador.",
        foreign="El artículo citado está en {article}, el cliente escribe en {customer}: hay que traducirlo.",
        other_language="El borrador parece estar en {draft}, el cliente escribe en {customer}.",
        unsupported="En ninguna fuente ni en el ticket: {what}",
        from_ticket="{ticket} utilizado: ¿sigue siendo cierto aquí?",
        from_ticket_what="{ticket} dice {what}: ¿también es cierto aquí?",
        matched="El modelo no citó ninguna fuente; las indicadas coinciden por sus palabras.",
        seen_removed="Se eliminó una frase que afirmaba haber visto un adjunto.",
        cut="El borrador está cortado: el modelo alcanzó su límite.",
        fill_in="Completar: {what}",
        gloss_quote="lo que dice {titles}, palabra por palabra.",
        unanswered="Sin respuesta: «{question}»",
        frame="Las frases propias del borrador están en {frame}, el cliente escribe en {customer}: hay que traducirlas.",
        gloss_asked={
            "aim": "una pregunta: ¿qué quiere hacer o saber exactamente el cliente?",
            "fault": "una pregunta: ¿qué ocurre, desde cuándo y qué ha probado?",
            "order": "una pregunta: el número de pedido y qué desea.",
            "topic": "una pregunta: ¿de qué se trata?",
            "person": "un acuse: el mensaje se ha leído y va a la persona adecuada.",
        },
        not_found_of={
            "topic": "El mensaje no dice de qué se trata.",
            "person": "Datos personales, prensa o similar, y ningún artículo lo trata: decidir quién responde.",
        },
    ),
}

_OWN_NAMES = {
    "de": {"de": "Deutsch", "en": "Englisch", "es": "Spanisch", "fr": "Französisch", "it": "Italienisch", "nl": "Niederländisch", "pt": "Portugiesisch"},
    "fr": {"de": "allemand", "en": "anglais", "es": "espagnol", "fr": "français", "it": "italien", "nl": "néerlandais", "pt": "portugais"},
    "es": {"de": "alemán", "en": "inglés", "es": "español", "fr": "francés", "it": "italiano", "nl": "neerlandés", "pt": "portugués"},
}  # fmt: skip


def to_customer(language: str) -> tuple[ToCustomer, str]:
    """Sentences for a customer of this language, and the language they are in: English where there are none."""
    return (_CUSTOMER[language], language) if language in _CUSTOMER else (_CUSTOMER["en"], "en")


def to_team(language: str) -> ToTeam:
    """Sentences for the team."""
    return _TEAM.get(language, _TEAM["en"])


def language_name(language: str, *, team_language: str) -> str:
    """What the team calls a language; its code where that is not known."""
    names = _OWN_NAMES.get(team_language, NAMES)
    return names.get(language, language.upper())
