/** @file German, French, Spanish, Russian and Greek of the training pages. */
import { type Language, language } from './language.js'

const GERMAN = language({
  code: 'de',
  split: 'train',
  script: 'latin',
  weight: 8,
  patterns:
    'Der {m} {v} die {f} {p} die {f}|Die {a} {f} {v} {r} den {m}|{c} die {f} den {m} {v}, ist der {m} {b}|{t} {v} die {f} ' +
    'den {a2} {m}|In der {f} {v} der {m} jede {f}, wobei die {f} {r} {b} ist|Jede {f} {v} einen {m}|Das {v} die {f} {r}|' +
    'Für die {a} {f} {v} der {m} {p} die {f}, während der {m} {b} bleibt|Nach der {f} {v} der {m} die {f} und den {m}',
  phrases:
    'Die {f} des Verfahrens|{a3} {f}|Zur {f} der {f}|{f} und {f}|{m} ohne {f}|Über die {a} {f}|Der {m} und die {f}',
  words: {
    m: `Vertrag Bericht Antrag Versuch Vorgang Beschluss Haushalt Betrieb Abschnitt Anhang Messwert Zeitraum Hersteller
        Schalter Zähler Bestand Ausschuss Nachweis Umfang Grundsatz Prüfling Fehler Verlauf Behälter Anschluss`,
    f: `Verwaltung Genehmigung Leistungsbeschreibung Prüfung Versicherung Auswertung Bestimmung Anlage Steuerung
        Gesellschaft Untersuchung Temperatur Wartungsanleitung Verordnung Grundlage Forschung Berechnung Lieferung
        Haftung Rechnung Satzung Gemeinde Vereinbarung Datenverarbeitung Druckleitung Messung Entwicklung`,
    v: 'bestimmt ändert beschreibt ersetzt begrenzt enthält umfasst regelt verlangt prüft erhöht verringert bestätigt',
    a: 'neue alte jährliche öffentliche technische allgemeine besondere einfache vollständige mittlere frühere örtliche',
    a2: 'neuen alten jährlichen öffentlichen technischen allgemeinen besonderen einfachen vollständigen früheren',
    a3: 'Neue Jährliche Öffentliche Technische Allgemeine Besondere Einfache Vollständige Mittlere Frühere',
    b: 'gültig vollständig gering hoch wirksam notwendig unverändert möglich erforderlich zulässig abgeschlossen',
    r: 'häufig selten meist deutlich nahezu stets teilweise unmittelbar gemeinsam erneut',
    p: 'für gegen ohne über durch um',
    c: 'Wenn|Weil|Obwohl|Sobald|Da|Soweit',
    t: 'Zunächst|Später|Im Jahr 1998|In der Regel|Dagegen|Außerdem|Daher|Heute|Grundsätzlich',
  },
  labels:
    'Abbildung|Tabelle|Kapitel|Abschnitt|Seite|von|Zusammenfassung|Schlagworte|Inhalt|Literatur|Anhang|Einleitung|Schluss|' +
    'Hinweis|Achtung|Beispiel|Satz|Beweis|Definition|Datum|Rechnung|Summe|Zwischensumme|MwSt.|Menge|Preis|Posten|' +
    'Beschreibung|Name|Anschrift|Telefon|E-Mail|Unterschrift|Sehr geehrte|Mit freundlichen Grüßen|Betreff|Quelle|Aufgabe|' +
    'Überblick|§',
  given: 'Ulrike Jürgen Heike Dieter Sabine Klaus Birgit Uwe Renate Holger Gisela Bernd',
  family: 'Schäfer Lehmann Vogt Baumgartner Krüger Seidel Brandt Hoffstetter Böhm Winkler',
  places: 'Neustadt|Altenburg|Waldkirch|Oberau|Lindenfels|Seehausen|Königsbrück',
})

