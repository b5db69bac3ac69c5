/** @file The languages of validation pages: others than those of training, or the same script with other words. */
import { type Language, language } from './language.js'

const ITALIAN = language({
  code: 'it',
  split: 'val',
  script: 'latin',
  weight: 8,
  patterns:
    'Il {m} {v} la {f} {p} il {m}|La {f} {a} {v} {r} il {m}|{c} il {m} {v} la {f}, ogni {f} {v} il {m}|{t} la {f} del {m} {v} ' +
    'una {f} {a}|Quel {m} {v} la sua {f}',
  phrases: 'La {f} del {m}|{f} e {m}|Una {f} {a}|Dal {m} alla {f}',
  words: {
    m: 'giardino teatro violino quadro mercato pane vino viaggio mare bosco sentiero lago castello maestro ballo',
    f: 'cucina pittura canzone festa collina spiaggia bottega piazza stagione farina vendemmia barca stella',
    v: 'racconta ricorda dipinge accoglie canta sorprende visita attraversa ama dimentica',
    a: 'dorata gentile antica allegra rumorosa dolce famosa serena',
    r: 'spesso talvolta volentieri piano presto',
    p: 'verso dietro lungo oltre presso',
    c: 'Appena|Finché|Sebbene|Dove',
    t: 'Una sera|D’estate|Da lontano|Al mattino|Ogni tanto',
  },
  labels:
    'Figura|Tabella|Capitolo|Sezione|Pagina|di|Sommario|Parole chiave|Indice|Bibliografia|Appendice|Introduzione|' +
    'Conclusioni|Nota|Attenzione|Esempio|Teorema|Dimostrazione|Definizione|Data|Fattura|Totale|Parziale|IVA|Quantità|' +
    'Prezzo|Voce|Descrizione|Nome|Indirizzo|Telefono|Posta|Firma|Gentile|Cordiali saluti|Oggetto|Fonte|Esercizio|Sintesi|' +
    'Articolo',
  given: 'Giulia Matteo Chiara Lorenzo Elisa Davide',
  family: 'Bianchi Fontana Ricci Galli Moretti',
  places: 'Borgo Alto|Valle Chiara|Porto Verde',
})

const POLISH = language({
  code: 'pl',
  split: 'val',
  script: 'latin',
  weight: 6,
  patterns:
    'Ten {m} {v} {o} {p} {l}|{a} {f} {r} {v} {o}|{c} {m} {v} {o}, {f} {v} {o} {p} {l}|{t} {m} {v} {o}|Każda {f} {v} swoje {o}',
  phrases: '{a} {f}|{f} i {m}|{m} bez {f}|O {l} i {o}',
  words: {
    m: 'ogród teatr obraz chleb wędrowiec żeglarz pociąg księżyc zegar piekarz uczeń',
    f: 'piosenka kuchnia łąka wyspa podróż gwiazda szkoła rzeźba opowieść zima',
    o: 'kwiaty listy nuty góry świece bilety jabłka wspomnienia żagle goście',
    v: 'maluje śpiewa pamięta wita zbiera odwiedza gubi znajduje',
    a: 'Złota Cicha Słodka Wesoła Dawna Ciepła',
    r: 'często chętnie rzadko nagle głośno',
    l: 'ogrodzie|mieście|teatrze|kuchni|szkole|porcie',
    p: 'w na przy po',
    c: 'Gdy|Ponieważ|Choć|Zanim',
    t: 'Latem|Wieczorem|Czasem|O świcie|Dawno temu',
  },
  labels:
    'Rysunek|Tabela|Rozdział|Sekcja|Strona|z|Streszczenie|Słowa kluczowe|Spis treści|Bibliografia|Dodatek|Wstęp|' +
    'Podsumowanie|Uwaga|Ostrzeżenie|Przykład|Twierdzenie|Dowód|Definicja|Data|Faktura|Razem|Suma|VAT|Ilość|Cena|Pozycja|' +
    'Opis|Nazwisko|Adres|Telefon|E-mail|Podpis|Szanowna|Z poważaniem|Temat|Źródło|Zadanie|Skrót|Artykuł',
  given: 'Zofia Jan Hanna Piotr Łucja',
  family: 'Nowak Wiśniewska Zając Dąbrowski',
  places: 'Zielona Góra|Stary Młyn|Brzezina',
})

