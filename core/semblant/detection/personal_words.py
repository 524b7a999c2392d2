"""Words that tell of people, in English, German, French, Spanish, Italian, Portuguese and Dutch."""

from __future__ import annotations

from semblant.detection.names import vocabulary

PERSONAL_WORDS: dict[str, str] = {
    **dict.fromkeys(
        (
            "first name",
            "last name",
            "middle name",
            "full name",
            "given name",
            "family name",
            "maiden name",
            "surname",
            "forename",
            "firstname",
            "lastname",
            "fullname",
            "fname",
            "lname",
            "christian name",
            "vorname",
            "nachname",
            "familienname",
            "prenom",
            "nom de famille",
            "apellido",
            "apellidos",
            "nombre completo",
            "cognome",
            "sobrenome",
            "apelido",
            "achternaam",
            "voornaam",
            "contact name",
            "contactname",
            "person name",
            "username",
            "user name",
            "login",
            "nickname",
            "screen name",
            "signature",
        ),
        "name of a person",
    ),
    **dict.fromkeys(
        (
            "email",
            "e mail",
            "mail address",
            "emailaddress",
            "courriel",
            "correo",
            "correo electronico",
            "posta elettronica",
        ),
        "e-mail address",
    ),
    **dict.fromkeys(
        (
            "birth date",
            "date of birth",
            "dob",
            "birthday",
            "birthdate",
            "born",
            "geburtsdatum",
            "geburtstag",
            "date naissance",
            "date de naissance",
            "naissance",
            "fecha nacimiento",
            "fecha de nacimiento",
            "data di nascita",
            "data nascita",
            "nascita",
            "data nascimento",
            "geboortedatum",
        ),
        "date of birth",
    ),
    **dict.fromkeys(
        (
            "ssn",
            "social security",
            "national id",
            "nationalid",
            "national insurance",
            "nino",
            "passport",
            "passport number",
            "driver license",
            "driving licence",
            "drivers license",
            "license number",
            "tax id",
            "taxid",
            "tin",
            "dni",
            "nie",
            "nif",
            "cpf",
            "cnh",
            "codice fiscale",
            "insee",
            "bsn",
            "personnummer",
            "steuer id",
            "steuernummer",
            "personalausweis",
            "sozialversicherungsnummer",
            "avs",
            "ahv",
            "aadhaar",
            "curp",
            "nhs number",
            "medicare",
            "mrn",
            "medical record number",
            "insurance number",
        ),
        "national or official number",
    ),
    **dict.fromkeys(
        (
            "iban",
            "account number",
            "bank account",
            "card number",
            "credit card",
            "creditcard",
            "cc number",
            "pan",
            "cvv",
            "kontonummer",
            "kreditkarte",
            "numero de compte",
            "numero cuenta",
            "tarjeta",
        ),
        "account or card number",
    ),
    **dict.fromkeys(
        ("home phone", "mobile phone", "cell phone", "cellphone", "mobile number", "handy", "movil"), "phone number"
    ),
    **dict.fromkeys(("home address", "street address", "mailing address", "wohnadresse"), "postal address"),
    **dict.fromkeys(
        ("ip address", "ipaddress", "client ip", "remote addr", "mac address", "device id", "imei"),
        "device of a person",
    ),
    **dict.fromkeys(
        ("password", "passwd", "pwd", "passwort", "contrasena", "mot de passe", "pin code"), "secret of a person"
    ),
}
"""Phrases (words in a row) that are personal in any table, with what they mean."""

WEAK_WORDS: dict[str, str] = {
    **dict.fromkeys(("name", "nom", "nombre", "nome", "naam", "initials"), "name of a person"),
    **dict.fromkeys(
        ("phone", "telephone", "tel", "telefon", "telefono", "telefone", "mobile", "fax", "cell", "extension", "handy"),
        "phone number",
    ),
    **dict.fromkeys(
        (
            "address",
            "adresse",
            "direccion",
            "indirizzo",
            "endereco",
            "adres",
            "street",
            "strasse",
            "rue",
            "calle",
            "via",
        ),
        "postal address",
    ),
    **dict.fromkeys(
        (
            "postal code",
            "postcode",
            "zip",
            "zip code",
            "zipcode",
            "plz",
            "postleitzahl",
            "code postal",
            "cap",
            "cep",
            "postalcode",
        ),
        "postal code",
    ),
    **dict.fromkeys(
        ("photo", "photo path", "picture", "avatar", "homepage", "home page", "profile url"),
        "image or page of a person",
    ),
    **dict.fromkeys(("latitude", "lat", "longitude", "lon", "lng"), "place"),
}
"""Phrases that are personal only in a table of people."""

