"""Mood, wishes, urgency and what is missing of a message by its words, in seven languages: what there is to go by without a model.

The patterns are narrow: a wrong "wants a lawyer" costs the agent a draft, a missed one costs a glance.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from service.vectors.words import tokens

Sentiment = Literal["angry", "unhappy", "neutral", "content", "happy"]
Urgency = Literal["low", "normal", "high"]
Wish = Literal["safety", "person", "cancel", "legal"]
"""What a draft cannot give. `safety`: somebody or something is or was in danger; not a wish, but no draft's business either."""


Missing = Literal["aim", "fault", "order", "topic", "person"]
"""What to ask for where nothing answers: what somebody wants to do, what happens, which order, anything at all; or nothing,
since a person must answer (personal data, press)."""


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE)


_ANGRY = _any(
    r"furious|outrag\w+|unacceptable|disgrace\w*|ridiculous|scam(?:mers?)?|rip-?off|fed up|sick of|worst \w+|fuck\w*|shit\w*",
    r"pathetic|terrible service|never again|joke of a|angry|disgusted|useless",
    r"unverschämt\w*|frechheit|inakzeptabel\w*|unfassbar|abzocke|betrug|betrüger|sauer|wütend|stinksauer|schnauze voll|reicht's",
    r"es reicht|katastroph\w+|unmöglich(?:er|es)? (?:service|verhalten)|nie wieder|zumutung",
    r"scandaleux|inadmissible|inacceptable|arnaque\w*|honteux|furieu(?:x|se)|ras[- ]le[- ]bol|en colère|plus jamais|une honte",
    r"inaceptable|vergüenza|estafa(?:dores)?|indignad[oa]|hart[oa] de|furios[oa]|nunca más|vergonzoso|enfadad[oa]|ladrones",
    r"inaccettabile|vergogn\w+|truffa(?:tori)?|furios[oa]|indignat[oa]|stuf[oa] di|arrabbiat[oa]|mai più|scandalos[oa]",
    r"inaceitável|vergonha|golpe|burla|indignad[oa]|fart[oa] de|absurdo|nunca mais|palhaçada|furios[oa]",
    r"onacceptabel|schandalig|schande|oplichter(?:s|ij)?|woedend|boos|belachelijk|nooit meer|spuugzat|zat van",
)
_UNHAPPY = _any(
    r"disappoint\w+|frustrat\w+|annoy\w+|still (?:not|no|does(?:n't| not)|have(?:n't| not)|waiting)|unhappy|upset|again and again",
    r"third time|second time|for (?:days|weeks)|not (?:happy|satisfied|good enough)|poor service|let down",
    r"enttäuscht\w*|ärgerlich|frustrier\w+|immer noch (?:nicht|kein\w*)|schon wieder|zum (?:dritten|zweiten|wiederholten) mal",
    r"seit (?:tagen|wochen)|unzufrieden|nervt|leider immer noch",
    r"déçue?s?|décevant|mécontente?s?|frustré\w*|toujours (?:pas|rien)|encore une fois|depuis des (?:jours|semaines)|agaçant",
    r"decepcionad[oa]s?|frustrad[oa]|molest[oa]|sigue sin|todavía no|otra vez|desde hace (?:días|semanas)|insatisfech[oa]",
    r"delus[oaie]|frustrat[oa]|ancora (?:non|niente|nulla)|da (?:giorni|settimane)|insoddisfatt[oa]|di nuovo non|scontent[oa]",
    r"desapontad[oa]|desiludid[oa]|frustrad[oa]|ainda não|outra vez|de novo|há (?:dias|semanas)|insatisfeit[oa]|chatead[oa]",
    r"teleurgesteld\w*|gefrustreerd|nog steeds (?:niet|geen)|alweer|al (?:dagen|weken)|ontevreden|vervelend",
)
_HAPPY = _any(
    r"love (?:it|your|this)|great (?:service|job|support|work)|awesome|fantastic|excellent|wonderful|amazing|perfect(?:ly)?",
    r"super (?:service|support|arbeit)|toll(?:er|e)? \w+|klasse|fantastisch|großartig\w*|perfekt|begeistert|spitze",
    r"génial|parfait|excellent\w*|super service|magnifique|ravie?|j'adore",
    r"genial|perfecto|excelente|fantástic[oa]|estupend[oa]|maravillos[oa]|me encanta",
    r"perfetto|eccellente|fantastic[oa]|ottimo|meraviglios[oa]|bravissimi",
    r"ótimo|excelente|perfeito|maravilhos[oa]|fantástic[oa]|adorei",
    r"geweldig|fantastisch|perfect|uitstekend|super|top (?:service|werk)",
)
_CONTENT = _any(
    r"thank(?:s| you)|appreciate|danke\w*|vielen dank|merci\w*|gracias|grazie|obrigad[oa]|bedankt|dank (?:je|u)",
)
_NEGATED = _any(r"not|nicht|kein\w*|pas|no|non|não|niet|geen", r"isn't|wasn't|don't|didn't|doesn't|far from")