const FRENCH = language({
  code: 'fr',
  split: 'train',
  script: 'latin',
  weight: 6,
  patterns:
    'Le {m} {v} la {f} {p} le {m}|La {f} {a} {v} {r} le {m}|{c} le {m} {v} la {f}, la {f} {v} le {m}|{t}, la {f} du {m} {v} ' +
    'une {f} {a}|Chaque {m} {v} sa propre {f}|Cela {v} {r} le {m} et la {f}|Une {f} {a} {v} le {m} {p} la {f}, puis le {m}',
  phrases: 'La {f} du {m}|{f} et {m}|Une {f} {a}|Du {m} à la {f}|{m} sans {f}|De la {f} {a}',
  words: {
    m: `rapport projet marché contrat dossier système réseau procédé moteur capteur tableau règlement conseil budget
        territoire programme modèle signal résultat document chantier bâtiment service calcul fichier`,
    f: `méthode mesure surface décision commission recherche température pression étude région société question
        structure analyse production enquête réponse loi ville rivière machine valeur limite fonction période`,
    v: 'décrit modifie contient remplace détermine dépasse précède montre exige réduit concerne relie complète',
    a: 'annuelle publique locale simple stable générale technique ancienne nouvelle partielle linéaire rapide',
    r: 'souvent rarement parfois toujours clairement presque directement ensuite ensemble',
    p: 'dans avec sans sous pour selon après avant contre entre',
    c: 'Lorsque|Parce que|Si|Quand|Comme|Tandis que',
    t: 'D’abord|Ensuite|En général|Au contraire|En pratique|De plus|Depuis 1974|Aujourd’hui',
  },
  labels:
    'Figure|Tableau|Chapitre|Section|Page|sur|Résumé|Mots-clés|Sommaire|Références|Annexe|Introduction|Conclusion|Remarque|' +
    'Attention|Exemple|Théorème|Démonstration|Définition|Date|Facture|Total|Sous-total|TVA|Quantité|Prix|Article|' +
    'Désignation|Nom|Adresse|Téléphone|Courriel|Signature|Chère|Cordialement|Objet|Source|Exercice|Synthèse|Article',
  given: 'Hélène Jacques Céline Étienne Sylvie Gérard Noémie Rémi Agnès Benoît',
  family: 'Lefèvre Moreau Garnier Chevalier Rousselet Delacroix Marchand Fontaine Béranger',
  places: 'Villeneuve|Saint-Aubin|Montclair|Roquefeuil|Beaulieu|Fontenay',
})

const SPANISH = language({
  code: 'es',
  split: 'train',
  script: 'latin',
  weight: 5,
  patterns:
    'El {m} {v} la {f} {p} el {m}|La {f} {a} {v} {r} el {m}|{c} el {m} {v} la {f}, la {f} {v} el {m}|{t}, la {f} del {m} {v} ' +
    'una {f} {a}|Cada {m} {v} su {f}|Esto {v} el {m} y la {f} {p} la {f} {a}',
  phrases: 'La {f} del {m}|{f} y {m}|Una {f} {a}|Del {m} a la {f}|{m} sin {f}',
  words: {
    m: `informe proyecto mercado contrato sistema método proceso motor consejo presupuesto programa modelo resultado
        documento edificio servicio cálculo archivo artículo plazo registro ensayo municipio equipo`,
    f: `medida superficie decisión comisión investigación presión región sociedad estructura producción encuesta
        respuesta ley ciudad máquina función norma solicitud empresa corriente frontera tabla muestra`,
    v: 'describe modifica contiene sustituye determina supera muestra exige reduce regula une completa',
    a: 'anual pública local simple estable general técnica antigua nueva parcial lineal rápida',
    r: 'a menudo|rara vez|a veces|siempre|claramente|casi|directamente|después',
    p: 'en con sin bajo para según tras ante contra entre',
    c: 'Cuando|Porque|Si|Aunque|Como|Mientras',
    t: 'Primero|Después|En general|Por el contrario|En la práctica|Además|Desde 1981|Hoy',
  },
  labels:
    'Figura|Tabla|Capítulo|Sección|Página|de|Resumen|Palabras clave|Índice|Referencias|Anexo|Introducción|Conclusión|Nota|' +
    'Aviso|Ejemplo|Teorema|Demostración|Definición|Fecha|Factura|Total|Subtotal|IVA|Cantidad|Precio|Concepto|Descripción|' +
    'Nombre|Dirección|Teléfono|Correo|Firma|Estimada|Atentamente|Asunto|Fuente|Ejercicio|Síntesis|Artículo',
  given: 'Lucía Andrés Carmen Íñigo Beatriz Gonzalo Rocío Álvaro Pilar Joaquín',
  family: 'Ibáñez Castellanos Muñoz Quiroga Peñalver Soriano Villalobos Zúñiga',
  places: 'Villarreal|Puente Viejo|Santa Olalla|Montesinos|Río Blanco',
})

