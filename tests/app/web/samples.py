"""One view of each kind and state, with text of the length that real items have."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import get_args

from app.web.views import (
    AccessibilityView,
    Advice,
    AnswerLine,
    CategoryView,
    CorrectionView,
    DesignChoice,
    DocumentView,
    DomainProgress,
    DomainResult,
    Entered,
    Estimate,
    ExplanationView,
    FinishView,
    IntroductionView,
    ItemView,
    LandingView,
    LevelView,
    MessageKind,
    MessageView,
    OptionFeedback,
    OptionView,
    PrivacyView,
    QuestionView,
    ResultView,
    StyleguideView,
    TutorialView,
    View,
    ZoneView,
)

NOW = datetime(2026, 11, 21, 14, 32, tzinfo=UTC)
SITTING = "0193a5c2-7b1e-7c40-9a55-2f6c1d0e8b11"

LEVELS = (
    LevelView(
        "Non délivré",
        "Vos réponses ne montrent pas encore les réflexes de base.",
        "Le palier Socle\u00a0: les réflexes de base.",
    ),
    LevelView(
        "Socle",
        "Vous avez les réflexes de base et vous savez quand demander.",
        "Le palier suivant, Autonome\u00a0: appliquer seul les règles dans les situations courantes.",
    ),
    LevelView(
        "Autonome",
        "Vous appliquez les règles dans les situations courantes.",
        "Le palier suivant, Confirmé\u00a0: arbitrer quand deux règles s’opposent, et l’expliquer.",
    ),
    LevelView(
        "Confirmé",
        "Vous arbitrez quand deux règles s’opposent, et vous l’expliquez.",
        "Le palier suivant, Référent\u00a0: organiser, contrôler et former les autres.",
    ),
    LevelView("Référent", "Vous organisez, contrôlez et formez les autres."),
)
CUTS = (-0.8, 0.0, 0.8, 1.6)

EMAIL = DocumentView(
    title="Courriel reçu",
    kind="email",
    fields=(
        ("De", "Support MSSanté <assistance@mssante-securite.example>"),
        ("À", "Camille Arnoult, infirmière coordinatrice"),
        ("Objet", "Votre boîte sera suspendue dans 24\u00a0h"),
        ("Pièce jointe", "formulaire_reactivation.html (12\u00a0Ko)"),
    ),
    body_html=(
        "<p>Bonjour,</p><p>Suite à une mise à jour de sécurité, votre messagerie doit être réactivée "
        "<strong>avant ce soir 20\u00a0h</strong>. Ouvrez la pièce jointe, puis saisissez votre identifiant, votre mot "
        "de passe et le code affiché par votre application e-CPS.</p><p>Sans action de votre part, les messages de vos "
        "patients seront définitivement perdus.</p><p>Le service d’assistance nationale</p>"
    ),
)

MULTIPLE = ItemView(
    token="q7c1f0a9d2",
    interaction="multiple_choice",
    stem_html="<p>Quels éléments de ce message doivent vous faire soupçonner un hameçonnage\u00a0?</p>",
    options=(
        OptionView("a", "Le nom de domaine de l’expéditeur n’est pas celui d’un opérateur MSSanté connu."),
        OptionView("b", "Le message s’adresse à une infirmière coordinatrice."),
        OptionView("c", "Il demande de saisir un mot de passe et un code e-CPS dans une pièce jointe."),
        OptionView("d", "Il impose un délai très court et menace d’une perte de données."),
        OptionView("e", "Il est rédigé en français."),
    ),
    domain="Cybersécurité en santé",
    document=EMAIL,
)
SINGLE = ItemView(
    token="a1",
    interaction="single_choice",
    stem_html=(
        "<p>Vous êtes infirmière dans un service de médecine. Un patient hospitalisé depuis deux jours vous demande "
        "de retirer de son dossier partagé le compte rendu d’un séjour ancien en psychiatrie, qu’il ne souhaite pas "
        "voir lu par son kinésithérapeute.</p><p>Que lui répondez-vous\u00a0?</p>"
    ),
    options=(
        OptionView("a", "Qu’il peut le masquer lui-même, et choisir de le rendre visible plus tard."),
        OptionView("b", "Que seul le médecin qui a rédigé le document peut le retirer."),
        OptionView("c", "Que le document sera supprimé dès que le service en fera la demande."),
        OptionView("d", "Que rien ne peut être modifié pendant une hospitalisation."),
    ),
    domain="Données de santé",
)
INSPECTED = DocumentView(
    title="Courriel reçu",
    kind="email",
    fields=(
        ("De", "Support MSSanté <assistance@mssante-securite.example>"),
        ("À", "Camille Arnoult, infirmière coordinatrice"),
        ("Objet", "Votre boîte sera suspendue dans 24\u00a0h"),
        ("Date", "lundi 11 janvier 2027, 9\u00a0h\u00a012"),
    ),
    body_html="",
    field_pieces=(
        (ZoneView("a", "Support MSSanté <assistance@mssante-securite.example>"),),
        ("Camille Arnoult, infirmière coordinatrice",),
        (ZoneView("b", "Votre boîte sera suspendue dans 24\u00a0h"),),
        (ZoneView("e", "lundi 11 janvier 2027, 9\u00a0h\u00a012"),),
    ),
    body_pieces=(
        "<p>Bonjour,</p><p>Suite à une mise à jour de sécurité, votre messagerie doit être réactivée "
        "<strong>avant ce soir 20\u00a0h</strong>. ",
        ZoneView(
            "c",
            "Ouvrez la pièce jointe, puis saisissez votre identifiant, votre mot de passe et le code affiché par "
            "votre application e-CPS.",
        ),
        "</p><table><thead><tr><th>Service</th><th>Téléphone</th></tr></thead><tbody><tr><td>",
        ZoneView("d", "Assistance nationale"),
        "</td><td>01 99 00 12 34</td></tr></tbody></table><p>Le service d’assistance</p>",
    ),
)
ZONE = ItemView(
    token="a7",
    interaction="zone",
    stem_html="<p>Repérez dans ce courriel les éléments qui doivent alerter.</p>",
    options=(
        OptionView("a", "L’adresse de l’expéditeur"),
        OptionView("b", "L’objet"),
        OptionView("e", "La date"),
        OptionView("c", "La demande de mot de passe"),
        OptionView("d", "Le nom du service"),
    ),
    domain="Cybersécurité en santé",
    document=INSPECTED,
)
ORDER = ItemView(
    token="a2",
    interaction="order",
    stem_html="<p>Un rançongiciel s’affiche sur le poste de soins. Dans quel ordre agissez-vous\u00a0?</p>",
    options=(
        OptionView("a", "Déposer plainte avec les éléments rassemblés"),
        OptionView("b", "Débrancher le câble réseau du poste, sans l’éteindre"),
        OptionView("c", "Passer à la procédure papier prévue pour les soins en cours"),
        OptionView("d", "Prévenir le responsable de la sécurité par téléphone"),
    ),
    domain="Cybersécurité en santé",
)
CLASSIFY = ItemView(
    token="a3",
    interaction="match",
    stem_html="<p>Pour chaque donnée, dites si c’est une donnée de santé au sens du RGPD.</p>",
    options=(
        OptionView("a", "Le nombre de pas d’un patient, envoyé à son cardiologue"),
        OptionView("b", "Le nom de l’agent d’accueil de la clinique"),
        OptionView("c", "La date d’un rendez-vous en oncologie"),
    ),
    categories=(CategoryView("x", "Oui"), CategoryView("y", "Non")),
    domain="Données de santé",
)
PAIR = ItemView(
    token="a4",
    interaction="match",
    stem_html="<p>Quel canal convient à chaque situation\u00a0?</p>",
    options=(
        OptionView("a", "Envoyer un compte rendu à un confrère libéral"),
        OptionView("b", "Répondre à une question d’un patient après sa consultation"),
        OptionView("c", "Demander un avis urgent à un spécialiste de garde"),
        OptionView("d", "Prévenir une famille qui n’a pas d’adresse électronique"),
    ),
    categories=(
        CategoryView("x", "Messagerie sécurisée entre professionnels"),
        CategoryView("y", "Messagerie de Mon espace santé"),
        CategoryView("z", "Téléphone"),
    ),
    domain="Communication en santé",
)
TEXT = ItemView(
    token="a5",
    interaction="short_text",
    stem_html="<p>Comment appelle-t-on l’identifiant qui suit un patient d’un établissement à l’autre\u00a0?</p>",
    domain="Données de santé",
)
NUMBER = ItemView(
    token="a6",
    interaction="numeric",
    stem_html="<p>Sous combien d’heures une violation de données doit-elle être notifiée à la CNIL\u00a0?</p>",
    unit="heures",
    domain="Données de santé",
)

QUESTION = QuestionView(
    sitting=SITTING,
    title="Certification",
    purpose="certification",
    position=12,
    length=32,
    item=MULTIPLE,
    now=NOW,
    deadline=NOW + timedelta(minutes=41, seconds=12),
    time_limit_seconds=3600,
    idempotency_key="5a0c",
    entered=Entered(choices=frozenset({"a", "c"})),
    saved_at=NOW,
    document_question=1,
    document_questions=3,
)


def alone(item: ItemView, entered: Entered | None = None, **changes: object) -> QuestionView:
    """The question page for a stand-alone item."""
    plain = replace(QUESTION, item=item, entered=entered or Entered(), saved_at=None)
    return replace(plain, document_question=0, document_questions=0, **changes)  # type: ignore[arg-type]


INTRODUCTION = IntroductionView(
    sitting=SITTING,
    title="Certification, démonstration",
    purpose="certification",
    length=32,
    minutes=60,
    minimum_answers=20,
    resume_code="K7QM-3XWD",
    now=NOW,
)

CORRECTION = CorrectionView(
    sitting=SITTING,
    title="Entraînement",
    position=4,
    length=12,
    interaction="multiple_choice",
    domain="Cybersécurité en santé",
    stem_html=MULTIPLE.stem_html,
    outcome="wrong",
    response="",
    right_answer="le domaine de l’expéditeur, la demande de mot de passe, le délai très court",
    options=(
        OptionFeedback(
            MULTIPLE.options[0].text_html,
            True,
            True,
            why_html="Les opérateurs MSSanté sont connus et déclarés.",
        ),
        OptionFeedback(
            MULTIPLE.options[1].text_html, False, False, why_html="Un message légitime le ferait aussi."
        ),
        OptionFeedback(
            MULTIPLE.options[2].text_html, False, True, why_html="Aucun service ne demande cela par courriel."
        ),
        OptionFeedback(
            MULTIPLE.options[3].text_html, True, True, why_html="L’urgence sert à empêcher de réfléchir."
        ),
        OptionFeedback(MULTIPLE.options[4].text_html, True, False, why_html="La langue ne prouve rien."),
    ),
    rationale_html=(
        "<p>Un hameçonnage imite une source connue, presse le destinataire et réclame un secret. Un seul de ces "
        "indices suffit pour ne pas ouvrir la pièce jointe. Signalez le message au responsable de la sécurité, puis "
        "supprimez-le.</p>"
    ),
    sources=(
        "ANSSI, Guide d’hygiène informatique, 2017",
        "Cybermalveillance.gouv.fr, fiche réflexe hameçonnage",
    ),
    progress=(
        DomainProgress("Données de santé", 1, 1, 3),
        DomainProgress("Cybersécurité en santé", 2, 1, 3),
        DomainProgress("Communication en santé", 1, 0, 2),
        DomainProgress("Outils numériques", 0, 0, 2),
        DomainProgress("Télésanté", 0, 0, 2),
    ),
    document=EMAIL,
    now=NOW,
    deadline=NOW + timedelta(minutes=22),
    time_limit_seconds=1800,
)
CORRECTION_MATCH = replace(
    CORRECTION,
    interaction="match",
    document=None,
    stem_html=PAIR.stem_html,
    right_answer="messagerie sécurisée, messagerie de Mon espace santé, téléphone",
    options=(
        OptionFeedback(
            "Envoyer un compte rendu à un confrère libéral",
            given_label="Téléphone",
            expected_label="Messagerie sécurisée entre professionnels",
            why_html="Elle trace l’envoi.",
        ),
        OptionFeedback("Demander un avis urgent", given_label="Téléphone", expected_label="Téléphone"),
    ),
)

CORRECTION_ORDER = replace(
    CORRECTION,
    interaction="order",
    document=None,
    stem_html=ORDER.stem_html,
    right_answer="1. Débrancher. 2. Prévenir.",
    options=(
        OptionFeedback("Débrancher le câble réseau du poste", given_label="1", expected_label="1"),
        OptionFeedback("Déposer plainte", given_label="2", expected_label="3", why_html="Rien ne presse."),
    ),
)

CORRECTION_ZONE = replace(
    CORRECTION,
    interaction="zone",
    document=INSPECTED,
    stem_html=ZONE.stem_html,
    right_answer="L’adresse de l’expéditeur\nL’objet\nLa demande de mot de passe",
    options=(
        OptionFeedback("L’adresse de l’expéditeur", True, True, why_html="Ce domaine est inconnu.", id="a"),
        OptionFeedback("L’objet", False, True, why_html="L’urgence empêche de réfléchir.", id="b"),
        OptionFeedback("La date", True, False, why_html="Un jour ouvré, à une heure ordinaire.", id="e"),
        OptionFeedback("La demande de mot de passe", True, True, why_html="Personne ne le demande.", id="c"),
        OptionFeedback("Le nom du service", False, False, why_html="Il ne prouve rien.", id="d"),
    ),
)

RESULT = ResultView(
    sitting=SITTING,
    title="Certification, démonstration",
    purpose="certification",
    finished_on=date(2026, 11, 21),
    answers=32,
    length=32,
    minimum_answers=20,
    duration_seconds=2472,
    ended="length",
    levels=LEVELS,
    cuts=CUTS,
    learner="Camille Arnoult",
    estimate=Estimate(
        level=2,
        theta=0.55,
        low=0.06,
        high=1.08,
        probabilities=(0.001, 0.029, 0.68, 0.285, 0.005),
        at_least=(1.0, 0.999, 0.97, 0.29, 0.005),
    ),
    domains=(
        DomainResult("Données de santé", "measured", 7, 1.15, 0.7, 1.6, 3, "strong"),
        DomainResult("Cybersécurité en santé", "measured", 6, -0.25, -0.65, 0.15, 1, "weak"),
        DomainResult("Communication en santé", "measured", 6, 0.5, 0.05, 0.95, 2),
        DomainResult("Outils numériques", "not_distinguishable", 7),
        DomainResult("Télésanté", "too_few", 2),
    ),
    advice=(
        Advice(
            "Cybersécurité",
            "Réagir à un incident",
            "Qui prévenir, dans quel ordre, et ce qu’il ne faut pas éteindre.",
            "/",
        ),
        Advice(
            "Outils numériques",
            "Choisir une application pour un patient",
            "Ce que prouve le marquage CE, et ce qu’il ne prouve pas.",
            "/",
        ),
        Advice("Télésanté", "Mesurer ce domaine", "Dix questions suffisent pour un résultat fiable."),
    ),
)
FLAT = replace(
    RESULT,
    learner="",
    domains=tuple(DomainResult(d.heading, "not_distinguishable", 6) for d in RESULT.domains),
    ended="time",
)
HIGHEST = replace(
    RESULT,
    estimate=Estimate(4, 2.4, 1.9, 2.9, (0.0, 0.0, 0.001, 0.02, 0.979), (1.0, 1.0, 1.0, 0.999, 0.979)),
    domains=tuple(replace(d, flag="") for d in RESULT.domains),
)
LINE = AnswerLine(
    position=1,
    stem="Quels éléments de ce message doivent vous faire soupçonner un hameçonnage\u00a0?",
    domain="Cybersécurité en santé",
    outcome="right",
    href=f"/epreuve/{SITTING}/correction/1",
)
PRACTICE = replace(
    RESULT,
    title="Entraînement",
    purpose="practice",
    answers=9,
    length=12,
    minimum_answers=6,
    ended="precision",
    domains=tuple(DomainResult(d.heading, "too_few", 2) for d in RESULT.domains),
    lines=(LINE, replace(LINE, position=2, outcome="wrong"), replace(LINE, position=3, outcome="omitted")),
)

LOWEST = replace(
    RESULT,
    estimate=Estimate(0, -3.4, -4.2, -2.6, (0.998, 0.002, 0.0, 0.0, 0.0), (1.0, 0.002, 0.0, 0.0, 0.0)),
    domains=FLAT.domains,
)

LANDING = LandingView(
    designs=(
        DesignChoice("certification", "certification", 32, 60, "Certification"),
        DesignChoice("practice", "practice", 12, 30, "Entraînement"),
    ),
    others=(
        DesignChoice("certification-social-bac", "certification", 32, 60, "Certification, travail social"),
        DesignChoice("placement", "practice", 10, 20, "Positionnement"),
    ),
    level_labels=tuple(level.label for level in LEVELS),
)

PAGES: dict[str, View] = {
    "landing": LANDING,
    "landing-error": replace(LANDING, code="ABCD-12", problem="unknown"),
    "introduction": INTRODUCTION,
    "introduction-practice": replace(
        INTRODUCTION,
        purpose="practice",
        length=12,
        minutes=0,
        minimum_answers=6,
        tutorial_done=True,
        learner="Camille",
    ),
    "tutorial": TutorialView(SITTING, "Certification"),
    "tutorial-done": TutorialView(
        SITTING, "Certification", Entered(choices=frozenset({"a"})), submitted=True
    ),
    "question-document": QUESTION,
    "question-single": alone(SINGLE),
    "question-empty": alone(SINGLE, problem="empty"),
    "question-order": alone(ORDER),
    "question-order-draft": alone(ORDER, Entered.from_response({"order": ["b", "d", "c", "a"]})),
    "question-classify": alone(CLASSIFY, Entered.from_response({"pairs": {"a": "x", "b": "y"}})),
    "question-match": alone(PAIR, Entered.from_response({"pairs": {"a": "x"}}), problem="match_incomplete"),
    "question-zone": alone(ZONE, Entered.from_response({"zones": ["a"]})),
    "question-zone-one": alone(replace(ZONE, maximum=1), problem="too_many_zones"),
    "question-text": alone(TEXT, Entered(text="INS"), problem_reported=True),
    "question-number": alone(NUMBER, Entered(number="soixante-douze"), problem="not_a_number"),
    "question-untimed": alone(NUMBER, deadline=None, time_limit_seconds=0, provisional=False),
    "correction": CORRECTION,
    "correction-match": CORRECTION_MATCH,
    "correction-order": CORRECTION_ORDER,
    "correction-zone": CORRECTION_ZONE,
    "correction-right": replace(CORRECTION, outcome="right", last=True),
    "result": RESULT,
    "result-flat": FLAT,
    "result-highest": HIGHEST,
    "result-lowest": LOWEST,
    "result-practice": PRACTICE,
    "result-none": replace(RESULT, estimate=None, answers=9, domains=(), advice=(), ended="learner"),
    "finish": FinishView(SITTING, "Certification", 11, 32, 20, NOW, NOW + timedelta(minutes=4), 3600),
    "accessibility": AccessibilityView(
        contact="accessibilite@palier.example", publisher="Université fictive"
    ),
    "privacy": PrivacyView(),
    "explanation": ExplanationView(LEVELS, 32, 60, 20),
    "styleguide": StyleguideView(),
    **{f"message-{kind}": MessageView(kind, reference="req_0193a5c2") for kind in get_args(MessageKind)},
}