_PERSON = _any(
    r"(?:speak|talk|connect me|put me through|chat|escalate(?: this)?) (?:to|with) (?:an? |the |your |some )?(?:real |actual |live |human )*"
    r"(?:person|human|agent|manager|supervisor|someone|somebody|representative|boss)",
    r"(?:want|need|demand|get me|give me) (?:an? |the |your |to see )?(?:real |actual |live )?(?:human|manager|supervisor|real person)",
    r"(?:no more|not an?|stop with the|tired of(?: your)?) (?:bots?|robots?|chatbots?|automated (?:repl\w+|answers?|messages?))|call me back",
    r"(?:eine[mnr]|ihre[mnr]|de[mnr]|nem) (?:echten |richtigen |menschlichen )?(?:menschen|mitarbeiter(?:in)?|vorgesetzten|chef|person"
    r"|ansprechpartner(?:in)?|manager|teamleiter(?:in)?|verantwortlichen|berater(?:in)?) (?:sprechen|reden|telefonieren|verbunden)",
    r"rufen sie mich (?:bitte )?(?:an|zurück)|bitte um (?:einen )?rückruf|kein(?:en)? (?:bot|roboter)",
    r"parler (?:à|avec) (?:un |une |votre |le |la )?(?:vraie? |véritable )?(?:personne|humain|conseill\w+|responsable|être humain|supérieur"
    r"|manager|quelqu'un)|rappelez[- ]moi|pas (?:à )?un (?:robot|bot)",
    r"hablar con (?:un |una |el |la |su |algún )?(?:persona|human[oa]|agente|responsable|encargad[oa]|supervisor\w*|gerente|alguien)",
    r"que me llamen|llámenme|(?:no con|no quiero) un (?:robot|bot)",
    r"parlare con (?:un |una |un'|il |la |il vostro )?(?:vera )?(?:persona|operatore|operatrice|umano|responsabile|essere umano|superiore"
    r"|qualcuno)|richiamatemi|non (?:con )?un (?:robot|bot)",
    r"falar com (?:um |uma |o |a |seu )?(?:pessoa|human[oa]|atendente|gerente|supervisor|responsável|algu[eé]m)|liguem[- ]me|me liguem",
    r"não (?:com )?um (?:robô|bot)",
    r"(?:een|met een|uw|de) (?:echte? )?(?:mens|persoon|medewerker|manager|leidinggevende) (?:te )?(?:spreken|praten)",
    r"met iemand (?:te )?(?:spreken|praten)|bel(?:t u)? mij terug|geen (?:robot|bot)",
)