const UKRAINIAN = language({
  code: 'uk',
  split: 'val',
  script: 'cyrillic',
  weight: 5,
  patterns: 'Цей {m} {v} {o} {p} {l}|{a} {f} {r} {v} {o}|{c} {m} {v} {o}, {f} {v} {o} {p} {l}|{t} {m} {v} {o}',
  phrases: '{a} {f}|{f} і {m}|{m} {p} {l}',
  words: {
    m: 'сад театр хліб мандрівник моряк потяг місяць годинник пекар учень',
    f: 'пісня кухня лука подорож зірка школа казка зима',
    o: 'квіти листи ноти гори свічки яблука вітрила спогади',
    v: 'малює співає пам’ятає вітає збирає відвідує знаходить',
    a: 'Золота Тиха Весела Давня Тепла',
    r: 'часто охоче рідко раптом',
    l: 'саду|місті|театрі|школі|порту',
    p: 'у на при',
    c: 'Коли|Бо|Хоча|Доки',
    t: 'Влітку|Увечері|Іноді|На світанку|Колись',
  },
  labels:
    'Рисунок|Таблиця|Розділ|Підрозділ|Сторінка|з|Анотація|Ключові слова|Зміст|Література|Додаток|Вступ|Висновки|Примітка|' +
    'Увага|Приклад|Теорема|Доведення|Означення|Дата|Рахунок|Разом|Сума|ПДВ|Кількість|Ціна|Назва|Опис|Ім’я|Адреса|Телефон|' +
    'Пошта|Підпис|Шановна|З повагою|Тема|Джерело|Вправа|Огляд|Стаття',
  given: 'Оксана Тарас Леся Богдан',
  family: 'Шевчук Бондар Коваль Мельник',
  places: 'Вишневе|Калинівка|Старий Брід',
})

const PERSIAN = language({
  code: 'fa',
  split: 'val',
  script: 'arabic',
  weight: 8,
  patterns: '{n} {a} {n} را {p} {n} {v}|{c} {n} {n} را {v}، {n} {r} {v}|{t} {n} {a} {n} را {v}|هر {n} {n} را {v}',
  phrases: '{n} {a}|{n} و {n}|{n} {p} {n}|دربارهٔ {n} {a}',
  words: {
    n: 'باغ آواز نقاشی دریا ستاره گل کوچه آشپزخانه چراغ مسافر نامه قصه پنجره کوهستان شاعر نان',
    a: 'زیبا قدیمی آرام شیرین روشن دور سبز',
    v: 'می‌خواند می‌سازد می‌بیند می‌شناسد می‌آورد دوست دارد',
    r: 'گاهی همیشه آهسته دوباره',
    p: 'در با از کنار پس‌از',
    c: 'وقتی اگر چون هرچند',
    t: 'یک شب|تابستان‌ها|گاه‌گاه|پیش از این',
  },
  labels:
    'شکل|جدول|فصل|بخش|صفحه|از|چکیده|واژگان کلیدی|فهرست|منابع|پیوست|پیش‌گفتار|نتیجه|نکته|هشدار|نمونه|قضیه|اثبات|تعریف|تاریخ|' +
    'صورتحساب|جمع کل|جمع|مالیات|تعداد|بها|کالا|شرح|نام|نشانی|تلفن|رایانامه|امضا|گرامی|با احترام|موضوع|منبع|تمرین|خلاصه|ماده',
  given: 'شیرین بهرام مینا آرش',
  family: 'رستگار مهربان بهاری سپهری',
  places: 'باغستان|چشمه سبز|دشت گل',
})

const HEBREW = language({
  code: 'he-x',
  split: 'val',
  script: 'hebrew',
  weight: 5,
  patterns: '{n} {a} {v} {n} ליד {n}|{c} {n} {v} {n}, גם {n} {v} {r}|{t} {n} {v} {n}|אף {n} לא {v} {n} {a}',
  phrases: '{n} {a}|{n} וגם {n}|{n} ליד {n}',
  words: {
    n: 'צייר כינור שיר אורח מלח גן ירח תפוח רקדן נמל עץ סיפור מטבח חלון',
    a: 'זהוב שקט מתוק רחוק עליז אמיץ',
    v: 'מצייר שר זוכר פוגש אוסף מוצא אוהב',
    r: 'לפתע ברצון בשקט שוב',
    c: 'עד אף ככל',
    t: 'בערב|בקיץ|עם שחר|פעם אחת',
  },
  labels:
    'ציור|לוח|שער|חלק|דף|מתוך|תמצית|מפתחות|תוכן העניינים|ביבליוגרפיה|נספח|פתיחה|סיום|שימו לב|זהירות|לדוגמה|טענה|נימוק|' +
    'מושג|יום|קבלה|לתשלום|חלקי|מס|יחידות|עלות|מוצר|פירוט|שם מלא|מען|נייד|דואר|חתימה|שלום|תודה|עניין|מתוך|שאלה|קיצור|פסקה',
  given: 'תמר אילן יעל עמית',
  family: 'דגן רימון נחל שקד',
  places: 'עין הגן|חוף הזהב',
})