PERSON_ROLES = vocabulary(
    """
    host author contact patient customer client employee driver owner guest teacher student doctor physician
    nurse seller buyer sender recipient receiver payer payee passenger traveler traveller player member
    applicant candidate tenant landlord user reviewer reporter attendee witness suspect victim spouse parent
    father mother beneficiary kunde mitarbeiter besitzer arzt cliente paciente empleado auteur autor autore
    proprietaire manager supervisor assignee creator
    """
)
"""Words for somebody in a part; with ``name``, or alone over names, they name a person."""

CREATORS = vocabulary(
    """
    composer director actor actress cast artist editor illustrator regisseur compositeur
    """
)
"""Words for people named as makers of a work: personal, yet the table is about works."""

RECORD_WORDS = vocabulary(
    """
    id nbr nr no num number nummer numero key code uid identifier
    """
)

NOTE_WORDS = vocabulary(
    """
    note notes comment comments remark remarks review reviews message messages feedback bio biography complaint
    diary body content text reply answer feedbacks anamnesis diagnosis history memo bemerkung bemerkungen notiz
    kommentar commentaire commentaires observaciones comentario comentarios nota osservazioni opmerking
    """
)
"""Words for what people write."""

THING_WORDS = vocabulary(
    """
    product item article category brand model city country region state station airport airline carrier store
    shop warehouse genre track album media file column table type class status department title job role
    position event course subject color colour currency unit plan campaign page template server host_group
    domain project team species gene drug medication vehicle car plane ship flight route zone area district
    territory produkt artikel kategorie produit prodotto producto count total flag is has
    """
)
"""Words for things: a column or table named after one is about no person."""

QUALITY_WORDS = vocabulary(
    """
    sent status type kind count length flag verified provider opened rate score valid hash_type domain consent optin
    frequency preference quality present exists missing
    """
)
"""Last words that turn a name into a quality of it: ``email_status`` is no e-mail address."""

COMPANY_WORDS = vocabulary(
    """
    company firm firma business organisation organization supplier vendor shipper manufacturer publisher
    employer entreprise empresa azienda bank institution school hospital club
    """
)

GIVEN_NAMES = vocabulary(
    """
    aaron adam adrian ahmed aisha alan albert alejandro alex alexander alexandra alice alison amanda amelia amir
    amy ana andrea andreas andrew angela anja ann anna anne anthony antonio ashley barbara ben benjamin bernard
    bob brandon brian camille carla carlos carol caroline catherine charles charlotte chloe chris christian
    christina christine christopher claire clara claudia cristina daniel daniela david deborah diana diego
    dominic donald dorothy edward elena elias elizabeth ella ellen emily emma enrique eric erik esther eva
    fatima felix fernando francesca francesco francisco frank gabriel gabriela george giovanni giulia grace
    gregory hanna hannah hans harry hassan heather heidi helen helena henry ibrahim ines ingrid irene isabel
    isabella ivan jack jacob james jan jane janet jason javier jean jeffrey jennifer jessica jim joan joanna joe
    johan johannes john jonas jonathan jorge jose joseph joshua juan judith julia julie jurgen karen karin karl
    katarina kate katherine kathleen katja kevin kim klaus kyle lars laura lauren lea lena leo leon leonardo
    linda lisa lorenzo louis louise luca lucas lucia lucy luis luke maja manuel marc marco marcos marcus
    margaret maria marie mario mark markus martha martin martina mary mateo matteo matthew matthias max maya
    megan melissa mia michael michel michelle miguel mohamed mohammed monica muhammad nadia nancy natalia
    natalie nathan nicholas nicole nina noah nora olga oliver olivia omar oscar pablo pamela paolo patricia
    patrick paul paula pedro peter petra philip philippe pierre rachel rafael raul rebecca ricardo richard
    robert roberto roger ronald rosa rose ruth ryan sabine samantha samuel sandra sara sarah scott sebastian
    sergio silvia simon simone sofia sonia sophia sophie stefan stefanie stephanie stephen steve steven susan
    susanne sven teresa theresa thomas tim timothy tom tomas tony ursula valentina vanessa victor virginia
    walter wei william wolfgang xavier yasmin yuki yusuf zoe
    """
)
"""Common given names of several countries, without accents."""