_CONTRACT_EN = r"(?:subscription|account|contract|plan|membership|service|everything|agreement)"
_CANCEL = _any(
    rf"(?:cancel(?:l?ing)?|terminat(?:e|ing)|end|close|quit) (?:my|our|the|this) (?:\w+ ){{0,2}}{_CONTRACT_EN}|i(?:'m| am) leaving",
    r"(?:abo(?:nnement)?|vertrag|konto|mitgliedschaft|account|tarif)\w* (?:\w+ ){0,3}(?:kündigen|beenden|schließen|löschen)",
    r"(?:kündige|kündigen wir) (?:\w+ ){0,3}|kündigung|(?:ich|wir) (?:möchten?|wollen?|will) (?:\w+ ){0,2}kündigen",
    r"(?:résilier|résiliation|annuler|clôturer|fermer) (?:\w+ ){0,2}(?:abonnement|contrat|compte|forfait)|résiliation",
    r"(?:cancelar|dar de baja|darme de baja|anular|rescindir|cerrar) (?:de )?(?:\w+ ){0,2}(?:suscripción|contrato|cuenta|plan)|darme de baja",
    r"(?:disdire|disdetta|annullare|cancellare|chiudere|recedere) (?:\w+ ){0,2}(?:abbonamento|contratto|account|conto|dal contratto)|disdetta",
    r"(?:cancelar|encerrar|rescindir|anular) (?:\w+ ){0,2}(?:assinatura|subscrição|contrato|conta|plano)",
    r"(?:abonnement|contract|account|lidmaatschap) (?:\w+ ){0,2}(?:opzeggen|beëindigen|stopzetten|annuleren)|opzegging",
)
_LEGAL = _any(
    r"my (?:lawyer|attorney|solicitor)s?|(?:from|to|contact|call|consult|involve|hire|with|instruct(?:ed)?) (?:our|an?) (?:lawyer|attorney|solicitor)s?",
    r"sue (?:you|your company)|legal (?:action|steps|proceedings)|small claims|(?:take you|see you) (?:to|in) court|trading standards",
    r"consumer protection|ombudsman|report you to|go to the press|data protection authority",
    r"(?:meine[nmr]?|unsere[nmr]?|eine[nm]?|zum|vom) (?:rechts)?anw[aä]lt\w*|klage (?:einreichen|erheben)|verklage\w*|rechtliche schritte",
    r"verbraucher(?:zentrale|schutz)|anzeige erstatten|strafanzeige|vor gericht|abmahnung|schlichtungsstelle|datenschutzbehörde",
    r"(?:mon|notre|un) avocat|porter plainte|action en justice|poursuites judiciaires|au tribunal|mise en demeure|dgccrf|cnil",
    r"(?:mis?|nuestros?|un) abogad[oa]s?|demandarl[eo]s|acciones legales|(?:les|los|voy a) denunci\w+|organización de consumidores|tribunales",
    r"(?:mio|nostro|un|dal|al) avvocato|vie legali|azion[ei] legal[ei]|(?:vi|faccio) denunci\w+|tribunale|diffida|associazione consumatori",
    r"(?:meu|nosso|um) advogado|processar (?:vocês|a empresa|vos)|ação judicial|ações legais|procon|livro de reclamações",
    r"(?:mijn|onze|een) advocaat|juridische stappen|naar de rechter|rechtbank|rechtszaak|consumentenbond|ingebrekestelling|aangifte doen",
)
_HIGH = _any(
    r"urgent(?:ly)?|asap|as soon as possible|immediately|emergency|right now|deadline|(?:by|until) (?:today|tomorrow|tonight)|production (?:is )?down",
    r"(?:site|system|server|everything|shop|store|checkout) (?:is )?(?:down|offline)|can(?:no|')t work|charged twice|hacked|data loss|losing (?:money|customers)",
    r"dringend\w*|eilt|eilig|sofort\w*|schnellstmöglich|so schnell wie möglich|notfall|umgehend|bis (?:heute|morgen)|frist|steht still",
    r"ausfall|ausgefallen|doppelt abgebucht|gehackt|datenverlust|nicht (?:mehr )?arbeiten",
    r"urgent[es]*|urgence|immédiatement|au plus vite|dès que possible|en panne|d'ici demain|débité deux fois|pirat[eé]\w*",
    r"urgentes?|urgencia|inmediatamente|cuanto antes|lo antes posible|emergencia|caíd[oa]|hackead[oa]|cobrado dos veces|para mañana",
    r"urgenti?|urgenza|immediatamente|subito|al più presto|il prima possibile|emergenza|bloccat[oi]|entro domani|addebitato due volte",
    r"urgência|imediatamente|o quanto antes|o mais rápido possível|emergência|fora do ar|cobrado duas vezes|até amanhã|invadida",
    r"dringend|spoed|onmiddellijk|zo snel mogelijk|meteen|noodgeval|ligt plat|gehackt|dubbel afgeschreven|voor morgen",
)

_SHOUTED = re.compile(r"(?:\b[^\W\d_a-z]{3,}\b[\s,.!?]+){4,}")
_READ_CHARS = 10_000
_FEWEST_WORDS = 3