const RUSSIAN = language({
  code: 'ru',
  split: 'train',
  script: 'cyrillic',
  weight: 6,
  patterns:
    'Новый {m} {v} {o} {p} {l}|{a} система {r} {v} {o}|{c} {m} {v} {o}, {m} {v} {o} {p} {l}|{t} {m} {v} {o}|Каждый {m} {v} ' +
    'свои {o}|В этом случае {m} {r} {v} {o} и {o}|{a} {f} {v} {o}, однако {m} не {v} {o}',
  phrases: '{a} {f}|{m2} и {f}|О значении {o}|{f} {p} {l}|{m2} без {o}',
  words: {
    m: 'отчёт договор проект метод прибор двигатель рынок закон совет процесс опыт сигнал рисунок район завод журнал',
    m2: 'Отчёт Договор Проект Метод Прибор Двигатель Рынок Закон Совет Процесс Опыт Сигнал',
    f: 'работа система модель таблица ошибка задача область программа установка проверка граница',
    o: 'результаты данные значения условия границы измерения требования изменения материалы решения величины правила',
    v: 'описывает изменяет содержит определяет заменяет показывает требует сокращает объединяет дополняет',
    a: 'Новая Общая Местная Простая Полная Техническая Государственная Средняя Ранняя',
    r: 'часто редко всегда обычно почти постепенно полностью прямо',
    l: 'области|работе|системе|таблице|статье|главе|разделе|районе|городе',
    p: 'в на при',
    c: 'Если|Когда|Поскольку|Хотя|Пока',
    t: 'Сначала|Позднее|Как правило|Напротив|Кроме того|Сегодня|В 1967 году',
  },
  labels:
    'Рисунок|Таблица|Глава|Раздел|Страница|из|Аннотация|Ключевые слова|Содержание|Литература|Приложение|Введение|' +
    'Заключение|Примечание|Внимание|Пример|Теорема|Доказательство|Определение|Дата|Счёт|Итого|Сумма|НДС|Количество|Цена|' +
    'Позиция|Описание|Имя|Адрес|Телефон|Почта|Подпись|Уважаемая|С уважением|Тема|Источник|Задача|Обзор|Статья',
  given: 'Ольга Дмитрий Наталья Сергей Ирина Павел Елена Андрей',
  family: 'Соколова Кузнецов Морозова Лебедев Орлова Тихонов Белова',
  places: 'Заречье|Новый Бор|Каменск|Светлое|Озерки',
})

const GREEK = language({
  code: 'el',
  split: 'train',
  script: 'greek',
  weight: 2,
  patterns:
    'Η {a} {f} {v} το {n} {p} την {g}|Το {n} {v} {r} την {g}|{c} το {n} {v} την {g}, η {f} {v} το {n}|{t}, η {f} {v} το {n}|' +
    'Κάθε {n} {v} την {g} του',
  phrases: 'Η {f} και το {n}|{f} χωρίς {n}|Το {n} {p} την {g}|Η {a} {f}',
  words: {
    f: 'μέθοδος έρευνα απόφαση δομή περιοχή μέτρηση επιτροπή θερμοκρασία πίεση ανάλυση',
    g: 'έρευνα απόφαση δομή περιοχή μέτρηση επιτροπή πίεση ανάλυση παραγωγή',
    n: 'σύστημα πρόγραμμα αποτέλεσμα έγγραφο δίκτυο μοντέλο σήμα όριο κτίριο βιβλίο',
    v: 'περιγράφει αλλάζει περιέχει καθορίζει δείχνει απαιτεί μειώνει ενώνει',
    a: 'νέα τοπική απλή γενική τεχνική παλαιά ετήσια',
    r: 'συχνά σπάνια πάντα σχεδόν σταδιακά',
    p: 'για με προς μετά',
    c: 'Όταν|Επειδή|Αν|Ενώ',
    t: 'Αρχικά|Αργότερα|Γενικά|Αντίθετα|Επίσης|Σήμερα',
  },
  labels:
    'Σχήμα|Πίνακας|Κεφάλαιο|Ενότητα|Σελίδα|από|Περίληψη|Λέξεις-κλειδιά|Περιεχόμενα|Βιβλιογραφία|Παράρτημα|Εισαγωγή|' +
    'Συμπέρασμα|Σημείωση|Προσοχή|Παράδειγμα|Θεώρημα|Απόδειξη|Ορισμός|Ημερομηνία|Τιμολόγιο|Σύνολο|Μερικό|ΦΠΑ|Ποσότητα|' +
    'Τιμή|Είδος|Περιγραφή|Όνομα|Διεύθυνση|Τηλέφωνο|Email|Υπογραφή|Αγαπητή|Με εκτίμηση|Θέμα|Πηγή|Άσκηση|Σύνοψη|Άρθρο',
  given: 'Ελένη Νίκος Μαρία Γιώργος Σοφία',
  family: 'Παπαδάκης Νικολάου Αλεξίου Μαρκάκη',
  places: 'Νέα Πόλη|Άνω Βράχος|Λιμάνι',
})

export const EUROPEAN_TRAIN: readonly Language[] = [GERMAN, FRENCH, SPANISH, RUSSIAN, GREEK]