const TRADITIONAL = language({
  code: 'zh-x',
  split: 'val',
  script: 'chinese',
  weight: 8,
  patterns: '{n}裡{a}{n}{v}著{n}|{c}{n}{v}{n}，那麼{n}也{v}{n}|{t}，{n}和{n}{v}{a}{n}|我們{v}{n}，卻忘了{n}',
  phrases: '{n}裡的{n}|{a}{n}|{n}和{n}的故事',
  words: {
    n: '花園 樂曲 畫家 海島 廚房 麵包 劇場 旅人 燈塔 星空 詩歌 茶館 山谷 客人 風箏 舞蹈 春天 雪地 鋼琴 樂團',
    a: '金色的 安靜的 甜美的 遙遠的 快樂的 勇敢的 溫暖的',
    v: '歌唱 描繪 想起 拜訪 歡迎 收集 等待 喜愛',
    c: '只要 即使 每當 除非',
    t: '有一天 黃昏時 很久以前 夏夜裡 偶爾',
  },
  labels:
    '圖|表|第章|節|頁|共|摘要|關鍵詞|目錄|參考文獻|附錄|緒論|結語|提示|警語|範例|定理|證明|定義|日期|發票|總計|小計|稅額|' +
    '件數|單價|品名|說明|姓名|住址|電話|郵件|簽名|敬愛的|敬上|主旨|出處|練習|概述|條',
  given: '雅婷 志明 淑芬 家豪',
  family: '林 蔡 許 鄭 謝',
  places: '綠島|梅嶺|月潭',
})

const JAPANESE = language({
  code: 'ja-x',
  split: 'val',
  script: 'japanese',
  weight: 6,
  patterns: '{n}の{a}{n}が{n}へ{v}|{t}、{n}は{n}と{v}|{n}には{a}{n}がいて、{n}を{v}|もし{n}が{v}なら、{n}も{v}',
  phrases: '{n}の{n}|{a}{n}|{n}と{a}{n}の{n}',
  words: {
    n: '庭 歌 絵描き 島 台所 パン 劇場 旅人 灯台 星空 詩 茶店 谷 客 凧 踊り 春 雪 ピアノ バイオリン 船乗り りんご',
    a: '金色の 静かな 甘い 遠い 楽しい 勇ましい 暖かい',
    v: '歌う 描く 思い出す 訪ねる 迎える 集める 待つ 好む',
    t: 'ある日|夕暮れに|昔々|夏の夜|ときどき',
  },
  labels:
    '挿絵|一覧|章|節|頁|中|あらまし|索引語|もくじ|文献|補遺|序|結び|ヒント|危険|たとえば|命題|論証|用語|年月日|領収書|総額|計|' +
    '税|個数|値段|品名|内訳|お名前|所在地|電話番号|電子メール|印|様|かしこ|用件|出所|練習|まとめ|条',
  given: '蓮 葵 湊 凛',
  family: '小鳥遊 月見 花岡 星野',
  places: '月見坂|花の木',
})

const KOREAN = language({
  code: 'ko-x',
  split: 'val',
  script: 'korean',
  weight: 4,
  patterns: '{a} {n} 곁에서 {n}이 {v}|{t} {n}은 {n}을 {v}|{n}처럼 {a} {n}도 {v}',
  phrases: '{n} 곁의 {n}|{a} {n}|{n} 이야기',
  words: {
    n: '정원 노래꾼 바람 섬 부엌 빵 극장 등불 별 시인 찻집 손님 연 춤 봄 눈밭',
    a: '금빛 조용한 달콤한 먼 즐거운 용감한 따뜻한',
    v: '노래한다 그린다 떠올린다 찾아간다 맞이한다 모은다 기다린다',
    t: '어느 날 저녁에 옛날에 여름밤에 가끔',
  },
  labels:
    '삽화|일람|마당|마디|면|가운데|간추림|찾는말|벼리|읽을거리|덧붙임|머리말|맺음말|알림|조심|보기|명제|풀이|뜻|날|영수증|' +
    '모두|작은합|세금|개수|값|물건|내역|성함|사는곳|번호|편지|도장|님께|드림|용건|나온곳|연습|줄거리|조',
  given: '하늘 가람 보라 새벽',
  family: '윤 한 서 문',
  places: '달빛골|꽃마을',
})

export const VALIDATION: readonly Language[] = [
  ITALIAN,
  POLISH,
  UKRAINIAN,
  PERSIAN,
  HEBREW,
  TRADITIONAL,
  JAPANESE,
  KOREAN,
]