def sentiment_of(text: str) -> Sentiment:
    """How the writer feels."""
    text = text[:_READ_CHARS]
    if _ANGRY.search(text) or "!!!" in text or _shouts(text):
        return "angry"
    if _UNHAPPY.search(text):
        return "unhappy"
    if (happy := _HAPPY.search(text)) and not _NEGATED.search(text[max(0, happy.start() - 25) : happy.start()]):
        return "happy"
    return "content" if _CONTENT.search(text) and "?" not in text else "neutral"


def mood_words(text: str) -> str:
    """The words that `sentiment_of` rests on; "" where there are none."""
    text = text[:_READ_CHARS]
    for pattern in (_ANGRY, _UNHAPPY, _HAPPY, _CONTENT):
        if found := pattern.search(text):
            return found.group()
    return ""


def urgency_of(text: str) -> Urgency:
    """Whether it can wait; nothing a customer writes makes it low by words alone."""
    urgent = _HIGH.search(text[:_READ_CHARS])
    return "high" if urgent and not _NEGATED.search(text[max(0, urgent.start() - 12) : urgent.start()]) else "normal"


_SAFETY = re.compile(
    r"\b(?:smok(?:e|ing)\b(?! (?:gr[ae]y|detectors?|alarms?|colou?r|room|area|flavou?r))|caught fire|on fire|in flames|melt(?:ed|ing)\b(?! point)|electric(?:al)? shock|electrocuted|explo(?:ded\b(?! (?:view|drawing|diagram))|sion)"
    r"|(?:got |was |is |have |a |my \w+ (?:is |got )?)burn(?:t|ed|s)?\b(?! (?:out|cds?|dvds?|discs?|disks?)\b)|injur(?:ed|y|ies)|scalded|sparks?"
    r"|raucht|rauchte|qualmt|rauch|brennt(?! (?:(?:dauerhaft|durchgehend|ständig) )?(?:blau|grün|orange|gelb|weiß|rot)\b| mir unter)|gebrannt|feuer gefangen|geschmolzen|stromschlag|elektrischer schlag|explodiert"
    r"|verbrannt|verbrennung\w*|verbrüht|verletzt|funken"
    r"|fumée|(?:a |ont )pris feu|en feu|fondue?|(?:choc|décharge) électrique|électrocut\w+|explos\w+|brûlure|brûlée?|blessée?|étincelles?"
    r"|humo|(?:en|prendió) fuego|ardiendo|derretid[oa]|descarga eléctrica|calambrazo|explot\w+|quemadura|quemad[oa]|herid[oa]|chispas"
    r"|fumo|in fiamme|prese? fuoco|fus[oa]|scossa elettrica|esplos\w+|ustion[ei]|ferit[oa]|scintille"
    r"|rook|in brand|gesmolten|elektrische schok|ontploft|brandwond(?:en)?|gewond|vonken"
    r"|fumaça|pegou fogo|em chamas|derret\w+|choque elétrico|explodiu|queimadura|queimei|ferid[oa]|faíscas)\b",
    re.IGNORECASE,
)


def wishes_of(text: str) -> tuple[Wish, ...]:
    """What a draft cannot give."""
    return tuple(told_wishes(text))


def told_wishes(text: str) -> Mapping[Wish, str]:
    """The same, with the words that say so."""
    text = " ".join(text[:_READ_CHARS].split())
    patterns: tuple[tuple[Wish, re.Pattern[str]], ...] = (
        ("safety", _SAFETY),
        ("person", _PERSON),
        ("cancel", _CANCEL),
        ("legal", _LEGAL),
    )
    return {wish: found.group() for wish, pattern in patterns if (found := pattern.search(text))}


_SENSITIVE = _any(
    r"gdpr|(?:my|of) personal data|personal data|(?:delete|erase|remove) (?:all )?(?:of )?my (?:\w+ )?(?:data|account)|right to (?:be forgotten|erasure)",
    r"subject access request|data protection|journalist|news(?:paper|room)|press (?:inquiry|enquiry|request|office)|for an? (?:article|story) (?:on|about)",
    r"dsgvo|personenbezogene\w*|datenschutz\w*|meine (?:\w+ )?daten (?:zu )?löschen|löschung meiner|journalist\w*|redakt(?:ion|eur\w*)|presseanfrage\w*",
    r"rgpd|données (?:personnelles|à caractère personnel)|supprim\w+ (?:toutes )?mes données|journaliste|presse",
    r"datos personales|(?:borr|elimin)\w+ (?:todos )?mis datos|periodista|prensa|dati personali|cancell\w+ (?:tutti )?i miei dati|giornalista",
    r"lgpd|dados pessoais|apag\w+ (?:os )?meus dados|jornalista|imprensa|persoonsgegevens|mijn gegevens (?:te )?verwijderen|perswoordvoerder",
    r"rodo|dan(?:e|ych) osobow(?:e|ych)|dziennikar\w+|personuppgifter|person(?:oplysninger|opplysninger)|henkilötie\w+|osobní(?:ch)? údaj\w*|novinář\w*",
)
_ORDER = _any(
    r"(?:my|our|the|this|an?) (?:\w+ )?(?:orders?|parcel|package|shipment|delivery|refund|voucher|invoice)|tracking|i (?:have )?ordered",
    r"(?:meine[rn]?|unsere[rn]?|die|der|eine) (?:\w+ )?(?:bestellung|lieferung|sendung|rechnung|erstattung|gutschein)|(?:mein|das|ein) paket|bestellt",
    r"(?:ma|notre|la|une) (?:commande|livraison|facture)|(?:mon|le|un) (?:colis|remboursement)|commandé",
    r"(?:mi|nuestro|el|un) (?:pedido|paquete|envío|reembolso)|(?:mi|la|una) factura|(?:mio|nostro|il) (?:ordine|pacco|rimborso)|ordinato",
    r"(?:minha|nossa|a) encomenda|(?:meu|o) (?:pedido|reembolso)|(?:mijn|onze|de|het) (?:bestelling|pakket|levering|factuur)|besteld",
    r"zamówieni\w+|paczk\w+|beställning\w*|paketet|ordre\w*|pakken|bestilling\w*|tilau\w+|paket\w+|objednávk\w+|zásilk\w+",
)
_ORDER_NUMBER = re.compile(r"\b[A-Z]{1,4}[-–]?\d{3,}\b|#\s?\d{3,}|\b\d{5,}\b")
_FAULT = _any(
    r"(?:does|do|did|is|are|has|have|was|ca|wo|could)n['’]?t|(?:does|is|has|will|do|can) not|cannot|broken?|errors?|faults?|fail(?:s|ed|ing)?|stopped|stuck",
    r"leak\w*|defect\w*|damaged|crack\w*|crash\w*|no longer|problems?|refused|invalid|wrong|shows?|beeps?|blink\w*|noise|smells?",
    r"nicht mehr|geht nicht|funktioniert nicht|defekt\w*|kaputt|fehler\w*|probleme?|undicht|beschädigt|piept|blinkt|zeigt|startet nicht|lässt sich nicht",
    r"ne (?:fonctionne|marche|s'allume|démarre|veut)\w*|n'a pas|plus rien|cassée?|erreur|défectueu\w+|en panne|problème|fuit|fuite|clignote|affiche",
    r"no (?:funciona|enciende|va|arranca|puedo)|rot[oa]|error|averiad[oa]|defectuos[oa]|problema|gotea|parpadea|muestra|non (?:funziona|si accende|va|parte)",
    r"guast[oa]|errore|difettos[oa]|não (?:funciona|liga|consigo)|erro|avariad[oa]|werkt niet|doet het niet|kapot|fout|defect|lekt|storing",
    r"nie działa|błąd|fungerar inte|trasig|fel|virker ikke|fejl|fungerer ikke|feil|ei toimi|vika|nefunguje|chyba",
)


def missing_in(text: str, *, subject: str = "") -> Missing:
    """What a message leaves out, for the question back. Words of few letters and greetings alone say nothing at all."""
    text = text[:_READ_CHARS]
    if _SENSITIVE.search(text) or _SENSITIVE.search(subject):
        return "person"
    if len(tokens(text, language="")) < _FEWEST_WORDS and not re.search("[?？]", text):
        return "topic"
    if _ORDER.search(text):
        return "aim" if _ORDER_NUMBER.search(f"{subject}\n{text}") else "order"
    return "fault" if _FAULT.search(text) else "aim"


def _shouts(text: str) -> bool:
    """Four words in capitals in a row; scripts without capitals never match."""
    found = _SHOUTED.search(text)
    return found is not None and found.group().isupper()
